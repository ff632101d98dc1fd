import type { RunEvent } from '../run/run-event.js';

/** A run, by what it tells of itself. */
export interface SeenRun {
  readonly history: readonly RunEvent[];
}

const STARTS: readonly string[] = ['task.running', 'task.waiting'];

/**
 * The tasks that started, in order, each once. Of tasks of several runs that started in the same millisecond, one that
 * is a dag comes before those of that dag.
 * @param runs By what the full names of their tasks begin with: the run itself by '', that of the task `load` by `load/`.
 */
export function startsIn(runs: ReadonlyMap<string, SeenRun>): string[] {
  const starts = startsOf('', runs);
  return starts.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)).map(({ path }) => path);
}

function startsOf(prefix: string, runs: ReadonlyMap<string, SeenRun>): { path: string; at: string }[] {
  const seen = new Set<string>();
  return (runs.get(prefix)?.history ?? []).flatMap(({ at, event, task }) => {
    if (task === undefined || seen.has(task) || !STARTS.includes(event)) return [];
    seen.add(task);
    const path = prefix + task;
    return [{ path, at }, ...startsOf(`${path}/`, runs)];
  });
}
