import { estimatedTime, type LearnedEstimate } from './estimate.js';
import { median, quantile } from './quantile.js';
import { isAmount, KEPT_SAMPLES, type TaskSamples } from './samples.js';
import type { TaskStats } from './stats.js';

/** What is kept of a task, as JSON: its name, its successes in all, and of the latest: time, size, what was estimated. */
export type KeptDurations = readonly [
  task: string,
  count: number,
  times: readonly number[],
  sizes: readonly (number | null)[],
  estimates: readonly (number | null)[],
];

/**
 * How long one task took in its latest successes. Its estimate is their median: half of them may be far off (a cold
 * cache, a machine that was busy) and it does not move beyond the others, and it is off by less, on average, than any
 * other number.
 */
export class TaskDurations {
  readonly task: string;
  readonly #times: number[] = [];
  readonly #sizes: (number | null)[] = [];
  /** What was estimated before each; null where nothing was known. */
  readonly #estimates: (number | null)[] = [];
  #count = 0;

  constructor(task: string) {
    this.task = task;
  }

  /** Undefined where it makes no sense. */
  static restore(kept: unknown): TaskDurations | undefined {
    if (!Array.isArray(kept)) return undefined;
    const [task, count, times, sizes, estimates] = kept as unknown[];
    if (typeof task !== 'string' || !isAmount(count) || !Array.isArray(times) || !times.every(isAmount))
      return undefined;
    if (!isListLike(sizes, times) || !isListLike(estimates, times)) return undefined;
    const durations = new TaskDurations(task);
    durations.#times.push(...times);
    durations.#sizes.push(...sizes);
    durations.#estimates.push(...estimates);
    durations.#count = count;
    durations.keep(KEPT_SAMPLES);
    return durations;
  }

  /** How many successes it remembers. */
  get size(): number {
    return this.#times.length;
  }

  /** What the task is thought to take the next time; undefined where nothing is known. */
  get estimate(): LearnedEstimate | undefined {
    if (this.size === 0) return undefined;
    const rates = this.#times.flatMap((time, i) => {
      const size = this.#sizes[i] ?? 0;
      return size > 0 ? [time / size] : [];
    });
    const time = Math.round(median(this.#times));
    return rates.length === 0 ? { time } : { time, perSize: rounded(median(rates)) };
  }

  /** Samples that come together: none of them was known when the others were estimated. */
  add({ times, sizes, count }: TaskSamples): void {
    const known = this.estimate;
    for (const [i, time] of times.entries()) {
      const size = sizes?.[i] ?? null;
      this.#estimates.push(known === undefined ? null : Math.round(estimatedTime(known, size ?? undefined)));
      this.#times.push(time);
      this.#sizes.push(size);
    }
    this.keep(KEPT_SAMPLES);
    this.#count += count;
  }

  /** Remembers only the latest so many. */
  keep(most: number): void {
    const over = Math.max(0, this.size - most);
    for (const list of [this.#times, this.#sizes, this.#estimates]) list.splice(0, over);
  }

  snapshot(): KeptDurations {
    return [this.task, this.#count, [...this.#times], [...this.#sizes], [...this.#estimates]];
  }

  /** Undefined where nothing is known. */
  stats(): TaskStats | undefined {
    const { estimate } = this;
    if (estimate === undefined) return undefined;
    const errors = this.#times.flatMap((time, i) => {
      const estimated = this.#estimates[i] ?? null;
      return estimated === null ? [] : [Math.abs(estimated - time) / Math.max(1, time)];
    });
    return {
      task: this.task,
      count: this.#count,
      samples: this.size,
      estimate: estimate.time,
      p90: Math.round(quantile(this.#times, 0.9)),
      latest: this.#times.at(-1)!,
      ...(errors.length === 0 ? {} : { error: rounded(median(errors)) }),
      ...(estimate.perSize === undefined ? {} : { perSize: estimate.perSize }),
    };
  }
}

function isListLike(value: unknown, other: readonly unknown[]): value is (number | null)[] {
  return Array.isArray(value) && value.length === other.length && value.every((one) => one === null || isAmount(one));
}

/** To four digits: it is no more exact than that, and is kept in few bytes. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
