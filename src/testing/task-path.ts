/**
 * How a test may call a task of which this is the full name, the most exact first: `load[2]/convert[1]`, `load[2]/convert`,
 * `load/convert`.
 */
export function namesOf(path: string): string[] {
  const end = path.lastIndexOf('/') + 1;
  const names = [path, path.slice(0, end) + withoutItems(path.slice(end)), withoutItems(path)];
  return [...new Set(names)];
}

/** The name without the places of items: `load/convert`. */
export function withoutItems(path: string): string {
  return path.replaceAll(/\[\d+\]/g, '');
}

/** What a table says of the task by the most exact of its names. */
export function entryFor<Value>(table: Readonly<Record<string, Value>>, path: string): Value | undefined {
  const name = namesOf(path).find((one) => Object.hasOwn(table, one));
  return name === undefined ? undefined : table[name];
}
