import { topologicalOrder, type Graph } from './graph.js';

/**
 * HEFT's upward rank of every task: how long a run takes at least from the task's start on, by what its tasks are thought
 * to take and by the transfers between them. In the unit of `estimateOf`, milliseconds. Takes O(V + E).
 */
export function upwardRanks(graph: Graph, estimateOf: (task: number) => number): Float64Array {
  const { offsets, targets } = graph.dependencies;
  const ranks = new Float64Array(graph.size);
  const order = topologicalOrder(graph);
  for (let index = order.length - 1; index >= 0; index--) {
    const task = order[index]!;
    // So far it has the longest way behind the task.
    ranks[task]! += estimateOf(task);
    for (let edge = offsets[task]!; edge < offsets[task + 1]!; edge++) {
      const way = ranks[task]! + (graph.transfers?.[edge] ?? 0);
      if (way > ranks[targets[edge]!]!) ranks[targets[edge]!] = way;
    }
  }
  return ranks;
}
