import type { Json, JsonObject } from '../dag/json.js';
import type { Scheduler } from '../dag/scheduler.js';
import type { TaskError } from '../dag/task-error.js';

/** Of a run: what its expressions may know of its tasks. */
export interface FactsRun {
  readonly scheduler: Scheduler;
  readonly record: { attemptsOf(task: number): number; errorOf(task: number): TaskError | undefined };
  /** Asked while an event is taken in: an operator's output may be on its way. */
  readonly underWay: { outputOf(task: number): Json | undefined };
}

/** What an expression may know of a task: see `tasks.NAME` in docs/expressions.md. */
export function taskFacts({ scheduler, record, underWay }: FactsRun, task: number): JsonObject {
  const status = scheduler.stateOf(task);
  const output = status === 'succeeded' ? underWay.outputOf(task) : undefined;
  const error = status === 'failed' ? record.errorOf(task) : undefined;
  return {
    status,
    attempts: record.attemptsOf(task),
    ...(output === undefined ? {} : { output }),
    ...(error === undefined
      ? {}
      : {
          error: {
            code: error.code,
            message: error.message,
            ...(error.details === undefined ? {} : { details: error.details }),
          },
        }),
  };
}
