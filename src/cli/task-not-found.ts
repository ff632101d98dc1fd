import { DagwrightError } from '../dag/errors.js';

/** The error for a task that a run does not have. */
export function taskNotFound(runId: string, task: string): DagwrightError {
  return new DagwrightError('TASK_NOT_FOUND', `The run ${runId} has no task ${task}.`, {
    hint: `See its tasks with \`dagwright status ${runId}\`.`,
  });
}
