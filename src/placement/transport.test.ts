import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainTransport } from '../../test/support/flow-oracle.js';
import { cheapestTransport, MOST_COST } from './transport.js';

interface Case {
  readonly room: readonly number[];
  /** By item and sink. */
  readonly costs: readonly (readonly number[])[];
}

/** So many items at most, and sinks with up to so much room; of the ways, some are barred. */
function cases(items: number, sinks: number, room: number, most: number): fc.Arbitrary<Case> {
  const cost = fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 0, max: most }) }, fc.constant(Infinity));
  return fc.integer({ min: 0, max: sinks }).chain((size) =>
    fc.record({
      room: fc.array(fc.integer({ min: 0, max: room }), { minLength: size, maxLength: size }),
      costs: fc.array(fc.array(cost, { minLength: size, maxLength: size }), { maxLength: items }),
    }),
  );
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
      fc.property(cases(5, 4, 2, 6), (one) => {
        expect(solved(one)).toEqual(bestOfAll(one));
      }),
      { numRuns: 500 },
    );
  });

  it('costs exactly what a plain search on the whole network finds', () => {
    const oracle = (one: Case): ReturnType<typeof plainTransport> =>
      plainTransport(one.costs.length, one.room, (item, sink) => one.costs[item]![sink]!);
    fc.assert(
      fc.property(cases(25, 8, 5, 30), (one) => {
        expect(solved(one)).toEqual(oracle(one));
      }),
      { numRuns: 150 },
    );
    fc.assert(
      fc.property(cases(25, 8, 5, MOST_COST), (one) => {
        expect(solved(one)).toEqual(oracle(one));
      }),
      { numRuns: 50 },
    );
  });
});
