import { describe, expect, it } from 'vitest';
import type { Json } from '../dag/json.js';
import type { TaskCall } from '../dag/task-call.js';
import { memoryLog } from '../../test/doubles/memory-log.js';
import { runAttempt, type AttemptHost } from './attempt.js';
import { MAXIMUM_CHECKPOINT_BYTES, type Checkpoint } from './checkpoint.js';
import { AttemptStop, type Handler, type TaskContext } from './handler.js';

const CALL: TaskCall = {
  runId: 'run-1',
  dag: 'demo',
  task: 'only',
  uses: 'function',
  with: {},
  maximumAttempts: 1,
  startToClose: 60_000,
};

/** Runs an attempt; gives what it left. */
async function left(
  body: (context: TaskContext) => unknown,
  more: Partial<AttemptHost> = {},
  call: Partial<TaskCall> = {},
): Promise<Checkpoint[]> {
  const handler: Handler = { name: 'function', run: async (_call, own) => (await body(own)) as Json | undefined };
  const found: Checkpoint[] = [];
  const host: AttemptHost = {
    attempt: 1,
    signal: new AbortController().signal,
    log: memoryLog(),
    secrets: (name) => (name === 'TOKEN' ? 'tok-12345' : undefined),
    progress: () => undefined,
    checkpoint: (checkpoint) => found.push(checkpoint),
    ...more,
  };
  await runAttempt(new Map([['function', handler]]), { ...CALL, ...call }, host).catch((failure: unknown) => {
    if (!host.signal.aborted) throw failure;
  });
  return found;
}

/** What an attempt is handed of an earlier one. */
async function found(more: Partial<AttemptHost>, call: Partial<TaskCall> = {}): Promise<unknown> {
  let seen: unknown;
  await left((context) => void (seen = 'lastCheckpoint' in context ? context.lastCheckpoint : 'none'), more, call);
  return seen;
}

describe('a checkpoint', () => {
  it('is kept as it was when it was left', async () => {
    const rows = [1];
    const checkpoints = await left(({ checkpoint }) => {
      checkpoint({ rows, maybe: undefined } as unknown as Json);
      rows.push(2);
      checkpoint(null);
    });
    expect(checkpoints).toEqual([{ value: { rows: [1] } }, { value: null }]);
  });

  it('stands for the progress that was said before it; a note alone changes nothing', async () => {
    const checkpoints = await left(({ checkpoint, progress }) => {
      checkpoint(0);
      progress({ done: 1, total: 4 });
      progress(Number.NaN, 'a note');
      checkpoint(1);
      progress(0.5);
    });
    expect(checkpoints).toEqual([{ value: 0 }, { value: 1, progress: 0.25 }]);
  });

  it('is refused where it is not JSON, or too large, and the one before counts on', async () => {
    const messages: string[] = [];
    const checkpoints = await left(({ checkpoint }) => {
      checkpoint('a');
      const tooLarge = 'x'.repeat(MAXIMUM_CHECKPOINT_BYTES - 1);
      for (const wrong of [undefined, { at: new Date(0) }, [Number.NaN], tooLarge]) {
        try {
          checkpoint(wrong as Json);
        } catch (failure) {
          expect(failure).toMatchObject({
            name: 'TaskFailure',
            error: { code: 'CHECKPOINT_INVALID' },
            retryable: false,
          });
          messages.push((failure as Error).message);
        }
      }
    });
    expect(checkpoints).toEqual([{ value: 'a' }]);
    expect(messages).toEqual([
      'checkpoint is of type undefined, which is not JSON.',
      'checkpoint.at is a Date, which is not JSON.',
      'checkpoint[0] is NaN, which JSON has no word for.',
      'The checkpoint is over 65536 bytes. Leave the place of what is done.',
    ]);
  });

  it('may be exactly at the limit', async () => {
    const largest = 'x'.repeat(MAXIMUM_CHECKPOINT_BYTES - 2);
    expect(await left(({ checkpoint }) => checkpoint(largest))).toEqual([{ value: largest }]);
  });

  it('hides the secrets that the task was handed', async () => {
    const secrets = [{ path: ['with', 'key'], parts: [{ secret: 'secrets.TOKEN' }] }];
    const checkpoints = await left(
      ({ checkpoint }) => checkpoint({ url: 'https://x/?key=tok-12345&row=7' }),
      {},
      { with: { key: '***' }, secrets },
    );
    expect(checkpoints).toEqual([{ value: { url: 'https://x/?key=***&row=7' } }]);
  });

  it('can still be left by an attempt that was told to stop, but not after its end', async () => {
    const host = new AbortController();
    let late: () => void = () => undefined;
    const checkpoints = await left(
      ({ checkpoint }) => {
        host.abort(new AttemptStop('cancelled'));
        checkpoint('stopped here');
        late = () => checkpoint('too late');
      },
      { signal: host.signal },
    );
    late();
    expect(checkpoints).toEqual([{ value: 'stopped here' }]);
  });

  it('is found by the next attempt: what its executor has, else what the run has', async () => {
    expect(await found({})).toBe('none');
    expect(await found({}, { checkpoint: 3 })).toBe(3);
    expect(await found({ lastCheckpoint: 4 }, { checkpoint: 3 })).toBe(4);
    expect(await found({ lastCheckpoint: null }, { checkpoint: 3 })).toBe(null);
  });
});
