import { ApplicationFailure, asyncLocalStorage, CancelledFailure, type Context } from '@temporalio/activity';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TaskFailure, type Handler, type TaskContext } from '../activities/handler.js';
import { folderLogStore } from '../activities/folder-log-store.js';
import { WORKER_IDENTITY } from '../activities/worker-identity.js';
import type { TaskCall } from '../dag/task-call.js';
import { createActivities, HEARTBEAT_INTERVAL } from './task-activities.js';

const CALL: TaskCall = {
  runId: 'run-1',
  dag: 'demo',
  task: 'only',
  uses: 'function',
  with: {},
  maximumAttempts: 5,
  startToClose: 60_000,
};

let folder: string;
let beats: unknown[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'activities-test-'));
  beats = [];
});

afterEach(async () => {
  vi.useRealTimers();
  await rm(folder, { recursive: true, force: true });
});

/** Runs an attempt as Temporal's worker does: in its context. */
function run(
  body: (context: TaskContext) => unknown,
  context: Partial<Context> = {},
  call: Partial<TaskCall> = {},
): Promise<unknown> {
  const handler: Handler = { name: 'function', run: async (_call, own) => (await body(own)) as undefined };
  const activities = createActivities(new Map([['function', handler]]), { logs: folderLogStore(folder) });
  const host = {
    info: { attempt: 3 },
    client: { options: { identity: '17@machine' } },
    cancellationSignal: new AbortController().signal,
    heartbeat: (details: unknown) => void beats.push(details),
    ...context,
  };
  return asyncLocalStorage.run(host as unknown as Context, () => activities['function']!({ ...CALL, ...call }));
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );
}

