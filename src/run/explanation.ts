import type { TaskState } from '../dag/task-state.js';

/** Why a task is not running, or why it is as it is. */
export interface Explanation {
  readonly task: string;
  readonly state: TaskState;
  /** The most important first; at least one. */
  readonly reasons: readonly Reason[];
}

/** One reason. */
export interface Reason {
  readonly code: ReasonCode;
  /** One sentence for a person. */
  readonly message: string;
  /** The tasks that it is about, at most 20. */
  readonly tasks?: readonly string[];
}

/**
 * - `needs`: dependencies have not ended; `run_paused`, `task_paused`, `cancelling`, `fail_fast`: it must not start;
 * - `max_runs`: as many runs of the dag go on as may; `worker_group`: none has room for it, or what it requires;
 * - `slots`: as many tasks run as may; `pool`: a pool that it needs has no room; `queue`: others go first;
 * - `no_worker`, `queued`: handed to the workers, and none, or none yet, has taken it; `retrying`: waits for its next attempt;
 * - `waiting`: for a time, an event, an approval, or to be asked again; `items`: as many items of its fan-out go as may;
 *   `stage`: it comes after the run's own tasks; `unneeded`: nobody waited for it any more;
 * - `running`; `ended`: nothing holds it; `upstream`: a dependency failed or was skipped, so it never runs; `condition`: its own
 *   `when` was false.
 */
export type ReasonCode =
  | 'needs'
  | 'run_paused'
  | 'task_paused'
  | 'cancelling'
  | 'fail_fast'
  | 'max_runs'
  | 'worker_group'
  | 'slots'
  | 'pool'
  | 'queue'
  | 'no_worker'
  | 'queued'
  | 'retrying'
  | 'waiting'
  | 'items'
  | 'stage'
  | 'unneeded'
  | 'running'
  | 'ended'
  | 'upstream'
  | 'condition';
