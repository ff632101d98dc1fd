import fc from 'fast-check';
import { expect, it } from 'vitest';
import { buildGraph, findCycles } from '../dag/graph.js';
import { inferNeeds, type Naming } from './inferred-needs.js';

type Edge = readonly [needed: number, task: number];

function infer(size: number, edges: readonly Edge[], namings: readonly (readonly [task: number, named: number])[]) {
  return inferNeeds(
    size,
    edges.map(([needed]) => needed),
    edges.map(([, task]) => task),
    namings.map(([task, named]): Naming => ({ task, named })),
  );
}

/** Whether `task` waits for `other`, by a plain search. */
function waits(edges: readonly Edge[], task: number, other: number): boolean {
  const open = [task];
  const seen = new Set<number>();
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const [needed, by] of edges) {
      if (by !== at || seen.has(needed)) continue;
      if (needed === other) return true;
      seen.add(needed);
      open.push(needed);
    }
  }
  return false;
}

it.each<[string, Edge[], [number, number][], [number, number][], [number, number][]]>([
  ['nothing is upstream', [], [[1, 0]], [[1, 0]], []],
  ['it is needed already', [[0, 1]], [[1, 0]], [], []],
  [
    'it is upstream through another',
    [
      [0, 1],
      [1, 2],
    ],
    [[2, 0]],
    [],
    [],
  ],
  [
    'it is upstream through what another names',
    [[1, 2]],
    [
      [1, 0],
      [2, 0],
    ],
    [[1, 0]],
    [],
  ],
  [
    'it is named twice',
    [],
    [
      [1, 0],
      [1, 0],
    ],
    [[1, 0]],
    [],
  ],
  [
    'both of a pair are named',
    [[0, 1]],
    [
      [2, 0],
      [2, 1],
    ],
    [
      [2, 0],
      [2, 1],
    ],
    [],
  ],
  [
    'it comes after',
    [
      [0, 1],
      [1, 2],
    ],
    [[0, 2]],
    [],
    [[0, 2]],
  ],
  [
    'it comes after, beside an innocent',
    [
      [0, 1],
      [1, 2],
    ],
    [
      [0, 2],
      [2, 0],
      [1, 3],
    ],
    [[1, 3]],
    [[0, 2]],
  ],
  [
    'two name each other',
    [],
    [
      [0, 1],
      [1, 0],
    ],
    [],
    [
      [0, 1],
      [1, 0],
    ],
  ],
  [
    'the dag has a circle of its own',
    [
      [0, 1],
      [1, 0],
    ],
    [[2, 0]],
    [],
    [],
  ],
])('where %s', (_, edges, namings, added, after) => {
  const pairs = (list: readonly Naming[]): unknown => list.map(({ task, named }) => [task, named]);
  const inference = infer(4, edges, namings);
  expect({ added: pairs(inference.added), after: pairs(inference.after) }).toEqual({ added, after });
});

it('adds what is not upstream, and nothing else, in any dag', () => {
  const size = 40;
  const task = fc.nat(size - 1);
  const edge = fc.tuple(task, task).filter(([a, b]) => a !== b);
  fc.assert(
    fc.property(fc.array(edge, { maxLength: 60 }), fc.array(edge, { maxLength: 80 }), (pairs, named) => {
      const edges = pairs.map(([a, b]): Edge => [Math.min(a, b), Math.max(a, b)]);
      const { added, after } = infer(size, edges, named);
      const all = [...edges, ...added.map(({ task: by, named: other }): Edge => [other, by])];
      const graph = buildGraph(
        size,
        all.map(([needed]) => needed),
        all.map(([, by]) => by),
      );
      expect(findCycles(graph)).toEqual([]);
      const late = new Set(after.map(({ task: by, named: other }) => `${by} ${other}`));
      for (const [by, other] of named) {
        if (!late.has(`${by} ${other}`)) expect(waits(all, by, other)).toBe(true);
        else if (waits(edges, other, by)) expect(waits(edges, by, other)).toBe(false);
      }
      for (const { task: by, named: other } of added) expect(waits(edges, by, other)).toBe(false);
    }),
  );
});

it('knows more than 32 named tasks apart', () => {
  // A chain of 40; one task behind all of it, and one, through another, behind its first 32 alone.
  const chain = Array.from({ length: 39 }, (_, i): Edge => [i, i + 1]);
  const [behindAll, between, behindSome] = [40, 41, 42];
  const edges: Edge[] = [...chain, [39, behindAll], [31, between], [between, behindSome]];
  const named = Array.from({ length: 38 }, (_, i) => i);
  const namings = named.flatMap((i) => [[behindAll, i] as const, [behindSome, i] as const]);
  const { added, after } = infer(43, edges, namings);
  expect(after).toEqual([]);
  expect(added).toEqual([32, 33, 34, 35, 36, 37].map((i) => ({ task: behindSome, named: i })));
});

// What grows with the square of the tasks would not end within the test's limit.
it('gets by where 50,000 tasks each name the first, or the one before the one that they need', () => {
  const size = 50_000;
  const tasks = Array.from({ length: size }, (_, i) => i);
  const chain = tasks.slice(1).map((i): Edge => [i - 1, i]);
  expect(
    infer(
      size,
      chain,
      tasks.slice(2).map((i) => [i, 0] as const),
    ).added,
  ).toEqual([]);
  expect(
    infer(
      size,
      chain,
      tasks.slice(2).map((i) => [i, i - 2] as const),
    ).added,
  ).toEqual([]);
  expect(
    infer(
      size,
      [],
      tasks.slice(1).map((i) => [i, i - 1] as const),
    ).added,
  ).toHaveLength(size - 1);
});
