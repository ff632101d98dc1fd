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
  const placed = createPlacement('min-cost-flow', placementFacts(over)).place(tasks, room);
  return placed.map((group) => room.groups[group]?.name ?? '-').join(' ');
}

describe('min-cost-flow', () => {
  const groups = [
    { name: 'fast', speed: 4 },
    { name: 'slow', speed: 1 },
  ];

  it('gives the fast slot to the longest of the tasks, though another one comes first', () => {
    const estimates = [1_000, 9_000];
    expect(place(groups, [0, 1], { estimateOf: (task) => estimates[task]! })).toBe('slow fast');
  });

  it('weighs what must be moved', () => {
    const transferTo = (task: number, group: string): number => (task === 1 && group === 'fast' ? 8_000 : 0);
    const estimates = [1_000, 9_000];
    expect(place(groups, [0, 1], { estimateOf: (task) => estimates[task]!, transferTo })).toBe('fast slow');
  });

  it('takes a slot that costs 1 an hour for as good as one of half its speed that costs nothing', () => {
    const paid = (cost: number): PlainGroup[] => [
      { name: 'paid', speed: 2, cost },
      { name: 'spare', speed: 1 },
    ];
    expect(place(paid(0.99), [0])).toBe('paid');
    expect(place(paid(1.01), [0])).toBe('spare');
  });

  it('tells speeds apart for tasks of a millisecond', () => {
    const near = [
      { name: 'a', speed: 1 },
      { name: 'b', speed: 1.01 },
    ];
    expect(place(near, [0], { estimateOf: () => 1 })).toBe('b');
  });

  it('lets those wait that the policy puts last, though they are the cheapest', () => {
    const estimates = [9_000, 8_000, 1];
    expect(place(groups, [0, 1, 2], { estimateOf: (task) => estimates[task]! })).toBe('fast slow -');
  });

  it('makes way for a task that may run in one group only', () => {
    expect(place(groups, [0, 1], {}, (task) => ({ groups: task === 1 ? ['fast'] : ['fast', 'slow'] }))).toBe(
      'slow fast',
    );
  });

  it('goes to the cheapest with room where memory does not do for all', () => {
    const scarce = [
      { name: 'fast', speed: 4, slots: 3, memory: 5 },
      { name: 'middle', speed: 2, slots: 1, memory: 5 },
      { name: 'slow', speed: 1, slots: 3, memory: 5 },
    ];
    expect(place(scarce, [0, 1, 2, 3], {}, () => ({ memory: 4 }))).toBe('fast middle slow -');
  });

  it('takes numbers that make no sense for very large ones', () => {
    expect(place(groups, [0, 1], { estimateOf: () => 1e300, transferTo: () => Infinity })).toMatch(
      /^(fast slow|slow fast)$/,
    );
  });
});
