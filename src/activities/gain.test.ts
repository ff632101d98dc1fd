import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryLog, type MemoryLog } from '../../test/doubles/memory-log.js';
import type { Json } from '../dag/json.js';
import { storedRef, storedValue } from '../dag/stored-value.js';
import type { TaskCall } from '../dag/task-call.js';
import { sha256Of, type BlobStore } from '../store/blob-store.js';
import { openStore } from '../store/open-store.js';
import { cacheKey, type AttemptGain } from './cache.js';
import { gainOf } from './gain.js';
import { TaskFailure } from './handler.js';
import { KEPT_FROM_BYTES } from './kept-values.js';

const DAY = 86_400_000;

let folder = tmpdir();
let store: BlobStore;
let log: MemoryLog;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagwright-gain-'));
  await mkdir(join(folder, 'work'));
  store = openStore({ folder: join(folder, 'store') });
  log = memoryLog();
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function call(more: Partial<TaskCall> = {}): TaskCall {
  return {
    runId: 'run-1',
    dag: 'd',
    task: 't',
    uses: 'function',
    with: { name: 'f' },
    maximumAttempts: 1,
    startToClose: 60_000,
    directory: join(folder, 'work'),
    ...more,
  };
}

/** What the attempt gives, and the calls that were run for it. */
async function attempt(
  given: TaskCall,
  run: (call: TaskCall) => Json | undefined | Promise<Json | undefined> = () => 'made',
  host: { store?: BlobStore | undefined; signal?: AbortSignal } = {},
): Promise<{ gain: AttemptGain; ran: TaskCall[] }> {
  const ran: TaskCall[] = [];
  const signal = host.signal ?? new AbortController().signal;
  const gain = await gainOf(given, { store: 'store' in host ? host.store : store, log, signal }, async (loaded) => {
    ran.push(loaded);
    return run(loaded);
  });
  return { gain, ran };
}

async function failureOf(work: Promise<unknown>): Promise<TaskFailure> {
  const failure = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(TaskFailure);
  return failure as TaskFailure;
}

const LARGE = 'x'.repeat(KEPT_FROM_BYTES);

describe('a large output', () => {
  it('is kept in the store, and put into whatever it is handed on by', async () => {
    const { gain } = await attempt(call(), () => ({ text: LARGE }));
    const stands = gain.output!;
    expect(storedRef(stands)).toMatchObject({ bytes: KEPT_FROM_BYTES + 11 });
    const whole = { text: LARGE };
    const given = call({
      needs: { a: stands, b: 1 },
      params: { p: stands },
      with: { input: { deep: [stands, 'y'] } },
      item: stands,
    });
    expect((await attempt(given)).ran).toEqual([
      {
        ...given,
        needs: { a: whole, b: 1 },
        params: { p: whole },
        with: { input: { deep: [whole, 'y'] } },
        item: whole,
      },
    ]);
  });

  it('is handed on as it is where it is small, or there is no store', async () => {
    expect((await attempt(call(), () => 'small')).gain).toEqual({ output: 'small' });
    expect((await attempt(call(), () => LARGE, { store: undefined })).gain).toEqual({ output: LARGE });
    expect((await attempt(call(), () => undefined)).gain).toEqual({});
  });

  it('that was swept fails the task that is handed it, which may be tried again', async () => {
    const given = call({ needs: { a: storedValue({ sha256: sha256Of('gone'), bytes: 4 }) } });
    for (const where of [store, undefined]) {
      const failure = await failureOf(attempt(given, undefined, { store: where }));
      expect(failure.error).toMatchObject({ code: 'STORE_FAILED', details: { sha256: sha256Of('gone') } });
      expect(failure.retryable).toBe(true);
    }
  });

  it('fails the task where the store is broken', async () => {
    await writeFile(join(folder, 'store'), 'no folder');
    expect((await failureOf(attempt(call(), () => LARGE))).error.code).toBe('STORE_FAILED');
  });
});

