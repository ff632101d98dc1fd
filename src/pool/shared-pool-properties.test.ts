import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { PoolDemand, Rate } from '../dag/pools.js';
import type { LeaseGrant, LeaseRequest } from './pool-message.js';
import { POOL_POLICIES, type PoolPolicy } from './pool-policy.js';
import { RunLeases, type LeasesSnapshot } from './run-leases.js';
import { SharedPool, type PoolSnapshot } from './shared-pool.js';

const RUNS = ['r0', 'r1', 'r2', 'r3'];
const TASKS = 8;

interface World {
  readonly slots: number;
  readonly rate: Rate | null;
  readonly policy: PoolPolicy;
  /** Of each task of a run: how many slots it needs of the pool. */
  readonly demands: readonly number[];
  readonly steps: readonly Step[];
}

type Step =
  | { readonly type: 'want' | 'release'; readonly run: number; readonly task: number }
  | { readonly type: 'arrive'; readonly pick: number; readonly isDoubled: boolean }
  | { readonly type: 'lose'; readonly pick: number }
  | { readonly type: 'pass'; readonly time: number }
  | { readonly type: 'resize'; readonly slots: number }
  | { readonly type: 'kill' | 'carry'; readonly run: number }
  | { readonly type: 'carryPool' };

const run = fc.nat(RUNS.length - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('want' as const), run, task: fc.nat(TASKS - 1) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('release' as const), run, task: fc.nat(TASKS - 1) }) },
  {
    weight: 10,
    arbitrary: fc.record({ type: fc.constant('arrive' as const), pick: fc.nat(), isDoubled: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('lose' as const), pick: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('pass' as const), time: fc.integer({ min: 1, max: 700 }) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('resize' as const), slots: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('kill' as const, 'carry' as const), run }) },
  { weight: 1, arbitrary: fc.constant({ type: 'carryPool' as const }) },
);
const world: fc.Arbitrary<World> = fc.record({
  slots: fc.integer({ min: 1, max: 6 }),
  rate: fc.option(fc.record({ count: fc.integer({ min: 3, max: 6 }), per: fc.constantFrom(500, 1_000, 5_000) })),
  policy: fc.constantFrom(...POOL_POLICIES),
  demands: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: TASKS, maxLength: TASKS }),
  steps: fc.array(step, { maxLength: 120 }),
});

/** Runs and their pool, with messages between them that come late, in any order, twice, or never. */
class Mailed {
  pool: SharedPool;
  /** The same, never restored from a snapshot. */
  readonly twin: SharedPool;
  now = 1_000;
  readonly grants: { readonly at: number; readonly slots: number }[] = [];
  /** Tasks that run, as their runs know. */
  readonly running = RUNS.map(() => new Set<number>());
  readonly #world: World;
  readonly #runs: (RunLeases | undefined)[];
  readonly #mail: (() => void)[] = [];

  constructor(given: World) {
    this.#world = given;
    this.pool = new SharedPool('p');
    this.twin = new SharedPool('p');
    for (const pool of [this.pool, this.twin]) pool.set(given);
    this.#runs = RUNS.map((_, index) => this.#runOf(index));
  }

