import { describe, expect, it } from 'vitest';
import { placementFacts } from '../../test/support/placement-facts.js';
import { PlainRoom, type PlainDemand, type PlainGroup } from '../../test/support/plain-room.js';
import { createPlacement } from './placements.js';

const KEYS = 20_000;

const facts = placementFacts({ affinityOf: (task) => `customer-${task}` });

function place(room: PlainRoom, ...tasks: readonly number[]): (string | undefined)[] {
  return createPlacement('consistent-hash', facts)
    .place(tasks, room)
    .map((group) => room.groups[group]?.name);
}

/** The owner of each key. */
function owners(groups: readonly PlainGroup[], demandOf?: (task: number) => PlainDemand): (string | undefined)[] {
  return Array.from({ length: KEYS }, (_, task) => place(new PlainRoom(groups, demandOf), task)[0]);
}

function named(...slots: readonly number[]): PlainGroup[] {
  return slots.map((count, index) => ({ name: `group-${index}`, slots: count }));
}

/** Fixed keys and names: this either holds or does not. Five standard deviations of as many draws with that chance. */
function expectShare(count: number, share: number): void {
  const deviation = Math.sqrt(KEYS * share * (1 - share));
  expect(Math.abs(count - KEYS * share)).toBeLessThan(5 * deviation);
}

describe('consistent-hash', () => {
  it.each([[named(4, 4, 4, 4, 4)], [named(1, 2, 5)], [named(...Array.from({ length: 30 }, (_, index) => 1 + index))]])(
    'gives each group keys by its slots (%#)',
    (groups) => {
      const of = owners(groups);
      const total = groups.reduce((sum, { slots = 1 }) => sum + slots, 0);
      for (const { name, slots = 1 } of groups) expectShare(of.filter((owner) => owner === name).length, slots / total);
    },
  );

  it.each([
    [1, named(4, 4)],
    [2, named(4, 4, 4, 4, 4)],
    [8, named(1, 2, 5, 9)],
  ])('moves only the share of a group with %i slots that comes, and gives it back when it goes', (slots, groups) => {
    const before = owners(groups);
    const after = owners([...groups, { name: 'new', slots }]);
    const moved = [...before.keys()].filter((key) => before[key] !== after[key]);
    expect(new Set(moved.map((key) => after[key]))).toEqual(new Set(['new']));
    const total = groups.reduce((sum, group) => sum + (group.slots ?? 1), slots);
    expectShare(moved.length, slots / total);
    // What the new one took came from all, by what they had.
    for (const { name, slots: own = 1 } of groups) {
      expectShare(moved.filter((key) => before[key] === name).length, (slots / total) * (own / (total - slots)));
    }
  });

  it('moves only what more slots earn', () => {
    const before = owners(named(4, 4, 4));
    const after = owners(named(4, 4, 8));
    const moved = [...before.keys()].filter((key) => before[key] !== after[key]);
    expect(new Set(moved.map((key) => after[key]))).toEqual(new Set(['group-2']));
    expectShare(moved.length, 8 / 16 - 4 / 12);
  });

  it('asks nothing but the key, the names and the slots', () => {
    const groups = named(3, 3, 3);
    const faster = groups.map((group) => ({ ...group, speed: 9, cost: 5, taken: 1 }));
    expect(owners(faster)).toEqual(owners(groups));
  });

  it('lets a task wait while its owner is full, and others pass', () => {
    const groups = named(1, 1, 1);
    const of = owners(groups);
    const [first, second] = [...of.keys()].filter((key) => of[key] === 'group-1') as [number, number];
    const other = of.indexOf('group-2');
    const room = new PlainRoom(groups);
    expect(place(room, first, second, other)).toEqual(['group-1', undefined, 'group-2']);
    room.giveBack(first, 1);
    expect(place(room, second)).toEqual(['group-1']);
  });

  it('goes to the next one where the owner may not run the task, and for the others nothing moves', () => {
    const groups = named(4, 4, 4, 4);
    const all = owners(groups);
    const without = owners(groups, () => ({ groups: ['group-0', 'group-1', 'group-3'] }));
    const elsewhere = owners(groups.filter(({ name }) => name !== 'group-2'));
    expect(without).toEqual(elsewhere);
    expect([...all.keys()].filter((key) => all[key] !== without[key] && all[key] !== 'group-2')).toEqual([]);
  });
});
