import type { Dag } from '../dag/dag.js';
import type { SchedulerEvent } from '../dag/event.js';
import type { Scheduler } from '../dag/scheduler.js';
import type { Controls } from './controls.js';

/** What an act becomes: the event that does it, none where the run is so already; and one sentence about it. */
export interface Decision {
  readonly event?: SchedulerEvent;
  /** In place of an event: what is done with the tasks that the run does itself, and the events that come of it. */
  readonly does?: () => readonly SchedulerEvent[];
  readonly message: string;
}

/** What is asked of a run to decide. */
export interface DecisionFacts {
  readonly runId: string;
  readonly dag: Dag;
  readonly scheduler: Scheduler;
  readonly hasEnded: boolean;
  readonly record: { hasLostOutput(task: number): boolean };
  readonly controls: Controls;
  indexOf(name: string): number | undefined;
}
