import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainTransport } from '../../test/support/flow-oracle.js';
import { cheapestTransport, MOST_COST } from './transport.js';

interface Case {
  readonly room: readonly number[];
  /** By item and sink. */
  readonly costs: readonly (readonly number[])[];
}

interface Sizes {
  readonly items: fc.ArrayConstraints;
  readonly sinks: fc.ArrayConstraints;
  readonly room: number;
  /** The most that an item costs. */
  readonly most: number;
}

const SMALL = { items: { maxLength: 5 }, sinks: { maxLength: 4 }, room: 2, most: 6 };

/** Items and sinks, each with up to so much room; of the ways, some are barred. */
function cases({ items, sinks, room, most }: Sizes): fc.Arbitrary<Case> {
  const cost = fc.oneof({ weight: 6, arbitrary: fc.nat({ max: most }) }, fc.constant(Infinity));
  return fc.array(fc.nat({ max: room }), { ...sinks, size: 'max' }).chain((sizes) =>
    fc.record({
      room: fc.constant(sizes),
      costs: fc.array(fc.array(cost, { minLength: sizes.length, maxLength: sizes.length, size: 'max' }), {
        ...items,
        size: 'max',
      }),
    }),
  );
}

function exactly(length: number): fc.ArrayConstraints {
  return { minLength: length, maxLength: length };
}

function solved({ room, costs }: Case): { readonly placed: number[]; readonly cost: number } {
  const sinkOf = cheapestTransport(costs.length, room, (item, sink) => costs[item]![sink]!);
  const placed = [...sinkOf.keys()].filter((item) => sinkOf[item] !== -1);
  room.forEach((slots, sink) => {
    expect(placed.filter((item) => sinkOf[item] === sink).length).toBeLessThanOrEqual(slots);
  });
  return { placed, cost: placed.reduce((sum, item) => sum + costs[item]![sinkOf[item]!]!, 0) };
}

/** Every way to place the items is tried: the earlier items first, then the least cost. */
function bestOfAll({ room, costs }: Case): { readonly placed: readonly number[]; readonly cost: number } {
  const left = [...room];
  const search = (item: number): { readonly placed: readonly number[]; readonly cost: number } => {
    if (item === costs.length) return { placed: [], cost: 0 };
    let best = search(item + 1);
    left.forEach((slots, sink) => {
      const cost = costs[item]![sink]!;
      if (slots === 0 || cost === Infinity) return;
      left[sink]!--;
      const rest = search(item + 1);
      left[sink]!++;
      const found = { placed: [item, ...rest.placed], cost: cost + rest.cost };
      if (comesBefore(found, best)) best = found;
    });
    return best;
  };
  return search(0);
}

function comesBefore(a: ReturnType<typeof bestOfAll>, b: ReturnType<typeof bestOfAll>): boolean {
  for (let index = 0; index < Math.max(a.placed.length, b.placed.length); index++) {
    const difference = (a.placed[index] ?? Infinity) - (b.placed[index] ?? Infinity);
    if (difference !== 0) return difference < 0;
  }
  return a.cost < b.cost;
}

/** The same by a plain search on the whole network. */
function plain({ room, costs }: Case): { readonly placed: readonly number[]; readonly cost: number } {
  return plainTransport(costs.length, room, (item, sink) => costs[item]![sink]!);
}

describe('cheapestTransport', () => {
  it('moves an item for a later one where that is cheaper in sum', () => {
    const costs = [
      [1, 2],
      [1, 10],
    ];
    expect([...cheapestTransport(2, [1, 1], (item, sink) => costs[item]![sink]!)]).toEqual([1, 0]);
  });

  it('leaves out the last ones where there is no room, however cheap they are', () => {
    const costs = [[90], [1], [50]];
    expect([...cheapestTransport(3, [2], (item, sink) => costs[item]![sink]!)]).toEqual([0, 0, -1]);
  });

  it('fills sinks that cost the same alike', () => {
    expect([...cheapestTransport(6, [3, 4, 3], () => 7)]).toEqual([1, 0, 1, 2, 0, 1]);
  });

  it('gives nothing where there is no item, no sink or no room', () => {
    expect([...cheapestTransport(0, [1], () => 0)]).toEqual([]);
    expect([...cheapestTransport(2, [], () => 0)]).toEqual([-1, -1]);
    expect([...cheapestTransport(2, [0, 0], () => 0)]).toEqual([-1, -1]);
  });

  it('finds what trying all ways finds, on small cases', () => {
    fc.assert(
      fc.property(cases(SMALL), (one) => {
        expect(solved(one)).toEqual(bestOfAll(one));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    { items: { maxLength: 25 }, sinks: { maxLength: 8 }, room: 5, most: 30 },
    { items: exactly(25), sinks: exactly(8), room: 5, most: 30 },
    { items: exactly(20), sinks: exactly(15), room: 2, most: 1_000 },
    { items: exactly(20), sinks: exactly(10), room: 3, most: MOST_COST },
  ])('costs exactly what a plain search on the whole network finds (%#)', (sizes) => {
    fc.assert(
      fc.property(cases(sizes), (one) => {
        expect(solved(one)).toEqual(plain(one));
      }),
      { numRuns: 80 },
    );
  });
});
