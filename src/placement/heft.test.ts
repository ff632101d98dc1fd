import { describe, expect, it } from 'vitest';
import { placementFacts } from '../../test/support/placement-facts.js';
import { PlainRoom, type PlainDemand, type PlainGroup } from '../../test/support/plain-room.js';
import type { PlacementFacts } from '../dag/placement.js';
import { createPlacement } from './placements.js';

function place(
  groups: readonly PlainGroup[],
  tasks: readonly number[],
  over: Partial<PlacementFacts> = {},
  demandOf?: (task: number) => PlainDemand,
): string {
  const room = new PlainRoom(groups, demandOf);
  const placed = createPlacement('heft', placementFacts({ now: () => 100_000, ...over })).place(tasks, room);
  return placed.map((group) => room.groups[group]?.name ?? '-').join(' ');
}

/** The fast group is full. Tasks take 1 s in it, 4 s in the slow one. */
const FULL: readonly PlainGroup[] = [
  { name: 'fast', speed: 4, taken: 1 },
  { name: 'slow', speed: 1, slots: 3 },
];

function busyUntil(...ends: readonly number[]): Partial<PlacementFacts> {
  return { estimateOf: () => 4_000, endsIn: (group) => (group === 'fast' ? ends : []) };
}

describe('heft', () => {
  it('goes where the task ends first, by speed and transfer', () => {
    const groups = [
      { name: 'a', speed: 1 },
      { name: 'b', speed: 2 },
    ];
    expect(place(groups, [0])).toBe('b');
    expect(place(groups, [0], { transferTo: (_, group) => (group === 'b' ? 499 : 0) })).toBe('b');
    expect(place(groups, [0], { transferTo: (_, group) => (group === 'b' ? 501 : 0) })).toBe('a');
  });

  it('waits for a faster group that is full, while the task still ends earlier there', () => {
    expect(place(FULL, [0], busyUntil(102_999))).toBe('-');
    expect(place(FULL, [0], busyUntil(103_000))).toBe('slow');
    expect(place(FULL, [0], busyUntil(103_001))).toBe('slow');
  });

  it('reckons with those that wait before', () => {
    // The first ends at 102.5, the next one would at 103.5, the third at 104.5; in the slow group at 104.
    expect(place(FULL, [0, 1, 2], busyUntil(101_500))).toBe('- - slow');
  });

  it('reckons with those that were placed before', () => {
    const groups = [
      { name: 'fast', speed: 4 },
      { name: 'slow', speed: 1, slots: 3 },
    ];
    expect(place(groups, [0, 1, 2, 3, 4, 5], { estimateOf: () => 4_000 })).toBe('fast - - slow slow slow');
  });

  it('moves what is needed when the task has a slot, not before', () => {
    const transferTo = (_task: number, group: string): number => (group === 'fast' ? 2_000 : 0);
    expect(place(FULL, [0], { ...busyUntil(100_999), transferTo })).toBe('-');
    expect(place(FULL, [0], { ...busyUntil(101_001), transferTo })).toBe('slow');
  });

  it('places ready tasks in parts as it does all at once', () => {
    const facts = placementFacts({ now: () => 100_000, ...busyUntil(101_500) });
    const parts = (...lists: readonly (readonly number[])[]): string => {
      const room = new PlainRoom(FULL);
      const placement = createPlacement('heft', facts);
      return lists.map((tasks) => placement.place(tasks, room).join(' ')).join(' ');
    };
    expect(parts([0, 1, 2, 3])).toBe('-1 -1 1 1');
    expect(parts([0], [1], [2], [3])).toBe('-1 -1 1 1');
    expect(parts([0, 1], [2, 3])).toBe('-1 -1 1 1');
    // They begin anew.
    expect(parts([0, 1, 2], [0, 1, 3])).toBe('-1 -1 1 -1 -1 1');
    expect(parts([0, 1, 2], [1, 3])).toBe('-1 -1 1 -1 1');
  });

  it('forgets later who waited before', () => {
    let now = 100_000;
    const placement = createPlacement('heft', placementFacts({ ...busyUntil(102_500), now: () => now }));
    expect(placement.place([0], new PlainRoom(FULL))).toEqual([-1]);
    now++;
    expect(placement.place([1], new PlainRoom(FULL))).toEqual([-1]);
    expect(placement.place([2], new PlainRoom(FULL))).toEqual([1]);
  });

  it('waits for the first of the slots that get free, and where there are more tasks than slots for a later one', () => {
    const groups = [{ ...FULL[0]!, slots: 2, taken: 2 }, FULL[1]!];
    expect(place(groups, [0], busyUntil(200_000, 101_000))).toBe('-');
    expect(place(groups, [0], busyUntil(200_000, 101_000, 105_000))).toBe('slow');
  });

  it('waits no longer for a task that should have ended than that is late', () => {
    expect(place(FULL, [0], busyUntil(98_000))).toBe('-');
    expect(place(FULL, [0], busyUntil(96_000))).toBe('slow');
  });

  it('does not wait for a group in which nothing is known to end', () => {
    expect(place(FULL, [0], busyUntil())).toBe('slow');
  });

  it('does not wait for a group that may not run the task', () => {
    expect(place(FULL, [0], busyUntil(100_001), () => ({ groups: ['slow'] }))).toBe('slow');
  });

  it('fills groups alike where tasks end at the same time', () => {
    const groups = ['a', 'b', 'c'].map((name) => ({ name, slots: 2 }));
    expect(place(groups, [0, 1, 2, 3, 4, 5])).toBe('a b c a b c');
  });
});
