import { MAXIMUM_ITEMS, type ForEach } from '../dag/dag.js';
import type { Json } from '../dag/json.js';
import { storedRef } from '../dag/stored-value.js';
import type { TaskError } from '../dag/task-error.js';
import type { Evaluated } from './run-expressions.js';

/** What a task fans out over. `evaluate` gives the value of what may hold `${{ }}`. */
export function itemsOf(forEach: ForEach, evaluate: (value: Json) => Evaluated<Json>): Evaluated<readonly Json[]> {
  const given = evaluate(forEach as Json);
  if ('error' in given) return given;
  const { value } = given;
  if (typeof forEach === 'string' || Array.isArray(forEach)) return bounded(value);
  if ('matrix' in forEach) return matrix((value as { matrix: Readonly<Record<string, Json>> }).matrix);
  return range((value as { range: { from?: Json; to: Json; step?: Json } }).range);
}

function bounded(value: Json): Evaluated<readonly Json[]> {
  const kept = storedRef(value);
  if (kept !== undefined) {
    return invalid(`The list has ${kept.bytes} bytes: over 1 MiB it is in the store, and no task fans out over it.`);
  }
  if (!isList(value)) return invalid(`\`forEach\` must give a list; it gave ${shown(value)}.`);
  return value.length > MAXIMUM_ITEMS ? tooMany(value.length) : { value };
}

/** Every combination; the last list changes fastest. */
function matrix(lists: Readonly<Record<string, Json>>): Evaluated<readonly Json[]> {
  const entries = Object.entries(lists);
  let count = 1;
  for (const [name, list] of entries) {
    if (!isList(list)) return invalid(`\`${name}\` of the matrix must be a list; it is ${shown(list)}.`);
    count *= list.length;
    if (count > MAXIMUM_ITEMS) return tooMany(count);
  }
  let items: Record<string, Json>[] = [{}];
  for (const [name, list] of entries) {
    items = items.flatMap((item) => (list as readonly Json[]).map((value) => ({ ...item, [name]: value })));
  }
  return { value: entries.length === 0 ? [] : items };
}

function range({ from = 0, to, step = 1 }: { from?: Json; to: Json; step?: Json }): Evaluated<readonly Json[]> {
  for (const [name, value] of Object.entries({ from, to, step })) {
    if (!Number.isSafeInteger(value))
      return invalid(`\`${name}\` of the range must be a whole number; it is ${shown(value)}.`);
  }
  const [first, last, by] = [from, to, step] as [number, number, number];
  if (by === 0) return invalid('`step` of the range is 0: it never comes to its end.');
  const count = Math.max(0, Math.floor((last - first) / by) + 1);
  if (count > MAXIMUM_ITEMS) return tooMany(count);
  return { value: Array.from({ length: count }, (_, i) => first + i * by) };
}

function tooMany(count: number): { readonly error: TaskError } {
  return invalid(`The task would fan out over ${count} items; ${MAXIMUM_ITEMS} may be. Give each a part of the list.`);
}

function invalid(message: string): { readonly error: TaskError } {
  return { error: { code: 'FANOUT_INVALID', message } };
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function shown(value: Json): string {
  return JSON.stringify(value).slice(0, 100);
}
