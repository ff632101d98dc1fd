import { setTimeout as delay } from 'node:timers/promises';
import { DagwrightError } from '../../dag/errors.js';
import type { Run, RunResult } from '../../run/run.js';
import { statusOfResult } from './made-status.js';
import type { View } from './view.js';

const LOOK_MS = 250;
/** Looks cost the server and the worker as many tasks as there are: with many, they come less often. */
const LOOK_MS_PER_TASK = 0.2;
const LONGEST_LOOK_MS = 5_000;
/** A worker warns of an answer that nobody waits for any more; one that takes longer is not worth the wait. */
const LAST_LOOK_MS = 1_000;

/** The part of a run that a watcher needs. */
export type Watched = Pick<Run, 'runId' | 'result' | 'describe'>;

/**
 * Shows the run until it ends, and gives its result.
 * @param signal Aborted where nobody wants to watch any more.
 * @returns undefined where the signal was aborted first.
 * @throws what `run.result()` throws; a look that fails is only noted, and tried again.
 */
export async function watch(run: Watched, view: View, signal: AbortSignal): Promise<RunResult | undefined> {
  const over = new AbortController();
  const result = run.result().finally(() => over.abort());
  // It is awaited below; a look may still be under way when it fails.
  result.catch(() => undefined);
  const aborted = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const looking = look(run, view, AbortSignal.any([signal, over.signal]));
  try {
    const ended = await Promise.race([result, aborted]);
    view.end(ended === undefined ? undefined : statusOfResult(ended));
    return ended;
  } catch (error) {
    view.end();
    throw error;
  } finally {
    over.abort();
    await Promise.race([looking, delay(LAST_LOOK_MS, undefined, { ref: false })]);
  }
}

/** Looks again and again until the signal; never throws. */
async function look(run: Watched, view: View, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    let wait = LOOK_MS;
    try {
      const status = await run.describe();
      if (signal.aborted) return;
      view.note(undefined);
      view.update(status);
      wait = Math.min(LONGEST_LOOK_MS, Math.max(LOOK_MS, status.tasks.length * LOOK_MS_PER_TASK));
    } catch (error) {
      // The result fails with the same, and ends the watch.
      if (signal.aborted || isFinal(error)) return;
      view.note(`Cannot look at the run now: ${error instanceof Error ? error.message : String(error)}`);
    }
    await delay(wait, undefined, { signal }).catch(() => undefined);
  }
}

function isFinal(error: unknown): boolean {
  return error instanceof DagwrightError && (error.code === 'RUN_NOT_FOUND' || error.code === 'RUN_TERMINATED');
}