  do(one: Step): void {
    switch (one.type) {
      case 'want':
        this.#runs[one.run]?.want(one.task);
        break;
      case 'release':
        this.#runs[one.run]?.release(one.task);
        this.running[one.run]!.delete(one.task);
        break;
      case 'arrive':
        if (this.#mail.length > 0) this.#arrive(one.pick % this.#mail.length, one.isDoubled);
        break;
      case 'lose':
        if (this.#mail.length > 0) this.#mail.splice(one.pick % this.#mail.length, 1);
        break;
      case 'pass':
        this.now += one.time;
        break;
      case 'resize':
        for (const pool of [this.pool, this.twin]) pool.set({ slots: one.slots });
        break;
      case 'kill':
        this.#runs[one.run] = undefined;
        this.running[one.run]!.clear();
        break;
      case 'carry':
        if (this.#runs[one.run] !== undefined)
          this.#runs[one.run] = this.#runOf(one.run, carried(this.#runs[one.run]!));
        break;
      case 'carryPool':
        this.pool = new SharedPool('p', JSON.parse(JSON.stringify(this.pool.snapshot())) as PoolSnapshot);
        break;
    }
    this.#flush();
    this.#grant();
  }

  /** All that is on its way comes, in the order in which it was sent. */
  arriveAll(): void {
    while (this.#mail.length > 0) this.#arrive(0, false);
  }

  /** Looks for every run that the pool knows, as it does of those that are silent. */
  probe(): void {
    for (const name of this.pool.runs())
      this.#send(name, { pool: 'p', leases: this.pool.heldBy(name), seen: this.pool.seenOf(name)! });
    this.arriveAll();
  }

  #runOf(index: number, snapshot?: LeasesSnapshot): RunLeases {
    const facts = {
      demandsOf: (task: number): PoolDemand[] => [{ name: 'p', slots: this.#world.demands[task]! }],
      settingsOf: () => ({ scope: 'global' as const }),
      priorityOf: (task: number) => task % 3,
      remaining: () => 1_000 * index,
      nameOf: (task: number) => `t${task}`,
    };
    return new RunLeases(RUNS[index]!, facts, this.now, snapshot);
  }

  #flush(): void {
    for (const one of this.#runs) {
      if (one === undefined || !one.isChanged('p')) continue;
      const request = one.request('p', this.now);
      this.#mail.push(() => this.#hear(request));
    }
  }

  #hear(request: LeaseRequest): void {
    expect(this.pool.hear(request, this.now)).toBe(this.twin.hear(request, this.now));
  }

  #arrive(index: number, isDoubled: boolean): void {
    const [deliver] = this.#mail.splice(index, 1);
    deliver!();
    if (isDoubled) this.#mail.push(deliver!);
    this.#flush();
    this.#grant();
  }

  #grant(): void {
    const before = this.pool.describe(0).taken;
    const news = this.pool.grant(this.now);
    expect(news).toEqual(this.twin.grant(this.now));
    expect(this.pool.describe(100)).toEqual(this.twin.describe(100));
    expect(this.pool.opensAt()).toBe(this.twin.opensAt());
    const { taken, slots = Infinity } = this.pool.describe(0);
    if (taken > before) expect(taken).toBeLessThanOrEqual(slots);
    this.#note(taken - before);
    for (const { run: name, leases, asks } of news)
      this.#send(name, { pool: 'p', leases, ...(asks ? { seen: 0 } : {}) });
  }

  #note(slots: number): void {
    if (slots > 0) this.grants.push({ at: this.now, slots });
  }

  /** To one that is gone a signal fails, and the pool is told. */
  #send(name: string, grant: LeaseGrant): void {
    const index = RUNS.indexOf(name);
    this.#mail.push(() => {
      const one = this.#runs[index];
      if (one !== undefined) for (const task of one.granted(grant, false)) this.#began(index, task);
      else for (const pool of [this.pool, this.twin]) pool.gone(name);
    });
  }

  #began(index: number, task: number): void {
    this.running[index]!.add(task);
    const held = this.running.flatMap((tasks) => [...tasks]).reduce((sum, one) => sum + this.#world.demands[one]!, 0);
    expect(held).toBeLessThanOrEqual(this.pool.describe(0).taken);
  }
}

function carried(one: RunLeases): LeasesSnapshot | undefined {
  const snapshot = one.snapshot();
  return snapshot === undefined ? undefined : (JSON.parse(JSON.stringify(snapshot)) as LeasesSnapshot);
}

it('a shared pool never gives more than it has, nor faster than its rate, whatever becomes of runs and messages', () => {
  fc.assert(
    fc.property(world, (given) => {
      const mailed = new Mailed(given);
      for (const one of given.steps) mailed.do(one);
      if (given.rate === null) return;
      const { count, per } = given.rate;
      for (const { at } of mailed.grants) {
        const within = mailed.grants.filter((grant) => grant.at >= at && grant.at < at + per);
        expect(within.reduce((sum, { slots }) => sum + slots, 0)).toBeLessThanOrEqual(count);
      }
    }),
  );
});

it('a shared pool leaks nothing: where runs gave all back, or are gone, everything is free', () => {
  fc.assert(
    fc.property(world, (given) => {
      const mailed = new Mailed(given);
      for (const one of given.steps) mailed.do(one);
      for (const index of RUNS.keys()) {
        if (index % 2 === 0) mailed.do({ type: 'kill', run: index });
        for (let task = 0; task < TASKS; task++) mailed.do({ type: 'release', run: index, task });
      }
      mailed.arriveAll();
      mailed.probe();
      expect(mailed.pool.describe(100)).toMatchObject({ taken: 0, holding: 0, waiting: 0 });
      expect([...mailed.pool.runs()]).toEqual([]);
    }),
  );
});

it('a shared pool forgets nobody: all that can fit is granted in the end, under every policy', () => {
  fc.assert(
    fc.property(world, (given) => {
      const mailed = new Mailed(given);
      for (const one of given.steps) mailed.do(one);
      mailed.do({ type: 'resize', slots: 3 });
      mailed.arriveAll();
      mailed.probe();
      // Each round ends what runs, and lets the rate's time pass: at least one that waits gets in.
      for (let round = 0; round <= RUNS.length * TASKS; round++) {
        mailed.running.forEach((tasks, index) => {
          for (const task of tasks) mailed.do({ type: 'release', run: index, task });
        });
        mailed.do({ type: 'pass', time: 5_010 });
        mailed.arriveAll();
      }
      expect(mailed.pool.describe(100)).toMatchObject({ taken: 0, waiting: 0 });
    }),
  );
});
