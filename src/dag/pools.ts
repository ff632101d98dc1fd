/** Slots of a pool that a task holds while it runs. */
export interface PoolDemand {
  readonly name: string;
  /** At least 1. */
  readonly slots: number;
}

/** So many slots may be taken in any stretch of time of this length. */
export interface Rate {
  readonly count: number;
  /** Milliseconds. */
  readonly per: number;
}

/** A pool, as a dag says it. */
export interface PoolSettings {
  /** Slots that are held at once. Default: no limit but the rate; of one that runs share, as that was made. */
  readonly slots?: number;
  /** A slot that is given back counts until its time is over. Default: no limit. */
  readonly rate?: Rate;
  /** `global`: all runs that name it share it. Default `run`: each run has its own. */
  readonly scope?: 'run' | 'global';
}

/** A pool by its slots, or by all there is to say. */
export type PoolSize = number | PoolSettings;

/** The slots of a pool; Infinity where only its rate limits it, or nobody said. */
export function slotsOf(size: PoolSize): number {
  return typeof size === 'number' ? size : (size.slots ?? Infinity);
}

/** How a pool stands. */
export interface PoolUse {
  readonly slots: number;
  /** Held by running tasks. */
  readonly taken: number;
}

/**
 * Named slots that tasks hold while they run, beside the run's concurrency. A task takes all that it needs or none, so
 * that no two wait for each other.
 */
export class Pools {
  readonly #sizes: ReadonlyMap<string, number>;
  readonly #taken = new Map<string, number>();
  /** By task, where it needs any. */
  readonly #demands = new Map<number, readonly PoolDemand[]>();

  constructor(sizes: Readonly<Record<string, PoolSize>> = {}) {
    this.#sizes = new Map(Object.entries(sizes).map(([name, size]) => [name, slotsOf(size)]));
  }

  /** @throws Error where there is no such pool, or it is too small for the task: no reader of dag files lets that through. */
  describe(task: number, demands: readonly PoolDemand[]): void {
    for (const { name, slots } of demands) {
      const size = this.#sizes.get(name) ?? 0;
      if (slots > size) throw new Error(`Task ${task} needs ${slots} slots of the pool ${name}, which has ${size}.`);
    }
    this.#demands.set(task, demands);
  }

  demandsOf(task: number): readonly PoolDemand[] {
    return this.#demands.get(task) ?? NO_DEMANDS;
  }

  /** The first pool that has no room for the task; undefined where it may start. */
  without(task: number): string | undefined {
    if (this.#demands.size === 0) return undefined;
    return this.demandsOf(task).find(({ name, slots }) => this.free(name) < slots)?.name;
  }

  /** Slots of a pool that nobody holds. */
  free(pool: string): number {
    return (this.#sizes.get(pool) ?? 0) - (this.#taken.get(pool) ?? 0);
  }

  take(task: number): void {
    for (const { name, slots } of this.demandsOf(task)) this.#taken.set(name, (this.#taken.get(name) ?? 0) + slots);
  }

  /** @returns the pools that have more room now. */
  giveBack(task: number): readonly PoolDemand[] {
    const demands = this.demandsOf(task);
    for (const { name, slots } of demands) this.#taken.set(name, (this.#taken.get(name) ?? 0) - slots);
    return demands;
  }

  /** By name. */
  use(): Record<string, PoolUse> {
    return Object.fromEntries(
      [...this.#sizes].map(([name, slots]): [string, PoolUse] => [name, { slots, taken: this.#taken.get(name) ?? 0 }]),
    );
  }
}

const NO_DEMANDS: readonly PoolDemand[] = [];
