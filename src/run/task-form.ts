import { HANDLER_NAMES, type Task } from '../dag/dag.js';
import { TRIGGER_RULES } from '../dag/trigger-rule.js';

/** Anything that came as an object. */
export type Fields = Readonly<Record<string, unknown>>;

const TASK_NAME = /^[A-Za-z][\w-]*$/;
const MAXIMUM_NAME = 120;
const MAXIMUM_PRIORITY = 1_000_000_000;

/**
 * Whether something is a task that a run can be given while it goes on: as much of it as the run itself relies on. The rest
 * was checked by the client, or is for the handler to refuse.
 */
export function isTask(value: unknown): value is Task {
  if (!isObject(value)) return false;
  const { name, needs, finally: last, made } = value;
  if (typeof name !== 'string' || name.length > MAXIMUM_NAME || !TASK_NAME.test(name)) return false;
  // What runs at the end, and what a run makes, is fixed when it begins.
  if (last !== undefined || made !== undefined) return false;
  const areNeeds = Array.isArray(needs) && needs.every(isDependency);
  return areNeeds && isAction(value) && isRuled(value) && isFlow(value);
}

function isDependency(value: unknown): boolean {
  return isObject(value) && isText(value['task']) && isOptional(value['weight'], isNumber);
}

/** What it uses, and with what. */
function isAction(value: Fields): boolean {
  const { uses, with: settings, retry, timeout, env } = value;
  if (!isObject(settings)) return false;
  return (
    isUsed(uses, settings) &&
    (retry === undefined || isRetry(retry)) &&
    (timeout === undefined || areAmounts(timeout)) &&
    (env === undefined || (isObject(env) && Object.values(env).every((text) => typeof text === 'string')))
  );
}

function isUsed(uses: unknown, settings: Fields): boolean {
  switch (uses) {
    case 'activity':
      return isForeign(settings);
    case 'dag':
      return isSubDag(settings);
    case 'wait':
      return isText(settings['until']) || isText(settings['for']) || isAmount(settings['for']);
    case 'event':
      return isText(settings['event']) && isOptional(settings['filter'], isText) && isLimit(settings['timeout']);
    case 'approval': {
      const { approvers, timeout, reminder } = settings;
      const areNames = Array.isArray(approvers) && approvers.every(isText);
      return (approvers === undefined || areNames) && isLimit(timeout) && isLimit(reminder);
    }
    default:
      // A switch gives conditions to other tasks, which are there already.
      return (HANDLER_NAMES as readonly unknown[]).includes(uses);
  }
}

/** A foreign activity is started by the run itself, with nothing between that could refuse it. */
function isForeign({ type, taskQueue, args }: Fields): boolean {
  return isText(type) && isOptional(taskQueue, isText) && (args === undefined || Array.isArray(args));
}

/** The run that it becomes refuses a dag that is not sound. */
function isSubDag({ dag, params }: Fields): boolean {
  if (!isObject(dag) || !(params === undefined || isObject(params))) return false;
  return isText(dag['name']) && isObject(dag['params']) && Array.isArray(dag['tasks']);
}

/** When it starts, and what its end means. */
function isRuled({ priority, estimate, deadline, group, pool, ...rules }: Fields): boolean {
  const { continueOnError, triggerRule, when, cancelRemaining } = rules;
  const isPriority = Number.isInteger(priority) && Math.abs(priority as number) <= MAXIMUM_PRIORITY;
  return (
    (priority === undefined || isPriority) &&
    isOptional(estimate, isNumber) &&
    isLimit(deadline) &&
    isOptional(group, isText) &&
    isOptional(pool, arePools) &&
    isOptional(continueOnError, isBoolean) &&
    isOptional(cancelRemaining, isBoolean) &&
    isOptional(when, isText) &&
    (triggerRule === undefined || (TRIGGER_RULES as readonly unknown[]).includes(triggerRule))
  );
}

/** What it does more than once, and what is done about it. */
function isFlow({ forEach, maxParallel, tolerate, poll, compensate, cache, output, artifacts }: Fields): boolean {
  return (
    isOptional(forEach, isForEach) &&
    isLimit(maxParallel) &&
    isOptional(tolerate, (value) => isObject(value) && Object.values(value).every(isNumber)) &&
    isOptional(poll, (value) => isObject(value) && isText(value['until']) && isAmount(value['interval'])) &&
    isOptional(compensate, (value) => isObject(value) && isAction(value) && isHandler(value['uses'])) &&
    isOptional(cache, (value) => isObject(value) && isOptional(value['key'], isText) && isLimit(value['maxAge'])) &&
    isOptional(output, isObject) &&
    isOptional(artifacts, areArtifacts)
  );
}

function isForEach(value: unknown): boolean {
  if (isText(value) || Array.isArray(value)) return true;
  return isObject(value) && (isObject(value['matrix']) || isObject(value['range']));
}

function areArtifacts(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { save, load } = value;
  const isLoaded = (one: unknown): boolean => isObject(one) && isText(one['task']) && isText(one['artifact']);
  return (
    isOptional(save, (paths) => isObject(paths) && Object.values(paths).every(isText)) &&
    isOptional(load, (paths) => isObject(paths) && Object.values(paths).every(isLoaded))
  );
}

function arePools(value: unknown): boolean {
  const isPool = (one: unknown): boolean => isObject(one) && isText(one['name']) && isSlots(one['slots']);
  return Array.isArray(value) && value.length > 0 && value.every(isPool);
}

function isSlots(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

function isRetry(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { rules, ...amounts } = value;
  return areAmounts(amounts) && (rules === undefined || (Array.isArray(rules) && rules.every(isObject)));
}

function isHandler(uses: unknown): boolean {
  return (HANDLER_NAMES as readonly unknown[]).includes(uses);
}

function isOptional(value: unknown, is: (value: unknown) => boolean): boolean {
  return value === undefined || is(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean';
}

function isNumber(value: unknown): boolean {
  return Number.isFinite(value) && (value as number) >= 0;
}

function isAmount(value: unknown): boolean {
  return Number.isFinite(value) && (value as number) > 0;
}

function isLimit(value: unknown): boolean {
  return isOptional(value, isAmount);
}

function areAmounts(value: unknown): boolean {
  return isObject(value) && Object.values(value).every(isAmount);
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
