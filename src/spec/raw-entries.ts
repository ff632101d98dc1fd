import { valueAt } from './issues.js';
import { isMapping } from './raw-task.js';
import type { Path } from './source.js';

/** A task of a value that may be a dag, however wrong the task may be. */
export interface RawEntry {
  readonly name: string;
  readonly path: Path;
  readonly task: unknown;
}

/** The tasks of a value that may be a dag, those of `finally` last: mappings as in a file, or a list as in the canonical dag. */
export function rawEntries(value: unknown): RawEntry[] {
  const tasks = valueAt(value, ['tasks']);
  if (Array.isArray(tasks)) {
    return tasks.flatMap((task: unknown, index) => {
      const name = valueAt(task, ['name']);
      return typeof name === 'string' ? [{ name, path: ['tasks', index], task }] : [];
    });
  }
  return (['tasks', 'finally'] as const).flatMap((field) => {
    const mapping = valueAt(value, [field]);
    if (!isMapping(mapping)) return [];
    return Object.entries(mapping).map(([name, task]): RawEntry => ({ name, path: [field, name], task }));
  });
}

/** Whether a task of the value is such: without the cost of a list in dags of many tasks. */
export function someTask(value: unknown, isSuch: (task: Readonly<Record<string, unknown>>) => boolean): boolean {
  for (const field of ['tasks', 'finally']) {
    const tasks = valueAt(value, [field]);
    if (typeof tasks !== 'object' || tasks === null) continue;
    for (const key in tasks) {
      const task = (tasks as Record<string, unknown>)[key];
      if (isMapping(task) && isSuch(task)) return true;
    }
  }
  return false;
}

/** The value with what `change` makes of each of its tasks. */
export function withTasks(value: unknown, change: (entry: RawEntry) => unknown): unknown {
  const changed = rawEntries(value).flatMap((entry) => {
    const task = change(entry);
    return task === entry.task ? [] : [[entry.path, task] as const];
  });
  if (changed.length === 0) return value;
  const copies: Record<string, unknown> = { ...(value as object) };
  for (const field of ['tasks', 'finally']) {
    const tasks = copies[field];
    if (Array.isArray(tasks)) copies[field] = [...(tasks as unknown[])];
    else if (isMapping(tasks)) copies[field] = { ...tasks };
  }
  for (const [[field, key], task] of changed) {
    (copies[field as string] as Record<PropertyKey, unknown>)[key as PropertyKey] = task;
  }
  return copies;
}

/** The task with more needs; those that it has already are left out. */
export function withNeeds(task: unknown, names: Iterable<string>, isCanonical: boolean): unknown {
  const needs = valueAt(task, ['needs']);
  const given: unknown[] = needs === undefined || needs === null ? [] : Array.isArray(needs) ? needs : [needs];
  const have = new Set(given.map((need) => (typeof need === 'string' ? need : valueAt(need, ['task']))));
  const missing = [...new Set(names)].filter((name) => !have.has(name));
  if (missing.length === 0) return task;
  return { ...(task as object), needs: [...given, ...missing.map((name) => (isCanonical ? { task: name } : name))] };
}
