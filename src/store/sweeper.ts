import type { BlobStore } from './blob-store.js';

/** Milliseconds between two sweeps. */
const INTERVAL = 3_600_000;

/** What a sweep came to. */
export type SweepEnd = { readonly removed: number } | { readonly error: unknown };

/** How a store is swept. */
export interface SweeperOptions {
  /** Milliseconds that something may lie unused. */
  readonly maximumAge: number;
  /** Hears what each sweep removed, where it removed something, or why it failed. */
  readonly swept: (end: SweepEnd) => void;
}

/**
 * Sweeps the store now, and once an hour from then on: one sweep at a time, and never a reason for the process to live.
 * Never throws.
 * @returns what ends it, once a sweep that is under way has ended.
 */
export function startSweeping(store: BlobStore, options: SweeperOptions): () => Promise<void> {
  let current: Promise<void> | undefined;
  const sweep = (): void => {
    current ??= store
      .sweep(Date.now() - options.maximumAge)
      .then(
        (removed) => (removed > 0 ? options.swept({ removed }) : undefined),
        (error: unknown) => options.swept({ error }),
      )
      .finally(() => (current = undefined));
  };
  sweep();
  const timer = setInterval(sweep, INTERVAL).unref();
  return async () => {
    clearInterval(timer);
    await current;
  };
}
