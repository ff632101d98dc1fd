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
  readonly items: ReadonlyMap<string, readonly TaskDescription[]>;
}

/** Sorts the tasks of a run into groups. */
export function groupsOf(tasks: readonly TaskDescription[]): TaskGroups {
  const main: TaskDescription[] = [];
  const undo: TaskDescription[] = [];
  const last: TaskDescription[] = [];
  const items = new Map<string, TaskDescription[]>();
  for (const task of tasks) {
    if (task.item !== undefined) {
      const siblings = items.get(task.item.of);
      if (siblings === undefined) items.set(task.item.of, [task]);
      else siblings.push(task);
    } else if (task.compensates !== undefined) undo.push(task);
    else if (task.finally === true) last.push(task);
    else main.push(task);
  }
  return { main, undo, finally: last, items };
}
