/** The shared pool of which each run of a dag with `maxRuns` holds a slot while it goes on. */
export function maxRunsPool(dag: string): string {
  return `maxRuns:${dag}`;
}
