import { isTaskEnd, type TaskState } from '../../dag/task-state.js';
import type { TaskDescription } from '../../run/run.js';

/** The tasks of a run as people look at them. */
export interface TaskGroups {
  /** The dag's own, in the order of declaration. */
  readonly main: readonly TaskDescription[];
  /** Those that undo others. */
  readonly undo: readonly TaskDescription[];
  /** Those that run at the end whatever becomes of the run. */
  readonly finally: readonly TaskDescription[];
  /** The items of each task that fans out, by its name. */
  readonly items: ReadonlyMap<string, ManyTasks>;
}

/** Many tasks of a kind, of which most say nothing new. */
export interface ManyTasks {
  readonly all: readonly TaskDescription[];
  /** Those worth a line: under way, or failed. */
  readonly telling: readonly TaskDescription[];
  /** How many are in each state. */
  readonly counts: ReadonlyMap<TaskState, number>;
}

/** Sorts the tasks of a run into groups. */
export function groupsOf(tasks: readonly TaskDescription[]): TaskGroups {
  const main: TaskDescription[] = [];
  const undo: TaskDescription[] = [];
  const last: TaskDescription[] = [];
  const items = new Map<string, TaskDescription[]>();
  let parent: string | undefined;
  let siblings: TaskDescription[] = [];
  for (const task of tasks) {
    if (task.item === undefined) {
      (task.compensates !== undefined ? undo : task.finally === true ? last : main).push(task);
      continue;
    }
    // Items of one task stand together: there is one look-up for all of them.
    if (task.item.of !== parent) {
      parent = task.item.of;
      siblings = items.get(parent) ?? [];
      items.set(parent, siblings);
    }
    siblings.push(task);
  }
  return { main, undo, finally: last, items: new Map([...items].map(([name, all]) => [name, manyOf(all)])) };
}

/** Many tasks, and what is to be known of all of them. */
export function manyOf(all: readonly TaskDescription[]): ManyTasks {
  const counts = new Map<TaskState, number>();
  const telling: TaskDescription[] = [];
  for (const task of all) {
    counts.set(task.state, (counts.get(task.state) ?? 0) + 1);
    if (isTelling(task.state)) telling.push(task);
  }
  return { all, telling, counts };
}

function isTelling(state: TaskState): boolean {
  return isTaskEnd(state) ? state === 'failed' : state === 'running' || state === 'retrying' || state === 'waiting';
}
