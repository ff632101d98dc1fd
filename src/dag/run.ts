import type { Json } from './json.js';
import type { TaskError } from './task-error.js';
import type { TaskEndState, TaskState } from './task-state.js';

/** The states of a run, in the order of its life. */
export const RUN_STATES = ['running', 'paused', 'cancelling', 'succeeded', 'failed', 'cancelled', 'timed_out'] as const;

/** The state of a run. The last four are final. */
export type RunState = (typeof RUN_STATES)[number];

/** The states that a run never leaves. */
export type RunEndState = 'succeeded' | 'failed' | 'cancelled' | 'timed_out';

/** Whether a run in this state has ended. */
export function isRunEnd(state: RunState): state is RunEndState {
  return RUN_STATES.indexOf(state) >= RUN_STATES.indexOf('succeeded');
}

/** How a pause treats tasks that run: `drain` lets them end, `interrupt` cancels them and starts them again at resume. */
export type PauseMode = 'drain' | 'interrupt';

/** One task in a run, at the moment of asking. Times are ISO 8601. */
export interface TaskStatus {
  readonly name: string;
  readonly state: TaskState;
  /** Attempts begun; 0 where none was. */
  readonly attempts: number;
  readonly startedAt?: string;
  readonly endedAt?: string;
  /** The error that ended the task, or that the latest attempt failed with. */
  readonly error?: TaskError;
}

/** A run at the moment of asking. */
export interface RunStatus {
  readonly runId: string;
  readonly dag: string;
  readonly state: RunState;
  readonly startedAt: string;
  readonly endedAt?: string;
  /** Tasks per state. States that no task is in are left out. */
  readonly counts: Readonly<Partial<Record<TaskState, number>>>;
  /** In the order of declaration. */
  readonly tasks: readonly TaskStatus[];
}

/** How one task of a run ended. */
export interface TaskResult {
  readonly status: TaskEndState;
  /** Attempts begun; 0 where the task never started. */
  readonly attempts: number;
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly output?: Json;
  /** The task had an output, too large to be kept in the run's result. */
  readonly outputOmitted?: true;
  readonly error?: TaskError;
}

/** How a run ended: every task, and of the failed ones the error. */
export interface RunResult {
  readonly runId: string;
  readonly dag: string;
  readonly status: RunEndState;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly tasks: Readonly<Record<string, TaskResult>>;
}

/** A run as its owner holds it: the same in this process (`local`) and on Temporal. */
export interface Run {
  readonly runId: string;
  /** Waits for the end. A failed or cancelled run is a value too, not an error. */
  result(): Promise<RunResult>;
  /** The run and each task now. */
  status(): Promise<RunStatus>;
  /** Starts no more tasks. Durable; a second pause changes nothing. */
  pause(options?: { readonly mode?: PauseMode }): Promise<void>;
  /** Goes on where the pause left it. */
  resume(): Promise<void>;
  /** Stops the running tasks, starts no more, and ends `cancelled`. */
  cancel(): Promise<void>;
}
