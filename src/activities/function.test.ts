import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { memoryLog } from '../../test/doubles/memory-log.js';
import type { Json } from '../dag/json.js';
import type { Progress } from '../dag/progress.js';
import { runAttempt, type AttemptHost } from './attempt.js';
import { defineFunction, type FunctionDefinition } from '../spec/function-definition.js';
import { createFunctionHandler } from './function.js';
import { AttemptStop, TaskFailure } from './handler.js';

function call(functions: readonly FunctionDefinition[], name: string, input?: Json, host: Partial<AttemptHost> = {}) {
  const task = {
    runId: 'run-1',
    dag: 'demo',
    task: 'only',
    uses: 'function',
    with: input === undefined ? { name } : { name, input },
    env: {},
    params: { day: 'monday' },
    needs: {},
    maximumAttempts: 1,
    startToClose: 60_000,
  } as const;
  const handlers = new Map([['function', createFunctionHandler(functions)]]);
  const { signal } = new AbortController();
  return runAttempt(handlers, task, { attempt: 4, signal, log: memoryLog(), progress: () => undefined, ...host });
}

async function failureOf(promise: Promise<unknown>): Promise<TaskFailure> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof TaskFailure)) throw new Error(`expected a TaskFailure, got ${String(thrown)}`);
  return thrown;
}

const double = defineFunction('double', {
  input: z.object({ rows: z.array(z.object({ count: z.number() })), times: z.number().default(2) }),
  output: z.number().max(100),
  run: ({ rows, times }) => rows.reduce((sum, row) => sum + row.count, 0) * times,
});

function textOf(value: Json | undefined): string {
  if (typeof value !== 'string') throw new Error(`expected a text, got ${JSON.stringify(value)}`);
  return value;
}

describe('a function task', () => {
  it('calls the function with its parsed input and gives what it returns', async () => {
    expect((await call([double], 'double', { rows: [{ count: 2 }, { count: 3 }] })).output).toBe(10);
  });

  it('gives the function its context, and undefined for no input', async () => {
    const echo: FunctionDefinition = {
      name: 'echo',
      run: async (input, context) => ({ none: input === undefined, attempt: context.attempt, params: context.params }),
    };
    expect((await call([echo], 'echo')).output).toEqual({ none: true, attempt: 4, params: { day: 'monday' } });
  });

  it('refuses an input that does not fit, naming each place', async () => {
    const failure = await failureOf(call([double], 'double', { rows: [{ count: 1 }, { count: 'x' }], times: null }));
    expect(failure.error.code).toBe('TASK_INPUT_INVALID');
    expect(failure.error.message).toContain('input.rows[1].count: ');
    expect(failure.error.message).toContain('input.times: ');
    expect(failure.retryable).toBe(false);
  });

  it('refuses an output that does not fit', async () => {
    const failure = await failureOf(call([double], 'double', { rows: [{ count: 99 }] }));
    expect(failure.error.code).toBe('TASK_OUTPUT_INVALID');
    expect(failure.error.message).toContain('"double"');
    expect(failure.retryable).toBe(false);
  });

  it('refuses an output that is not JSON', async () => {
    const when: FunctionDefinition = { name: 'when', run: () => ({ at: new Date(0) }) };
    expect((await failureOf(call([when], 'when'))).error.code).toBe('TASK_OUTPUT_INVALID');
  });

  it('names near functions, else the ones there are, where there is none of this name', async () => {
    const near = await failureOf(call([double], 'duoble'));
    expect(near.error).toMatchObject({
      code: 'FUNCTION_NOT_REGISTERED',
      message: expect.stringContaining('`double`?') as string,
    });
    expect(near.retryable).toBe(false);
    expect((await failureOf(call([double], 'convertCsv'))).error.message).toContain('It has: double.');
    expect((await failureOf(call([], 'convertCsv'))).error.message).toContain('It has none.');
  });

  it('fails with the message and the first frames of what was thrown, and may be tried again', async () => {
    const fail: FunctionDefinition = {
      name: 'fail',
      run: () => {
        throw new RangeError('too many rows');
      },
    };
    const failure = await failureOf(call([fail], 'fail'));
    expect(failure.error).toMatchObject({ code: 'FUNCTION_FAILED', message: 'too many rows' });
    expect(textOf(failure.error.details?.['stack'])).toContain('function.test.ts');
    expect(failure.retryable).toBe(true);
  });

  it('keeps what caused what was thrown', async () => {
    const cause = Object.assign(new Error('no such file'), { code: 'ENOENT' });
    const fail: FunctionDefinition = { name: 'fail', run: () => Promise.reject(new Error('no prices', { cause })) };
    expect((await failureOf(call([fail], 'fail'))).error).toMatchObject({
      code: 'FUNCTION_FAILED',
      message: 'no prices',
      cause: { code: 'ENOENT', message: 'no such file' },
    });
  });

  it.each(['cancelled', 'timed_out', 'worker_shutdown'] as const)('sees why it must stop: %s', async (why) => {
    const host = new AbortController();
    let seen: unknown;
    const wait: FunctionDefinition = {
      name: 'wait',
      run: (_input, { signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            seen = signal.reason;
            reject(new Error('stopped'));
          });
          host.abort(new AttemptStop(why));
        }),
    };
    await failureOf(call([wait], 'wait', undefined, { signal: host.signal }));
    expect(seen).toBeInstanceOf(AttemptStop);
    expect((seen as AttemptStop).why).toBe(why);
  });

  it('says how far it is', async () => {
    const told: Progress[] = [];
    const count: FunctionDefinition = {
      name: 'count',
      run: (_input, context) => context.progress({ done: 1, total: 2 }, 'half'),
    };
    await call([count], 'count', undefined, { progress: (progress) => void told.push(progress) });
    expect(told).toEqual([{ fraction: 0.5, done: 1, total: 2, note: 'half' }]);
  });

  it('passes on a TaskFailure of the function', async () => {
    const fail: FunctionDefinition = {
      name: 'fail',
      run: () => Promise.reject(new TaskFailure({ code: 'CARD_DECLINED', message: 'No.' }, { retryable: false })),
    };
    const failure = await failureOf(call([fail], 'fail'));
    expect([failure.error.code, failure.retryable]).toEqual(['CARD_DECLINED', false]);
  });

  it('refuses two functions of one name', () => {
    expect(() => createFunctionHandler([double, { ...double }])).toThrow('"double"');
  });
});
