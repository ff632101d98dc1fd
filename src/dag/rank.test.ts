import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildGraph, graphOf, growGraph, neighbours } from './graph.js';
import { upwardRanks } from './rank.js';

/** The example of the paper that HEFT is from (Topcuoglu, Hariri and Wu, 2002): what each task costs on three processors. */
const COSTS = [
  [14, 16, 9],
  [13, 19, 18],
  [11, 13, 19],
  [13, 8, 17],
  [12, 13, 10],
  [13, 16, 9],
  [7, 15, 11],
  [5, 11, 14],
  [18, 12, 20],
  [21, 7, 16],
];

/** From, to, and what the way between them costs; tasks from 1, as in the paper. */
const EDGES: readonly (readonly [from: number, to: number, cost: number])[] = [
  [1, 2, 18],
  [1, 3, 12],
  [1, 4, 9],
  [1, 5, 11],
  [1, 6, 14],
  [2, 8, 19],
  [2, 9, 16],
  [3, 7, 23],
  [4, 8, 27],
  [4, 9, 23],
  [5, 9, 13],
  [6, 8, 15],
  [7, 10, 17],
  [8, 10, 11],
  [9, 10, 13],
];

const RANKS = [108, 77, 80, 80, 69, 63.333, 42.667, 35.667, 44.333, 14.667];

describe('upwardRanks', () => {
  const estimates = COSTS.map((costs) => (1_000 * costs.reduce((a, b) => a + b)) / 3);

  it("are those of HEFT's paper, with weights in seconds", () => {
    const graph = graphOf({
      name: 'heft',
      params: {},
      tasks: COSTS.map((_, index) => ({
        name: `t${index + 1}`,
        uses: 'shell',
        with: { run: 'true' },
        needs: EDGES.filter(([, to]) => to === index + 1).map(([from, , weight]) => ({ task: `t${from}`, weight })),
      })),
    });
    const ranks = upwardRanks(graph, (task) => estimates[task]!);
    expect([...ranks].map((rank) => Math.round(rank) / 1_000)).toEqual(RANKS);
  });

  it('are the same where the tasks came one after the other', () => {
    let graph = buildGraph(0, [], []);
    for (const to of COSTS.keys()) {
      const needs = EDGES.filter((edge) => edge[1] === to + 1);
      graph = growGraph(
        graph,
        1,
        needs.map(([from, , cost]) => [from - 1, to, cost * 1_000]),
      );
    }
    const ranks = upwardRanks(graph, (task) => estimates[task]!);
    expect([...ranks].map((rank) => Math.round(rank) / 1_000)).toEqual(RANKS);
  });

  it('are the longest way through what is behind each task, as plain recursion says', () => {
    const dags = fc.integer({ min: 1, max: 8 }).chain((size) => {
      const task = fc.nat({ max: size - 1 });
      return fc.record({
        estimates: fc.array(fc.nat({ max: 9 }), { minLength: size, maxLength: size }),
        edges: fc.array(fc.tuple(task, task, fc.nat({ max: 9 })), { maxLength: 20 }),
      });
    });
    fc.assert(
      fc.property(dags, ({ estimates: own, edges }) => {
        // The first of two edges between the same tasks counts.
        const kept = new Map<string, readonly [number, number, number]>();
        for (const [a, b, cost] of edges) {
          const [from, to] = [Math.min(a, b), Math.max(a, b)];
          if (from !== to && !kept.has(`${from} ${to}`)) kept.set(`${from} ${to}`, [from, to, cost]);
        }
        const all = edges.filter(([a, b]) => a !== b).map(([a, b, cost]) => [Math.min(a, b), Math.max(a, b), cost]);
        const graph = buildGraph(
          own.length,
          all.map(([from]) => from!),
          all.map(([, to]) => to!),
          all.map(([, , cost]) => cost!),
        );
        const rankOf = (task: number): number => {
          const ways = [...neighbours(graph.dependents, task)].map((to) => kept.get(`${task} ${to}`)![2] + rankOf(to));
          return own[task]! + Math.max(0, ...ways);
        };
        expect([...upwardRanks(graph, (task) => own[task]!)]).toEqual(own.map((_, task) => rankOf(task)));
      }),
    );
  });
});
