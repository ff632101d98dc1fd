import { finding, valueAt, type Finding } from './issues.js';
import { didYouMean } from './near-name.js';
import { quote } from './problem.js';
import { rawEntries, someTask, withNeeds, withTasks } from './raw-entries.js';
import { rawTasksOf } from './raw-task.js';
import type { Path } from './source.js';

interface Loaded {
  readonly task: string;
  readonly artifact: string;
  readonly path: Path;
}

/** Lets tasks need those whose artifacts they take. */
export function needArtifacts(value: unknown, { mayNeedOthers = false } = {}): unknown {
  if (!someTask(value, loads)) return value;
  const tasks = new Map(rawTasksOf(value).map((task) => [task.name, task]));
  return withTasks(value, ({ name, path, task }) => {
    const isFinally = tasks.get(name)?.isFinally;
    // Those of `finally` start after all others, and need none of them.
    const more = loadsOf(task, path).filter((one) => {
      const other = tasks.get(one.task);
      return one.task !== name && (other === undefined ? mayNeedOthers : other.isFinally === isFinally);
    });
    if (more.length === 0) return task;
    return withNeeds(
      task,
      more.map((one) => one.task),
      typeof path[1] === 'number',
    );
  });
}

/** Artifacts that no task leaves. */
export function checkArtifacts(value: unknown, { mayNeedOthers = false } = {}): Finding[] {
  if (!someTask(value, loads)) return [];
  const entries = rawEntries(value);
  const tasks = new Map(entries.map(({ name, task }) => [name, task]));
  let suggestions = 0;
  return entries.flatMap(({ path, task }) =>
    loadsOf(task, path).flatMap((loaded): Finding[] => {
      const source = tasks.get(loaded.task);
      if (source === undefined) {
        if (mayNeedOthers) return [];
        suggestions += tasks.size;
        const near = suggestions <= 2_000_000 ? didYouMean(loaded.task, tasks.keys()) : undefined;
        const hint = near ?? 'Add that task, or remove the file.';
        const text = `takes a file of a task that is not in the dag: ${quote(loaded.task)}.`;
        return [finding(loaded.path, 'ARTIFACT_UNKNOWN', text, hint)];
      }
      const saved = valueAt(source, ['artifacts', 'save']);
      const names = typeof saved === 'object' && saved !== null ? Object.keys(saved) : [];
      if (!names.includes(loaded.artifact)) {
        const text = `takes a file that ${quote(loaded.task)} does not save: ${quote(loaded.artifact)}.`;
        const hint = didYouMean(loaded.artifact, names) ?? `Add it to \`artifacts.save\` of ${quote(loaded.task)}.`;
        return [finding(loaded.path, 'ARTIFACT_UNKNOWN', text, hint)];
      }
      if (valueAt(source, ['forEach']) === undefined) return [];
      const hint = 'Let each item put its file where the next task finds it, and give the place as its output.';
      return [finding(loaded.path, 'ARTIFACT_UNKNOWN', 'is a file of each item of a fan-out.', hint)];
    }),
  );
}

function loads(task: unknown): boolean {
  return valueAt(task, ['artifacts', 'load']) !== undefined;
}

function loadsOf(task: unknown, path: Path): Loaded[] {
  const load = valueAt(task, ['artifacts', 'load']);
  if (typeof load !== 'object' || load === null || Array.isArray(load)) return [];
  return Object.entries(load).flatMap(([file, from]: [string, unknown]) => {
    const [name, artifact] =
      typeof from === 'string' ? from.split('.') : [valueAt(from, ['task']), valueAt(from, ['artifact'])];
    const at = [...path, 'artifacts', 'load', file];
    return typeof name === 'string' && typeof artifact === 'string' ? [{ task: name, artifact, path: at }] : [];
  });
}
