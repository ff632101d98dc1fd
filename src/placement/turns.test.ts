import { describe, expect, it } from 'vitest';
import { placementFacts } from '../../test/support/placement-facts.js';
import { PlainRoom, type PlainDemand, type PlainGroup } from '../../test/support/plain-room.js';
import type { PlacementFacts, PlacementName } from '../dag/placement.js';
import { createPlacement } from './placements.js';

/** The groups that so many tasks are given, one after the other, where each ends before the next one comes. */
function turns(
  name: PlacementName,
  groups: readonly PlainGroup[],
  count: number,
  over: Partial<PlacementFacts> = {},
): string {
  const placement = createPlacement(name, placementFacts(over));
  return Array.from({ length: count }, (_, task) => {
    const room = new PlainRoom(groups);
    return room.groups[placement.place([task], room)[0]!]!.name;
  }).join(' ');
}

/** The groups of tasks that come at once. */
function atOnce(
  name: PlacementName,
  groups: readonly PlainGroup[],
  count: number,
  demandOf?: (task: number) => PlainDemand,
): string {
  const room = new PlainRoom(groups, demandOf);
  const tasks = Array.from({ length: count }, (_, task) => task);
  const placed = createPlacement(name, placementFacts()).place(tasks, room);
  return placed.map((group) => room.groups[group]?.name ?? '-').join(' ');
}

describe('weighted-round-robin', () => {
  it('gives 5, 1 and 1 as nginx does: a a b a c a a', () => {
    const groups = [
      { name: 'a', slots: 5 },
      { name: 'b', slots: 1 },
      { name: 'c', slots: 1 },
    ];
    expect(turns('weighted-round-robin', groups, 14)).toBe('a a b a c a a a a b a c a a');
    expect(atOnce('weighted-round-robin', groups, 7)).toBe('a a b a c a a');
  });

  it('weighs slots by speed', () => {
    const groups = [
      { name: 'a', slots: 2, speed: 2.5 },
      { name: 'b', slots: 4, speed: 0.25 },
      { name: 'c', slots: 1 },
    ];
    expect(turns('weighted-round-robin', groups, 7)).toBe('a a b a c a a');
  });

  it('does not pay back what a group had no room for', () => {
    const groups = [
      { name: 'a', slots: 2 },
      { name: 'b', slots: 2 },
    ];
    const placement = createPlacement('weighted-round-robin', placementFacts());
    const full = new PlainRoom([groups[0]!, { ...groups[1]!, taken: 2 }]);
    expect(placement.place([0, 1], full)).toEqual([0, 0]);
    expect(placement.place([2, 3, 4, 5], new PlainRoom(groups))).toEqual([0, 1, 0, 1]);
  });
});

describe('round-robin', () => {
  const named = (...names: readonly string[]): PlainGroup[] => names.map((name) => ({ name, slots: 3 }));

  it('goes round by the names', () => {
    expect(turns('round-robin', named('c', 'a', 'b'), 7)).toBe('a b c a b c a');
  });

  it('goes on behind a group that has gone, and takes in one that comes', () => {
    const placement = createPlacement('round-robin', placementFacts());
    const next = (...names: readonly string[]): string => {
      const room = new PlainRoom(named(...names));
      return room.groups[placement.place([0], room)[0]!]!.name;
    };
    expect(next('a', 'b', 'd')).toBe('a');
    expect(next('a', 'b', 'd')).toBe('b');
    expect(next('a', 'd')).toBe('d');
    expect(next('a', 'd')).toBe('a');
    expect(next('a', 'b', 'c', 'd')).toBe('b');
    expect(next('a', 'b', 'c', 'd')).toBe('c');
  });

  it('passes over a group without room for the task', () => {
    expect(atOnce('round-robin', [{ name: 'a' }, { name: 'b', slots: 3 }, { name: 'c' }], 6)).toBe('a b c b b -');
    const demandOf = (task: number): PlainDemand => ({ groups: task === 1 ? ['a'] : ['a', 'b', 'c'] });
    expect(atOnce('round-robin', named('a', 'b', 'c'), 4, demandOf)).toBe('a a b c');
  });
});

describe('random', () => {
  const groups = ['a', 'b', 'c', 'd'].map((name) => ({ name }));
  const seeds = [1, 2, 3, -4, 5.5, 2 ** 40];

  it('gives the same for a seed, and another for another one', () => {
    const drawn = seeds.map((seed) => turns('random', groups, 30, { seed }));
    expect(seeds.map((seed) => turns('random', groups, 30, { seed }))).toEqual(drawn);
    expect(new Set(drawn).size).toBe(seeds.length);
  });

  it.each(seeds)('gives each group its share, with the seed %s', (seed) => {
    const drawn = turns('random', groups, 4_000, { seed }).split(' ');
    for (const { name } of groups) {
      // Of 4,000 draws at 1/4 the standard deviation is 27: five of them.
      expect(Math.abs(drawn.filter((one) => one === name).length - 1_000)).toBeLessThan(137);
    }
  });
});

describe('least-loaded', () => {
  it('goes where the least share is taken, by slots and speed', () => {
    const groups = [
      { name: 'large', slots: 8, taken: 4 },
      { name: 'fast', slots: 4, speed: 2, taken: 1 },
      { name: 'small', slots: 2 },
    ];
    // With one task more: 5/8, 2/8, 1/2; then 5/8, 3/8, 1/2; then 5/8, 4/8 full of 8, 1/2.
    expect(atOnce('least-loaded', groups, 6)).toBe('fast fast fast small large large');
  });

  it('shares an idle set of groups out by what they get done', () => {
    const groups = [
      { name: 'a', slots: 10 },
      { name: 'b', slots: 10, speed: 3 },
    ];
    const placed = atOnce('least-loaded', groups, 8).split(' ');
    expect(placed.filter((name) => name === 'b').length).toBe(6);
  });
});
