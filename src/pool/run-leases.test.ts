import { describe, expect, it } from 'vitest';
import type { PoolDemand } from '../dag/pools.js';
import { RunLeases, type LeaseFacts, type LeasesSnapshot } from './run-leases.js';

const DEMANDS: Readonly<Record<number, readonly PoolDemand[]>> = {
  0: [{ name: 'a', slots: 1 }],
  1: [{ name: 'a', slots: 2 }],
  2: [
    { name: 'b', slots: 1 },
    { name: 'a', slots: 1 },
  ],
  3: [],
};

function leasesOf(facts: Partial<LeaseFacts> = {}, snapshot?: LeasesSnapshot): RunLeases {
  return new RunLeases(
    'r',
    {
      demandsOf: (task) => DEMANDS[task] ?? [{ name: 'a', slots: 1 }],
      settingsOf: () => ({ slots: 4, scope: 'global' }),
      priorityOf: () => 0,
      remaining: () => 500,
      nameOf: (task) => `t${task}`,
      ...facts,
    },
    7,
    snapshot,
  );
}

describe('what a run tells a pool', () => {
  it('is what it holds, what it wants in order, and what its dag says of the pool', () => {
    const leases = leasesOf({ priorityOf: (task) => task, weight: () => 3, runPriority: () => 1 });
    leases.want(0);
    leases.want(1);
    expect(leases.changed()).toEqual(['a']);
    expect(leases.request('a', 100)).toEqual({
      run: 'r',
      number: 100,
      holds: [],
      wants: [
        { lease: 0, slots: 1, task: 't0' },
        { lease: 1, slots: 2, task: 't1', priority: 1 },
      ],
      remaining: 500,
      weight: 3,
      runPriority: 1,
      settings: { slots: 4 },
      began: 7,
    });
    expect(leases.changed()).toEqual([]);
    expect(leases.granted({ pool: 'a', leases: [0] }, false)).toEqual([0]);
    leases.release(1);
    expect(leases.request('a', 100)).toMatchObject({ number: 101, holds: [[0, 1]], wants: [] });
  });

  it('is nothing where a task was given up before the pool heard of it', () => {
    const leases = leasesOf();
    leases.want(0);
    leases.release(0);
    expect(leases.changed()).toEqual([]);
  });

  it('has a task under a new number where it asks again: what it gave back is another matter', () => {
    const leases = leasesOf();
    leases.want(0);
    leases.request('a', 1);
    leases.granted({ pool: 'a', leases: [0] }, false);
    leases.release(0);
    leases.want(0);
    leases.want(0);
    expect(leases.request('a', 2)).toMatchObject({ holds: [], wants: [{ lease: 1 }] });
    expect(leases.granted({ pool: 'a', leases: [0] }, false)).toEqual([]);
  });

  it('names the first hundred tasks, and the next ones as those get in', () => {
    const leases = leasesOf();
    for (let task = 10; task < 190; task++) leases.want(task);
    const { wants, more } = leases.request('a', 1);
    expect([wants.length, more]).toEqual([100, 80]);
    const given = wants.map(({ lease }) => lease);
    leases.granted({ pool: 'a', leases: given.slice(0, 50) }, false);
    expect(leases.changed()).toEqual([]);
    leases.granted({ pool: 'a', leases: given.slice(50, 51) }, false);
    expect(leases.changed()).toEqual(['a']);
    expect(leases.request('a', 2)).toMatchObject({ more: 29 });
  });

  it('is told again where the priority of a task that waits has changed', () => {
    let priority = 0;
    const leases = leasesOf({ priorityOf: () => priority });
    leases.want(0);
    leases.request('a', 1);
    expect(leases.isChanged('a')).toBe(false);
    priority = 5;
    expect(leases.isChanged('a')).toBe(true);
    leases.request('a', 2);
    leases.granted({ pool: 'a', leases: [0] }, false);
    priority = 6;
    expect(leases.isChanged('a')).toBe(false);
  });

  it('is told again where the pool has not seen the last of it, unless a message is on its way', () => {
    const leases = leasesOf();
    leases.want(0);
    leases.request('a', 5);
    leases.granted({ pool: 'a', leases: [], seen: 5 }, false);
    leases.granted({ pool: 'a', leases: [], seen: 4 }, true);
    leases.granted({ pool: 'other', leases: [], seen: 4 }, false);
    expect(leases.changed()).toEqual([]);
    leases.granted({ pool: 'a', leases: [], seen: 4 }, false);
    expect(leases.changed()).toEqual(['a']);
  });
});

describe('a task that needs several pools', () => {
  it('asks them one after the other, in the order of their names, and starts when it has all', () => {
    const leases = leasesOf();
    expect(leases.want(2)).toBe(false);
    expect(leases.changed()).toEqual(['a']);
    expect(leases.request('a', 1).wants).toHaveLength(1);
    expect(leases.granted({ pool: 'a', leases: [0] }, false)).toEqual([]);
    expect(leases.changed()).toEqual(['b']);
    expect(leases.request('b', 1).wants).toEqual([{ lease: 1, slots: 1, task: 't2' }]);
    expect(leases.granted({ pool: 'b', leases: [1] }, false)).toEqual([2]);
    leases.release(2);
    expect(leases.changed()).toEqual(['a', 'b']);
    expect([leases.isEmpty('a'), leases.isEmpty('b')]).toEqual([true, true]);
  });

  it('gives back what it has where it is given up on the way', () => {
    const leases = leasesOf();
    leases.want(2);
    leases.request('a', 1);
    leases.granted({ pool: 'a', leases: [0] }, false);
    leases.releaseAll();
    expect(leases.changed()).toEqual(['a']);
    expect(leases.request('a', 2)).toMatchObject({ holds: [], wants: [] });
  });

  it('keeps its place among the others of its run at the next pool', () => {
    const leases = leasesOf({ demandsOf: (task) => (task === 5 ? [{ name: 'b', slots: 1 }] : (DEMANDS[2] ?? [])) });
    leases.want(2);
    leases.want(5);
    leases.granted({ pool: 'a', leases: [0] }, false);
    expect(leases.request('b', 1).wants.map(({ task }) => task)).toEqual(['t2', 't5']);
  });
});

it('a task that needs no shared pool goes on at once', () => {
  const leases = leasesOf();
  expect(leases.want(3)).toBe(true);
  leases.release(3);
  expect(leases.snapshot()).toBeUndefined();
});

it('a run that continues as new knows what it holds and wants, and tells the pools again', () => {
  const leases = leasesOf();
  for (const task of [0, 2, 1]) leases.want(task);
  leases.request('a', 50);
  leases.granted({ pool: 'a', leases: [0, 1] }, false);
  leases.request('b', 50);
  const snapshot = JSON.parse(JSON.stringify(leases.snapshot())) as LeasesSnapshot;
  const next = leasesOf({}, snapshot);
  expect(next.snapshot()).toEqual(leases.snapshot());
  expect(next.changed()).toEqual(['a', 'b']);
  expect(next.request('a', 10)).toMatchObject({
    number: 51,
    holds: [
      [0, 1],
      [1, 1],
    ],
    wants: [{ lease: 2, slots: 2, task: 't1' }],
    began: 7,
  });
  expect(next.granted({ pool: 'b', leases: [3] }, false)).toEqual([2]);
  next.want(0);
  next.release(0);
  expect(next.request('a', 10).holds).toEqual([[1, 1]]);
});
