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
  const handler: Handler = { name: 'function', run: async (own, context) => attempt(context.attempt, own) };
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
  return new LocalTask(whole, host, { attemptBegan: () => undefined, attemptFailed: () => undefined }).run();
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

  it('is handed its secrets, and gives none away', async () => {
    const secrets = [{ path: ['with', 'key'], parts: [{ secret: 'secrets.TOKEN' }] }];
    let seen: Json | undefined;
    const end = await run((_, call) => (seen = call.with['key'] ?? null), { with: { key: '***' }, secrets });
    expect(seen).toBe('tok-12345');
    expect(end).toMatchObject({ outcome: 'succeeded', output: '***' });
  });
});
