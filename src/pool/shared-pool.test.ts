import { describe, expect, it } from 'vitest';
import type { LeaseRequest, PoolChange, Want } from './pool-message.js';
import { SharedPool, type PoolSnapshot } from './shared-pool.js';

/** A pool and what its runs say, told in as few words as there are. */
class Told {
  readonly pool = new SharedPool('gpu');
  now = 0;
  #number = 0;
  readonly #holds = new Map<string, [number, number][]>();

  constructor(change: PoolChange = {}) {
    this.pool.set(change);
  }

  /** A run holds what it was given, less what it gives back, and wants this. Gives what was granted: `a1` is lease 1 of a. */
  says(run: string, wants: readonly Partial<Want>[], more: Partial<LeaseRequest> = {}): string[] {
    const holds = this.#holds.get(run) ?? [];
    const named = wants.map((want): Want => ({ lease: 0, slots: 1, task: `t${want.lease}`, ...want }));
    this.pool.hear({ run, number: ++this.#number, holds, wants: named, ...more }, this.now);
    return this.grants();
  }

  givesBack(run: string, lease: number, wants: readonly Partial<Want>[] = []): string[] {
    this.#holds.set(
      run,
      (this.#holds.get(run) ?? []).filter(([one]) => one !== lease),
    );
    return this.says(run, wants);
  }

  grants(): string[] {
    return this.pool.grant(this.now).flatMap(({ run, leases }) => {
      const held = this.#holds.get(run) ?? [];
      this.#holds.set(run, held);
      for (const lease of leases)
        if (!held.some(([one]) => one === lease)) held.push([lease, this.#slotsOf(run, lease)]);
      return leases.map((lease) => `${run}${lease}`);
    });
  }

  #slotsOf(run: string, lease: number): number {
    return this.pool.describe(100).holders.find((one) => one.run === run && one.task === `t${lease}`)?.slots ?? 1;
  }
}

describe('a shared pool', () => {
  it('gives what is free to who came first, and goes on as slots come back', () => {
    const told = new Told({ slots: 2 });
    expect(told.says('a', [{ lease: 1 }, { lease: 2 }, { lease: 3 }])).toEqual(['a1', 'a2']);
    expect(told.says('b', [{ lease: 1 }])).toEqual([]);
    expect(told.givesBack('a', 1, [{ lease: 3 }])).toEqual(['a3']);
    expect(told.givesBack('a', 2)).toEqual(['b1']);
    expect(told.pool.describe(9)).toMatchObject({ slots: 2, taken: 2, holding: 2, waiting: 0 });
  });

  it('waits for the first one until it fits, though others would', () => {
    const told = new Told({ slots: 3 });
    told.says('a', [{ lease: 1, slots: 2 }]);
    expect(told.says('b', [{ lease: 1, slots: 3 }])).toEqual([]);
    expect(told.says('c', [{ lease: 1 }])).toEqual([]);
    expect(told.givesBack('a', 1)).toEqual(['b1']);
    expect(told.givesBack('b', 1)).toEqual(['c1']);
  });

  it('passes what is larger than it is, and shows it', () => {
    const told = new Told({ slots: 2 });
    expect(told.says('a', [{ lease: 1, slots: 3 }, { lease: 2 }])).toEqual(['a2']);
    expect(told.says('b', [{ lease: 1 }])).toEqual(['b1']);
    expect(told.pool.describe(9).waiters).toEqual([
      { run: 'a', task: 't1', slots: 3, since: '1970-01-01T00:00:00.000Z', tooLarge: true },
    ]);
    told.pool.set({ slots: 5 });
    expect(told.grants()).toEqual(['a1']);
  });

  it('takes nothing away when it is made smaller, and gives nothing until enough came back', () => {
    const told = new Told({ slots: 3 });
    told.says('a', [{ lease: 1 }, { lease: 2 }, { lease: 3 }, { lease: 4 }]);
    told.pool.set({ slots: 1 });
    expect(told.givesBack('a', 1, [{ lease: 4 }])).toEqual([]);
    expect(told.pool.describe(9)).toMatchObject({ slots: 1, taken: 2, waiting: 1 });
    expect(told.givesBack('a', 2, [{ lease: 4 }])).toEqual([]);
    expect(told.givesBack('a', 3, [{ lease: 4 }])).toEqual(['a4']);
  });

  it('is free of a run that is gone, and of what that says later', () => {
    const told = new Told({ slots: 1 });
    told.says('a', [{ lease: 1 }]);
    told.says('b', [{ lease: 1 }]);
    told.pool.gone('a');
    expect(told.grants()).toEqual(['b1']);
    expect(told.pool.hear({ run: 'a', number: 1, holds: [[1, 1]], wants: [] }, 0)).toBe(false);
    expect(told.pool.describe(9)).toMatchObject({ taken: 1, holding: 1 });
  });

  it('takes the word of a run that holds what it knows nothing of', () => {
    const pool = new SharedPool('gpu');
    pool.hear({ run: 'a', number: 1, holds: [[7, 2]], wants: [{ lease: 8, slots: 1, task: 't' }] }, 0);
    expect(pool.grant(0)).toEqual([]);
    expect(pool.describe(9)).toMatchObject({ slots: 1, taken: 2, waiting: 1 });
  });

  it('tells a run again what it may not know it has', () => {
    const told = new Told({ slots: 1 });
    const wants = [{ lease: 1, slots: 1, task: 't' }];
    told.says('a', wants);
    expect(told.pool.hear({ run: 'a', number: 9, holds: [], wants }, 0)).toBe(true);
    expect(told.pool.grant(0)).toEqual([{ run: 'a', leases: [1] }]);
    expect(told.pool.grant(0)).toEqual([]);
  });

  it('asks a run once for the tasks that it did not name', () => {
    const told = new Told({ slots: 1 });
    told.says('a', [{ lease: 1 }], { more: 2 });
    told.pool.set({ slots: 2 });
    expect(told.pool.grant(0)).toEqual([]);
    expect(told.pool.describe(9).waiting).toBe(2);
    const fresh = new SharedPool('gpu');
    fresh.hear({ run: 'a', number: 1, holds: [], wants: [{ lease: 1, slots: 1, task: 't' }], more: 2 }, 0);
    expect(fresh.grant(0)).toEqual([{ run: 'a', leases: [1], asks: true }]);
    expect(fresh.grant(0)).toEqual([]);
  });

  it('says when its rate lets the next one in', () => {
    const told = new Told({ slots: null, rate: { count: 2, per: 100 } });
    expect(told.says('a', [{ lease: 1 }, { lease: 2 }, { lease: 3 }])).toEqual(['a1', 'a2']);
    expect(told.pool.opensAt()).toBe(100);
    told.now = 50;
    expect(told.givesBack('a', 1, [{ lease: 3 }])).toEqual([]);
    expect(told.pool.describe(0)).toMatchObject({ taken: 1, recent: 2, rate: { count: 2, per: 100 } });
    told.now = 100;
    expect(told.grants()).toEqual(['a3']);
    expect(told.pool.opensAt()).toBeUndefined();
  });
});

describe('the size of a shared pool', () => {
  const rate = { count: 20, per: 60_000 };

  it('is one slot where nobody says, and has no slots but its rate where there is only that', () => {
    expect(new SharedPool('p').describe(0)).toMatchObject({ slots: 1, policy: 'fcfs' });
    const told = new Told();
    told.says('a', [{ lease: 1 }], { settings: { rate }, began: 5 });
    expect(told.pool.describe(0)).not.toHaveProperty('slots');
    expect(told.pool.describe(0)).toMatchObject({ rate });
  });

  it('is what the dag of the run says that began last, until an operator sets it', () => {
    const told = new Told();
    const slots = (): number | undefined => told.pool.describe(0).slots;
    told.says('a', [{ lease: 1 }], { settings: { slots: 4 }, began: 5 });
    told.says('b', [{ lease: 1 }], { settings: { slots: 8 }, began: 6 });
    told.says('a', [{ lease: 2 }], { settings: { slots: 4 }, began: 5 });
    expect(slots()).toBe(8);
    told.pool.set({ slots: 2 });
    told.says('c', [{ lease: 1 }], { settings: { slots: 9, rate }, began: 7 });
    expect(told.pool.describe(0)).toMatchObject({ slots: 2, rate });
    told.pool.set({ slots: null, rate: null });
    expect(told.pool.describe(0)).not.toHaveProperty('slots');
    expect(told.pool.describe(0)).not.toHaveProperty('rate');
  });

  it('is forgotten with the pool once nobody needs it, and its rate counts nothing, but not what an operator set', () => {
    const told = new Told();
    told.says('a', [{ lease: 1 }], { settings: { rate }, began: 5 });
    expect(told.pool.forgettableFrom()).toBeUndefined();
    told.givesBack('a', 1);
    expect(told.pool.forgettableFrom()).toBe(60_000);
    told.pool.set({ policy: 'fcfs' });
    expect(told.pool.forgettableFrom()).toBeUndefined();
  });
});

/** Three runs want three slots each of a pool of 1, a first. Who gets it, one after the other. */
function turns(
  policy: PoolChange['policy'],
  facts: Readonly<Record<string, Partial<LeaseRequest> & Partial<Want>>> = {},
): string {
  const told = new Told({ slots: 1, ...(policy === undefined ? {} : { policy }) });
  told.says('x', [{ lease: 9 }]);
  const left = new Map(['a', 'b', 'c'].map((run) => [run, [1, 2, 3]]));
  const wantsOf = (run: string): Partial<Want>[] => {
    const { priority = 0 } = facts[run] ?? {};
    return (left.get(run) ?? []).map((lease) => ({ lease, priority }));
  };
  for (const run of left.keys()) {
    const { priority: _, slots: __, ...request } = facts[run] ?? {};
    told.says(run, wantsOf(run), request);
  }
  let next = told.givesBack('x', 9)[0];
  let order = '';
  while (next !== undefined) {
    order += next[0]!;
    const run = next[0]!;
    const lease = Number(next[1]);
    left.set(
      run,
      left.get(run)!.filter((one) => one !== lease),
    );
    next = told.givesBack(run, lease, wantsOf(run))[0];
  }
  return order;
}

describe('which run a shared pool serves next', () => {
  it('is the one that waits longest, under fcfs', () => {
    expect(turns('fcfs')).toBe('aaabbbccc');
  });

  it('is the one of the highest priority, then the one that waits longest', () => {
    expect(turns('priority', { b: { priority: 2 }, c: { priority: 2 } })).toBe('bbbcccaaa');
  });

  it('is the one that holds the least, in turns, under fair', () => {
    expect(turns('fair')).toBe('abcabcabc');
  });

  it('is the one with the least work left, under srtf', () => {
    expect(turns('srtf', { a: { remaining: 50 }, b: { remaining: 20 }, c: { remaining: 30 } })).toBe('bbbcccaaa');
  });

  it('goes by the priority of the run, then by that of its task, under priority', () => {
    const told = new Told({ slots: 1, policy: 'priority' });
    told.says('holder', [{ lease: 1 }]);
    told.says('last', [{ lease: 1, priority: 9 }], { runPriority: 5 });
    told.says('usual', [{ lease: 1 }]);
    told.says('urgent', [{ lease: 1, priority: 1 }]);
    told.says('first', [{ lease: 1 }], { runPriority: 1 });
    expect(told.givesBack('holder', 1)).toEqual(['first1']);
    const resumed = new SharedPool('gpu', JSON.parse(JSON.stringify(told.pool.snapshot())) as PoolSnapshot);
    const waiters = ['urgent', 'usual', 'last'];
    expect(told.pool.describe(9).waiters.map(({ run }) => run)).toEqual(waiters);
    expect(resumed.describe(9).waiters.map(({ run }) => run)).toEqual(waiters);
  });

  it('gives each its share of several slots, by its weight, under fair', () => {
    const told = new Told({ slots: 6, policy: 'fair' });
    const wants = Array.from({ length: 9 }, (_, lease) => ({ lease }));
    told.says('x', [{ lease: 99, slots: 6 }]);
    told.says('a', wants);
    told.says('b', wants, { weight: 2 });
    expect(
      told
        .givesBack('x', 99)
        .map((one) => one[0])
        .join(''),
    ).toBe('aabbbb');
  });

  it('is as the run wants it, inside a run, which keeps its place when it thinks again', () => {
    const told = new Told({ slots: 1 });
    told.says('x', [{ lease: 9 }]);
    told.says('a', [{ lease: 1 }]);
    told.says('b', [{ lease: 1 }]);
    told.says('a', [{ lease: 2 }, { lease: 1 }]);
    expect(told.givesBack('x', 9)).toEqual(['a2']);
    expect(told.givesBack('a', 2, [{ lease: 1 }])).toEqual(['b1']);
    expect(told.givesBack('b', 1)).toEqual(['a1']);
  });

  it('can be changed while they wait', () => {
    const told = new Told({ slots: 1 });
    told.says('x', [{ lease: 9 }]);
    told.says('a', [{ lease: 1 }]);
    told.says('b', [{ lease: 1, priority: 1 }]);
    told.pool.set({ policy: 'priority' });
    expect(told.givesBack('x', 9)).toEqual(['b1']);
  });
});

it('a shared pool decides among thousands that wait in milliseconds', () => {
  const pool = new SharedPool('p');
  pool.set({ slots: 10_000 });
  for (let run = 0; run < 500; run++) {
    const wants = Array.from({ length: 20 }, (_, lease) => ({ lease, slots: 1, task: 't' }));
    pool.hear({ run: `r${run}`, number: 1, holds: [], wants, remaining: run }, 0);
  }
  pool.set({ policy: 'srtf' });
  const from = performance.now();
  expect(pool.grant(0)).toHaveLength(500);
  expect(performance.now() - from).toBeLessThan(1_000);
});
