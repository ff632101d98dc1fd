import { describe, expect, it } from 'vitest';
import type { TaskError } from '../dag/task-error.js';
import type { RunResult, TaskResult } from './run.js';
import { subRunEnd, subRunFailed } from './sub-run-end.js';

function result(more: Partial<RunResult>): RunResult {
  return {
    runId: 'outer/sub',
    dag: 'inner',
    status: 'succeeded',
    startedAt: '2026-11-01T00:00:00.000Z',
    endedAt: '2026-11-01T00:00:01.000Z',
    tasks: {},
    ...more,
  };
}

const failed = (error: TaskError): TaskResult => ({ status: 'failed', attempts: 1, error });

describe('the end of a task that is a run', () => {
  it('has what the dag gives as its output, and an empty object where it gives nothing', () => {
    expect(subRunEnd(result({ outputs: { rows: 7 } }))).toEqual({
      outcome: 'succeeded',
      attempts: 1,
      output: { rows: 7 },
    });
    expect(subRunEnd(result({}))).toEqual({ outcome: 'succeeded', attempts: 1, output: {} });
  });

  it('is cancelled where the run was', () => {
    expect(subRunEnd(result({ status: 'cancelled' }))).toEqual({ outcome: 'cancelled', attempts: 1 });
  });

  it('names the run, its state and the first task that failed with its error', () => {
    const tasks = {
      skipped: { status: 'upstream_failed', attempts: 0 } as const,
      bad: failed({ code: 'SHELL_EXIT', message: 'exit code 3' }),
      worse: failed({ code: 'HTTP_STATUS', message: '500.' }),
    };
    expect(subRunEnd(result({ status: 'failed', tasks })).error).toEqual({
      code: 'SUBRUN_FAILED',
      message: 'The run outer/sub did not succeed: its task bad failed: exit code 3.',
      details: { runId: 'outer/sub', status: 'failed', task: 'bad' },
      cause: { code: 'SHELL_EXIT', message: 'exit code 3' },
    });
  });

  it('says that the run took too long', () => {
    expect(subRunEnd(result({ status: 'timed_out' })).error).toMatchObject({
      message: 'The run outer/sub did not succeed: it took longer than its timeout.',
      details: { status: 'timed_out' },
    });
  });

  it('tells at most five errors, however deep the runs go', () => {
    let error: TaskError = { code: 'TASK_FAILED', message: 'at the bottom' };
    for (let depth = 0; depth < 8; depth++) error = subRunFailed('r', 'it broke', {}, error).error!;
    let levels = 0;
    for (let at: TaskError | undefined = error; at !== undefined; at = at.cause) levels++;
    expect(levels).toBe(5);
  });
});
