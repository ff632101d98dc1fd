import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Dag, Task } from './dag.js';
import { buildGraph, findCycles, graphOf, levels, neighbours, topologicalOrder, type Graph } from './graph.js';

/** `[from, to]`: task `to` needs task `from`. */
type Edge = readonly [from: number, to: number];

function graphFrom(size: number, edges: readonly Edge[]): Graph {
  return buildGraph(
    size,
    edges.map(([from]) => from),
    edges.map(([, to]) => to),
  );
}

function dagFrom(needs: Readonly<Record<string, readonly string[]>>): Dag {
  const tasks = Object.entries(needs).map(([name, needed]): Task => ({
    name,
    uses: 'shell',
    with: {},
    needs: needed.map((task) => ({ task })),
  }));
  return { name: 'test', params: {}, tasks };
}

/** A chain of so many tasks that a recursion would overflow the stack. */
function longChain(size: number): Graph {
  return buildGraph(
    size,
    Int32Array.from({ length: size - 1 }, (_, i) => i),
    Int32Array.from({ length: size - 1 }, (_, i) => i + 1),
  );
}

const anyEdges = fc.integer({ min: 1, max: 12 }).chain((size) => {
  const task = fc.nat({ max: size - 1 });
  return fc.record({ size: fc.constant(size), edges: fc.array(fc.tuple(task, task), { maxLength: 30 }) });
});

describe('buildGraph', () => {
  it('lists dependents in the order of declaration and dependencies in the order given', () => {
    const graph = graphFrom(4, [
      [2, 3],
      [0, 3],
      [0, 2],
      [0, 1],
    ]);
    expect([...neighbours(graph.dependents, 0)]).toEqual([1, 2, 3]);
    expect([...neighbours(graph.dependencies, 3)]).toEqual([2, 0]);
    expect([...graph.inDegree]).toEqual([0, 1, 1, 2]);
  });

  it('counts an edge given twice once', () => {
    const graph = graphFrom(3, [
      [0, 2],
      [1, 2],
      [0, 2],
    ]);
    expect([...neighbours(graph.dependencies, 2)]).toEqual([0, 1]);
    expect([...neighbours(graph.dependents, 0)]).toEqual([2]);
    expect([...graph.inDegree]).toEqual([0, 0, 2]);
  });

  it('has the same edges both ways, each once', () => {
    fc.assert(
      fc.property(anyEdges, ({ size, edges }) => {
        const graph = graphFrom(size, edges);
        const wanted = [...new Set(edges.map(([from, to]) => `${from} ${to}`))].sort();
        const tasks = Array.from({ length: size }, (_, task) => task);
        const forward = tasks.flatMap((from) => [...neighbours(graph.dependents, from)].map((to) => `${from} ${to}`));
        const backward = tasks.flatMap((to) => [...neighbours(graph.dependencies, to)].map((from) => `${from} ${to}`));
        expect(forward.sort()).toEqual(wanted);
        expect(backward.sort()).toEqual(wanted);
        expect([...graph.inDegree]).toEqual(tasks.map((task) => neighbours(graph.dependencies, task).length));
      }),
    );
  });

  it.each([[[0, 3]], [[-1, 0]], [[0, 0.5]], [[NaN, 0]]] as [Edge][])('refuses the edge %j of 3 tasks', (edge) => {
    expect(() => graphFrom(3, [edge])).toThrow(RangeError);
  });

  it('refuses lists of different lengths', () => {
    expect(() => buildGraph(3, [0, 1], [2])).toThrow(RangeError);
  });
});

describe('graphOf', () => {
  it('turns names into indexes, whatever the order of declaration', () => {
    const graph = graphOf(dagFrom({ last: ['first', 'middle', 'first'], middle: ['first'], first: [] }));
    expect([...topologicalOrder(graph)]).toEqual([2, 1, 0]);
    expect([...graph.inDegree]).toEqual([2, 1, 0]);
  });

  it('refuses what no reader of dag files lets through', () => {
    expect(() => graphOf(dagFrom({ a: ['b'] }))).toThrow('Task a needs b, which does not exist.');
    expect(() => graphOf(dagFrom({ a: ['c'], b: ['a'], c: ['b'] }))).toThrow('a needs c needs b needs a');
    const twice = dagFrom({ a: [] });
    expect(() => graphOf({ ...twice, tasks: [...twice.tasks, ...twice.tasks] })).toThrow('Two tasks are called a.');
  });
});

