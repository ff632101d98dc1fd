/** The states of a task, in the order of its life. The position is the number that the scheduler stores. */
export const TASK_STATES = [
  'pending',
  'ready',
  'queued',
  'running',
  'waiting',
  'retrying',
  'succeeded',
  'failed',
  'skipped',
  'upstream_failed',
  'cancelled',
] as const;

/**
 * - `pending`: a dependency has not ended.
 * - `ready`: may start; waits for a slot.
 * - `queued`: handed to the workers; none has taken it.
 * - `running`: an attempt is under way.
 * - `waiting`: for something outside (an event, a time); holds no slot.
 * - `retrying`: the last attempt failed; the next is set.
 * - `succeeded`, `failed`, `skipped`, `upstream_failed` (a dependency failed, so it never ran), `cancelled`: ended.
 */
export type TaskState = (typeof TASK_STATES)[number];

/** The states that a task never leaves. */
export type TaskEndState = 'succeeded' | 'failed' | 'skipped' | 'upstream_failed' | 'cancelled';

/** Whether a task in this state has ended. */
export function isTaskEnd(state: TaskState): state is TaskEndState {
  return TASK_STATES.indexOf(state) >= TASK_STATES.indexOf('succeeded');
}
