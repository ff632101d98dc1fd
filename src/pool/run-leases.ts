import type { PoolDemand, PoolSettings } from '../dag/pools.js';
import { WANTS_SENT, type LeaseGrant, type LeaseRequest, type Want } from './pool-message.js';

/** What a run says of its tasks and of itself, when it asks for slots of shared pools. */
export interface LeaseFacts {
  /** What the task needs of shared pools. */
  demandsOf(task: number): readonly PoolDemand[];
  /** What the run's dag says of the pool. */
  settingsOf(pool: string): PoolSettings;
  priorityOf(task: number): number;
  /** Milliseconds of work that the run has left. */
  remaining(): number;
  /** The run's share under the pool's policy `fair`. Default 1. */
  weight?(): number;
  /** The run's own priority: 1 goes first. Default: it has none. */
  runPriority?(): number | undefined;
  nameOf(task: number): string;
}

/** What a run takes along of what it has asked for. Plain JSON. */
export interface LeasesSnapshot {
  /** Milliseconds. */
  readonly began: number;
  readonly next: number;
  /** In the order in which they asked. `leases`: of the pools that it has asked, the last perhaps not yet its own. */
  readonly tasks: readonly {
    readonly task: number;
    readonly leases: readonly number[];
    readonly isGranted: boolean;
  }[];
  readonly pools: readonly (readonly [name: string, number: number])[];
}

/** A task that needs slots of shared pools. It asks the pools one after the other, so that no two tasks wait in a ring. */
interface Asking {
  readonly task: number;
  /** Of the pools in the order of their names. */
  readonly demands: readonly PoolDemand[];
  /** Of the pools that it has asked: all but the last are its own, and the last where `isGranted`. */
  readonly leases: number[];
  isGranted: boolean;
}

interface Claim {
  readonly asking: Asking;
  readonly slots: number;
}

/** A pool, from the run's side. */
interface Pool {
  readonly name: string;
  /** Of the last message. 0: none yet. */
  number: number;
  readonly holds: Map<number, Claim>;
  /** In the order in which their tasks asked. */
  readonly wants: Map<number, Claim>;
  /** The pool has not been told how it stands. */
  isChanged: boolean;
  /** The wants that were told, with the priority that was. */
  told: Map<number, number>;
}

/**
 * A run's side of the pools that it shares with others: which tasks hold or want slots, and what the pools must be told
 * of it. It sends nothing itself.
 */
export class RunLeases {
  readonly #run: string;
  readonly #facts: LeaseFacts;
  /** In the order in which they asked. */
  readonly #tasks = new Map<number, Asking>();
  readonly #pools = new Map<string, Pool>();
  readonly #began: number;
  #next = 0;

  /** @param began Milliseconds: when the run began, if it does now. */
  constructor(run: string, facts: LeaseFacts, began: number, snapshot?: LeasesSnapshot) {
    this.#run = run;
    this.#facts = facts;
    this.#began = snapshot?.began ?? began;
    if (snapshot === undefined) return;
    this.#next = snapshot.next;
    for (const [name, number] of snapshot.pools) this.#poolOf(name).number = number;
    for (const { task, leases, isGranted } of snapshot.tasks) {
      const asking = { task, demands: byName(facts.demandsOf(task)), leases: [...leases], isGranted };
      this.#tasks.set(task, asking);
      leases.forEach((lease, index) => {
        const { name, slots } = asking.demands[index]!;
        const pool = this.#poolOf(name);
        const isHeld = isGranted || index < leases.length - 1;
        (isHeld ? pool.holds : pool.wants).set(lease, { asking, slots });
        pool.isChanged = true;
      });
    }
  }

