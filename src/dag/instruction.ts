import type { TimerName } from './event.js';
import type { RunEndState } from './run-state.js';

/** What a scheduler asks its host to do. A host carries them out in order. */
export type Instruction =
  /** Start the task; answer with one `task.ended`, retries included. */
  | { readonly type: 'task.start'; readonly task: number }
  /** Stop the running task; answer with its `task.ended` (with `cancelled`, unless it ended otherwise first). */
  | { readonly type: 'task.cancel'; readonly task: number }
  /** Fire `timer.fired` at this time (milliseconds). */
  | { readonly type: 'timer.set'; readonly timer: TimerName; readonly at: number }
  /** Forget the timer. */
  | { readonly type: 'timer.drop'; readonly timer: TimerName }
  /** The run has ended; the scheduler takes no more events. Always the last. */
  | { readonly type: 'run.end'; readonly status: RunEndState };
