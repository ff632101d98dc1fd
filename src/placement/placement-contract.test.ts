import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placementFacts } from '../../test/support/placement-facts.js';
import { PlainRoom, type PlainDemand, type PlainGroup } from '../../test/support/plain-room.js';
import type { Json } from '../dag/json.js';
import { PLACEMENT_NAMES, type Placement, type PlacementFacts, type PlacementName } from '../dag/placement.js';
import { createPlacement } from './placements.js';

const NAMES = ['a', 'b', 'c', 'd'];
/** They may let a task wait for a group that is full though another one has room. */
const PATIENT: readonly PlacementName[] = ['consistent-hash', 'heft'];

/** What is ready in a round, and which groups live in it. */
interface Round {
  readonly groups: readonly PlainGroup[];
  readonly ready: number;
  /** Groups in which so many end before the round. */
  readonly ended: number;
  /** Milliseconds since the round before. */
  readonly later: number;
}

const group = (name: string): fc.Arbitrary<PlainGroup> =>
  fc.record({
    name: fc.constant(name),
    slots: fc.integer({ min: 1, max: 4 }),
    speed: fc.constantFrom(0.5, 1, 2, 3.7),
    cost: fc.constantFrom(0, 1, 2.5),
    memory: fc.constantFrom(3, 5, Infinity),
  });
const round: fc.Arbitrary<Round> = fc.record({
  groups: fc.subarray(NAMES).chain((names) => fc.tuple(...names.map(group))),
  ready: fc.integer({ min: 0, max: 8 }),
  ended: fc.integer({ min: 0, max: 6 }),
  later: fc.constantFrom(0, 300),
});
const demand: fc.Arbitrary<PlainDemand> = fc.record({
  memory: fc.constantFrom(0, 0, 1, 3),
  groups: fc.oneof(fc.constant(NAMES), fc.subarray(NAMES)),
});
const demands = fc.array(demand, { minLength: 1, maxLength: 7 });

/** Facts that differ from task to task and from group to group. */
function factsOf(over: Partial<PlacementFacts> = {}): PlacementFacts {
  return placementFacts({
    seed: 7,
    estimateOf: (task) => 1 + ((task * 7_919) % 1_000),
    transferTo: (task, name) => (task * 31 + name.charCodeAt(0) * 17) % 400,
    affinityOf: (task) => `key-${task % 5}`,
    ...over,
  });
}

function copyOf(placement: Placement, facts: PlacementFacts): Placement {
  const copy = createPlacement(placement.name, facts);
  const memory = placement.memory();
  if (memory !== undefined) copy.recall(JSON.parse(JSON.stringify(memory)) as Json);
  return copy;
}

