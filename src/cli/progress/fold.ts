import { TASK_STATES } from '../../dag/task-state.js';
import type { TaskDescription } from '../../run/run.js';
import { chooseTasks } from './choose-tasks.js';
import type { ManyTasks } from './task-groups.js';

/** Few of many tasks. */
export interface Folded {
  /** In their own order. */
  readonly shown: readonly TaskDescription[];
  /** `83 more: 80 succeeded, 3 pending`; empty where nothing is left out, or nothing is shown. */
  readonly rest: string;
}

/**
 * Of many tasks those most worth a line. The others are counted.
 * @param most So many at most; `Infinity`: all of them, however they stand.
 * @param candidates Those that may be shown. Default: what is under way, and what failed.
 */
export function foldOf({ all, telling, counts }: ManyTasks, most: number, candidates = telling): Folded {
  if (most === Infinity) return { shown: all, rest: '' };
  const chosen = new Set(most <= 0 ? [] : chooseTasks(candidates, most));
  if (chosen.size === 0) return { shown: [], rest: '' };
  const left = new Map(counts);
  for (const { state } of chosen) left.set(state, (left.get(state) ?? 0) - 1);
  const words = TASK_STATES.filter((state) => (left.get(state) ?? 0) > 0).map((state) => `${left.get(state)} ${state}`);
  const rest = words.length === 0 ? '' : `${all.length - chosen.size} more: ${words.join(', ')}`;
  return { shown: candidates.filter((task) => chosen.has(task)), rest };
}
