import type { PlacementName } from '../dag/placement.js';
import type { RunEndState } from '../dag/run-state.js';
import type { TaskState } from '../dag/task-state.js';
import type { Plan } from './plan.js';

/** One start of a task, from its slot to its end, or until it is stopped to go on later. Milliseconds since all runs arrived. */
export interface ScheduledTask {
  /** Its index in the dag; items of fan-outs, and what undoes tasks, come behind the dag's tasks. */
  readonly task: number;
  readonly name: string;
  /** Of an item: the task that fans out; of what undoes a task: that task. */
  readonly of?: number;
  /** The item's number. */
  readonly item?: number;
  /** The worker group that it was placed in. */
  readonly group?: string;
  /** When it could have started. */
  readonly readyAt: number;
  readonly startedAt: number;
  readonly endedAt: number;
  /** Undefined where it takes none: it only waits, or its items do its work. */
  readonly slot: number | undefined;
  readonly attempts: number;
  readonly state: TaskState;
  /** It was stopped for a shorter one: the same task starts again, and goes on. */
  readonly preempted?: true;
  /** Of the time from start to end: what is work, in milliseconds on a slot of speed 1. */
  readonly work: number;
  /** Of the time from start to end: what passes whatever the speed. */
  readonly waits: number;
  /** Of the time from start to end: until what it needs was moved to its group. */
  readonly transfer: number;
}

/** What became of a plan. */
export interface ScheduledRun {
  readonly plan: Plan;
  readonly state: RunEndState;
  /** Milliseconds since all runs arrived. */
  readonly endedAt: number;
  /** In the order of their starts. What never started is not in it. */
  readonly tasks: readonly ScheduledTask[];
  /** So many slots at most: the run's own concurrency, or all there are. */
  readonly most: number;
}

/** What a simulation gives. */
export interface Schedule {
  readonly policy: string;
  /** Null where all slots are of one group. */
  readonly placement: PlacementName | null;
  /** The speed of each slot, the fastest first. */
  readonly speeds: readonly number[];
  readonly runs: readonly ScheduledRun[];
}