/** What every placement must do: a new one is held to it by its name. */
describe.each(PLACEMENT_NAMES)('placement %s', (name) => {
  const place = (groups: readonly PlainGroup[], tasks: readonly number[]): number[] =>
    createPlacement(name, factsOf()).place(tasks, new PlainRoom(groups));

  it('bears its name, and remembers nothing at first', () => {
    expect(createPlacement(name, factsOf()).name).toBe(name);
    expect(createPlacement(name, factsOf()).memory()).toBeUndefined();
  });

  it('places nothing where there is nothing, no group, or no room', () => {
    expect(place([{ name: 'a' }], [])).toEqual([]);
    expect(place([], [3, 1])).toEqual([-1, -1]);
    expect(place([{ name: 'a', slots: 2, taken: 2 }], [3, 1])).toEqual([-1, -1]);
    expect(place([{ name: 'a', slots: 0 }], [3])).toEqual([-1]);
  });

  it('places the first tasks where the only group has room for so many', () => {
    expect(place([{ name: 'a', slots: 2 }], [9, 4, 7])).toEqual([0, 0, -1]);
  });

  it('places a task in the only group that may run it', () => {
    for (const only of NAMES) {
      const room = new PlainRoom(
        NAMES.map((one) => ({ name: one, slots: 2 })),
        () => ({ groups: [only] }),
      );
      expect(createPlacement(name, factsOf()).place([5], room)).toEqual([NAMES.indexOf(only)]);
    }
  });

  it('takes for a task that may run nowhere no room, and goes on to the next', () => {
    const room = new PlainRoom([{ name: 'a' }], (task) => ({ groups: task === 0 ? [] : NAMES }));
    expect(createPlacement(name, factsOf()).place([0, 1], room)).toEqual([-1, 0]);
  });

  it('keeps to the room, is always the same, and goes on from what it remembered, as groups come and go', () => {
    fc.assert(
      fc.property(fc.array(round, { maxLength: 8 }), demands, (rounds, asked) => {
        const demandOf = (task: number): PlainDemand => asked[task % asked.length]!;
        /** Where each running task is. */
        let running = new Map<number, string>();
        let time = 0;
        const facts = factsOf({
          now: () => time,
          endsIn: (of) => [...running].filter(([, at]) => at === of).map(([task]) => 500 + ((task * 97) % 900)),
        });
        const placement = createPlacement(name, facts);
        let twin = createPlacement(name, facts);
        let task = 0;
        for (const { groups, ready, ended, later } of rounds) {
          time += later;
          // What runs in a group that has gone does so no more.
          running = new Map([...running].slice(ended).filter(([, at]) => groups.some((one) => one.name === at)));
          const tasks = Array.from({ length: ready }, () => task++);
          const rooms = [0, 1].map(() => {
            const room = new PlainRoom(groups, demandOf);
            for (const [one, at] of running) {
              const index = room.groups.findIndex((other) => other.name === at);
              if (room.fits(one, index)) room.take(one, index);
            }
            return room;
          });
          const [room, twinRoom] = rooms as [PlainRoom, PlainRoom];
          const wasIdle = room.isIdle;
          const before = room.given.length;
          const might = tasks.some((one) => groups.some((_, index) => room.fits(one, index)));

          // The room itself throws where a task does not fit.
          const placed = placement.place(tasks, room);

          expect(placed.length).toBe(tasks.length);
          const given = new Map(room.given.slice(before));
          tasks.forEach((one, index) => {
            expect(given.get(one)).toBe(room.groups[placed[index]!]?.name);
          });
          if (might && (wasIdle || !PATIENT.includes(name))) expect(given.size).toBeGreaterThan(0);
          if (!PATIENT.includes(name)) {
            const waits = tasks.filter((one) => !given.has(one));
            const fits = waits.filter((one) => groups.some((_, index) => room.fits(one, index)));
            expect(fits, 'tasks wait though there is room').toEqual([]);
          }
          expect(twin.place(tasks, twinRoom)).toEqual(placed);
          expect(twin.memory()).toEqual(placement.memory());
          twin = copyOf(twin, facts);
          for (const [one, at] of given) running.set(one, at);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('places each of 1,000 tasks in 50 groups, in rounds as they end, whatever groups there are', () => {
    const groups = Array.from({ length: 50 }, (_, index) => ({
      name: `g${index}`,
      slots: 1 + (index % 20),
      speed: 1 + (index % 3),
    }));
    const placement = createPlacement(name, factsOf());
    let waiting = Array.from({ length: 1_000 }, (_, task) => task);
    let rounds = 0;
    for (; waiting.length > 0; rounds++) {
      const placed = placement.place(waiting, new PlainRoom(groups.slice(rounds % 3)));
      waiting = waiting.filter((_, index) => placed[index] === -1);
      expect(rounds).toBeLessThan(1_000);
    }
  });
});

describe('the order of the policy', () => {
  it.each(PLACEMENT_NAMES.filter((name) => !PATIENT.includes(name)))(
    'is kept by %s: no task waits for a later one',
    (name) => {
      fc.assert(
        fc.property(
          fc.tuple(...NAMES.map(group)),
          fc.array(fc.subarray(NAMES), { maxLength: 12 }),
          (groups, allowed) => {
            const demandOf = (task: number): PlainDemand => ({ groups: allowed[task]! });
            const all = new PlainRoom(groups, demandOf);
            const tasks = [...allowed.keys()];
            const placed = createPlacement(name, factsOf()).place(tasks, all);
            for (const task of tasks.filter((one) => placed[one] === -1)) {
              const before = new PlainRoom(groups, demandOf);
              for (const one of tasks.slice(0, task)) if (placed[one] !== -1) before.take(one, placed[one]!);
              expect(before.groups.some((_, index) => before.fits(task, index))).toBe(false);
            }
          },
        ),
      );
    },
  );
});
