import { neighbours, topologicalOrder, type Graph } from './graph.js';

/** Every item of one fan-out before every item of another one would be more than a run can hold. */
const MAXIMUM_PAIRS = 100_000;

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
    if (parent === -1) continue;
    const others = items.get(parent);
    if (others === undefined) items.set(parent, [task]);
    else others.push(task);
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
  const before = undone.map((task) => after.get(parentOf(task) === -1 ? task : parentOf(task)) ?? new Set<number>());
  const pairs = before.reduce((sum, { size }) => sum + size, 0);
  if (pairs > MAXIMUM_PAIRS) return oneByOne(graph, undone, parentOf);
  return before.flatMap((tasks, index) => [...tasks].map((task): [number, number] => [position.get(task)!, index]));
}

/** Each after the one before it: the order is the same, and there are few pairs. */
function oneByOne(
  graph: Graph,
  undone: readonly number[],
  parentOf: (task: number) => number,
): [before: number, after: number][] {
  const rank = new Map([...topologicalOrder(graph)].map((task, at) => [task, at]));
  const rankOf = (task: number): number => rank.get(parentOf(task) === -1 ? task : parentOf(task)) ?? 0;
  const order = [...undone.keys()].sort((a, b) => rankOf(undone[b]!) - rankOf(undone[a]!) || a - b);
  return order.slice(1).map((one, at) => [order[at]!, one]);
}
