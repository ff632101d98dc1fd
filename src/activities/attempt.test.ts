import { describe, expect, it } from 'vitest';
import type { Json } from '../dag/json.js';
import { runAttempt } from './attempt.js';
import type { Progress } from '../dag/progress.js';
import type { TaskCall } from '../dag/task-call.js';
import type { TaskError } from '../dag/task-error.js';
import { AttemptStop, TaskFailure, type Handler, type Handlers, type TaskContext } from './handler.js';
import { memoryLog } from '../../test/doubles/memory-log.js';
import { MAXIMUM_OUTPUT_BYTES } from './output.js';

const CALL: TaskCall = {
  runId: 'run-1',
  dag: 'demo',
  task: 'only',
  uses: 'function',
  with: {},
  env: {},
  params: { day: 'monday' },
  needs: { before: 1 },
  maximumAttempts: 1,
  startToClose: 60_000,
};

function handlersOf(run: (context: TaskContext) => unknown): Handlers {
  const handler: Handler = {
    name: 'function',
    run: async (_call, context) => (await run(context)) as Json | undefined,
  };
  return new Map([[handler.name, handler]]);
}

interface Attempt {
  readonly call?: Partial<TaskCall>;
  readonly signal?: AbortSignal;
  readonly stopGrace?: number;
}

function attempt(run: (context: TaskContext) => unknown, options: Attempt = {}) {
  const host = {
    attempt: 2,
    signal: options.signal ?? new AbortController().signal,
    log: memoryLog(),
    progress: () => undefined,
  };
  return runAttempt(handlersOf(run), { ...CALL, ...options.call }, host, { stopGrace: options.stopGrace ?? 60_000 });
}

async function failureOf(promise: Promise<unknown>): Promise<TaskFailure> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof TaskFailure)) throw new Error(`expected a TaskFailure, got ${String(thrown)}`);
  return thrown;
}

/** Ends when the signal is aborted, as a well-behaved handler does. */
function untilAborted(context: TaskContext): Promise<never> {
  return new Promise((_, reject) => {
    context.signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true });
  });
}

