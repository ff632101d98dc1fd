import type { FanOut } from './event.js';
import { CODE, type TaskTable } from './task-table.js';

/** A fan-out as plain JSON: the task, its items as `[first, count]` ranges of tasks, in order. */
export interface FanOutSnapshot {
  readonly task: number;
  readonly items: readonly (readonly [first: number, count: number])[];
  /** How many of those are items now. Default: all. */
  readonly size?: number;
  readonly maxParallel?: number;
  readonly tolerate?: number;
}

/** The items of one task that fans out. An item that is pending has not been let go yet. */
export interface Items {
  readonly parent: number;
  /** The tasks, in the order of the items. Those of an earlier, longer list come last and are no items any more. */
  readonly tasks: readonly number[];
  /** How many of `tasks` are items now. */
  readonly size: number;
  readonly maxParallel: number;
  /** How many may fail before no further one starts; undefined: all are done, and none may fail. */
  readonly tolerate: number | undefined;
  /** Not ended. */
  open: number;
  failed: number;
  /** Did not start, or were stopped. */
  cancelled: number;
  /** Let go, and not ended. */
  active: number;
  /** No item before this one is pending. */
  next: number;
}

/** Which tasks fan out, and how far each is. Counts; what becomes of the tasks is for the walk. */
export class FanOuts {
  readonly #byParent = new Map<number, Items>();
  /** Those to look at: an item ended, or may be let go. */
  readonly touched = new Set<Items>();

  of(parent: number): Items | undefined {
    return this.#byParent.get(parent);
  }

  all(): IterableIterator<Items> {
    return this.#byParent.values();
  }

  /** The task fans out, over these tasks. Counts are for {@link FanOuts.recount}. */
  set(parent: number, tasks: readonly number[], { items, maxParallel, tolerate }: FanOut): Items {
    const group: Items = {
      parent,
      tasks,
      size: items,
      maxParallel: maxParallel ?? Infinity,
      tolerate,
      open: items,
      failed: 0,
      cancelled: 0,
      active: 0,
      next: 0,
    };
    this.#byParent.set(parent, group);
    return group;
  }

  recount(group: Items, table: TaskTable): void {
    count(group, table);
    this.touched.add(group);
  }

  /** One of its items ended: of those let go, or before it was. */
  ended(group: Items, table: TaskTable, task: number, wasPending: boolean): void {
    group.open--;
    if (!wasPending) group.active--;
    countEnd(group, table.state[task]!);
    this.touched.add(group);
  }

  snapshot(): FanOutSnapshot[] {
    return [...this.#byParent.values()].map(({ parent, tasks, size, maxParallel, tolerate }) => ({
      task: parent,
      items: rangesOf(tasks),
      ...(size === tasks.length ? {} : { size }),
      ...(maxParallel === Infinity ? {} : { maxParallel }),
      ...(tolerate === undefined ? {} : { tolerate }),
    }));
  }

  restore(snapshots: readonly FanOutSnapshot[], table: TaskTable): void {
    for (const { task, items, size, ...limits } of snapshots) {
      const tasks = items.flatMap(([first, count]) => Array.from({ length: count }, (_, i) => first + i));
      for (const item of tasks) table.parent[item] = task;
      count(this.set(task, tasks, { items: size ?? tasks.length, ...limits }), table);
    }
  }
}

/** Whether more items have failed than may; where nothing is said of it, that is asked only at the end. */
export function isOver({ failed, tolerate }: Items): boolean {
  return tolerate !== undefined && failed > tolerate;
}

function count(group: Items, table: TaskTable): void {
  group.open = group.failed = group.cancelled = group.active = group.next = 0;
  for (let i = 0; i < group.size; i++) {
    const task = group.tasks[i]!;
    if (table.hasEnded(task)) {
      countEnd(group, table.state[task]!);
      continue;
    }
    group.open++;
    if (table.state[task] !== CODE.pending) group.active++;
  }
}

function countEnd(group: Items, state: number): void {
  if (state === CODE.failed) group.failed++;
  else if (state === CODE.cancelled) group.cancelled++;
}

function rangesOf(tasks: readonly number[]): [number, number][] {
  const ranges: [number, number][] = [];
  for (const task of tasks) {
    const last = ranges.at(-1);
    if (last !== undefined && last[0] + last[1] === task) last[1]++;
    else ranges.push([task, 1]);
  }
  return ranges;
}
