import type { AddedEdge } from './graph.js';
import type { PoolSize } from './pools.js';
import type { PauseMode } from './run-state.js';
import type { Hold, TaskTraits } from './task-traits.js';
import type { WorkerGroup } from './worker-group.js';

/** What a scheduler sets timers for: the run's end by its timeout; the end of a pause; what a task waits for; a pool's rate. */
export type TimerName = 'run-timeout' | 'auto-resume' | 'task' | 'pool';

/** How a started task ended, as its host says. */
export type TaskOutcome = 'succeeded' | 'failed' | 'cancelled' | 'skipped';

/** How a task fans out. */
export interface FanOut {
  /** How many items there are. */
  readonly items: number;
  /** Items in flight at once. Default: all. */
  readonly maxParallel?: number;
  /** How many may fail before no further one starts. Default: all are done, and none may. */
  readonly tolerate?: number;
  /** Of items that were there before: those that stay as they ended. */
  readonly keep?: readonly number[];
  /** What an item holds while it runs. Default `slot`. */
  readonly hold?: Hold;
}

/**
 * What a scheduler is told. Each carries `at`, the host's time in whole milliseconds; a task is its index in the dag.
 * After `run.end` it takes none: a host drops what comes later. Whether an operator may ask for it is checked before
 * (see `refusalOf`): the scheduler only throws at what makes no sense.
 */
export type SchedulerEvent =
  /** The run began. Always the first. `succeeded`: tasks that another run did for this one. */
  | { readonly type: 'run.began'; readonly at: number; readonly succeeded?: readonly number[] }
  /** A task that was started has ended, retries included. `cancelled` answers a `task.cancel`. */
  | {
      readonly type: 'task.ended';
      readonly at: number;
      readonly task: number;
      readonly outcome: TaskOutcome;
      /** Milliseconds of its work, at speed 1, that are left done where it starts again. Default 0. */
      readonly kept?: number;
      /** Its worker group did not start it in time: it starts again in another one. Default false. */
      readonly unstarted?: true;
    }
  /** A started task waits, holding nothing: until a time (milliseconds), or for what comes from outside. */
  | { readonly type: 'task.waits'; readonly at: number; readonly task: number; readonly until?: number }
  /** A waiting task starts again, as soon as it gets a slot. */
  | { readonly type: 'task.again'; readonly at: number; readonly task: number }
  /** A started task fans out. It ends by itself once its items have. */
  | ({ readonly type: 'task.fanned-out'; readonly at: number; readonly task: number } & FanOut)
  /** What undoes tasks was added behind those there are. Answers `compensate`, with what that said. */
  | {
      readonly type: 'compensations.added';
      readonly at: number;
      readonly count: number;
      readonly order: readonly (readonly [before: number, after: number])[];
    }
  /** The timer set by `timer.set` fired; `task`: whose, where it is a task's. */
  | { readonly type: 'timer.fired'; readonly at: number; readonly timer: TimerName; readonly task?: number }
  /** An operator asked to start no more tasks; `until` (milliseconds): to go on by itself then. */
  | { readonly type: 'operator.paused'; readonly at: number; readonly mode: PauseMode; readonly until?: number }
  /** An operator asked to go on. */
  | { readonly type: 'operator.resumed'; readonly at: number }
  /** An operator asked to stop the run; `compensate`: whether what succeeded is undone, where they said so. */
  | { readonly type: 'operator.cancelled'; readonly at: number; readonly compensate?: boolean }
  /** An operator asked that the task does not start; with `interrupt`, that it stops where it runs. */
  | { readonly type: 'task.paused'; readonly at: number; readonly task: number; readonly mode: PauseMode }
  | { readonly type: 'task.resumed'; readonly at: number; readonly task: number }
  /** An operator decided how the task ends. One that runs is stopped first. */
  | {
      readonly type: 'task.forced';
      readonly at: number;
      readonly task: number;
      readonly state: 'succeeded' | 'skipped' | 'cancelled';
    }
  /** An operator asked that an ended task runs again; `dependents`: what its end decided is open again, too. */
  | { readonly type: 'task.retried'; readonly at: number; readonly task: number; readonly dependents: boolean }
  | { readonly type: 'priority.set'; readonly at: number; readonly task: number; readonly priority: number }
  | { readonly type: 'concurrency.set'; readonly at: number; readonly concurrency: number }
  | { readonly type: 'policy.set'; readonly at: number; readonly policy: string }
  /** An operator gave a pool of the run another size. */
  | { readonly type: 'pool.set'; readonly at: number; readonly pool: string; readonly size: PoolSize }
  /** What the task needs of pools that runs share is kept for it. Answers `lease.want`. */
  | { readonly type: 'lease.granted'; readonly at: number; readonly task: number }
  /** The run may go on beside the others of its dag: what was held back may start. */
  | { readonly type: 'run.admitted'; readonly at: number }
  /** These worker groups live: all of them. What runs in one that is gone starts again in another. */
  | { readonly type: 'groups.changed'; readonly at: number; readonly groups: readonly WorkerGroup[] }
  /** Tasks were added behind those there are; of each new edge `[from, to]`, `to` needs `from`. */
  | {
      readonly type: 'tasks.added';
      readonly at: number;
      readonly tasks: readonly TaskTraits[];
      readonly edges: readonly AddedEdge[];
    };