describe('runAttempt', () => {
  it('gives the handler its context and reports its output', async () => {
    let seen: TaskContext | undefined;
    const report = await attempt((context) => {
      seen = context;
      return { rows: 3 };
    });
    expect(report).toEqual({ attempt: 2, output: { rows: 3 } });
    expect(seen).toMatchObject({
      runId: 'run-1',
      task: 'only',
      attempt: 2,
      idempotencyKey: 'run-1/only',
      params: { day: 'monday' },
      needs: { before: 1 },
    });
  });

  it.each([
    ['convert[3]', 'run-1/convert/3'],
    ['convert[3]~undo', 'run-1/convert~undo/3'],
  ])('hands an item of a fan-out to %s, under a key of its own', async (task, idempotencyKey) => {
    let seen: TaskContext | undefined;
    const run = (context: TaskContext): void => {
      seen = context;
    };
    await attempt(run, { call: { task, item: { file: 'a' }, index: 3 } });
    expect(seen).toMatchObject({ item: { file: 'a' }, index: 3, idempotencyKey });
  });

  it('checks the output by its schema, where none counts as null', async () => {
    const output = { type: ['object', 'null'], properties: { rows: { type: 'number' } }, required: ['rows'] };
    expect(await attempt(() => ({ rows: 3 }), { call: { output } })).toMatchObject({ output: { rows: 3 } });
    expect(await attempt(() => undefined, { call: { output } })).toEqual({ attempt: 2 });
    const failure = await failureOf(attempt(() => ({ rows: 'many', more: 1 }), { call: { output } }));
    expect(failure.error).toEqual({
      code: 'TASK_OUTPUT_INVALID',
      message: 'The output breaks its schema: rows must be a number.',
    });
    expect(failure.retryable).toBe(false);
    const missing = await failureOf(attempt(() => undefined, { call: { output: { type: 'object' } } }));
    expect(missing.error.message).toContain('which is missing');
  });

  it('reports no output where the handler gives none', async () => {
    expect(await attempt(() => undefined)).toEqual({ attempt: 2 });
    expect(await attempt(() => null)).toEqual({ attempt: 2, output: null });
  });

  it('stops a handler that is over its time', async () => {
    const failure = await failureOf(attempt(untilAborted, { call: { startToClose: 1 } }));
    expect(failure.error).toMatchObject({ code: 'TASK_TIMEOUT', details: { timeout: 'startToClose', limit: 1 } });
    expect(failure.retryable).toBe(true);
  });

  it('keeps what a handler says of its end when it is stopped', async () => {
    const run = async (context: TaskContext) => {
      await untilAborted(context).catch(() => undefined);
      throw new TaskFailure({ code: 'SHELL_EXIT', message: 'ended', details: { stderr: 'half way' } });
    };
    const failure = await failureOf(attempt(run, { call: { startToClose: 1 } }));
    expect(failure.error.details).toEqual({ stderr: 'half way', timeout: 'startToClose', limit: 1 });
  });

  it('says cancelled, and not to retry, when its host cancels it', async () => {
    const host = new AbortController();
    const failure = failureOf(
      attempt(
        (context) => {
          host.abort(new AttemptStop('cancelled'));
          expect(context.signal.aborted).toBe(true);
          return 'too late';
        },
        { signal: host.signal },
      ),
    );
    expect((await failure).error.code).toBe('TASK_CANCELLED');
    expect((await failure).retryable).toBe(false);
  });

  it('takes an abort without a reason of ours as a cancel', async () => {
    const failure = await failureOf(attempt(untilAborted, { signal: AbortSignal.abort('whatever') }));
    expect(failure.error.code).toBe('TASK_CANCELLED');
  });

  it('does not start a handler when it is stopped before', async () => {
    let started = false;
    const run = () => {
      started = true;
    };
    await failureOf(attempt(run, { signal: AbortSignal.abort(new AttemptStop('cancelled')) }));
    expect(started).toBe(false);
  });

  it('may be tried again where its worker shuts down', async () => {
    const host = new AbortController();
    const run = (context: TaskContext) => {
      const ended = untilAborted(context);
      host.abort(new AttemptStop('worker_shutdown'));
      return ended;
    };
    const failure = await failureOf(attempt(run, { signal: host.signal }));
    expect(failure.error).toMatchObject({ code: 'TASK_LOST', details: { reason: 'worker_shutdown' } });
    expect(failure.retryable).toBe(true);
  });

  it('leaves behind a handler that ignores its signal', async () => {
    const host = new AbortController();
    const run = () => {
      host.abort(new AttemptStop('cancelled'));
      return new Promise(() => undefined);
    };
    const failure = await failureOf(attempt(run, { signal: host.signal, stopGrace: 1 }));
    expect(failure.error.code).toBe('TASK_CANCELLED');
  });

  it('hears no rejection of a handler that it left behind', async () => {
    const host = new AbortController();
    let fail: (error: Error) => void = () => undefined;
    const run = () => {
      host.abort(new AttemptStop('cancelled'));
      return new Promise((_, reject) => {
        fail = reject;
      });
    };
    await failureOf(attempt(run, { signal: host.signal, stopGrace: 1 }));
    const unheard: unknown[] = [];
    const listen = (reason: unknown): void => void unheard.push(reason);
    process.on('unhandledRejection', listen);
    fail(new Error('late'));
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', listen);
    expect(unheard).toEqual([]);
  });

  it('turns what it does not know into TASK_FAILED, which may be tried again', async () => {
    const error = await failureOf(
      attempt(() => {
        throw new Error('disk on fire');
      }),
    );
    expect(error.error).toEqual({ code: 'TASK_FAILED', message: 'disk on fire' });
    expect(error.retryable).toBe(true);
    const thrown = await failureOf(attempt(() => Promise.reject('just text')));
    expect(thrown.error.message).toBe('just text');
    const odd = await failureOf(attempt(() => Promise.reject(Object.create(null))));
    expect(odd.error.code).toBe('TASK_FAILED');
  });

  it('passes on what a failure says about retries', async () => {
    const failure = await failureOf(
      attempt(() => {
        throw new TaskFailure({ code: 'HTTP_STATUS', message: 'busy' }, { nextRetryDelay: 1_234 });
      }),
    );
    expect(failure.nextRetryDelay).toBe(1_234);
    expect(failure.error).toEqual({ code: 'HTTP_STATUS', message: 'busy' });
  });

  it('bounds messages and details, whatever a function throws', async () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    const failure = await failureOf(
      attempt(() => {
        const details = { small: 1, huge: 'x'.repeat(10_000), circular, last: 'kept' } as never;
        throw new TaskFailure({ code: 'X', message: 'ü'.repeat(5_000), details });
      }),
    );
    expect(Buffer.byteLength(failure.message)).toBeLessThanOrEqual(2_048);
    expect(failure.message).toMatch(/^ü+\.\.\.$/);
    expect(failure.error.details).toEqual({ small: 1, last: 'kept', truncated: true });
  });

  it('keeps what caused what was thrown, each by its own code or name', async () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const failed = new TypeError('fetch failed', { cause: refused });
    const failure = await failureOf(attempt(() => Promise.reject(new Error('no prices', { cause: failed }))));
    expect(failure.error).toEqual({
      code: 'TASK_FAILED',
      message: 'no prices',
      cause: {
        code: 'TypeError',
        message: 'fetch failed',
        cause: { code: 'ECONNREFUSED', message: 'connect ECONNREFUSED' },
      },
    });
    const known = new TaskFailure({ code: 'HTTP_STATUS', message: '503' }, { cause: 'just text' });
    const own = new TaskFailure({ code: 'NO_PRICES', message: 'none' }, { cause: known });
    expect((await failureOf(attempt(() => Promise.reject(own)))).error.cause).toEqual({
      code: 'HTTP_STATUS',
      message: '503',
      cause: { code: 'Error', message: 'just text' },
    });
  });

  it('bounds causes, whatever a function throws', async () => {
    let deep = new Error('bottom');
    for (let level = 0; level < 100; level++) {
      const message = `${level} ${'x'.repeat(1_000)}`;
      deep = Object.assign(new Error(message, { cause: deep }), { code: 'C'.repeat(99) });
    }
    const details = { stderr: 'y'.repeat(4_096) };
    const failure = new TaskFailure({ code: 'X', message: 'm'.repeat(5_000), details }, { cause: deep });
    const { error } = await failureOf(attempt(() => Promise.reject(failure)));
    const chain: TaskError[] = [];
    for (let cause = error.cause; cause !== undefined; cause = cause.cause) chain.push(cause);
    expect(chain).toHaveLength(5);
    for (const { message } of chain) expect(Buffer.byteLength(message)).toBeLessThanOrEqual(500);
    expect(error.details).toEqual(details);
    expect(Buffer.byteLength(JSON.stringify({ ...error, message: '' }))).toBeLessThanOrEqual(8_192);

    const circular = new Error('a');
    circular.cause = new Error('b', { cause: circular });
    expect((await failureOf(attempt(() => Promise.reject(circular)))).error.cause).toMatchObject({
      message: 'b',
      cause: { message: 'a' },
    });
    const hostile = Object.defineProperty(new Error('outer'), 'cause', {
      get: () => {
        throw new Error('no');
      },
    });
    expect((await failureOf(attempt(() => Promise.reject(hostile)))).error.code).toBe('TASK_FAILED');
  });

  it('names the first errors of several', async () => {
    const errors = ['one', 'two', 'three', 'four', 'five'].map((text) => new Error(text));
    const failure = await failureOf(attempt(() => Promise.reject(new AggregateError(errors, 'all failed'))));
    expect(failure.error.message).toBe('all failed: one; two; three; and 2 more');
  });

  it('keeps the last lines that the task logged', async () => {
    const run = async (context: TaskContext) => {
      for (let line = 1; line <= 30; line++) context.log.write(`line ${line}`);
      context.log.write('[dagwright] a line of our own');
      await context.log.append(Buffer.from('\u001b[31mlast\u001b[0m\n'));
      throw new TaskFailure({ code: 'X', message: 'x', details: { row: 7 } });
    };
    const { error } = await failureOf(attempt(run));
    const lines = Array.from({ length: 18 }, (_, index) => `line ${index + 13}`);
    expect(error.details).toEqual({ row: 7, log: [...lines, 'last'].join('\n') });
  });

  it('keeps at most 2 KiB of the log, and none where there is stderr', async () => {
    const fail = (stderr?: string) => (context: TaskContext) => {
      context.log.write('x'.repeat(100_000));
      throw new TaskFailure({ code: 'X', message: 'x', details: stderr === undefined ? {} : { stderr } });
    };
    const { error } = await failureOf(attempt(fail()));
    expect(error.details?.['log']).toMatch(/^x{2000,2048}$/);
    expect((await failureOf(attempt(fail('why')))).error.details).toEqual({ stderr: 'why' });
    expect(Object.keys((await failureOf(attempt(fail('')))).error.details ?? {})).toEqual(['stderr', 'log']);
  });

  it('refuses a handler that it does not have', async () => {
    const host = { attempt: 1, signal: new AbortController().signal, log: memoryLog(), progress: () => undefined };
    const failure = await failureOf(runAttempt(new Map(), CALL, host));
    expect(failure.error).toMatchObject({ code: 'TASK_INPUT_INVALID' });
    expect(failure.retryable).toBe(false);
  });

  it('writes the failure into the log of the attempt', async () => {
    const log = memoryLog();
    const host = { attempt: 3, signal: new AbortController().signal, log, progress: () => undefined };
    await failureOf(
      runAttempt(
        handlersOf(() => Promise.reject(new Error('no'))),
        CALL,
        host,
      ),
    );
    expect(log.text()).toBe('[dagwright] Attempt 3 failed: TASK_FAILED: no\n');
  });
});

