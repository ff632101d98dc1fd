import { topologicalOrder, type Graph } from '../dag/graph.js';
import { upwardRanks } from '../dag/rank.js';

/** A task on a processor; from when to when, in the unit of the costs. */
export interface HeftTask {
  readonly processor: number;
  readonly start: number;
  readonly end: number;
}

/** Which processor does what, and when. */
export interface HeftSchedule {
  /** By task. */
  readonly tasks: readonly HeftTask[];
  /** By task: the upward ranks. */
  readonly ranks: Float64Array;
  /** When the last task ends. */
  readonly makespan: number;
}

/**
 * HEFT: Heterogeneous Earliest Finish Time, based on insertion (Topcuoglu, Hariri and Wu, "Performance-Effective and
 * Low-Complexity Task Scheduling for Heterogeneous Computing", IEEE TPDS 13(3), 2002). Tasks go by their upward rank,
 * reckoned with the mean cost of each; each goes where it ends first, between two others where there is time enough. Among
 * equals it is the first by the topological order, and the first processor. Takes O(V² processors) at worst.
 * @param graph Without cycles. Its transfers count between tasks on different processors only.
 * @param costOf What the task takes there, not below 0; Infinity where it may not run there.
 * @throws RangeError where a task may run nowhere.
 */
export function heftSchedule(
  graph: Graph,
  processors: number,
  costOf: (task: number, processor: number) => number,
): HeftSchedule {
  const ranks = upwardRanks(graph, (task) => meanCost(task, processors, costOf));
  const order = [...topologicalOrder(graph)].sort((a, b) => ranks[b]! - ranks[a]!);
  const tasks: HeftTask[] = [];
  /** By processor, in the order of their starts. */
  const busy = Array.from({ length: processors }, (): HeftTask[] => []);
  for (const task of order) {
    let best: HeftTask | undefined;
    for (let processor = 0; processor < processors; processor++) {
      const cost = costOf(task, processor);
      const start = earliestGap(busy[processor]!, readyAt(graph, task, processor, tasks), cost);
      if (start + cost < (best?.end ?? Infinity)) best = { processor, start, end: start + cost };
    }
    if (best === undefined) throw new RangeError(`Task ${task} may run on no processor.`);
    tasks[task] = best;
    const line = busy[best.processor]!;
    const { start } = best;
    const after = line.findLastIndex((other) => other.start <= start);
    line.splice(after + 1, 0, best);
  }
  return { tasks, ranks, makespan: tasks.reduce((latest, { end }) => Math.max(latest, end), 0) };
}

/** The mean over the processors on which it may run. */
function meanCost(task: number, processors: number, costOf: (task: number, processor: number) => number): number {
  const costs = Array.from({ length: processors }, (_, processor) => costOf(task, processor)).filter(Number.isFinite);
  return costs.reduce((sum, cost) => sum + cost, 0) / Math.max(1, costs.length);
}

/** When all that the task needs is there. */
function readyAt(graph: Graph, task: number, processor: number, tasks: readonly HeftTask[]): number {
  const { offsets, targets } = graph.dependencies;
  let ready = 0;
  for (let edge = offsets[task]!; edge < offsets[task + 1]!; edge++) {
    const needed = tasks[targets[edge]!]!;
    const transfer = needed.processor === processor ? 0 : (graph.transfers?.[edge] ?? 0);
    ready = Math.max(ready, needed.end + transfer);
  }
  return ready;
}

/** The first time from `ready` on at which the processor has nothing to do for so long. */
function earliestGap(line: readonly HeftTask[], ready: number, length: number): number {
  let start = ready;
  for (const other of line) {
    if (start + length <= other.start) break;
    start = Math.max(start, other.end);
  }
  return start;
}
