import { beforeEach, describe, expect, it } from 'vitest';
import { runAttempt } from '../activities/attempt.js';
import { createHandlers } from '../activities/handlers.js';
import { AttemptStop, TaskFailure, type TaskReport } from '../activities/handler.js';
import { defineFunction } from '../spec/function-definition.js';
import type { TaskCall } from '../dag/task-call.js';
import { memoryLog } from '../../test/doubles/memory-log.js';
import { logAttempt } from './attempt-lines.js';
import { createLogger, type LogFields } from './logger.js';

const SECRET = 'hunter2-hunter2';
const WHO = { run: 'run-1', dag: 'billing', task: 'charge', attempt: 4 };

const HANDLERS = createHandlers({
  environment: { PATH: process.env['PATH'] },
  functions: [
    defineFunction('give', { run: (input: string) => ({ given: input }) }),
    defineFunction('fail', {
      run: (input: string) => {
        throw new Error(`https://host/?token=${String(input)}`);
      },
    }),
    defineFunction('oddCode', {
      run: (input: string) => {
        throw new TaskFailure({ code: `no code: ${String(input)}`, message: 'x', details: { input: String(input) } });
      },
    }),
  ],
});

let lines: string[];
beforeEach(() => {
  lines = [];
});

/** Runs an attempt as a worker does, its log lines kept. */
async function attempt(
  uses: TaskCall['uses'],
  settings: TaskCall['with'],
  signal = new AbortController().signal,
): Promise<TaskReport | undefined> {
  const logger = createLogger({ level: 'debug', stream: { write: (line) => lines.push(line) } });
  const call: TaskCall = {
    runId: WHO.run,
    dag: WHO.dag,
    task: WHO.task,
    uses,
    with: settings,
    env: { PASSWORD: SECRET },
    params: { password: SECRET },
    needs: { login: { token: SECRET } },
    maximumAttempts: 1,
    startToClose: 10_000,
  };
  return logAttempt(logger, call, WHO.attempt, () =>
    runAttempt(HANDLERS, call, { attempt: WHO.attempt, signal, log: memoryLog(), progress: () => undefined }),
  ).catch(() => undefined);
}

function entries(): LogFields[] {
  return lines.map((line) => JSON.parse(line) as LogFields);
}

describe('logAttempt', () => {
  it('tells the begin and a success, with run, dag, task and attempt, and hands on what the attempt gave', async () => {
    expect(await attempt('function', { name: 'give', input: SECRET })).toMatchObject({ output: { given: SECRET } });
    expect(entries()).toEqual([
      expect.objectContaining({ level: 'debug', ...WHO, msg: 'Attempt began' }),
      expect.objectContaining({ level: 'info', ...WHO, outcome: 'succeeded', ms: expect.any(Number) as number }),
    ]);
  });

  it('warns of a failure, with its code', async () => {
    await attempt('shell', { run: `echo ${SECRET} >&2; exit 3` });
    expect(entries()[1]).toMatchObject({ level: 'warn', ...WHO, outcome: 'failed', code: 'SHELL_EXIT' });
  });

  it('hands on what was thrown', async () => {
    const logger = createLogger({ level: 'silent' });
    const failure = new TaskFailure({ code: 'HTTP_STATUS', message: '500' });
    const call = { runId: 'r', dag: 'd', task: 't' };
    await expect(logAttempt(logger, call, 1, () => Promise.reject(failure))).rejects.toBe(failure);
  });

  it.each([
    ['cancelled', 'info', 'cancelled', 'TASK_CANCELLED'],
    ['worker_shutdown', 'warn', 'lost', 'TASK_LOST'],
    ['timed_out', 'warn', 'failed', 'TASK_TIMEOUT'],
  ] as const)('tells an attempt that was stopped (%s) apart from a failed one', async (why, level, outcome, code) => {
    await attempt('function', { name: 'give' }, AbortSignal.abort(new AttemptStop(why)));
    expect(entries()[1]).toMatchObject({ level, ...WHO, outcome, code });
  });

  it('shows nothing of params, env, inputs, outputs, nor of the messages and details of errors', async () => {
    await attempt('shell', { run: `echo ${SECRET}; echo ${SECRET} >&2; exit 1` });
    await attempt('shell', { run: `echo ${SECRET}` });
    for (const name of ['give', 'fail', 'oddCode', SECRET]) await attempt('function', { name, input: SECRET });
    await attempt('http', { url: `http://127.0.0.1:1/?token=${SECRET}`, method: 'GET' });
    expect(entries().filter(({ outcome }) => outcome === 'failed').length).toBeGreaterThanOrEqual(5);
    expect(lines.join('')).not.toContain(SECRET);
  });
});