describe('the progress of an attempt', () => {
  function withProgress(run: (context: TaskContext) => unknown, progress: (progress: Progress) => void) {
    const host = { attempt: 1, signal: new AbortController().signal, log: memoryLog(), progress };
    return runAttempt(handlersOf(run), CALL, host);
  }

  it('is handed to the host, made sound', async () => {
    const told: Progress[] = [];
    await withProgress(
      ({ progress }) => {
        progress(0.5);
        progress({ done: 3, total: 4 }, 'rows');
        progress(2, 'too\nfar');
        progress(null as never);
      },
      (progress) => told.push(progress),
    );
    expect(told).toEqual([
      { fraction: 0.5 },
      { fraction: 0.75, done: 3, total: 4, note: 'rows' },
      { fraction: 1, note: 'too far' },
      {},
    ]);
  });

  it('never fails the task', async () => {
    const run = ({ progress }: TaskContext) => {
      progress(0.5, Object.create(null) as string);
      progress(0.5);
      return 'done';
    };
    const report = await withProgress(run, () => {
      throw new Error('a bug of the host');
    });
    expect(report.output).toBe('done');
  });

  it('ends with the attempt', async () => {
    const told: Progress[] = [];
    let late: TaskContext['progress'] = () => undefined;
    await withProgress(
      ({ progress }) => {
        late = progress;
      },
      (progress) => told.push(progress),
    );
    late(1);
    expect(told).toEqual([]);
  });
});