describe('a task as an activity', () => {
  it('reports its output, its attempt and who ran it', async () => {
    expect(await run(() => 7)).toEqual({ output: 7, attempt: 3, worker: '17@machine' });
  });

  it('names this process where it cannot ask who it is', async () => {
    const report = await run(() => undefined, { client: undefined as never });
    expect(report).toEqual({ attempt: 3, worker: WORKER_IDENTITY });
    expect(WORKER_IDENTITY).toMatch(/^\d+@./);
  });

  it('says with each heartbeat how far it is', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    await run(({ progress }) => {
      vi.advanceTimersByTime(HEARTBEAT_INTERVAL);
      progress(0.2);
      progress({ done: 1, total: 2 }, 'half');
      vi.advanceTimersByTime(HEARTBEAT_INTERVAL);
    });
    vi.advanceTimersByTime(10 * HEARTBEAT_INTERVAL);
    expect(beats).toEqual([
      { attempt: 3 },
      { attempt: 3, progress: { fraction: 0.5, done: 1, total: 2, note: 'half' } },
    ]);
  });

  it('carries its error, its attempt and who ran it in the failure', async () => {
    const fail = () => Promise.reject(new TaskFailure({ code: 'X', message: 'x' }, { cause: new Error('why') }));
    const failure = await failureOf(run(fail));
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({
      type: 'X',
      nonRetryable: false,
      details: [
        {
          error: { code: 'X', message: 'x', cause: { code: 'Error', message: 'why' } },
          attempt: 3,
          worker: '17@machine',
        },
      ],
    });
  });

  it('is not tried again after its last attempt', async () => {
    const fail = () => Promise.reject(new Error('x'));
    expect(await failureOf(run(fail, { info: { attempt: 5 } as Context['info'] }))).toMatchObject({
      nonRetryable: true,
    });
  });

  it('follows the rules for the kind of error', async () => {
    const rules: Partial<TaskCall> = {
      retry: { maximumAttempts: 5, initialInterval: 10, backoffCoefficient: 2, maximumInterval: 60_000 },
      retryRules: [
        { code: ['ONCE'], maximumAttempts: 9, initialInterval: 100 },
        { code: ['NEVER'], then: 'fail' },
        { code: ['LEAVE'], then: 'skip' },
      ],
    };
    const fail = (code: string) => () =>
      Promise.reject(new TaskFailure({ code, message: 'x' }, { retryable: code !== 'ONCE' }));
    // The third attempt: the rule's own wait has doubled twice.
    expect(await failureOf(run(fail('ONCE'), {}, rules))).toMatchObject({ nonRetryable: false, nextRetryDelay: 400 });
    expect(await failureOf(run(fail('NEVER'), {}, rules))).toMatchObject({ nonRetryable: true });
    expect(await failureOf(run(fail('LEAVE'), {}, rules))).toMatchObject({
      nonRetryable: true,
      details: [{ skip: true, error: { code: 'LEAVE', message: 'x' }, attempt: 3, worker: '17@machine' }],
    });
  });

  it('leaves a checkpoint at once, and goes on saying it', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    await run(({ checkpoint, progress }) => {
      progress(0.25);
      checkpoint({ row: 7 });
      expect(beats).toHaveLength(1);
      progress(0.5);
      vi.advanceTimersByTime(HEARTBEAT_INTERVAL);
    });
    expect(beats).toEqual([
      { attempt: 3, progress: { fraction: 0.25 }, checkpoint: { row: 7 }, kept: 0.25 },
      { attempt: 3, progress: { fraction: 0.5 }, checkpoint: { row: 7 }, kept: 0.25 },
    ]);
  });

  it('finds what an earlier attempt left, else what the run has, and hands it on', async () => {
    const found = async (heartbeatDetails: unknown): Promise<unknown> => {
      const info = { attempt: 2, heartbeatDetails } as Context['info'];
      const report = await run(({ lastCheckpoint }) => lastCheckpoint, { info }, { checkpoint: 'of the run' });
      return (report as { output?: unknown }).output;
    };
    expect(await found({ attempt: 1, checkpoint: null })).toBe(null);
    for (const none of [undefined, null, 'odd', { attempt: 1 }]) expect(await found(none)).toBe('of the run');

    const info = { attempt: 2, heartbeatDetails: { attempt: 1, checkpoint: 7, kept: 0.5 } } as Context['info'];
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const fail = (): never => {
      vi.advanceTimersByTime(HEARTBEAT_INTERVAL);
      throw new TaskFailure({ code: 'X', message: 'x' }, { retryable: false });
    };
    const failure = await failureOf(run(fail, { info }));
    expect(beats).toEqual([{ attempt: 2, checkpoint: 7, kept: 0.5 }]);
    expect(failure).toMatchObject({ details: [{ checkpoint: 7, progress: 0.5 }] });
  });

  it('carries its checkpoint where it ends with the failure, or is cancelled', async () => {
    const leave = ({ progress, checkpoint }: TaskContext): void => {
      progress(0.4);
      checkpoint('row 4');
      progress(0.9);
    };
    const fail = (retryable: boolean) => (context: TaskContext) => {
      leave(context);
      throw new TaskFailure({ code: 'X', message: 'x' }, { retryable });
    };
    const kept = { checkpoint: 'row 4', progress: 0.4 };
    expect(await failureOf(run(fail(false)))).toMatchObject({ nonRetryable: true, details: [kept] });
    const again = (await failureOf(run(fail(true)))) as ApplicationFailure;
    expect(again.details).toEqual([{ error: { code: 'X', message: 'x' }, attempt: 3, worker: '17@machine' }]);

    const host = new AbortController();
    const cancel = (context: TaskContext): void => {
      leave(context);
      host.abort();
    };
    expect(await failureOf(run(cancel, { cancellationSignal: host.signal }))).toMatchObject({
      details: [{ attempt: 3, worker: '17@machine', ...kept }],
    });
  });

  it('leaves the next attempt to the run where the run retries, by the attempts of the starts before', async () => {
    const byRun: Partial<TaskCall> = {
      retriedByRun: true,
      failedBefore: 2,
      maximumAttempts: 4,
      retry: { maximumAttempts: 4, initialInterval: 10, backoffCoefficient: 2, maximumInterval: 60_000 },
    };
    const fail = () => Promise.reject(new TaskFailure({ code: 'X', message: 'x' }));
    const first = { info: { attempt: 1 } as Context['info'] };
    const third = (await failureOf(run(fail, first, byRun))) as ApplicationFailure;
    expect(third).toMatchObject({ nonRetryable: true, details: [{ error: { code: 'X' }, retryAfter: 40 }] });
    expect(third.nextRetryDelay).toBeUndefined();
    const last = (await failureOf(run(fail, first, { ...byRun, failedBefore: 3 }))) as ApplicationFailure;
    expect(last.nonRetryable).toBe(true);
    expect(last.details?.[0]).not.toHaveProperty('retryAfter');

    const asked = () => Promise.reject(new TaskFailure({ code: 'X', message: 'x' }, { nextRetryDelay: 700 }));
    expect(await failureOf(run(asked, first, byRun))).toMatchObject({ details: [{ retryAfter: 700 }] });
    const retryRules = [{ code: ['X'], then: 'skip' as const }];
    const skipped = (await failureOf(run(fail, first, { ...byRun, retryRules }))) as ApplicationFailure;
    expect(skipped.details?.[0]).toMatchObject({ skip: true });
    expect(skipped.details?.[0]).not.toHaveProperty('retryAfter');
  });

  it('goes elsewhere by itself, though the run retries, where the worker shuts down', async () => {
    const host = new AbortController();
    const context = { cancellationSignal: host.signal, cancellationDetails: { workerShutdown: true } as never };
    const retry = { maximumAttempts: 1, initialInterval: 10, backoffCoefficient: 2, maximumInterval: 60_000 };
    const failure = await failureOf(run(() => host.abort(), context, { retriedByRun: true, retry }));
    expect(failure).toMatchObject({ type: 'TASK_LOST', nonRetryable: false, nextRetryDelay: 1 });
  });

  it('says who was cancelled', async () => {
    const host = new AbortController();
    const failure = await failureOf(run(() => host.abort(), { cancellationSignal: host.signal }));
    expect(failure).toBeInstanceOf(CancelledFailure);
    expect(failure).toMatchObject({ details: [{ attempt: 3, worker: '17@machine' }] });
  });

  it('runs elsewhere, whatever its attempts, where the worker shuts down', async () => {
    const host = new AbortController();
    const failure = await failureOf(
      run(() => host.abort(), {
        info: { attempt: 5 } as Context['info'],
        cancellationSignal: host.signal,
        cancellationDetails: { workerShutdown: true } as never,
      }),
    );
    expect(failure).toMatchObject({ type: 'TASK_LOST', nonRetryable: false, nextRetryDelay: 1 });
  });
});
