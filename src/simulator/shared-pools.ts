import type { Dag } from '../dag/dag.js';
import { maxRunsPool } from '../dag/max-runs.js';
import { isUnsized, slotsOf, type PoolSettings } from '../dag/pools.js';
import { sharesPools } from '../pool/lease-facts.js';
import type { PoolPolicy } from '../pool/pool-policy.js';
import { RunLeases, type LeaseFacts } from '../pool/run-leases.js';
import { SharedPool } from '../pool/shared-pool.js';

/** A run that takes part. */
interface Member {
  readonly leases: RunLeases;
  readonly granted: (task: number, at: number) => void;
}

/** The pools that the runs of a simulation share. What runs and pools would tell each other by messages, they do at once. */
export class SharedPools {
  readonly #pools = new Map<string, SharedPool>();
  readonly #members = new Map<string, Member>();

  /** @param policy Which run a pool serves next. */
  constructor(dags: readonly Dag[], policy: PoolPolicy) {
    for (const [name, { slots, rate }] of sizesOf(dags)) {
      const pool = new SharedPool(name);
      pool.set({ policy, slots: slots ?? null, rate: rate ?? null });
      this.#pools.set(name, pool);
    }
  }

  /** @param granted A task of the run has all that it asked for. */
  join(run: string, facts: LeaseFacts, granted: Member['granted']): RunLeases {
    const leases = new RunLeases(run, facts, 0);
    this.#members.set(run, { leases, granted });
    return leases;
  }

  /** Gives what is free to those who want it, until nothing changes any more. @returns whether somebody got something. */
  settle(at: number): boolean {
    let hasGranted = false;
    for (;;) {
      const isTold = this.#tell(at);
      const isGranted = this.#grant(at);
      hasGranted ||= isGranted;
      if (!isTold && !isGranted) return hasGranted;
    }
  }

  /** When the rate of one lets the next one in; Infinity where none does. Call after `settle`. */
  opensAt(): number {
    let first = Infinity;
    for (const pool of this.#pools.values()) first = Math.min(first, pool.opensAt() ?? Infinity);
    return first;
  }

  #tell(at: number): boolean {
    let isTold = false;
    for (const { leases } of this.#members.values()) {
      for (const pool of leases.changed()) {
        this.#pools.get(pool)!.hear(leases.request(pool, at), at);
        isTold = true;
      }
    }
    return isTold;
  }

  #grant(at: number): boolean {
    let isGranted = false;
    for (const pool of this.#pools.values()) {
      for (const { run, leases: given } of pool.grant(at)) {
        const { leases, granted } = this.#members.get(run)!;
        for (const task of leases.granted({ pool: pool.name, leases: given }, false)) {
          isGranted = true;
          granted(task, at);
        }
      }
    }
    return isGranted;
  }
}

/** A task that waits for ever, because another dag makes a pool smaller that they share. */
export interface TaskBeyondPool {
  /** The position of its dag. */
  readonly dag: number;
  readonly task: string;
  readonly pool: string;
  readonly needs: number;
  readonly has: number;
}

/** The first task that needs more of a pool than there is; undefined where there is none. */
export function taskBeyondPool(dags: readonly Dag[]): TaskBeyondPool | undefined {
  const sizes = sizesOf(dags);
  for (const [dag, { tasks }] of dags.entries()) {
    for (const { name: task, pool: demands = [] } of tasks) {
      for (const { name: pool, slots: needs } of demands) {
        const { slots = Infinity, rate } = sizes.get(pool) ?? {};
        const has = Math.min(slots, rate?.count ?? Infinity);
        if (needs > has) return { dag, task, pool, needs, has };
      }
    }
  }
  return undefined;
}

/** What shared pools are like: as the last of the dags says. What none says has one slot, or as many as a task needs. */
function sizesOf(dags: readonly Dag[]): Map<string, PoolSettings> {
  const sizes = new Map<string, PoolSettings>();
  const unsized = new Set<string>();
  for (const dag of dags) {
    if (!sharesPools(dag)) continue;
    if (dag.maxRuns !== undefined) sizes.set(maxRunsPool(dag.name), { slots: dag.maxRuns });
    for (const [name, size] of Object.entries(dag.pools ?? {})) {
      if (typeof size === 'number' || size.scope !== 'global') continue;
      if (!isUnsized(size)) {
        unsized.delete(name);
        sizes.set(name, slotsOf(size) === Infinity ? { rate: size.rate! } : size);
      } else if (!sizes.has(name)) {
        unsized.add(name);
        sizes.set(name, { slots: 1 });
      }
    }
  }
  for (const { tasks } of dags) {
    for (const { name, slots } of tasks.flatMap(({ pool = [] }) => pool)) {
      if (unsized.has(name)) sizes.set(name, { slots: Math.max(slots, sizes.get(name)!.slots!) });
    }
  }
  return sizes;
}
