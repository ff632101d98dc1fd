import { neighbours, topologicalOrder, type Graph } from './graph.js';

/**
 * The order in which tasks are undone: the last done first, as their dependencies were. Of the tasks that are undone, for
 * each those that must be undone before it: what needs it, directly or through tasks that are not undone.
 *
 * @param parentOf whose item a task is, -1 for none: what needs the whole needs the item.
 * @returns pairs `[before, after]` of positions in `undone`.
 */
export function undoOrder(
  graph: Graph,
  undone: readonly number[],
  parentOf: (task: number) => number,
): [before: number, after: number][] {
  const position = new Map(undone.map((task, index) => [task, index]));
  const items = new Map<number, number[]>();
  for (const task of undone) {
    const parent = parentOf(task);
    if (parent !== -1) items.set(parent, [...(items.get(parent) ?? []), task]);
  }
  // By task: the first undone tasks on each way from it, itself not counted.
  const after = new Map<number, ReadonlySet<number>>();
  for (const task of topologicalOrder(graph).toReversed()) {
    const found = new Set<number>();
    for (const dependent of neighbours(graph.dependents, task)) {
      const own = position.has(dependent) ? [dependent] : items.get(dependent);
      for (const one of own ?? after.get(dependent) ?? []) found.add(one);
    }
    after.set(task, found);
  }
  return undone.flatMap((task, index) => {
    const parent = parentOf(task);
    const before = after.get(parent === -1 ? task : parent) ?? [];
    return [...before].map((one): [number, number] => [position.get(one)!, index]);
  });
}