describe('artifacts', () => {
  it('are saved after success, and laid down for another task', async () => {
    const save = { video: 'out/video.mp4', notes: 'notes.txt' };
    const { gain } = await attempt(call({ artifacts: { save } }), async () => {
      await mkdir(join(folder, 'work', 'out'));
      await writeFile(join(folder, 'work', 'out', 'video.mp4'), 'film');
      await writeFile(join(folder, 'work', 'notes.txt'), '');
      return 1;
    });
    const video = { sha256: sha256Of('film'), bytes: 4 };
    expect(gain).toEqual({ output: 1, artifacts: { video, notes: { sha256: sha256Of(''), bytes: 0 } } });

    await mkdir(join(folder, 'work', 'sub'));
    const load = { 'in/deep/video.mp4': video };
    await attempt(call({ uses: 'shell', with: { run: 'true', cwd: 'sub' }, artifacts: { load } }), async () => {
      expect(await readFile(join(folder, 'work', 'sub', 'in', 'deep', 'video.mp4'), 'utf8')).toBe('film');
      return null;
    });
  });

  it('that were swept fail the task before it runs, for good', async () => {
    const load = { 'in/video.mp4': { sha256: sha256Of('gone'), bytes: 4 } };
    const run = (): Json => expect.unreachable();
    const failure = await failureOf(attempt(call({ artifacts: { load } }), run));
    expect(failure.error).toMatchObject({ code: 'ARTIFACT_MISSING', details: { path: 'in/video.mp4' } });
    expect(failure.retryable).toBe(false);
  });

  it.each([['absent'], ['a-folder']])(
    'that the task did not leave (%s) fail it, and it may be tried again',
    async (path) => {
      await mkdir(join(folder, 'work', 'a-folder'));
      const failure = await failureOf(attempt(call({ artifacts: { save: { x: path } } })));
      expect(failure.error).toMatchObject({ code: 'ARTIFACT_MISSING', details: { artifact: 'x', path } });
      expect(failure.retryable).toBe(true);
    },
  );

  it.each(['../x', 'a/../../x', '/etc/x', '..', ''])('are refused outside of the folder: "%s"', async (path) => {
    const load = { [path]: await store.put(Buffer.from('x')) };
    for (const artifacts of [{ save: { x: path } }, { load }]) {
      const run = (): Json => expect.unreachable();
      const failure = await failureOf(attempt(call({ artifacts }), run));
      expect(failure.error.code).toBe('TASK_INPUT_INVALID');
      expect(failure.retryable).toBe(false);
    }
  });

  it('need a store', async () => {
    const failure = await failureOf(
      attempt(call({ artifacts: { save: { x: 'x' } } }), undefined, { store: undefined }),
    );
    expect(failure.error.code).toBe('STORE_FAILED');
  });
});

