import type { WorkflowExecutionDescription } from '@temporalio/client';
import type { RunDescription, TaskDescription } from '../dag/run.js';
import type { TaskError } from '../dag/task-error.js';
import type { TaskState } from '../dag/task-state.js';

type Pending = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

const SCHEDULED = 1;

/**
 * The status as the workflow knows it, with what only the server knows: which of the started tasks wait for a worker
 * or for their next attempt, how many attempts they had, and what the latest failed with.
 */
export function withPendingActivities(status: RunDescription, description: WorkflowExecutionDescription): RunDescription {
  const pending = new Map<string, Pending>();
  for (const activity of description.raw.pendingActivities ?? []) {
    // A second start after an interrupt has `#2` behind the name.
    pending.set((activity.activityId ?? '').split('#')[0] ?? '', activity);
  }
  if (pending.size === 0) return status;
  const counts: Partial<Record<TaskState, number>> = {};
  const tasks = status.tasks.map((task) => {
    const activity = task.state === 'running' ? pending.get(task.name) : undefined;
    const merged = activity === undefined ? task : merge(task, activity);
    counts[merged.state] = (counts[merged.state] ?? 0) + 1;
    return merged;
  });
  return { ...status, counts, tasks };
}

function merge(task: TaskDescription, { state, attempt, lastFailure }: Pending): TaskDescription {
  const begun = attempt ?? 1;
  const waits = state === SCHEDULED;
  const error: TaskError | undefined = lastFailure
    ? {
        code:
          lastFailure.applicationFailureInfo?.type || (lastFailure.timeoutFailureInfo ? 'TASK_LOST' : 'TASK_FAILED'),
        message: lastFailure.message ?? '',
      }
    : undefined;
  return {
    ...task,
    state: waits ? (begun > 1 ? 'retrying' : 'queued') : 'running',
    // The workflow counts the attempt that begins with the start; the server counts those it makes after it.
    attempts: task.attempts - 1 + (waits ? begun - 1 : begun),
    ...(error === undefined ? {} : { error }),
  };
}
