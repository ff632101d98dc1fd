import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  TimeoutFailure,
  patched,
  scheduleActivity,
  type ActivityOptions,
} from '@temporalio/workflow';
import type { FailureDetails, HeartbeatDetails } from '../activities/attempt-details.js';
import type { TaskReport } from '../activities/handler.js';
import { retryOf, timeoutsOf, type Dag, type Task } from '../dag/dag.js';
import type { Json } from '../dag/json.js';
import { mostAttempts, nonRetryableTypes } from '../dag/retry.js';
import type { TaskError } from '../dag/task-error.js';
import type { MeasuredTask } from '../estimate/measured-task.js';
import { itemWords } from '../run/item-words.js';
import type { StartedTask } from '../run/started-task.js';
import { ActivityScope } from './activity-scope.js';
import { durations } from './duration-sink.js';
import type { TaskEnd } from './messages.js';
import { PATCHES } from './patches.js';

/**
 * Attempts that Temporal may add to a task's own, for those that died with their worker. The worker ends a task whose
 * own failures have used up its policy; without the addition a task without retries would not survive a dead worker.
 */
const LOST_ATTEMPTS = 10;
/** Milliseconds that a worker has, past `startToClose`, to stop the attempt and say so itself. */
const STOP_GRACE = 30_000;
/** Milliseconds that a task waits in its worker group; then it is placed anew. */
const PLACED_WAIT = 30_000;

/** One task as one activity: plain JSON, so that a child workflow can be handed it. */
export interface TaskActivity {
  readonly task: number;
  readonly type: string;
  readonly args: readonly Json[];
  readonly options: ActivityOptions;
  /** Whether it is a handler of Dagwright's own, which reports attempts, or a foreign activity. */
  readonly ours: boolean;
  /** Left out where the worker measures how long it takes. */
  readonly measured?: MeasuredTask;
  /** It waits in its worker group so long only to be placed anew. */
  readonly mayMove?: true;
}

/** What workers do where a task starts. */
export type Handed = Extract<StartedTask, { readonly call: unknown } | { readonly foreign: unknown }>;

/**
 * What a task becomes on Temporal: one activity, its type the handler's name, its id the task's name, and its summary that
 * and the item.
 * @param start which start of the task it is; the first is 1.
 * @param taskQueue of the worker group where the task was placed in one. Default: the run's own.
 */
export function activityOf(dag: Dag, index: number, handed: Handed, start: number, taskQueue?: string): TaskActivity {
  const task = dag.tasks[index];
  if (task === undefined) throw new Error(`The dag has no task ${index}.`);
  const timeouts = timeoutsOf(dag, task);
  const retry = retryOf(dag, task);
  const ours = 'call' in handed;
  const options: ActivityOptions = {
    // A second start (after an interrupt) gets an id of its own: the first may still be pending.
    activityId: start === 1 ? task.name : `${task.name}#${start}`,
    summary: summaryOf(task, handed),
    startToCloseTimeout: timeouts.startToClose + (ours ? STOP_GRACE : 0),
    retry: ours
      ? { ...retry, maximumAttempts: mostAttempts(dag, task) + LOST_ATTEMPTS }
      : { ...retry, ...nonRetryable(nonRetryableTypes(dag, task)) },
    // Our handlers heartbeat, so waiting for their end is bounded; a foreign activity may never look.
    cancellationType: ours ? ActivityCancellationType.WAIT_CANCELLATION_COMPLETED : ActivityCancellationType.TRY_CANCEL,
  };
  if (timeouts.scheduleToClose !== undefined) options.scheduleToCloseTimeout = timeouts.scheduleToClose;
  if (timeouts.scheduleToStart !== undefined) options.scheduleToStartTimeout = timeouts.scheduleToStart;
  if ('foreign' in handed) {
    const { type, taskQueue: own, args, measured } = handed.foreign;
    const heartbeat = task.timeout?.heartbeat ?? dag.defaults?.timeout?.heartbeat;
    if (own !== undefined) options.taskQueue = own;
    if (heartbeat !== undefined) options.heartbeatTimeout = heartbeat;
    return { task: index, type, args, ours, measured, options };
  }
  options.heartbeatTimeout = timeouts.heartbeat;
  const activity = { task: index, type: handed.call.uses, args: [handed.call as unknown as Json], ours, options };
  if (taskQueue === undefined) return activity;
  options.taskQueue = taskQueue;
  if (timeouts.scheduleToStart !== undefined) return activity;
  options.scheduleToStartTimeout = PLACED_WAIT;
  return { ...activity, mayMove: true };
}

function nonRetryable(types: string[]): { nonRetryableErrorTypes?: string[] } {
  return types.length === 0 ? {} : { nonRetryableErrorTypes: types };
}

function summaryOf({ name }: Task, handed: Handed): string {
  const words = 'call' in handed ? itemWords(handed.call.item) : undefined;
  return words === undefined ? name : `${name}: ${words}`;
}

/** Starts the activity and says once how it ended. Never throws. */
export function startActivity(activity: TaskActivity, onEnd: (end: TaskEnd) => void): ActivityScope {
  const { measured } = activity;
  const scope = new ActivityScope();
  const began = Date.now();
  const ended = scope.run(() => scheduleActivity<unknown>(activity.type, [...activity.args], activity.options));
  ended.then(
    (result) => {
      if (measured !== undefined) durations.took(measured, Date.now() - began);
      onEnd(successOf(activity, result));
    },
    (failure: unknown) => onEnd(failureOf(activity, failure, scope.consideredCancelled)),
  );
  return scope;
}