describe('topologicalOrder and levels', () => {
  it('keep the order of declaration among tasks that could both come next', () => {
    const graph = graphFrom(5, [
      [4, 0],
      [3, 1],
    ]);
    expect([...topologicalOrder(graph)]).toEqual([2, 3, 4, 1, 0]);
  });

  it('measure the longest path', () => {
    const graph = graphFrom(4, [
      [0, 1],
      [1, 2],
      [0, 3],
      [2, 3],
    ]);
    expect([...levels(graph)]).toEqual([0, 1, 2, 3]);
  });

  it('leave out tasks on a cycle or behind one', () => {
    const graph = graphFrom(4, [
      [0, 1],
      [1, 2],
      [2, 1],
      [2, 3],
    ]);
    expect([...topologicalOrder(graph)]).toEqual([0]);
    expect([...levels(graph)]).toEqual([0, 0, 0, 0]);
  });

  it('hold for any graph without a cycle', () => {
    fc.assert(
      fc.property(anyEdges, ({ size, edges }) => {
        const acyclic = edges
          .filter(([from, to]) => from !== to)
          .map(([a, b]): Edge => [Math.max(a, b), Math.min(a, b)]);
        const graph = graphFrom(size, acyclic);
        const order = [...topologicalOrder(graph)];
        const level = levels(graph);
        expect(order.toSorted((a, b) => a - b)).toEqual(Array.from({ length: size }, (_, task) => task));
        for (const [from, to] of acyclic) {
          expect(order.indexOf(from)).toBeLessThan(order.indexOf(to));
          expect(level[from]).toBeLessThan(level[to]!);
        }
        for (let task = 0; task < size; task++) {
          const before = [...neighbours(graph.dependencies, task)].map((needed) => level[needed]!);
          expect(level[task]).toBe(Math.max(-1, ...before) + 1);
        }
      }),
    );
  });
});

describe('findCycles', () => {
  it('finds none in a dag', () => {
    expect(findCycles(longChain(10))).toEqual([]);
    expect(findCycles(graphFrom(0, []))).toEqual([]);
  });

  it('gives the whole path: each task needs the next, the last needs the first', () => {
    const graph = graphFrom(4, [
      [2, 1],
      [3, 2],
      [1, 3],
      [1, 0],
    ]);
    expect(findCycles(graph)).toEqual([[1, 2, 3]]);
  });

  it('finds a task that needs itself, and one cycle per knot', () => {
    const graph = graphFrom(7, [
      [5, 5],
      [0, 1],
      [1, 2],
      [2, 0],
      [1, 0],
      [2, 3],
      [3, 4],
      [4, 3],
      [5, 6],
    ]);
    expect(findCycles(graph)).toEqual([[0, 1], [3, 4], [5]]);
  });

  it('finds real cycles, one where and only where there is one', () => {
    fc.assert(
      fc.property(anyEdges, ({ size, edges }) => {
        const graph = graphFrom(size, edges);
        const cycles = findCycles(graph);
        expect(cycles.length > 0).toBe(topologicalOrder(graph).length < size);
        for (const cycle of cycles) {
          expect(new Set(cycle).size).toBe(cycle.length);
          cycle.forEach((task, at) => {
            expect([...neighbours(graph.dependencies, task)]).toContain(cycle[(at + 1) % cycle.length]);
          });
        }
        const tasksOfCycles = cycles.flat();
        expect(new Set(tasksOfCycles).size).toBe(tasksOfCycles.length);
      }),
    );
  });

  it('survives a chain of 1,000,000 tasks, and one that bites its tail', () => {
    const size = 1_000_000;
    const chain = longChain(size);
    expect(findCycles(chain)).toEqual([]);
    expect(levels(chain)[size - 1]).toBe(size - 1);
    const ring = buildGraph(
      size,
      Int32Array.from({ length: size }, (_, i) => i),
      Int32Array.from({ length: size }, (_, i) => (i + 1) % size),
    );
    expect(findCycles(ring)[0]).toHaveLength(size);
  });
});
