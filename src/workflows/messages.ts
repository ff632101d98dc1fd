import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { Dag } from '../dag/dag.js';
import type { Json, JsonObject } from '../dag/json.js';
import type { RecordSnapshot } from '../dag/run-record.js';
import type { PauseMode, RunStatus } from '../dag/run.js';
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
export const statusQuery = defineQuery<RunStatus>('status');

/** Child to run: these tasks ended. */
export const tasksEndedSignal = defineSignal<[TaskEnd[]]>('tasksEnded');
/** Run to child: cancel these tasks. */
export const cancelTasksSignal = defineSignal<[number[]]>('cancelTasks');

/** Failure types that a run ends with; the details hold its `RunResult`. */
export const RUN_FAILURES = { failed: 'RUN_FAILED', timed_out: 'RUN_TIMED_OUT', cancelled: 'RUN_CANCELLED' } as const;
/** The memo field that holds the result of a run that Temporal's own cancel request ended. */
export const RESULT_MEMO = 'dagwrightResult';
