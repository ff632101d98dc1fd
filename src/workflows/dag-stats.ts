import { condition, makeContinueAsNewFunc, setHandler, sleep, upsertMemo, workflowInfo } from '@temporalio/workflow';
import { DagDurations } from '../estimate/dag-durations.js';
import { samplesIn } from '../estimate/samples.js';
import { packStats } from '../estimate/stats.js';
import { samplesSignal, STATS_MEMO, type StatsInput, type StatsMemo } from './stats-messages.js';

/** Milliseconds between two times that the memo is written: each is an event of the history, and a write of the server's. */
const MEMO_INTERVAL = 5_000;
const HISTORY_LIMIT = 2_000;
/** Below, it would continue as new before it has done anything. */
const LEAST_HISTORY = 10;

/**
 * Keeps how long the tasks of a dag took, as long as there are workers that tell it so. It writes what is known of them
 * into its memo, where anybody reads it without a worker. Terminated, it forgets; the next sample begins anew.
 */
export async function dagStats(input: StatsInput): Promise<never> {
  const durations = DagDurations.restore(input?.kept);
  let isNew = false;
  setHandler(samplesSignal, (message) => {
    const samples = samplesIn(message);
    durations.add(samples);
    isNew ||= samples.length > 0;
  });

  const memo = (): Record<string, unknown> => {
    const written: StatsMemo = { at: new Date().toISOString(), tasks: durations.stats().map(packStats) };
    return { [STATS_MEMO]: written };
  };
  const { historyLimit = HISTORY_LIMIT } = input ?? {};
  const isLong = (): boolean => {
    const { historyLength, continueAsNewSuggested } = workflowInfo();
    return continueAsNewSuggested || historyLength >= Math.max(LEAST_HISTORY, historyLimit);
  };
  while (!isLong()) {
    await condition(() => isNew || isLong());
    if (!isNew) continue;
    isNew = false;
    upsertMemo(memo());
    await sleep(MEMO_INTERVAL);
  }
  const next = makeContinueAsNewFunc<(input: StatsInput) => Promise<never>>({ memo: memo() });
  return next({ dag: String(input?.dag), historyLimit, kept: durations.snapshot() });
}
