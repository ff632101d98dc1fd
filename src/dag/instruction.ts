import type { TimerName } from './event.js';
import type { PauseMode, RunEndState } from './run-state.js';

/** What a scheduler asks its host to do. A host carries them out in order. */
export type Instruction =
  /** Start the task, in the worker group where one is named; answer with one `task.ended`, retries included. */
  | { readonly type: 'task.start'; readonly task: number; readonly group?: string }
  /** Ask for all that the task needs of pools that runs share; answer with `lease.granted`. In the order of the policy. */
  | { readonly type: 'lease.want'; readonly task: number }
  /** The task needs nothing of pools that runs share any more: what was granted goes back, what was not is not wanted. */
  | { readonly type: 'lease.release'; readonly task: number }
  /**
   * Stop the running task; answer with its `task.ended` (with `cancelled`, unless it ended otherwise first).
   * `compensate`: of one that is a run of its own, whether that undoes what it did. Default: as its dag says.
   */
  | { readonly type: 'task.cancel'; readonly task: number; readonly compensate?: boolean }
  /** Fire `timer.fired` at this time (milliseconds); one that was set before for the same is forgotten. */
  | { readonly type: 'timer.set'; readonly timer: TimerName; readonly at: number; readonly task?: number }
  /** Forget the timer. */
  | { readonly type: 'timer.drop'; readonly timer: TimerName; readonly task?: number }
  /** Pause, or resume, the run that the task is. */
  | { readonly type: 'subrun.pause'; readonly task: number; readonly mode: PauseMode }
  | { readonly type: 'subrun.resume'; readonly task: number }
  /**
   * Add what undoes these tasks, in their order; answer with `compensations.added`. `order`: what undoes one position of
   * `tasks` comes before what undoes the other.
   */
  | {
      readonly type: 'compensate';
      readonly tasks: readonly number[];
      readonly order: readonly (readonly [before: number, after: number])[];
    }
  /** The run has ended; the scheduler takes no more events. Always the last. */
  | { readonly type: 'run.end'; readonly status: RunEndState };
