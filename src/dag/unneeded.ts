import { neighbours, type Graph } from './graph.js';
import type { TaskTable } from './task-table.js';

/**
 * Of the tasks that `task` needs, directly or through others, those that have not ended and whose end nobody waits for
 * any more: all that need them have started, have ended, or are not needed either.
 */
export function unneededBy(graph: Graph, tasks: TaskTable, task: number): number[] {
  const unneeded = new Set<number>();
  const open = [...neighbours(graph.dependencies, task)];
  for (let needed = open.pop(); needed !== undefined; needed = open.pop()) {
    if (tasks.hasEnded(needed) || unneeded.has(needed)) continue;
    const waits = (dependent: number): boolean => tasks.is(dependent, 'pending') && !unneeded.has(dependent);
    if (neighbours(graph.dependents, needed).some(waits)) continue;
    unneeded.add(needed);
    open.push(...neighbours(graph.dependencies, needed));
  }
  return [...unneeded].sort((a, b) => a - b);
}
