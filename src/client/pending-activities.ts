import type { WorkflowExecutionDescription } from '@temporalio/client';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import type { Explanation, Reason } from '../run/explanation.js';
import type { Progress } from '../dag/progress.js';
import type { RunDescription, TaskDescription } from '../run/run.js';
import type { TaskError } from '../dag/task-error.js';
import type { TaskState } from '../dag/task-state.js';

type Pending = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];
type Failure = NonNullable<Pending['lastFailure']>;

const SCHEDULED = 1;
/** Causes of a failure that are told. */
const CAUSES = 5;

/** What the server knows of a task that was handed to the workers. */
export interface PendingActivity {
  readonly task: string;
  /** No worker has it: it waits for one, or for its next attempt. */
  readonly waits: boolean;
  /** The attempt that runs, or that comes next. */
  readonly attempt: number;
  readonly taskQueue?: string;
  /** When the next attempt begins; ISO 8601. */
  readonly nextAttemptAt?: string;
  readonly worker?: string;
  readonly progress?: Progress;
  readonly error?: TaskError;
}

/** The tasks of a run, or of a child workflow of it, that were handed to the workers and have not ended. */
export function pendingActivitiesOf({ raw }: WorkflowExecutionDescription): PendingActivity[] {
  return (raw.pendingActivities ?? []).map((pending): PendingActivity => {
    const { activityId, state, attempt, lastFailure, lastWorkerIdentity, scheduledTime, activityOptions } = pending;
    const taskQueue = activityOptions?.taskQueue?.name;
    const progress = progressIn(pending.heartbeatDetails?.payloads?.[0], attempt ?? 1);
    const next = scheduledTime?.seconds;
    return {
      // A second start after an interrupt has `#2` behind the name.
      task: (activityId ?? '').split('#')[0] ?? '',
      waits: state === SCHEDULED,
      attempt: attempt ?? 1,
      ...(taskQueue === undefined || taskQueue === null ? {} : { taskQueue }),
      ...(next === undefined || next === null ? {} : { nextAttemptAt: new Date(Number(next) * 1_000).toISOString() }),
      ...(lastWorkerIdentity ? { worker: lastWorkerIdentity } : {}),
      ...(progress === undefined ? {} : { progress }),
      ...(lastFailure ? { error: errorOf(lastFailure) } : {}),
    };
  });
}

/**
 * The description as the workflow knows it, with what only the server knows: which of the started tasks wait for a
 * worker or for their next attempt, how many attempts they had, how far they are, and what the latest failed with.
 */
export function withPendingActivities(
  description: RunDescription,
  activities: readonly PendingActivity[],
): RunDescription {
  if (activities.length === 0) return description;
  const pending = new Map(activities.map((activity) => [activity.task, activity]));
  const counts: Partial<Record<TaskState, number>> = {};
  const tasks = description.tasks.map((task) => {
    const activity = task.state === 'running' ? pending.get(task.name) : undefined;
    const merged = activity === undefined ? task : merge(task, activity);
    counts[merged.state] = (counts[merged.state] ?? 0) + 1;
    return merged;
  });
  return { ...description, counts, tasks };
}

function merge(task: TaskDescription, { waits, attempt, worker, progress, error }: PendingActivity): TaskDescription {
  return {
    ...task,
    state: waits ? (attempt > 1 ? 'retrying' : 'queued') : 'running',
    // The workflow counts the attempt that begins with the start; the server counts those it makes after it.
    attempts: task.attempts - 1 + (waits ? attempt - 1 : attempt),
    ...(worker === undefined ? {} : { worker }),
    ...(waits || progress === undefined ? {} : { progress }),
    ...(error === undefined ? {} : { error }),
  };
}

/** What the server adds to why a started task is where it is. */
export async function withPendingActivity(
  explanation: Explanation,
  { waits, attempt, taskQueue, nextAttemptAt, worker, error }: PendingActivity,
  hasWorker: () => Promise<boolean>,
): Promise<Explanation> {
  const because = error === undefined ? '' : `: ${error.code}: ${error.message}`;
  const queue = taskQueue === undefined ? 'its task queue' : `the task queue ${taskQueue}`;
  const answer = (state: TaskState, ...reasons: readonly Reason[]): Explanation => ({ ...explanation, state, reasons });
  if (waits && attempt > 1) {
    const when = nextAttemptAt === undefined ? '' : ` at ${nextAttemptAt}`;
    const message = `Attempt ${attempt - 1} failed, and the next one is set${when}${because}`;
    return answer('retrying', { code: 'retrying', message });
  }
  if (waits && !(await hasWorker())) {
    return answer('queued', { code: 'no_worker', message: `No worker polls ${queue}, where the task waits.` });
  }
  if (waits) return answer('queued', { code: 'queued', message: `It waits for a free worker on ${queue}.` });
  const [first, ...rest] = explanation.reasons;
  const who = worker === undefined ? '' : ` Worker: ${worker}.`;
  const message = `${first?.message ?? 'It runs.'} Attempt ${attempt}.${who}`;
  const last: readonly Reason[] =
    because === '' ? [] : [{ code: 'retrying', message: `The attempt before failed${because}` }];
  return answer('running', { ...first, code: 'running', message }, ...rest, ...last);
}

/** The server shows the last attempt's until the next one says something. */
function progressIn(payload: Payload | null | undefined, of: number): Progress | undefined {
  const { attempt, progress } = (read(payload) ?? {}) as { readonly attempt?: unknown; readonly progress?: unknown };
  if (attempt !== of) return undefined;
  return typeof progress === 'object' && progress !== null ? progress : undefined;
}

/** Our own failures carry the whole error; another's is told by its words. */
function errorOf(failure: Failure): TaskError {
  const details = read(failure.applicationFailureInfo?.details?.payloads?.[0]) as { error?: TaskError } | undefined;
  if (typeof details?.error?.code === 'string') return details.error;
  return told(failure, CAUSES);
}

function told({ applicationFailureInfo, timeoutFailureInfo, message, cause }: Failure, depth: number): TaskError {
  return {
    code: applicationFailureInfo?.type || (timeoutFailureInfo ? 'TASK_LOST' : 'TASK_FAILED'),
    message: message ?? '',
    ...(cause && depth > 1 ? { cause: told(cause, depth - 1) } : {}),
  };
}

/** A payload of a few words: never compressed. */
function read(payload: Payload | null | undefined): unknown {
  if (!payload) return undefined;
  try {
    return defaultPayloadConverter.fromPayload(payload);
  } catch {
    return undefined;
  }
}
