import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildGraph } from '../dag/graph.js';
import { remainingTime, type OpenWork } from './remaining.js';

interface Given {
  /** Milliseconds left, by task; undefined: it has ended. */
  readonly left: readonly (number | undefined)[];
  readonly edges?: readonly (readonly [from: number, to: number])[];
  readonly slots?: number;
  readonly running?: readonly number[];
  readonly slotless?: readonly number[];
  readonly parents?: Readonly<Record<number, number>>;
  readonly holds?: Readonly<Record<number, readonly (readonly [number, number])[]>>;
  readonly limits?: readonly number[];
}

function workOf(given: Given): OpenWork {
  const { left, edges = [], slots = 1_000, running = [], slotless = [], parents = {}, holds = {}, limits = [] } = given;
  return {
    graph: buildGraph(
      left.length,
      edges.map(([from]) => from),
      edges.map(([, to]) => to),
    ),
    open: left.flatMap((time, task) => (time === undefined ? [] : [task])),
    slots,
    remainingOf: (task) => left[task] ?? 0,
    isUnderWay: (task) => running.includes(task),
    takesSlot: (task) => !slotless.includes(task),
    parentOf: (task) => parents[task] ?? -1,
    holds: (task) => holds[task] ?? [],
    limits,
  };
}

const timeOf = (given: Given): number => remainingTime(workOf(given));

describe('the remaining time', () => {
  it('is none where nothing is open', () => {
    expect(timeOf({ left: [undefined, undefined] })).toBe(0);
  });

  it('is the longest way where there are slots enough; what has ended does not count', () => {
    expect(
      timeOf({
        left: [undefined, 5, 7, 3],
        edges: [
          [0, 1],
          [0, 2],
          [1, 3],
          [2, 3],
        ],
      }),
    ).toBe(10);
  });

  it('takes turns on few slots, which running tasks hold', () => {
    expect(timeOf({ left: [4, 4, 4], slots: 2 })).toBe(8);
    expect(timeOf({ left: [1, 9, 4], slots: 1, running: [1] })).toBe(14);
    expect(timeOf({ left: [6, 4, 4], slots: 2, running: [0, 1] })).toBe(8);
  });

  it('puts the task first that most is left behind', () => {
    expect(timeOf({ left: [1, 1, 1, 9], edges: [[2, 3]], slots: 2 })).toBe(10);
  });

  it('lets what only waits take no slot', () => {
    expect(timeOf({ left: [10, 4], slots: 1, slotless: [0] })).toBe(10);
  });

  it('heeds what tasks hold beside their slots, and ends even where something never fits', () => {
    const holds = { 0: [[0, 1]], 1: [[0, 1]], 2: [[0, 2]] } as const;
    expect(timeOf({ left: [5, 5, 5, 5], holds, limits: [2] })).toBe(10);
    expect(timeOf({ left: [5, 5, 5, 5], holds, limits: [1] })).toBe(15);
  });

  it('ends a fan-out with its items, before what needs it', () => {
    const fanOut = {
      left: [0, 3, 5, 5, 5],
      edges: [[0, 1]],
      running: [0],
      slotless: [0],
      parents: { 2: 0, 3: 0, 4: 0 },
    } as const;
    expect(timeOf(fanOut)).toBe(8);
    expect(timeOf({ ...fanOut, slots: 2 })).toBe(13);
    const holds = { 2: [[0, 1]], 3: [[0, 1]], 4: [[0, 1]] } as const;
    expect(timeOf({ ...fanOut, holds, limits: [1] })).toBe(18);
  });

  const random = fc
    .record({
      left: fc.array(fc.option(fc.integer({ min: 0, max: 50 }), { nil: undefined, freq: 5 }), {
        minLength: 1,
        maxLength: 25,
      }),
      pairs: fc.array(fc.tuple(fc.nat(24), fc.nat(24)), { maxLength: 40 }),
      slots: fc.integer({ min: 1, max: 5 }),
    })
    .map(({ left, pairs, slots }) => {
      const edges = pairs.flatMap(([a, b]): (readonly [number, number])[] =>
        a === b || Math.max(a, b) >= left.length ? [] : [[Math.min(a, b), Math.max(a, b)]],
      );
      return { left, edges, slots };
    });

  it('lies between the bounds of any list schedule', () => {
    fc.assert(
      fc.property(random, (given) => {
        const longest = timeOf({ ...given, slots: 1_000 });
        const total = given.left.reduce<number>((sum, time) => sum + (time ?? 0), 0);
        const time = timeOf(given);
        expect(time).toBeGreaterThanOrEqual(Math.max(longest, total / given.slots));
        // Graham: the work by the slots, and the longest way, together.
        expect(time).toBeLessThanOrEqual(total / given.slots + longest);
      }),
    );
  });

  it('is bounds alone where very much is open', () => {
    expect(timeOf({ left: Array<number>(3_000).fill(2), slots: 10 })).toBe(600);
    expect(timeOf({ left: [1_000, ...Array<number>(3_000).fill(2)], slots: 10 })).toBe(1_000);
  });
});