describe('an output', () => {
  it('passes on as JSON has it', async () => {
    const output = { a: undefined, b: [1, 'x', null, true], c: { d: -0 } };
    expect((await attempt(() => output)).output).toEqual({ b: [1, 'x', null, true], c: { d: 0 } });
  });

  it('is a copy, so that two tasks never share one', async () => {
    const output = { list: [1] };
    const report = await attempt(() => output);
    output.list.push(2);
    expect(report.output).toEqual({ list: [1] });
  });

  const circular: Record<string, unknown> = {};
  circular['me'] = circular;
  it.each([
    ['a date', { at: [new Date(0)] }, /^output\.at\[0\] is a Date, which is not JSON/],
    ['a map', new Map(), /^output is a Map/],
    ['a number without end', { x: Number.NaN }, /^output\.x is NaN/],
    ['a big integer', 1n, /^output is of type bigint/],
    ['a function', { run: () => 1 }, /^output\.run is of type function/],
    ['a hole', [undefined], /^output\[0\] is of type undefined/],
    ['a circle', circular, /nested/],
    ['its own idea of JSON', { toJSON: () => 1n }, /^output is an object with a `toJSON`/],
  ])('is refused with %s, and not tried again', async (_what, output, message) => {
    const failure = await failureOf(attempt(() => output));
    expect(failure.error.code).toBe('TASK_OUTPUT_INVALID');
    expect(failure.error.message).toMatch(message);
    expect(failure.retryable).toBe(false);
  });

  it('may be exactly at the limit, and not a byte over', async () => {
    const atLimit = 'ä'.repeat((MAXIMUM_OUTPUT_BYTES - 2) / 2);
    expect((await attempt(() => atLimit)).output).toBe(atLimit);
    const failure = await failureOf(attempt(() => `${atLimit}x`));
    expect(failure.error.code).toBe('TASK_OUTPUT_TOO_LARGE');
    expect(failure.retryable).toBe(false);
  });

  it('is never written out where sharing makes it endless', async () => {
    let output: unknown = 'leaf';
    for (let level = 0; level < 60; level++) output = [output, output];
    expect((await failureOf(attempt(() => output))).error.code).toBe('TASK_OUTPUT_TOO_LARGE');
  });
});
