import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildGraph, type Graph } from '../dag/graph.js';
import { heftSchedule, type HeftSchedule } from './heft-schedule.js';

/** The example of the paper, figure 2: tasks 1 to 10; from, to, transfer. */
const EDGES = [
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
] as const;

/** What each takes on the three processors. */
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

function graphOf(size: number, edges: readonly (readonly [number, number, number])[]): Graph {
  return buildGraph(
    size,
    edges.map(([from]) => from),
    edges.map(([, to]) => to),
    edges.map(([, , transfer]) => transfer),
  );
}

/** What every schedule must keep to. */
function expectSound(
  graph: Graph,
  { tasks, makespan }: HeftSchedule,
  costOf: (task: number, on: number) => number,
): void {
  const { offsets, targets } = graph.dependencies;
  tasks.forEach(({ processor, start, end }, task) => {
    expect(end).toBe(start + costOf(task, processor));
    expect(end).toBeLessThanOrEqual(makespan);
    for (let edge = offsets[task]!; edge < offsets[task + 1]!; edge++) {
      const needed = tasks[targets[edge]!]!;
      const transfer = needed.processor === processor ? 0 : (graph.transfers?.[edge] ?? 0);
      expect(start).toBeGreaterThanOrEqual(needed.end + transfer);
    }
    tasks.forEach((other, index) => {
      if (index === task || other.processor !== processor) return;
      expect(other.end <= start || other.start >= end, `${task} and ${index} at once`).toBe(true);
    });
  });
}

describe('heftSchedule', () => {
  it("gives the makespan of the paper's example, 80, and its upward ranks", () => {
    const graph = graphOf(
      10,
      EDGES.map(([from, to, transfer]) => [from - 1, to - 1, transfer] as const),
    );
    const costOf = (task: number, processor: number): number => COSTS[task]![processor]!;
    const schedule = heftSchedule(graph, 3, costOf);
    expect([...schedule.ranks].map((rank) => Number(rank.toFixed(3)))).toEqual([
      108, 77, 80, 80, 69, 63.333, 42.667, 35.667, 44.333, 14.667,
    ]);
    expect(schedule.makespan).toBe(80);
    // Figure 3a.
    expect(schedule.tasks.map(({ processor, start, end }) => [processor + 1, start, end])).toEqual([
      [3, 0, 9],
      [1, 27, 40],
      [3, 9, 28],
      [2, 18, 26],
      [3, 28, 38],
      [2, 26, 42],
      [3, 38, 49],
      [1, 57, 62],
      [2, 56, 68],
      [2, 73, 80],
    ]);
    expectSound(graph, schedule, costOf);
  });

  it('puts a task between two others where there is time enough', () => {
    // 0 and then 1 on another processor leave a gap before 2, which 3 fits into.
    const graph = graphOf(4, [
      [0, 1, 0],
      [1, 2, 0],
    ]);
    const costs = [
      [2, 9],
      [9, 4],
      [2, 9],
      [3, 7],
    ];
    const { tasks } = heftSchedule(graph, 2, (task, processor) => costs[task]![processor]!);
    expect(tasks[2]).toEqual({ processor: 0, start: 6, end: 8 });
    expect(tasks[3]).toEqual({ processor: 0, start: 2, end: 5 });
  });

  it('keeps to the dependencies of tasks that take no time', () => {
    const graph = graphOf(3, [
      [2, 1, 0],
      [1, 0, 0],
    ]);
    expect(heftSchedule(graph, 2, () => 0).makespan).toBe(0);
  });

  it('keeps a task off a processor that it may not run on, and refuses one that may run on none', () => {
    const graph = graphOf(2, []);
    const costOf = (task: number, processor: number): number =>
      processor === 0 && task === 1 ? Infinity : 5 + processor;
    expect(heftSchedule(graph, 2, costOf).tasks[1]).toEqual({ processor: 1, start: 0, end: 6 });
    expect(() => heftSchedule(graph, 1, costOf)).toThrow(RangeError);
  });

  it('is sound on any graph', () => {
    const size = fc.integer({ min: 1, max: 15 });
    const graphs = size.chain((tasks) =>
      fc.record({
        tasks: fc.constant(tasks),
        edges: fc.array(fc.tuple(fc.nat(tasks - 1), fc.nat(tasks - 1), fc.nat(9)), { maxLength: 40 }),
        costs: fc.array(fc.array(fc.nat(9), { minLength: 3, maxLength: 3 }), { minLength: tasks, maxLength: tasks }),
      }),
    );
    fc.assert(
      fc.property(graphs, ({ tasks, edges, costs }) => {
        const graph = graphOf(
          tasks,
          edges.filter(([from, to]) => from < to),
        );
        const costOf = (task: number, processor: number): number => costs[task]![processor]!;
        expectSound(graph, heftSchedule(graph, 3, costOf), costOf);
      }),
    );
  });
});
