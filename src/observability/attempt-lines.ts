import { TaskFailure } from '../activities/handler.js';
import type { TaskCall } from '../dag/task-call.js';
import type { LogFields, Logger } from './logger.js';

/** A code as Dagwright's own are, or the name of a class: a function may throw one that is no code at all. */
const PLAIN_CODE = /^[A-Za-z_][\w.:-]{0,63}$/;

/**
 * Does the work of one attempt, with a line at its begin (debug) and at its end: info where it succeeded or was
 * cancelled, a warning with the error's code where it failed or went with its worker.
 */
export async function logAttempt<T>(
  logger: Logger,
  { runId, dag, task }: Pick<TaskCall, 'runId' | 'dag' | 'task'>,
  attempt: number,
  work: () => Promise<T>,
): Promise<T> {
  const lines = logger.child({ run: runId, dag, task, attempt });
  const began = performance.now();
  lines.debug('Attempt began');
  try {
    const result = await work();
    lines.info('Attempt succeeded', { outcome: 'succeeded', ms: since(began) });
    return result;
  } catch (thrown) {
    logEnd(lines, codeOf(thrown), since(began));
    throw thrown;
  }
}

function logEnd(lines: Logger, code: string, ms: number): void {
  if (code === 'TASK_CANCELLED') lines.info('Attempt cancelled', { outcome: 'cancelled', code, ms });
  else if (code === 'TASK_LOST') lines.warn('Attempt stopped with its worker', { outcome: 'lost', code, ms });
  else lines.warn('Attempt failed', { outcome: 'failed', code, ms });
}

function codeOf(thrown: unknown): NonNullable<LogFields['code']> {
  const code = thrown instanceof TaskFailure ? thrown.error.code : 'TASK_FAILED';
  return PLAIN_CODE.test(code) ? code : 'TASK_FAILED';
}

function since(began: number): number {
  return Math.round(performance.now() - began);
}
