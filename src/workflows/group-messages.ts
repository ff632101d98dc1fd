import { defineSignal } from '@temporalio/workflow';
import type { WorkerGroup } from '../dag/worker-group.js';

/** The workflow type of a registry of workers: one for each base task queue, which it runs on. */
export const REGISTRY_WORKFLOW = 'workerRegistry';
/** The activity by which a worker is there: it lasts as long as the worker. */
export const PRESENCE_ACTIVITY = 'presence';

/** The workflow id of the registry. */
export function registryIdOf(taskQueue: string): string {
  return `dagwright-workers/${taskQueue}`;
}

/** The task queue that only this worker polls, for its presence. No group's name has a slash. */
export function presenceQueueOf(taskQueue: string, worker: string): string {
  return `${taskQueue}/worker/${worker}`;
}

/** A worker as it joins. */
export interface JoiningWorker {
  /** Nobody else's. */
  readonly id: string;
  /** `process@machine`, as Temporal names it. */
  readonly identity: string;
  /** Default: it takes the tasks that need no group. */
  readonly group?: string;
  readonly slots: number;
  /** See {@link WorkerGroup.speed}. */
  readonly speed: number;
  readonly labels: readonly string[];
  readonly cpu?: number;
  readonly memory?: number;
  readonly cost?: number;
  readonly standby?: true;
}

/** What each heartbeat of a worker's presence says: all that clients see of it. */
export interface WorkerBeat extends JoiningWorker {
  /** Tasks that run in it. */
  readonly running: number;
  /** When it started; ISO 8601. */
  readonly since: string;
  /** It takes no more tasks, and lets those that run end. */
  readonly leaving?: true;
}

/** Set by the workflow itself when it continues as new. */
export interface RegistryCarried {
  readonly workers: readonly JoiningWorker[];
  readonly leaving: readonly string[];
  /** The runs that want to know, with the time of what they were told last. */
  readonly runs: readonly (readonly [runId: string, told: number])[];
  readonly changedAt: number;
}

/** What a registry is started with. */
export interface RegistryInput {
  /** History events after which it continues as new. Default: when the server suggests it. */
  readonly historyLimit?: number;
  readonly carried?: RegistryCarried;
}

/** A run that wants to know of the groups, and of each change of them. */
export interface Subscription {
  readonly runId: string;
  /** The time of what it knows: it is answered only where there is something else. */
  readonly known?: number;
}

/** The groups that live. */
export interface LiveGroupsMessage {
  /** Milliseconds: when they became these. Later ones have a higher one. */
  readonly at: number;
  readonly groups: readonly WorkerGroup[];
}

/** Worker to registry: it is there, and serves its presence. Joining twice does no harm. */
export const joinSignal = defineSignal<[JoiningWorker]>('join');
/** Worker to registry: the worker of this id takes no more tasks. */
export const leavingSignal = defineSignal<[string]>('leaving');
/** Run to registry. */
export const subscribeSignal = defineSignal<[Subscription]>('subscribe');
/** Run to registry: the run of this id has ended. */
export const unsubscribeSignal = defineSignal<[string]>('unsubscribe');
/** Registry to run: these groups live, all of them. */
export const groupsChangedSignal = defineSignal<[LiveGroupsMessage]>('groupsChanged');

/** Labels of a worker. */
export const MOST_LABELS = 20;
const TEXT_LENGTH = 200;
const MOST_GROUPS = 1_000;

/** The worker in what came with a {@link joinSignal}; undefined where that makes no sense. Anybody may send one. */
export function joiningWorkerIn(message: unknown): JoiningWorker | undefined {
  if (!isObject(message)) return undefined;
  const { id, identity, group, slots, speed, labels, cpu, memory, cost, standby } = message as Fields<JoiningWorker>;
  if (!isText(id) || !isText(identity) || !(group === undefined || isText(group))) return undefined;
  const isSensible = isCount(slots) && slots > 0 && isPositive(speed) && areLabels(labels);
  if (!isSensible || !isOptional(cpu) || !isOptional(memory) || !isCost(cost)) return undefined;
  return {
    id,
    identity,
    ...(group === undefined ? {} : { group }),
    slots,
    speed,
    labels,
    ...(cpu === undefined ? {} : { cpu }),
    ...(memory === undefined ? {} : { memory }),
    ...(cost === undefined ? {} : { cost }),
    ...(standby === true ? { standby } : {}),
  };
}

/** The subscription in what came with a {@link subscribeSignal}; undefined where that makes no sense. */
export function subscriptionIn(message: unknown): Subscription | undefined {
  if (!isObject(message)) return undefined;
  const { runId, known } = message as Fields<Subscription>;
  if (!isText(runId)) return undefined;
  return { runId, ...(typeof known === 'number' ? { known } : {}) };
}

/** The groups in what came with a {@link groupsChangedSignal}; undefined where that makes no sense. */
export function liveGroupsIn(message: unknown): LiveGroupsMessage | undefined {
  if (!isObject(message)) return undefined;
  const { at, groups } = message as Fields<LiveGroupsMessage>;
  if (typeof at !== 'number' || !Array.isArray(groups) || groups.length > MOST_GROUPS) return undefined;
  if (!groups.every(isGroup)) return undefined;
  return { at, groups };
}

/** What came as a message, before anybody has looked at it. */
type Fields<T> = Partial<Record<keyof T, unknown>>;

function isGroup(value: unknown): value is WorkerGroup {
  if (!isObject(value)) return false;
  const { name, slots, speed, labels, cpu, memory, cost } = value as Fields<WorkerGroup>;
  const isSensible = isText(name) && isCount(slots) && isPositive(speed) && areLabels(labels);
  return isSensible && isOptional(cpu) && isOptional(memory) && isCost(cost);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= TEXT_LENGTH;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isPositive(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

function isOptional(value: unknown): value is number | undefined {
  return value === undefined || isPositive(value);
}

function isCost(value: unknown): value is number | undefined {
  return value === undefined || value === 0 || isPositive(value);
}

function areLabels(value: unknown): value is string[] {
  return Array.isArray(value) && value.length <= MOST_LABELS && value.every(isText);
}
