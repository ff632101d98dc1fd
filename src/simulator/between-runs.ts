/** Which run gets the next free slot, where several share them. */
export const BETWEEN_RUNS = ['fcfs', 'fair', 'srtf'] as const;
export type BetweenRuns = (typeof BETWEEN_RUNS)[number];

/** What decides between runs. */
export interface Contender {
  /** Slots that it holds. */
  readonly running: number;
  /** Milliseconds of work that it has not finished, as estimated. */
  readonly remaining: number;
}

/**
 * The run that gets the next slot: `fcfs`: the first of the files; `fair`: the one that holds fewest; `srtf`: the one with
 * the least remaining work. The first of the files decides where they are equal.
 */
export function chooseRun<T extends Contender>(between: BetweenRuns, runs: readonly T[]): T | undefined {
  let best: T | undefined;
  for (const run of runs) if (best === undefined || isBetter(between, run, best)) best = run;
  return best;
}

function isBetter(between: BetweenRuns, run: Contender, best: Contender): boolean {
  if (between === 'fair') return run.running < best.running;
  return between === 'srtf' && run.remaining < best.remaining;
}
