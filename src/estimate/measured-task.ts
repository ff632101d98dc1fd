import type { TaskCall } from '../dag/task-call.js';

/** Whose time is learned where an attempt succeeds. */
export type MeasuredTask = Pick<TaskCall, 'dag' | 'task' | 'size'>;

/** Where a worker that carries runs on learns how long activities of other workers took. */
export type DurationSinks = {
  readonly durations: {
    /** An activity has succeeded, so many milliseconds after it was handed to its task queue. */
    took(task: MeasuredTask, milliseconds: number): void;
  };
};
