import type { TaskState } from '../dag/task-state.js';

/** One line of a run's history: what happened to the run, or to one of its tasks. */
export interface RunEvent {
  /** ISO 8601. */
  readonly at: string;
  /**
   * `run.began`, `run.ended`, `timer.fired`; `act`, where an operator asked for something; else `task.<state>`: the task
   * came into that state; `task.reminded`: a person was reminded of an approval. `task.pending` and `task.ready` are told only where a task was set back.
   */
  readonly event: 'run.began' | 'run.ended' | 'timer.fired' | 'act' | 'task.reminded' | `task.${TaskState}`;
  /** The task it is about. */
  readonly task?: string;
  /** Who asked for the act. */
  readonly by?: string;
  /** What the act did, how the run ended, what a task failed with. */
  readonly message?: string;
}
