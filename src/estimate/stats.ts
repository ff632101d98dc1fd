import type { LearnedEstimate } from './estimate.js';
import { isAmount } from './samples.js';

/** What is known of how long a task takes. Times are in milliseconds. */
export interface TaskStats {
  readonly task: string;
  /** Its successes so far. */
  readonly count: number;
  /** How many of them count: the latest. */
  readonly samples: number;
  /** Their median: what the task is thought to take. */
  readonly estimate: number;
  /** Nine of ten took no longer. */
  readonly p90: number;
  readonly latest: number;
  /** How far off what was estimated before each of them was, as a share of what it took: the median. Left out before the second. */
  readonly error?: number;
  /** Milliseconds for each unit of the size of its input, where it states one: the estimate is this times the size. */
  readonly perSize?: number;
}

/** The estimate in the stats. */
export function estimateIn({ estimate, perSize }: TaskStats): LearnedEstimate {
  return { time: estimate, ...(perSize === undefined ? {} : { perSize }) };
}

/** Stats in few bytes, in the order of their fields. */
export type PackedStats = readonly [string, ...(number | null)[]];

export function packStats({ task, count, samples, estimate, p90, latest, error, perSize }: TaskStats): PackedStats {
  return [task, count, samples, estimate, p90, latest, error ?? null, perSize ?? null];
}

/** The stats in what {@link packStats} gave; undefined where it is something else. */
export function unpackStats(packed: unknown): TaskStats | undefined {
  if (!Array.isArray(packed)) return undefined;
  const [task, ...numbers] = packed as unknown[];
  const [count, samples, estimate, p90, latest, error, perSize] = numbers;
  if (typeof task !== 'string' || !isAmount(count) || !isAmount(samples)) return undefined;
  if (!isAmount(estimate) || !isAmount(p90) || !isAmount(latest)) return undefined;
  return {
    task,
    count,
    samples,
    estimate,
    p90,
    latest,
    ...(isAmount(error) ? { error } : {}),
    ...(isAmount(perSize) ? { perSize } : {}),
  };
}
