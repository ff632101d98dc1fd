import type { PauseMode } from './run.js';

/**
 * What a scheduler is told. Each carries `at`, the host's time in whole milliseconds; a task is its index in the dag.
 * After `run.end` it takes none: a host drops what comes later.
 */
export type SchedulerEvent =
  /** The run began. Always the first. */
  | { readonly type: 'run.began'; readonly at: number }
  /** A task that was started has ended, retries included. `cancelled` answers a `task.cancel`. */
  | {
      readonly type: 'task.ended';
      readonly at: number;
      readonly task: number;
      readonly outcome: 'succeeded' | 'failed' | 'cancelled';
    }
  /** The timer set by `timer.set` fired. */
  | { readonly type: 'timer.fired'; readonly at: number; readonly timer: 'run-timeout' }
  /** An operator asked to start no more tasks. */
  | { readonly type: 'operator.paused'; readonly at: number; readonly mode: PauseMode }
  /** An operator asked to go on. */
  | { readonly type: 'operator.resumed'; readonly at: number }
  /** An operator asked to stop the run. */
  | { readonly type: 'operator.cancelled'; readonly at: number };
