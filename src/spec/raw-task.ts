import { HANDLER_NAMES } from '../dag/dag.js';
import { valueAt } from './issues.js';
import type { Path } from './source.js';

/** A task of a value that may be a dag, however wrong the rest of it may be. */
export interface RawTask {
  readonly name: string;
  readonly path: Path;
  readonly fields: Readonly<Record<string, unknown>>;
  /** What it uses, a short form (`run`, `wait`, `until`, `switch`) spelt out. Undefined where it does not say. */
  readonly uses: string | undefined;
  /** It starts when all that is not `finally` has ended. */
  readonly isFinally: boolean;
}

/** Whether a value is a mapping. */
export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The tasks of a value that may be a dag, those of `finally` last: mappings as in a file, or a list as in the canonical dag. */
export function rawTasksOf(value: unknown): RawTask[] {
  const tasks = valueAt(value, ['tasks']);
  const list: RawTask[] = [];
  if (Array.isArray(tasks)) {
    for (const [index, task] of tasks.entries() as IterableIterator<[number, unknown]>) {
      const name = valueAt(task, ['name']);
      if (typeof name === 'string') list.push(rawTask(name, ['tasks', index], task, false));
    }
    return list;
  }
  for (const field of ['tasks', 'finally'] as const) {
    const mapping = valueAt(value, [field]);
    if (!isMapping(mapping)) continue;
    for (const [name, task] of Object.entries(mapping))
      list.push(rawTask(name, [field, name], task, field === 'finally'));
  }
  return list;
}

function rawTask(name: string, path: Path, task: unknown, last: boolean): RawTask {
  const fields = isMapping(task) ? task : {};
  return { name, path, fields, uses: usesOf(fields), isFinally: last || fields['finally'] === true };
}

function usesOf(fields: Readonly<Record<string, unknown>>): string | undefined {
  const { uses } = fields;
  if (typeof uses === 'string') return uses;
  if (fields['switch'] !== undefined) return 'switch';
  if (fields['wait'] !== undefined || fields['until'] !== undefined) return 'wait';
  return fields['run'] === undefined ? undefined : HANDLER_NAMES[0];
}

/** The names of the tasks that a task says it needs. */
export function rawNeedsOf({ fields }: RawTask): string[] {
  const { needs } = fields;
  const list: unknown[] = Array.isArray(needs) ? needs : [needs];
  return list.flatMap((need) => {
    const name = typeof need === 'string' ? need : valueAt(need, ['task']);
    return typeof name === 'string' ? [name] : [];
  });
}

/** The names of the tasks in the branches of a switch. */
export function rawBranchesOf({ fields, uses }: RawTask): string[] {
  if (uses !== 'switch') return [];
  const settings = fields['switch'] === undefined ? fields['with'] : fields;
  const cases = valueAt(settings, ['cases']);
  const lists = [...(isMapping(cases) ? Object.values(cases) : []), valueAt(settings, ['default'])];
  return lists
    .flatMap((list) => (Array.isArray(list) ? (list as unknown[]) : [list]))
    .filter((name) => typeof name === 'string');
}