  /** The task needs its slots; asked again, nothing changes. True where it needs none, and may go on at once. */
  want(task: number): boolean {
    if (this.#tasks.has(task)) return false;
    const asking: Asking = { task, demands: byName(this.#facts.demandsOf(task)), leases: [], isGranted: false };
    this.#tasks.set(task, asking);
    this.#ask(asking);
    return asking.isGranted;
  }

  /** The task needs its slots no more, whether it has them or not. */
  release(task: number): void {
    const asking = this.#tasks.get(task);
    if (asking === undefined) return;
    this.#tasks.delete(task);
    asking.leases.forEach((lease, index) => {
      const pool = this.#poolOf(asking.demands[index]!.name);
      if (pool.holds.delete(lease) || pool.wants.delete(lease)) pool.isChanged = true;
    });
  }

  releaseAll(): void {
    for (const task of [...this.#tasks.keys()]) this.release(task);
  }

  /**
   * A pool gives something, or asks how the run stands.
   * @param isBusy A message to it is under way: what it has seen is out of date.
   * @returns the tasks that have all that they need now.
   */
  granted({ pool: name, leases, seen }: LeaseGrant, isBusy: boolean): number[] {
    const pool = this.#pools.get(name);
    if (pool === undefined) return [];
    if (seen !== undefined && seen !== pool.number && !isBusy) pool.isChanged = true;
    const ready: number[] = [];
    for (const lease of leases) {
      const claim = pool.wants.get(lease);
      if (claim === undefined) continue;
      pool.wants.delete(lease);
      pool.told.delete(lease);
      pool.holds.set(lease, claim);
      this.#ask(claim.asking);
      if (claim.asking.isGranted) ready.push(claim.asking.task);
    }
    if (pool.told.size < Math.min(pool.wants.size, WANTS_SENT / 2)) pool.isChanged = true;
    return ready;
  }

  /** The pools that must be told how the run stands. */
  changed(): string[] {
    const names: string[] = [];
    for (const pool of this.#pools.values()) if (this.#mustTell(pool)) names.push(pool.name);
    return names;
  }

  isChanged(pool: string): boolean {
    const one = this.#pools.get(pool);
    return one !== undefined && this.#mustTell(one);
  }

  /** What a pool is to be told: from now on it counts as told. `at`: milliseconds. */
  request(name: string, at: number): LeaseRequest {
    const pool = this.#poolOf(name);
    const { holds, wants } = pool;
    // A run that is reset to an earlier point goes on with higher numbers still.
    pool.number = Math.max(pool.number + 1, at);
    pool.isChanged = false;
    const sent = [...this.#inOrder(pool)].slice(0, WANTS_SENT).map(([lease, { asking, slots }]): Want => {
      const priority = this.#facts.priorityOf(asking.task);
      const task = this.#facts.nameOf(asking.task).slice(0, 200);
      return { lease, slots, task, ...(priority === 0 ? {} : { priority }) };
    });
    pool.told = new Map(sent.map(({ lease, priority = 0 }) => [lease, priority]));
    const settings = saidOf(this.#facts.settingsOf(name));
    const weight = this.#facts.weight?.() ?? 1;
    const runPriority = this.#facts.runPriority?.();
    return {
      run: this.#run,
      number: pool.number,
      holds: [...holds].map(([lease, { slots }]) => [lease, slots] as const),
      wants: sent,
      ...(wants.size > sent.length ? { more: wants.size - sent.length } : {}),
      ...(wants.size === 0 ? {} : { remaining: Math.max(0, Math.round(this.#facts.remaining())) }),
      ...(weight === 1 ? {} : { weight }),
      ...(runPriority === undefined ? {} : { runPriority }),
      ...(settings === undefined ? {} : { settings, began: this.#began }),
    };
  }

  /** Whether the run has nothing of the pool, and wants nothing. */
  isEmpty(pool: string): boolean {
    const { holds, wants } = this.#poolOf(pool);
    return holds.size === 0 && wants.size === 0;
  }

  /** Undefined where the run has never asked a pool for anything. */
  snapshot(): LeasesSnapshot | undefined {
    if (this.#pools.size === 0) return undefined;
    return {
      began: this.#began,
      next: this.#next,
      tasks: [...this.#tasks.values()].map(({ task, leases, isGranted }) => ({ task, leases: [...leases], isGranted })),
      pools: [...this.#pools.values()].map(({ name, number }) => [name, number] as const),
    };
  }

  /** Asks the next pool, if there is one. */
  #ask(asking: Asking): void {
    const demand = asking.demands[asking.leases.length];
    if (demand === undefined) {
      asking.isGranted = true;
      return;
    }
    const pool = this.#poolOf(demand.name);
    const lease = this.#next++;
    asking.leases.push(lease);
    pool.wants.set(lease, { asking, slots: demand.slots });
    pool.isChanged = true;
  }

  #mustTell(pool: Pool): boolean {
    if (pool.number === 0 && pool.holds.size === 0 && pool.wants.size === 0) return false;
    if (pool.isChanged) return true;
    for (const [lease, priority] of pool.told) {
      const claim = pool.wants.get(lease);
      if (claim !== undefined && this.#facts.priorityOf(claim.asking.task) !== priority) return true;
    }
    return false;
  }

  /** What it wants, in the order in which the tasks asked, whichever pool they asked first. */
  *#inOrder({ wants }: Pool): Generator<readonly [number, Claim]> {
    const order = new Map<Asking, number>();
    for (const asking of this.#tasks.values()) order.set(asking, order.size);
    const placeOf = ({ asking }: Claim): number => order.get(asking) ?? Infinity;
    yield* [...wants].sort(([, a], [, b]) => placeOf(a) - placeOf(b));
  }

  #poolOf(name: string): Pool {
    let pool = this.#pools.get(name);
    if (pool === undefined) {
      pool = { name, number: 0, holds: new Map(), wants: new Map(), isChanged: false, told: new Map() };
      this.#pools.set(name, pool);
    }
    return pool;
  }
}

function byName(demands: readonly PoolDemand[]): PoolDemand[] {
  return [...demands].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What a dag says of a pool, as runs tell it; undefined where that is nothing. */
function saidOf({ slots, rate }: PoolSettings): Pick<PoolSettings, 'slots' | 'rate'> | undefined {
  if (slots === undefined && rate === undefined) return undefined;
  return { ...(slots === undefined ? {} : { slots }), ...(rate === undefined ? {} : { rate }) };
}
