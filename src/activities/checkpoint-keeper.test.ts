import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { memoryLog, type MemoryLog } from '../../test/doubles/memory-log.js';
import type { Json } from '../dag/json.js';
import { storedRef } from '../dag/stored-value.js';
import type { BlobStore } from '../store/blob-store.js';
import { openStore } from '../store/open-store.js';
import { CheckpointKeeper, loadCheckpoint } from './checkpoint-keeper.js';
import type { Checkpoint } from './checkpoint.js';

const OWNER = { runId: 'run-1', task: 'only', attempt: 2 };

let folder: string;
let store: BlobStore;
let log: MemoryLog;
/** Written to the store, each as it was begun. */
let written: string[];
let changes: (Checkpoint | undefined)[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'checkpoints-test-'));
  store = openStore({ folder });
  log = memoryLog();
  [written, changes] = [[], []];
  const { writeEntry } = store;
  store.writeEntry = (key, content) => {
    written.push(Buffer.from(content).toString());
    return writeEntry.call(store, key, content);
  };
});

afterEach(async () => {
  vi.useRealTimers();
  await rm(folder, { recursive: true, force: true });
});

function keeper(own: BlobStore | undefined = store, before?: Checkpoint): CheckpointKeeper {
  const made: CheckpointKeeper = new CheckpointKeeper(OWNER, { store: own, log }, before, () => {
    changes.push(made.latest);
  });
  return made;
}

function large(text: string): string {
  return text.repeat(2_000);
}

async function found(held: Checkpoint | undefined): Promise<Json | undefined> {
  return loadCheckpoint(held?.value, { store, log });
}

describe('what an attempt leaves', () => {
  it('is held as it is, at once, where it is small, or there is no store', async () => {
    const small = keeper();
    small.take({ value: 'row 1', progress: 0.1 });
    expect(changes).toEqual([{ value: 'row 1', progress: 0.1 }]);
    await small.end();
    const without = new CheckpointKeeper(OWNER, { store: undefined, log }, undefined, () => undefined);
    without.take({ value: large('a') });
    expect(without.latest).toEqual({ value: large('a') });
    await without.end();
    expect(written).toEqual([]);
  });

  it('is in the store where it is large, with what stands for it in its place', async () => {
    const kept = keeper();
    kept.take({ value: large('a'), progress: 0.5 });
    await kept.end();
    expect(kept.latest?.progress).toBe(0.5);
    expect(JSON.stringify(kept.latest).length).toBeLessThan(200);
    expect(await found(kept.latest)).toBe(large('a'));
  });

  it('is written not too often; the latest counts, whichever it is', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const kept = keeper();
    for (const text of ['a', 'b', 'c']) kept.take({ value: large(text) });
    await vi.waitFor(() => expect(changes).toHaveLength(1));
    expect(await found(kept.latest)).toBe(large('a'));
    vi.advanceTimersByTime(1_000);
    await vi.waitFor(() => expect(changes).toHaveLength(2));
    expect(await found(kept.latest)).toBe(large('c'));
    kept.take({ value: large('d') });
    kept.take({ value: 'small' });
    expect(kept.latest).toEqual({ value: 'small' });
    kept.take({ value: large('e') });
    await kept.end();
    expect(await found(kept.latest)).toBe(large('e'));
    expect(written.map((text) => text[1])).toEqual(['a', 'c', 'e']);
  });

  it('is not undone by a large one that was still being written', async () => {
    const kept = keeper();
    kept.take({ value: large('a') });
    kept.take({ value: 'small' });
    await kept.end();
    expect(kept.latest).toEqual({ value: 'small' });
  });

  it('leaves in place what an earlier attempt left, until there is another', async () => {
    const kept = keeper(store, { value: 'before', progress: 0.3 });
    expect(kept.latest).toEqual({ value: 'before', progress: 0.3 });
    store.writeEntry = () => Promise.reject(new Error('disk full'));
    kept.take({ value: large('a') });
    await kept.end();
    expect(kept.latest).toEqual({ value: 'before', progress: 0.3 });
    expect(log.text()).toBe('[dagwright] The checkpoint could not be kept: disk full\n');
  });

  it('is nothing where the store has it no more', async () => {
    const kept = keeper();
    kept.take({ value: large('a') });
    await kept.end();
    expect(storedRef(kept.latest?.value)).toBeDefined();
    const other = openStore({ folder: join(folder, 'other') });
    expect(await loadCheckpoint(kept.latest?.value, { store: other, log })).toBeUndefined();
    expect(log.text()).toContain('Begins anew');
    expect(await loadCheckpoint(kept.latest?.value, { store: undefined, log })).toBeUndefined();
    expect(await loadCheckpoint(undefined, { store, log })).toBeUndefined();
  });
});
