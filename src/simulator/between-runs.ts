import { orderOf, POOL_POLICIES, type PoolPolicy, type Waiter } from '../pool/pool-policy.js';

/** Which run gets the next free slot, where several share them: the policies of pools that runs share. */
export const BETWEEN_RUNS = POOL_POLICIES;
export type BetweenRuns = PoolPolicy;

/** A run that wants slots, as a pool sees it. */
export interface Contender {
  asWaiter(): Waiter;
}

/** The run that gets the next slot, by the code that decides in a pool that runs share. */
export function chooseRun<T extends Contender>(between: BetweenRuns, runs: readonly T[]): T | undefined {
  const isBefore = orderOf(between);
  let best: T | undefined;
  let waiter: Waiter | undefined;
  for (const run of runs) {
    const own = run.asWaiter();
    if (waiter !== undefined && !isBefore(own, waiter)) continue;
    best = run;
    waiter = own;
  }
  return best;
}
