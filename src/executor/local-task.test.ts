import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TaskFailure, type Handler } from '../activities/handler.js';
import type { RetryPolicy, RetryRule } from '../dag/dag.js';
import type { Json } from '../dag/json.js';
import type { TaskCall } from '../dag/task-call.js';
import { LocalTask, type LocalTaskEnd } from './local-task.js';

const RETRY: RetryPolicy = { maximumAttempts: 2, initialInterval: 1, backoffCoefficient: 1, maximumInterval: 1 };

let logFolder: string;

beforeEach(async () => {
  logFolder = await mkdtemp(join(tmpdir(), 'local-task-test-'));
});

afterEach(async () => {
  await rm(logFolder, { recursive: true, force: true });
});

function run(attempt: (attempt: number, call: TaskCall) => Json, call: Partial<TaskCall> = {}): Promise<LocalTaskEnd> {
  return taskOf(async (own, context) => attempt(context.attempt, own), call).run();
}

function taskOf(run: Handler['run'], call: Partial<TaskCall> = {}): LocalTask {
  const handler: Handler = { name: 'function', run };
  const whole: TaskCall = {
    runId: 'run-1',
    dag: 'demo',
    task: 'only',
    uses: 'function',
    with: {},
    maximumAttempts: RETRY.maximumAttempts,
    startToClose: 60_000,
    ...call,
  };
  const secrets = (name: string): string | undefined => (name === 'TOKEN' ? 'tok-12345' : undefined);
  const handlers = new Map([['function', handler]]);
  const host = { handlers, logFolder, secrets, retry: RETRY, scheduleToClose: undefined };
  return new LocalTask(whole, host, { attemptBegan: () => undefined, attemptFailed: () => undefined });
}

function ruled(...retryRules: RetryRule[]): Partial<TaskCall> {
  return { retry: RETRY, retryRules };
}

function fail(code: string, retryable = true): never {
  throw new TaskFailure({ code, message: 'x' }, { retryable });
}

describe('a task in this process', () => {
  it('tries again by the rule that fits, more often than its policy', async () => {
    const rules = ruled({ code: ['ONCE'], maximumAttempts: 4 });
    expect(await run((attempt) => (attempt < 4 ? fail('ONCE', false) : attempt), rules)).toMatchObject({
      outcome: 'succeeded',
      attempts: 4,
      output: 4,
    });
    expect(await run(() => fail('ONCE', false), rules)).toMatchObject({ outcome: 'failed', attempts: 4 });
    expect(await run(() => fail('OTHER'), rules)).toMatchObject({ outcome: 'failed', attempts: 2 });
  });

  it('fails at once, or ends skipped, where a rule says so', async () => {
    const rules = ruled({ code: ['NEVER'], then: 'fail' }, { code: ['LEAVE'], then: 'skip' });
    expect(await run(() => fail('NEVER'), rules)).toMatchObject({ outcome: 'failed', attempts: 1 });
    expect(await run((attempt) => (attempt === 1 ? fail('OTHER') : fail('LEAVE')), rules)).toMatchObject({
      outcome: 'skipped',
      attempts: 2,
      error: { code: 'LEAVE' },
    });
  });

  it('goes on from what an earlier attempt left, first of all from what the run has', async () => {
    const found: unknown[] = [];
    const end = await taskOf(
      async (_, { attempt, checkpoint, lastCheckpoint }) => {
        found.push(lastCheckpoint);
        if (attempt === 2) checkpoint(null);
        return attempt < 4 ? fail('X') : attempt;
      },
      { checkpoint: 'of the run', maximumAttempts: 4 },
    ).run();
    expect(found).toEqual(['of the run', 'of the run', null, null]);
    expect(end).toMatchObject({ outcome: 'succeeded', attempts: 4 });
    expect(end).not.toHaveProperty('checkpoint');
  });

  it('ends with what its attempts left, where it failed or was cancelled', async () => {
    const failed = taskOf(async (_, { attempt, checkpoint, progress }) => {
      progress(0.4);
      if (attempt === 1) checkpoint('row 4');
      progress(0.6);
      return fail('X');
    });
    expect(await failed.run()).toMatchObject({ outcome: 'failed', attempts: 2, checkpoint: 'row 4', progress: 0.4 });

    const cancelled = taskOf(async (_, { checkpoint }) => {
      checkpoint(7);
      cancelled.cancel();
      return null;
    });
    expect(await cancelled.run()).toEqual({
      outcome: 'cancelled',
      attempts: 1,
      worker: expect.any(String),
      checkpoint: 7,
    });
    expect(await run(() => fail('X', false), { checkpoint: 'of the run' })).not.toHaveProperty('checkpoint');
  });

  it('has one attempt where the run retries, and says when the next one is due', async () => {
    const retriedByRun = true;
    const third = { retriedByRun, failedBefore: 2, maximumAttempts: 4 } as const;
    expect(await run(() => fail('X'), third)).toMatchObject({
      outcome: 'failed',
      attempts: 1,
      error: { code: 'X' },
      retryAfter: RETRY.initialInterval,
    });
    expect(await run(() => fail('X'), { ...third, failedBefore: 3 })).not.toHaveProperty('retryAfter');
    expect(await run(() => fail('X', false), third)).not.toHaveProperty('retryAfter');
    const rules = ruled({ code: ['X'], initialInterval: 100, backoffCoefficient: 3, maximumInterval: 1_000 });
    expect(await run(() => fail('X'), { ...third, ...rules })).toMatchObject({ retryAfter: 900 });
  });

  it('is handed its secrets, and gives none away', async () => {
    const secrets = [{ path: ['with', 'key'], parts: [{ secret: 'secrets.TOKEN' }] }];
    let seen: Json | undefined;
    const end = await run((_, call) => (seen = call.with['key'] ?? null), { with: { key: '***' }, secrets });
    expect(seen).toBe('tok-12345');
    expect(end).toMatchObject({ outcome: 'succeeded', output: '***' });
  });
});
