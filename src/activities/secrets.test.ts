import { describe, expect, it } from 'vitest';
import { memoryLog } from '../../test/doubles/memory-log.js';
import type { Json } from '../dag/json.js';
import type { Progress } from '../dag/progress.js';
import type { SecretText, TaskCall } from '../dag/task-call.js';
import { runAttempt } from './attempt.js';
import { TaskFailure, type Handler, type TaskContext } from './handler.js';
import { environmentSecrets, revealSecrets, type SecretSource } from './secrets.js';

const CALL: TaskCall = {
  runId: 'run-1',
  dag: 'demo',
  task: 'only',
  uses: 'function',
  with: { headers: { Authorization: 'Bearer ${{ secrets.TOKEN }}' } },
  env: { PLAIN: 'x' },
  maximumAttempts: 1,
  startToClose: 60_000,
  secrets: [{ path: ['with', 'headers', 'Authorization'], parts: [{ text: 'Bearer ' }, { secret: 'secrets.TOKEN' }] }],
};
const TOKEN = 'tok-1234567';
const SOURCE = environmentSecrets({ DAGWRIGHT_SECRET_TOKEN: TOKEN, TOKEN: 'another', DAGWRIGHT_SECRET_EMPTY: '' });

function withSecret(secret: string): TaskCall {
  const secrets: SecretText[] = [{ path: ['env', 'PLAIN'], parts: [{ secret }] }];
  return { ...CALL, secrets };
}

async function failureOf(promise: Promise<unknown>): Promise<TaskFailure> {
  const thrown: unknown = await promise.catch((error: unknown) => error);
  if (!(thrown instanceof TaskFailure)) throw new Error(`expected a TaskFailure, got ${String(thrown)}`);
  return thrown;
}

describe('revealSecrets', () => {
  it('puts the text at its place, in a copy', async () => {
    const before = structuredClone(CALL);
    const revealed = await revealSecrets(CALL, SOURCE);
    expect(revealed?.call.with).toEqual({ headers: { Authorization: `Bearer ${TOKEN}` } });
    expect(CALL).toEqual(before);
  });

  it('has nothing to do for a call without secrets', async () => {
    const { secrets: _, ...plain } = CALL;
    expect(await revealSecrets(plain, SOURCE)).toBeUndefined();
  });

  it('evaluates expressions, and hides what they make of a secret', async () => {
    const revealed = await revealSecrets(withSecret('secrets.TOKEN.upperAscii()'), SOURCE);
    expect(revealed?.call.env).toEqual({ PLAIN: 'TOK-1234567' });
    expect(revealed?.masks.text('TOK-1234567 tok-1234567')).toBe('*** ***');
  });

  it.each(['NONE', 'EMPTY'])('names a secret that is not there, and its variable: %s', async (name) => {
    const failure = await failureOf(revealSecrets(withSecret(`secrets.${name}`), SOURCE));
    expect(failure.error).toEqual({
      code: 'SECRET_MISSING',
      message: expect.stringContaining(`DAGWRIGHT_SECRET_${name}`),
      details: { secret: name },
    });
    expect(failure.retryable).toBe(false);
  });

  it('lets an expression do without', async () => {
    const revealed = await revealSecrets(withSecret("secrets.?NONE.orValue('public')"), SOURCE);
    expect(revealed?.call.env).toEqual({ PLAIN: 'public' });
  });

  it('tries again where the source fails, and asks it once for each name', async () => {
    const asked: string[] = [];
    const broken: SecretSource = (name) => {
      asked.push(name);
      throw new Error('the vault is sealed');
    };
    const failure = await failureOf(revealSecrets(withSecret('secrets.TOKEN + secrets.TOKEN'), broken));
    expect(failure).toMatchObject({ retryable: true, error: { code: 'SECRET_MISSING' } });
    expect(failure.message).toContain('the vault is sealed');
    expect(asked).toEqual(['TOKEN']);
  });

  it('says nothing of a secret in an expression that fails', async () => {
    const failure = await failureOf(revealSecrets(withSecret('int(secrets.TOKEN)'), SOURCE));
    expect(failure).toMatchObject({ retryable: false, error: { code: 'EXPRESSION_FAILED' } });
    expect(failure.message).not.toContain(TOKEN);
  });
});

describe('an attempt with secrets', () => {
  function attempt(run: (call: TaskCall, context: TaskContext) => unknown, call: Partial<TaskCall> = {}) {
    const handler: Handler = {
      name: 'function',
      run: async (own, context) => (await run(own, context)) as Json | undefined,
    };
    const log = memoryLog();
    const notes: Progress[] = [];
    const host = {
      attempt: 1,
      signal: new AbortController().signal,
      log,
      secrets: SOURCE,
      progress: (progress: Progress) => void notes.push(progress),
    };
    const report = runAttempt(new Map([['function', handler]]), { ...CALL, ...call }, host);
    return { report, log, notes };
  }

  it('hands them to the handler, and lets none out by log, progress or output', async () => {
    let seen: unknown;
    const { report, log, notes } = attempt(async (call, { log: own, progress }) => {
      seen = call.with['headers'];
      await own.append(Buffer.from('the token is tok-1'));
      await own.append(Buffer.from('234567, fine. tok-'));
      own.write('or not');
      await own.append(Buffer.from('tok'));
      progress(0.5, `with ${TOKEN}`);
      return { header: seen as Json, [TOKEN]: 'key' };
    });
    expect(await report).toEqual({ attempt: 1, output: { header: { Authorization: 'Bearer ***' }, '***': 'key' } });
    expect(seen).toEqual({ Authorization: `Bearer ${TOKEN}` });
    expect(log.text()).toBe('the token is ***, fine. tok-or not\ntok');
    expect(notes).toEqual([{ fraction: 0.5, note: 'with ***' }]);
  });

  it('lets none out by an error, its causes, its details, or its last lines', async () => {
    const { report, log } = attempt((_, { log: own }) => {
      own.write(`using ${TOKEN}`);
      const cause = new Error(`cause ${TOKEN}`);
      throw new TaskFailure(
        // The secret lies where the message is cut off.
        { code: 'X', message: `${'x'.repeat(2_040)}${TOKEN}`, details: { url: `https://x?k=${TOKEN}` } },
        { cause, skip: true },
      );
    });
    const failure = await failureOf(report);
    expect(JSON.stringify(failure.error)).not.toContain('tok-');
    expect(failure.error).toMatchObject({ details: { url: 'https://x?k=***', log: 'using ***' } });
    expect(failure.error.cause?.message).toBe('cause ***');
    expect(failure.skip).toBe(true);
    expect(log.text()).not.toContain('tok-');
  });

  it('fails without running where one is missing', async () => {
    const { report } = attempt(() => expect.unreachable(), { secrets: withSecret('secrets.NONE').secrets! });
    expect((await failureOf(report)).error.code).toBe('SECRET_MISSING');
  });
});