describe('the cache', () => {
  const cached = (more: Partial<TaskCall> = {}): TaskCall => call({ cache: { key: null }, ...more });

  it('gives what another run got for the same inputs, with its artifacts, and says whose it is', async () => {
    const given = cached({ artifacts: { save: { file: 'file' } } });
    await writeFile(join(folder, 'work', 'file'), 'content');
    const first = await attempt(given, () => ({ large: LARGE }));
    const second = await attempt({ ...given, runId: 'run-2' }, () => 'other');
    expect(second.ran).toEqual([]);
    const at = expect.stringMatching(/^\d{4}-.*Z$/) as string;
    expect(second.gain).toEqual({ ...first.gain, cached: { runId: 'run-1', at } });
    expect(log.text()).toContain('Not run: the run run-1');
  });

  it('is not asked where the task wants none, nor used without a store', async () => {
    await attempt(cached());
    expect((await attempt(call())).ran).toHaveLength(1);
    expect((await attempt(cached(), undefined, { store: undefined })).ran).toHaveLength(1);
    expect(log.text()).toContain('The cache is not used');
  });

  it('has nothing of a task that failed, or was stopped', async () => {
    await expect(attempt(cached(), () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    const stop = new AbortController();
    const stopped = attempt(cached(), () => (stop.abort(new Error('stopped')), 1), { signal: stop.signal });
    await expect(stopped).rejects.toThrow('stopped');
    expect((await attempt(cached())).ran).toHaveLength(1);
  });

  it('gives nothing that is older than the task takes', async () => {
    const aged = cached({ cache: { key: null, maxAge: DAY } });
    await attempt(aged);
    const key = cacheKey(aged);
    const entry = JSON.parse((await store.readEntry(key))!.toString()) as object;
    const write = (age: number): Promise<void> =>
      store.writeEntry(key, Buffer.from(JSON.stringify({ ...entry, at: new Date(Date.now() - age).toISOString() })));
    await write(DAY - 60_000);
    expect((await attempt(aged)).ran).toHaveLength(0);
    await write(DAY + 60_000);
    expect((await attempt(aged)).ran).toHaveLength(1);
  });

  it('gives nothing of which a part was swept', async () => {
    await writeFile(join(folder, 'work', 'file'), 'content');
    const given = cached({ artifacts: { save: { file: 'file' } } });
    await attempt(given);
    await rm(join(folder, 'store', 'blobs'), { recursive: true });
    expect((await attempt(given)).ran).toHaveLength(1);
    await attempt(cached({ task: 'large' }), () => LARGE);
    await rm(join(folder, 'store', 'blobs'), { recursive: true });
    expect((await attempt(cached({ task: 'large' }))).ran).toHaveLength(1);
  });

  it('never fails a task: it says in its log that it could not be read or written', async () => {
    await writeFile(join(folder, 'store'), 'no folder');
    expect((await attempt(cached(), () => 'made')).gain).toEqual({ output: 'made' });
    expect(log.text()).toContain('The cache could not be written');
    await rm(join(folder, 'store'));
    await store.writeEntry(cacheKey(cached()), Buffer.from('not JSON'));
    expect((await attempt(cached(), () => 'made')).gain).toEqual({ output: 'made' });
    expect(log.text()).toContain('The cache could not be read');
  });
});

describe('the key of the cache', () => {
  const base = call({ cache: { key: null }, params: { a: 1, b: 2 } });

  it.each<[string, Partial<TaskCall>]>([
    ['dag', { dag: 'other' }],
    ['task', { task: 'other' }],
    ['handler', { uses: 'http' }],
    ['settings', { with: { name: 'g' } }],
    ['env', { env: { A: '1' } }],
    ['params', { params: { a: 1, b: 3 } }],
    ['needs', { needs: { x: 1 } }],
    ['item', { item: 1, index: 0 }],
    ['secrets', { secrets: [{ path: ['env', 'A'], parts: [{ secret: 'secrets.A' }] }] }],
    ['artifacts', { artifacts: { load: { x: { sha256: sha256Of('x'), bytes: 1 } } } }],
  ])('is another one for another %s', (_what, change) => {
    expect(cacheKey({ ...base, ...change })).not.toBe(cacheKey(base));
  });

  it('is the same for another run, attempt, order of keys, or place in a fan-out', () => {
    const same = { ...base, runId: 'run-2', attemptsBefore: 3, params: { b: 2, a: 1 }, maximumAttempts: 5 };
    expect(cacheKey(same)).toBe(cacheKey(base));
    const item = { ...base, item: { id: 7 } };
    expect(cacheKey({ ...item, task: 't[0]', index: 0 })).toBe(cacheKey({ ...item, task: 't[4]', index: 4 }));
  });

  it('is nothing but what the task gives, where it gives one, in its dag and task', () => {
    const given = { ...base, cache: { key: '2026-11-21' } };
    expect(cacheKey({ ...given, params: { a: 5 } })).toBe(cacheKey(given));
    expect(cacheKey({ ...given, cache: { key: '2026-11-22' } })).not.toBe(cacheKey(given));
    expect(cacheKey({ ...given, task: 'other' })).not.toBe(cacheKey(given));
  });
});
