import type { PoolSettings, Rate } from '../dag/pools.js';
import { isPoolPolicy, type PoolPolicy } from './pool-policy.js';

/** Tasks that one message asks for at most: those that come first. */
export const WANTS_SENT = 100;
/** What a message may hold at most; no run has more tasks in flight. */
const MAXIMUM_LEASES = 2_000;
const MAXIMUM_SLOTS = 1_000_000;
/** Milliseconds: 365 days. */
const MAXIMUM_PERIOD = 31_536_000_000;
const MAXIMUM_NAME = 300;

/** Slots that a run asks a pool for, under a number of its own that it never uses again for that pool. */
export interface Want {
  readonly lease: number;
  readonly slots: number;
  /** Whose they will be, for showing. */
  readonly task: string;
  /** Default 0. */
  readonly priority?: number;
}

/**
 * What a run tells a pool: not what has changed but how it stands, so that a message that is lost, late or there twice
 * does no harm. What it neither holds nor wants, it has given back.
 */
export interface LeaseRequest {
  readonly run: string;
  /** Higher than that of every message before. */
  readonly number: number;
  readonly holds: readonly (readonly [lease: number, slots: number])[];
  /** In the order in which the run would have them. */
  readonly wants: readonly Want[];
  /** How many it wants beyond those. Default 0. */
  readonly more?: number;
  /** Milliseconds of work that it has left. Default 0. */
  readonly remaining?: number;
  /** Its share under `fair`. Default 1. */
  readonly weight?: number;
  /** Its own priority: 1 goes first. Default 3. */
  readonly runPriority?: number;
  /** What its dag says of the pool. */
  readonly settings?: Pick<PoolSettings, 'slots' | 'rate'>;
  /** Milliseconds: when the run began. Of several dags the run that began last has the say. */
  readonly began?: number;
}

/** What a pool tells a run. */
export interface LeaseGrant {
  readonly pool: string;
  /** These are the run's now. Told again where it may not know. */
  readonly leases: readonly number[];
  /** The number of the run's last message. Where that is not the last, the pool wants to hear how the run stands. */
  readonly seen?: number;
}

/** What an operator wants of a shared pool. What is left out stays. */
export interface PoolChange {
  /** At least 1. `null`: no limit but the rate. */
  readonly slots?: number | null;
  /** `null`: no limit. */
  readonly rate?: Rate | null;
  readonly policy?: PoolPolicy;
}

/** A message of a run; undefined where it is none: anybody may send anything. */
export function readLeaseRequest(value: unknown): LeaseRequest | undefined {
  const { run, number, holds, wants, more, remaining, weight, runPriority, settings, began } =
    fieldsOf<LeaseRequest>(value);
  const isOne =
    isName(run) &&
    isCount(number) &&
    isList<readonly [number, number]>(holds, isHold) &&
    isList<Want>(wants, isWant) &&
    isOptional(more, isCount) &&
    isOptional(remaining, isAmount) &&
    isOptional(weight, (given) => isAmount(given) && given > 0) &&
    isOptional(runPriority, isAmount) &&
    isOptional(settings, isSize) &&
    isOptional(began, isAmount);
  return isOne && hasNoTwins([...holds.map(([lease]) => lease), ...wants.map(({ lease }) => lease)])
    ? (value as LeaseRequest)
    : undefined;
}

/** A message of a pool; undefined where it is none. */
export function readLeaseGrant(value: unknown): LeaseGrant | undefined {
  const { pool, leases, seen } = fieldsOf<LeaseGrant>(value);
  return isName(pool) && isList(leases, isCount) && isOptional(seen, isCount) ? (value as LeaseGrant) : undefined;
}

/** What an operator asked for; undefined where it makes no sense. */
export function readPoolChange(value: unknown): PoolChange | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { slots, rate, policy } = fieldsOf<PoolChange>(value);
  const isOne =
    isOptional(slots, (given) => given === null || isSlots(given)) &&
    isOptional(rate, (given) => given === null || isRate(given)) &&
    isOptional(policy, isPoolPolicy);
  return isOne ? (value as PoolChange) : undefined;
}

type Fields<T> = { readonly [Name in keyof T]?: unknown };

function fieldsOf<T>(value: unknown): Fields<T> {
  return typeof value === 'object' && value !== null ? (value as Fields<T>) : {};
}

function isOptional(value: unknown, is: (value: unknown) => boolean): boolean {
  return value === undefined || is(value);
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAXIMUM_NAME;
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isSlots(value: unknown): value is number {
  return isCount(value) && value >= 1 && value <= MAXIMUM_SLOTS;
}

function isList<T>(value: unknown, is: (item: unknown) => boolean): value is readonly T[] {
  return Array.isArray(value) && value.length <= MAXIMUM_LEASES && value.every(is);
}

function isHold(value: unknown): boolean {
  return Array.isArray(value) && isCount(value[0]) && isSlots(value[1]);
}

function isWant(value: unknown): value is Want {
  const { lease, slots, task, priority } = fieldsOf<Want>(value);
  const hasPriority = isOptional(priority, (given) => typeof given === 'number' && Number.isFinite(given));
  return isCount(lease) && isSlots(slots) && typeof task === 'string' && task.length <= MAXIMUM_NAME && hasPriority;
}

function isSize(value: unknown): boolean {
  const { slots, rate } = fieldsOf<PoolSettings>(value);
  return typeof value === 'object' && value !== null && isOptional(slots, isSlots) && isOptional(rate, isRate);
}

function isRate(value: unknown): value is Rate {
  const { count, per } = fieldsOf<Rate>(value);
  return isSlots(count) && isCount(per) && per >= 1 && per <= MAXIMUM_PERIOD;
}

function hasNoTwins(leases: readonly number[]): boolean {
  return new Set(leases).size === leases.length;
}