function successOf(activity: TaskActivity, result: unknown): TaskEnd {
  const report: TaskReport = activity.ours
    ? (result as TaskReport)
    : { attempt: 1, ...(result === undefined || result === null ? {} : { output: result as Json }) };
  return {
    task: activity.task,
    outcome: 'succeeded',
    attempts: report.attempt,
    ...(report.output === undefined ? {} : { output: report.output }),
    ...(report.worker === undefined ? {} : { worker: report.worker }),
    ...(report.artifacts === undefined ? {} : { artifacts: report.artifacts }),
    ...(report.cached === undefined ? {} : { cached: report.cached }),
  };
}

/** @param isStopping whether the task was told to stop: the server makes no other attempt of it then. */
function failureOf(activity: TaskActivity, failure: unknown, isStopping: boolean): TaskEnd {
  const cause = failure instanceof ActivityFailure ? failure.cause : failure;
  const { task } = activity;
  if (cause instanceof CancelledFailure) {
    const details: unknown = cause.details?.[0];
    return { task, outcome: 'cancelled', attempts: attemptOf(details) ?? 1, ...workerIn(details), ...leftIn(details) };
  }
  if (cause instanceof TimeoutFailure && isStopping && patched(PATCHES.lostWhileStopping)) {
    const { lastHeartbeatDetails: beat } = cause;
    return { task, outcome: 'cancelled', attempts: attemptOf(beat) ?? 1, ...leftInBeat(beat) };
  }
  if (cause instanceof TimeoutFailure && cause.timeoutType === 'SCHEDULE_TO_START' && activity.mayMove === true) {
    return { task, outcome: 'cancelled', attempts: 0, unstarted: true };
  }
  if (cause instanceof TimeoutFailure) {
    const error = timeoutError(cause, activity);
    const none = cause.timeoutType === 'SCHEDULE_TO_START' ? 0 : 1;
    return {
      task,
      outcome: 'failed',
      attempts: attemptOf(cause.lastHeartbeatDetails) ?? attemptIn(cause) ?? none,
      error,
    };
  }
  if (cause instanceof ApplicationFailure) {
    const details = cause.details?.[0] as { error?: TaskError; skip?: unknown } | undefined;
    const foreign: TaskError = { code: cause.type ?? 'ACTIVITY_FAILED', message: cause.message };
    const { maximumAttempts = 1, nonRetryableErrorTypes = [] } = activity.options.retry ?? {};
    const isFinal = cause.nonRetryable || nonRetryableErrorTypes.includes(cause.type ?? '');
    const attempts = attemptOf(details) ?? (isFinal ? 1 : maximumAttempts);
    const error = (activity.ours ? details?.error : undefined) ?? foreign;
    const outcome = activity.ours && details?.skip === true ? 'skipped' : 'failed';
    return { task, outcome, attempts, error, ...workerIn(details), ...(activity.ours ? leftIn(details) : {}) };
  }
  const message = cause instanceof Error ? cause.message : String(cause);
  return { task, outcome: 'failed', attempts: 1, error: { code: 'ACTIVITY_FAILED', message } };
}

function timeoutError(failure: TimeoutFailure, { options }: TaskActivity): TaskError {
  switch (failure.timeoutType) {
    case 'HEARTBEAT':
      return {
        code: 'TASK_LOST',
        message:
          `The worker that ran the task fell silent for ${seconds(options.heartbeatTimeout)}, too many times: it died, ` +
          'or a function computed for so long without a pause (see `timeout: { heartbeat }`).',
      };
    case 'SCHEDULE_TO_START':
      return timeout('scheduleToStart', `No worker took the task within ${seconds(options.scheduleToStartTimeout)}.`);
    case 'SCHEDULE_TO_CLOSE':
      return timeout('scheduleToClose', `All attempts together took over ${seconds(options.scheduleToCloseTimeout)}.`);
    default:
      return timeout('startToClose', `An attempt took over ${seconds(options.startToCloseTimeout)}.`);
  }
}

function timeout(limit: string, message: string): TaskError {
  return { code: 'TASK_TIMEOUT', message, details: { timeout: limit } };
}

function seconds(duration: unknown): string {
  return `${Number(duration) / 1_000} s`;
}

/** The number of the attempt whose failure came before the timeout. */
function attemptIn({ cause }: TimeoutFailure): number | undefined {
  return cause instanceof ApplicationFailure ? attemptOf(cause.details?.[0]) : undefined;
}

/** Who ran the attempt, from what our worker leaves in failures. */
function workerIn(details: unknown): { worker?: string } {
  const worker = (details as { worker?: unknown } | null | undefined)?.worker;
  return typeof worker === 'string' ? { worker } : {};
}

/** What an attempt left for the next one, and when that is to be. */
function leftIn(details: unknown): Pick<TaskEnd, 'checkpoint' | 'progress' | 'retryAfter'> {
  const { checkpoint, progress, retryAfter } = (details ?? {}) as Partial<FailureDetails>;
  return {
    ...(checkpoint === undefined ? {} : { checkpoint }),
    ...(progress === undefined ? {} : { progress }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  };
}

/** The same, of an attempt that fell silent. */
function leftInBeat(details: unknown): Pick<TaskEnd, 'checkpoint' | 'progress'> {
  const { checkpoint, kept } = (details ?? {}) as Partial<HeartbeatDetails>;
  return { ...(checkpoint === undefined ? {} : { checkpoint }), ...(kept === undefined ? {} : { progress: kept }) };
}

/** The number of the attempt, from what our worker leaves in failures and heartbeats. */
function attemptOf(details: unknown): number | undefined {
  const attempt = (details as { attempt?: unknown } | null | undefined)?.attempt;
  return typeof attempt === 'number' ? attempt : undefined;
}
