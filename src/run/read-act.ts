import { ACT_TYPES, type Act, type ActRequest, type ActType } from './act.js';
import { MAXIMUM_CONCURRENCY, type Task } from '../dag/dag.js';
import { MAXIMUM_DURATION } from '../dag/duration.js';
import { DagwrightError } from '../dag/errors.js';
import { byteLength, type Json } from '../dag/json.js';
import { isObject, isTask, type Fields } from './task-form.js';

/** Bytes of an output that an operator gives, and of tasks that are added, as JSON. */
const MAXIMUM_OUTPUT_BYTES = 262_144;
const MAXIMUM_TASKS_BYTES = 1_048_576;
const MAXIMUM_WORD = 500;
/** As in dag files. */
const MAXIMUM_SLOTS = 1_000_000;

const MODES: readonly unknown[] = ['drain', 'interrupt'];

/** Fields that hold any JSON. */
const MAY_BE_NULL: readonly string[] = ['output', 'payload', 'form'];

/** What may stand beside the name of each act, whether it must, and what it must be. */
const FIELDS: Readonly<Record<ActType, Readonly<Record<string, Field>>>> = {
  pause: {
    mode: optional(isMode, '`drain` or `interrupt`'),
    until: optional(isTime, 'a time in ISO 8601, with its zone'),
  },
  resume: {},
  cancel: {
    reason: optional(isText, 'a text'),
    requestFollows: optional((value) => typeof value === 'boolean', 'true or false'),
    compensate: optional((value) => typeof value === 'boolean', 'true or false'),
  },
  pauseTask: { task: taskName(), mode: optional(isMode, '`drain` or `interrupt`') },
  resumeTask: { task: taskName() },
  cancelTask: { task: taskName() },
  skipTask: { task: taskName() },
  completeTask: { task: taskName(), output: optional(isOutput, 'JSON of at most 256 KiB') },
  retryTask: { task: taskName(), dependents: optional((value) => typeof value === 'boolean', 'true or false') },
  setPriority: {
    task: taskName(),
    priority: required(isPriority, 'a whole number from -1,000,000,000 to 1,000,000,000'),
  },
  setConcurrency: {
    concurrency: required(isConcurrency, `a whole number from 1 to ${MAXIMUM_CONCURRENCY}`),
  },
  setPolicy: { policy: required(isText, "a policy's name") },
  setPool: {
    pool: required((value) => isText(value) && value !== '', 'the name of a pool'),
    slots: optional(isSlots, `a whole number from 1 to ${MAXIMUM_SLOTS}`),
    rate: optional(isRate, '{ count, per }: so many slots in so many milliseconds'),
  },
  sendEvent: {
    event: required((value) => isText(value) && value !== '', 'the name of an event'),
    payload: optional(isOutput, 'JSON of at most 256 KiB'),
  },
  approve: { task: taskName(), form: optional(isOutput, 'JSON of at most 256 KiB') },
  reject: { task: taskName(), reason: optional(isText, 'a text') },
  addTasks: {
    tasks: required(areTasks, 'a list of one or more tasks: { name, uses, with, needs: [{ task }] }, 1 MiB at most'),
    needs: optional(areNeeds, 'for each task by name a list of the tasks that it shall need'),
  },
};

interface Field {
  readonly isRequired: boolean;
  readonly is: (value: unknown) => boolean;
  readonly wanted: string;
}

function required(is: (value: unknown) => boolean, wanted: string): Field {
  return { isRequired: true, is, wanted };
}

function optional(is: (value: unknown) => boolean, wanted: string): Field {
  return { isRequired: false, is, wanted };
}

function taskName(): Field {
  return required((value) => isText(value) && value !== '', 'the name of a task');
}

/**
 * The act that came as `{ field: value }`, from whoever: checked for its form, so that all behind it can rely on it.
 * @throws DagwrightError ACT_INVALID that names the first field that is wrong.
 */
export function readAct(type: ActType, value: unknown): { readonly act: Act; readonly request: ActRequest } {
  if (!ACT_TYPES.includes(type)) throw invalid(`There is no act ${String(type)}.`);
  if (value !== undefined && value !== null && (typeof value !== 'object' || Array.isArray(value))) {
    throw invalid(`${type} takes an object${usage(type)}.`);
  }
  const { by, id, ...rest } = (value ?? {}) as Fields;
  if (by !== undefined && !(isText(by) && by !== '')) throw invalid('`by` must be a text.');
  if (id !== undefined && !(isText(id) && id !== '')) throw invalid('`id` must be a text.');
  const fields = FIELDS[type];
  for (const name of Object.keys(rest)) {
    if (name !== 'type' && !Object.hasOwn(fields, name))
      throw invalid(`${type} has no field \`${name}\`${usage(type)}.`);
  }
  const act: Record<string, unknown> = { type };
  for (const [name, { isRequired, is, wanted }] of Object.entries(fields)) {
    const given = rest[name];
    if (given === undefined || (given === null && !MAY_BE_NULL.includes(name))) {
      if (isRequired) throw invalid(`${type} needs \`${name}\`: ${wanted}.`);
      continue;
    }
    if (!is(given)) throw invalid(`\`${name}\` of ${type} must be ${wanted}.`);
    act[name] = given;
  }
  return {
    act: act as unknown as Act,
    request: { ...(isText(by) ? { by } : {}), ...(isText(id) ? { id } : {}) },
  };
}

function usage(type: ActType): string {
  const names = Object.keys(FIELDS[type]).map((name) => `\`${name}\``);
  return names.length === 0 ? '; it takes none' : `; its fields: ${names.join(', ')}`;
}

function invalid(message: string): DagwrightError {
  return new DagwrightError('ACT_INVALID', message);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAXIMUM_WORD;
}

function isMode(value: unknown): boolean {
  return MODES.includes(value);
}

/** A time without a zone would be another one on each machine. */
function isTime(value: unknown): boolean {
  return isText(value) && /T.*(?:Z|[+-]\d\d:?\d\d)$/.test(value) && !Number.isNaN(Date.parse(value));
}

/** As in dag files. */
function isPriority(value: unknown): boolean {
  return Number.isInteger(value) && Math.abs(value as number) <= 1_000_000_000;
}

function isConcurrency(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAXIMUM_CONCURRENCY;
}

function isSlots(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAXIMUM_SLOTS;
}

function isRate(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { count, per, ...rest } = value;
  const isPeriod = Number.isInteger(per) && (per as number) >= 1 && (per as number) <= MAXIMUM_DURATION;
  return isSlots(count) && isPeriod && Object.keys(rest).length === 0;
}

function isOutput(value: unknown): boolean {
  return byteLength(value as Json) <= MAXIMUM_OUTPUT_BYTES;
}

function areTasks(value: unknown): value is readonly Task[] {
  if (!Array.isArray(value) || value.length === 0 || !value.every(isTask)) return false;
  return byteLength(value as unknown as Json) <= MAXIMUM_TASKS_BYTES;
}

function areNeeds(value: unknown): boolean {
  if (!isObject(value)) return false;
  return Object.values(value).every((names) => Array.isArray(names) && names.every((name) => typeof name === 'string'));
}
