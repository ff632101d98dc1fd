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

/** Whether nobody said how large a pool is that runs would share: it has one slot, or as many as a task needs. */
export function isUnsized(size: PoolSize): boolean {
  return typeof size === 'object' && size.scope === 'global' && size.slots === undefined && size.rate === undefined;
}

/** How a pool stands. */
export interface PoolUse {
  /** Left out where only a rate limits it. */
  readonly slots?: number;
  /** Held by running tasks. */
  readonly taken: number;
  readonly rate?: Rate;
}

/** One pool as it stands. */
class Pool {
  slots = Infinity;
  rate: Rate | undefined;
  /** One that runs would share, of which nobody said anything: it has one slot, or as many as a task needs. */
  isUnsized = false;
  taken = 0;
  /** So many may be held: more than the slots only where those were lowered while they were held. */
  ceiling = 0;
  /** Milliseconds: when each slot was taken that its rate still counts, oldest first. */
  recent: number[] = [];

  constructor(size: PoolSize) {
    this.resize(size);
  }

  resize(size: PoolSize): void {
    this.isUnsized = isUnsized(size);
    this.slots = this.isUnsized ? 1 : slotsOf(size);
    this.ceiling = Math.max(this.slots, this.taken);
    this.rate = typeof size === 'number' ? undefined : size.rate;
    if (this.rate === undefined) this.recent = [];
  }

  /** Slots that may be taken now. Below 0 where it was made smaller than what is held. */
  free(now: number): number {
    const { rate, recent, taken } = this;
    if (rate === undefined) return this.slots - taken;
    const over = recent.findIndex((at) => at > now - rate.per);
    recent.splice(0, over === -1 ? recent.length : over);
    return Math.min(this.slots - taken, rate.count - recent.length);
  }

  take(slots: number, now: number): void {
    this.taken += slots;
    if (this.rate !== undefined) for (let slot = 0; slot < slots; slot++) this.recent.push(now);
  }

  giveBack(slots: number): void {
    this.taken -= slots;
    this.ceiling = Math.max(this.slots, Math.min(this.ceiling, this.taken));
  }

  /** When its rate lets more be taken; undefined where it does not keep anybody. */
  opensAt(): number | undefined {
    const { rate, recent } = this;
    return rate === undefined || recent.length === 0 ? undefined : recent[0]! + rate.per;
  }
}

/**
 * Named slots that tasks hold while they run, beside the run's concurrency. A task takes all that it needs or none, so
 * that no two wait for each other.
 */
export class Pools {
  /** Milliseconds: the time of what is handled. */
  now = 0;
  readonly #pools: ReadonlyMap<string, Pool>;
  /** By task, where it needs any. */
  readonly #demands = new Map<number, readonly PoolDemand[]>();

  constructor(sizes: Readonly<Record<string, PoolSize>> = {}) {
    this.#pools = new Map(Object.entries(sizes).map(([name, size]) => [name, new Pool(size)]));
  }

  has(pool: string): boolean {
    return this.#pools.has(pool);
  }

  /** @throws Error where there is no such pool, or it is too small for the task: no reader of dag files lets that through. */
  describe(task: number, demands: readonly PoolDemand[]): void {
    for (const { name, slots } of demands) {
      const pool = this.#pools.get(name);
      if (pool?.isUnsized === true) pool.slots = pool.ceiling = Math.max(pool.slots, slots);
      const size = pool?.slots ?? 0;
      if (slots > size) throw new Error(`Task ${task} needs ${slots} slots of the pool ${name}, which has ${size}.`);
    }
    if (demands.length > 0) this.#demands.set(task, demands);
  }

  demandsOf(task: number): readonly PoolDemand[] {
    return this.#demands.get(task) ?? NO_DEMANDS;
  }

  /** The first pool that has no room for the task; undefined where it may start. */
  without(task: number): string | undefined {
    if (this.#demands.size === 0) return undefined;
    return this.demandsOf(task).find(({ name, slots }) => this.free(name) < slots)?.name;
  }

  /** Slots of a pool that may be taken now. */
  free(pool: string): number {
    return this.#pools.get(pool)?.free(this.now) ?? 0;
  }

  /** When the rate of the pool lets more be taken, in milliseconds; undefined where only what is held keeps anybody. */
  opensAt(pool: string): number | undefined {
    return this.#pools.get(pool)?.opensAt();
  }

  take(task: number): void {
    for (const { name, slots } of this.demandsOf(task)) this.#pools.get(name)?.take(slots, this.now);
  }

  /** @returns the pools that have more room now. */
  giveBack(task: number): readonly PoolDemand[] {
    const demands = this.demandsOf(task);
    for (const { name, slots } of demands) this.#pools.get(name)!.giveBack(slots);
    return demands;
  }

  /** What was just taken was not used: no rate counts it. */
  putBack(task: number): readonly PoolDemand[] {
    const demands = this.giveBack(task);
    for (const { name, slots } of demands) {
      const { recent } = this.#pools.get(name)!;
      recent.length = Math.max(0, recent.length - slots);
    }
    return demands;
  }

  /** Another size: what is held stays held, though it be more than there is. */
  resize(pool: string, size: PoolSize): void {
    this.#pools.get(pool)?.resize(size);
  }

  /** Goes on with a running task from a snapshot: its rate has counted it before. */
  resume(task: number): void {
    for (const { name, slots } of this.demandsOf(task)) this.#hold(this.#pools.get(name)!, slots);
  }

  #hold(pool: Pool, slots: number): void {
    pool.taken += slots;
    pool.ceiling = Math.max(pool.ceiling, pool.taken);
  }

  /** What the rates count. For a snapshot. */
  recent(): Record<string, number[]> {
    const counted = [...this.#pools].filter(([, { recent }]) => recent.length > 0);
    return Object.fromEntries(counted.map(([name, { recent }]) => [name, [...recent]]));
  }

  /** Goes on with what the rates counted. */
  recall(recent: Readonly<Record<string, readonly number[]>>): void {
    for (const [name, times] of Object.entries(recent)) {
      const pool = this.#pools.get(name);
      if (pool !== undefined) pool.recent = [...times];
    }
  }

  /** Pools of which more is held than may be: there must be none. */
  overdrawn(): string[] {
    const broken = [...this.#pools].filter(([, { taken, ceiling }]) => taken < 0 || taken > ceiling);
    return broken.map(([name]) => name);
  }

  /** By name. */
  use(): Record<string, PoolUse> {
    return Object.fromEntries(
      [...this.#pools].map(([name, { slots, taken, rate }]): [string, PoolUse] => [
        name,
        { ...(slots === Infinity ? {} : { slots }), taken, ...(rate === undefined ? {} : { rate }) },
      ]),
    );
  }
}

const NO_DEMANDS: readonly PoolDemand[] = [];
