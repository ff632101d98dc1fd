import type { Dag, Task } from '../dag/dag.js';

/** Tasks that a run made itself, in a row: the items of a fan-out from one on, or what undoes some tasks. */
export interface MadeTasks {
  /** The position of the first among all tasks. */
  readonly at: number;
  /** The task that fans out; the tasks that are undone. */
  readonly of: string | readonly string[];
  /** How many items, the first being `from`. */
  readonly from?: number;
  readonly count?: number;
  /** Of what undoes: which comes before which, by position in `of`. */
  readonly order?: readonly (readonly [before: number, after: number])[];
}

/** The name of an item's task. */
export function itemName(task: string, item: number): string {
  return `${task}[${item}]`;
}

/** The name of what undoes a task. */
export function undoName(task: string): string {
  return `${task}~undo`;
}

/** One item of a task that fans out, as a task of its own. */
function itemTask(task: Task, item: number, keepsCondition: boolean): Task {
  const { forEach: _, maxParallel: _m, tolerate: _t, continueOnError: _c, triggerRule: _r, when, ...own } = task;
  const condition = keepsCondition && when !== undefined ? { when } : {};
  return { ...own, ...condition, name: itemName(task.name, item), needs: [], made: { of: task.name, item } };
}

/** What undoes a task that succeeded, as a task of its own. */
function undoTask({ name, compensate, made }: Task, after: readonly string[]): Task {
  if (compensate === undefined) throw new Error(`Nothing undoes ${name}.`);
  return {
    ...compensate,
    name: undoName(name),
    needs: after.map((task) => ({ task })),
    triggerRule: 'all_done',
    made: { of: made?.of ?? name, ...(made?.item === undefined ? {} : { item: made.item }), undoes: true },
  };
}

/** The tasks that `made` stands for. `find` gives a task of the run by its name. */
export function makeTasks(
  made: MadeTasks,
  find: (name: string) => Task,
  asksItems: (task: Task) => boolean,
): readonly Task[] {
  if (typeof made.of === 'string') {
    const task = find(made.of);
    const keepsCondition = asksItems(task);
    return Array.from({ length: made.count ?? 0 }, (_, i) => itemTask(task, (made.from ?? 0) + i, keepsCondition));
  }
  const names = made.of;
  const after = names.map((): string[] => []);
  for (const [before, then] of made.order ?? []) after[then]?.push(undoName(names[before]!));
  return names.map((name, i) => undoTask(find(name), after[i]!));
}

/** The dag with all that a run made of it, where that run was written down without. */
export function withMadeTasks(dag: Dag, made: readonly MadeTasks[], asksItems: (task: Task) => boolean): Dag {
  if (made.length === 0) return dag;
  const tasks: Task[] = [];
  const byName = new Map<string, Task>();
  const add = (task: Task): void => {
    tasks.push(task);
    byName.set(task.name, task);
  };
  const find = (name: string): Task => {
    const task = byName.get(name);
    if (task === undefined) throw new Error(`The run made something of ${name}, which it does not have.`);
    return task;
  };
  let next = 0;
  for (const one of made) {
    while (tasks.length < one.at) add(dag.tasks[next++]!);
    for (const task of makeTasks(one, find, asksItems)) add(task);
  }
  for (const task of dag.tasks.slice(next)) add(task);
  return { ...dag, tasks };
}

/** The dag without what a run made of it. */
export function withoutMadeTasks(dag: Dag): Dag {
  if (dag.tasks.every((task) => task.made === undefined)) return dag;
  return { ...dag, tasks: dag.tasks.filter((task) => task.made === undefined) };
}
