import { isTaskEnd, TASK_STATES, type TaskState } from '../../dag/task-state.js';
import type { TaskDescription } from '../../run/run.js';
import { chooseTasks } from './choose-tasks.js';

/** Few of many tasks. */
export interface Folded {
  /** In their own order. */
  readonly shown: readonly TaskDescription[];
  /** `83 more: 80 succeeded, 3 pending`; empty where nothing is left out, or nothing is shown. */
  readonly rest: string;
}

/**
 * Of many tasks of a kind those worth a line: under way, or failed. The others are counted.
 * @param most So many at most; `Infinity`: all of them, however they stand.
 * @param worthy Tells which are worth a line.
 */
export function foldOf(tasks: readonly TaskDescription[], most: number, worthy = isTelling): Folded {
  if (most === Infinity) return { shown: tasks, rest: '' };
  if (most <= 0) return { shown: [], rest: '' };
  const telling = tasks.filter(worthy);
  const chosen = new Set(chooseTasks(telling, most));
  if (chosen.size === 0) return { shown: [], rest: '' };
  const left = new Map<TaskState, number>();
  for (const task of tasks) if (!chosen.has(task)) left.set(task.state, (left.get(task.state) ?? 0) + 1);
  const counts = TASK_STATES.filter((state) => left.has(state)).map((state) => `${left.get(state)} ${state}`);
  const rest = counts.length === 0 ? '' : `${tasks.length - chosen.size} more: ${counts.join(', ')}`;
  return { shown: telling.filter((task) => chosen.has(task)), rest };
}

function isTelling({ state }: TaskDescription): boolean {
  return isTaskEnd(state) ? state === 'failed' : state === 'running' || state === 'retrying' || state === 'waiting';
}
