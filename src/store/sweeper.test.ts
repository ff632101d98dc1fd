import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BlobStore } from './blob-store.js';
import { startSweeping, type SweepEnd } from './sweeper.js';

const HOUR = 3_600_000;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** A store that only sweeps. */
function storeThat(sweep: (unusedSince: number) => Promise<number>): BlobStore {
  return { sweep } as Partial<BlobStore> as BlobStore;
}

describe('the sweeper', () => {
  it('sweeps at once and each hour whatever is older than the age, until it is stopped', async () => {
    const ends: SweepEnd[] = [];
    const since: number[] = [];
    const began = Date.now();
    const store = storeThat(async (unusedSince) => since.push(unusedSince - began));
    const stop = startSweeping(store, { maximumAge: 10_000, swept: (end) => ends.push(end) });
    await vi.advanceTimersByTimeAsync(2 * HOUR);
    await stop();
    await vi.advanceTimersByTimeAsync(2 * HOUR);
    expect(since).toEqual([-10_000, HOUR - 10_000, 2 * HOUR - 10_000]);
    expect(ends).toEqual([{ removed: 1 }, { removed: 2 }, { removed: 3 }]);
  });

  it('does one sweep at a time, and ends once the one under way has ended', async () => {
    let sweeps = 0;
    let finish = (): void => undefined;
    let ended = false;
    const store = storeThat(() => {
      sweeps++;
      return new Promise((resolve) => (finish = () => resolve(0)));
    });
    const stop = startSweeping(store, { maximumAge: 1, swept: () => expect.unreachable() });
    await vi.advanceTimersByTimeAsync(5 * HOUR);
    const stopped = stop().then(() => (ended = true));
    await vi.advanceTimersByTimeAsync(HOUR);
    expect(ended).toBe(false);
    finish();
    await stopped;
    expect(sweeps).toBe(1);
  });

  it('says why it failed, and goes on', async () => {
    const ends: SweepEnd[] = [];
    const error = new Error('broken');
    const stop = startSweeping(
      storeThat(() => Promise.reject(error)),
      { maximumAge: 1, swept: (end) => ends.push(end) },
    );
    await vi.advanceTimersByTimeAsync(HOUR);
    await stop();
    expect(ends).toEqual([{ error }, { error }]);
  });
});
