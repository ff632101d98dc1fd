import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { Dag } from '../dag/dag.js';
import type { Json, JsonObject } from '../dag/json.js';
import type { RecordSnapshot } from '../dag/run-record.js';
import type { PauseMode, RunDescription } from '../dag/run.js';
import type { Snapshot } from '../dag/snapshot.js';
import type { TaskError } from '../dag/task-error.js';

/** The workflow type of a run. Its workflow id is the run id. */
export const RUN_WORKFLOW = 'runDag';

/** What the interpreter workflow is started with. */
export interface RunInput {
  /** The dag as it was at the start: editing its file changes no live run. */
  readonly dag: Dag;
  /** Params with their defaults filled in. */
  readonly params: JsonObject;
  /** History events after which the run continues as new. Default 8,000. */
  readonly historyLimit?: number;
  /** Set by the workflow itself when it continues as new. */
  readonly carried?: Carried;
}

/** What a run takes along when it continues as new. */
export interface Carried {
  readonly scheduler: Snapshot;
  readonly record: RecordSnapshot;
  /** Tasks that the scheduler has started and the host has not: they start first. */
  readonly held: readonly number[];
  /** Tasks that run in a child workflow, with its id. */
  readonly detached: readonly (readonly [number, string])[];
  /** How many child workflows the run has started. */
  readonly children: number;
}

/** How a task that ran in a child workflow ended. */
export interface TaskEnd {
  readonly task: number;
  readonly outcome: 'succeeded' | 'failed' | 'cancelled';
  readonly attempts: number;
  readonly output?: Json;
  readonly error?: TaskError;
}

/** Starts no more tasks. Without an argument: `drain`. Bare signals from Temporal's CLI and Web UI work. */
export const pauseSignal = defineSignal<[{ mode?: PauseMode }?]>('pause');
/** Goes on. */
export const resumeSignal = defineSignal('resume');
/** Cancels the run as Temporal's own cancel request does. */
export const cancelSignal = defineSignal('cancel');
/** The run and each task. */
export const statusQuery = defineQuery<RunDescription>('status');

/** Child to run: these tasks ended. */
export const tasksEndedSignal = defineSignal<[TaskEnd[]]>('tasksEnded');
/**
 * The ends in what came with a {@link tasksEndedSignal}. Anybody may send one, and a handler that throws would block the
 * run for good: what is no task's end is left out.
 */
export function taskEndsIn(argument: unknown): TaskEnd[] {
  return Array.isArray(argument) ? argument.filter(isEnd) : [];
}

const OUTCOMES: readonly unknown[] = ['succeeded', 'failed', 'cancelled'] satisfies TaskEnd['outcome'][];

function isEnd(value: unknown): value is TaskEnd {
  if (typeof value !== 'object' || value === null) return false;
  const { task, outcome, attempts, error } = value as Partial<Record<keyof TaskEnd, unknown>>;
  return (
    Number.isInteger(task) &&
    OUTCOMES.includes(outcome) &&
    Number.isInteger(attempts) &&
    (error === undefined || isError(error))
  );
}

function isError(value: unknown): value is TaskError {
  const { code, message } = (value ?? {}) as Partial<Record<keyof TaskError, unknown>>;
  return typeof code === 'string' && typeof message === 'string';
}

/** Run to child: cancel these tasks. */
export const cancelTasksSignal = defineSignal<[number[]]>('cancelTasks');

/** Failure types that a run ends with; the details hold its `RunResult`. */
export const RUN_FAILURES = { failed: 'RUN_FAILED', timed_out: 'RUN_TIMED_OUT', cancelled: 'RUN_CANCELLED' } as const;
/** The memo field that holds the result of a run that Temporal's own cancel request ended. */
export const RESULT_MEMO = 'dagwrightResult';
