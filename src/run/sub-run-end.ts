import type { TaskError } from '../dag/task-error.js';
import type { EndedTask } from './ended-task.js';
import type { RunResult } from './run.js';

/** Errors that are told of one failure, the outermost included. */
const DEEPEST = 5;

/** How a task that is a run of its own ends. */
export type SubRunEnd = Pick<EndedTask, 'outcome' | 'attempts' | 'output' | 'error'>;

/** The id of the run that a task is by its `attempts`-th start: each start is a run of its own. The first keeps the plain id. */
export function startedRunId(runId: string, attempts: number): string {
  return attempts <= 1 ? runId : `${runId}#${attempts}`;
}

/** How the task ends whose run ended so: its output is what the run's dag gives. */
export function subRunEnd(result: RunResult): SubRunEnd {
  const { runId, status } = result;
  if (status === 'succeeded') return { outcome: 'succeeded', attempts: 1, output: result.outputs ?? {} };
  if (status === 'cancelled') return { outcome: 'cancelled', attempts: 1 };
  if (status === 'timed_out') return subRunFailed(runId, 'it took longer than its timeout', { status });
  const failed = Object.entries(result.tasks).find(([, task]) => task.status === 'failed' && task.error !== undefined);
  if (failed === undefined) return subRunFailed(runId, 'a task of it failed', { status });
  const [task, { error }] = failed;
  return subRunFailed(runId, `its task ${task} failed: ${error?.message}`, { status, task }, error);
}

/** How the task ends whose run could not begin, or ended without a result. */
export function subRunFailed(
  runId: string,
  why: string,
  details: { readonly status?: string; readonly task?: string } = {},
  cause?: TaskError,
): SubRunEnd {
  const error: TaskError = {
    code: 'SUBRUN_FAILED',
    message: `The run ${runId} did not succeed: ${why}`.replace(/(?<![.!?])$/, '.'),
    details: { runId, ...details },
    ...(cause === undefined ? {} : { cause: upTo(DEEPEST - 1, cause) }),
  };
  return { outcome: 'failed', attempts: 1, error };
}

function upTo(depth: number, { cause, ...error }: TaskError): TaskError {
  return cause === undefined || depth === 1 ? error : { ...error, cause: upTo(depth - 1, cause) };
}
