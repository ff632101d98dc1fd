import { type Dag, type Task } from '../dag/dag.js';
import { checkText, checkValue, type Checked } from './check.js';
import type { Diagnostic } from './diagnostic.js';
import { MAXIMUM_DURATION } from '../dag/duration.js';
import { finding, findingsOf, valueAt, type Finding } from './issues.js';
import { quote } from './problem.js';
import { checkArtifacts, needArtifacts } from './artifact-sources.js';
import { DAG_CHECKS } from './check-dag.js';
import { readExpressions } from './expressions.js';
import { rawTasksOf } from './raw-task.js';
import { nowhere, readSubDags } from './sub-dags.js';
import { checkGraph, checkLimits, checkSize } from './rules.js';
import { addedSchema } from './schema.js';
import type { Path } from './source.js';

/** Tasks that are to be added to a running dag, and all that is wrong with them. */
export interface AddedTasks {
  /** Left out where a diagnostic is an error. They may need tasks that are not among them. */
  readonly tasks?: readonly Task[];
  /** For tasks of the running dag: the tasks that each shall wait for as well. Left out where none shall. */
  readonly needs?: Readonly<Record<string, readonly string[]>>;
  /** In the order of the file. */
  readonly diagnostics: readonly Diagnostic[];
}

type Added = Omit<AddedTasks, 'diagnostics'>;

/**
 * Reads a file of tasks that are to be added to a running dag: `tasks:`, as in a dag file, and `needs:`, which says of
 * tasks that the dag has which ones they shall wait for as well. Whether the dag has the tasks named is for the run to
 * say; all else is checked by the rules of dag files. Never throws on bad input.
 * @param file The name to put into diagnostics; read as JSON where it ends in `.json`, else as YAML.
 */
export function parseTasks(text: string, file?: string): AddedTasks {
  return added(checkText(text, file === undefined ? {} : { file }, check));
}

/**
 * Checks `{ tasks, needs }` that a program made. The tasks are a mapping as in a dag file, or a list of canonical ones.
 * Diagnostics stand at 1:1; their messages name the path.
 */
export function checkTasks(value: unknown): AddedTasks {
  return added(checkValue(value, check));
}

function added({ value, diagnostics }: { value?: Added; diagnostics: readonly Diagnostic[] }): AddedTasks {
  return { ...value, diagnostics };
}

/** The run's own defaults are not known here: these contradict nothing that a task may say. */
const ANY: Omit<Dag, 'tasks'> = {
  name: '',
  params: {},
  defaults: { retry: { initialInterval: 1, maximumInterval: MAXIMUM_DURATION } },
};

function check(given: unknown): Checked<Added> {
  const absurd = checkSize(given);
  if (absurd.length > 0) return { findings: absurd };
  const subDags = readSubDags(needArtifacts(given, { mayNeedOthers: true }), nowhere(), DAG_CHECKS);
  const inferred = readExpressions(subDags.value, { isFragment: true });
  const value = subDags.restore(inferred.value);
  const isList = Array.isArray(valueAt(value, ['tasks']));
  const result = addedSchema(isList ? 'canonical' : 'file').safeParse(value);
  const findings = [
    ...subDags.findings,
    ...checkKinds(given),
    ...checkGraph(value, { mayNeedOthers: true }),
    ...checkArtifacts(given, { mayNeedOthers: true }),
    ...checkKeys(value),
    ...inferred.findings,
  ];
  if (!result.success) return { findings: [...findingsOf(result.error.issues, value), ...findings] };
  const tasks = subDags.inline(result.data.tasks);
  if (tasks === undefined) return { findings };
  const pathOf = (index: number): Path => ['tasks', isList ? index : tasks[index]!.name];
  return { value: { ...result.data, tasks }, findings: [...findings, ...checkLimits({ ...ANY, tasks }, pathOf)] };
}

/** Kinds of tasks that a running dag takes no more of. */
function checkKinds(value: unknown): Finding[] {
  const findings = rawTasksOf(value).flatMap(({ path, uses, fields }): Finding[] => {
    if (uses === 'switch') {
      const hint = 'Add its branches with a `when` each.';
      return [finding(path, 'FIELD_CONFLICT', 'is a switch, which cannot be added to a running dag.', hint, true)];
    }
    if (fields['finally'] !== true || path[0] === 'finally') return [];
    return [finding([...path, 'finally'], 'FIELD_CONFLICT', 'cannot be added to a running dag.', FINALLY_HINT, true)];
  });
  if (valueAt(value, ['finally']) === undefined) return findings;
  return [...findings, finding(['finally'], 'FIELD_CONFLICT', 'cannot be added to a running dag.', FINALLY_HINT, true)];
}

const FINALLY_HINT =
  'Add the tasks under `tasks:`; with `triggerRule: all_done` they run whatever became of those they need.';

/** `needs` is for tasks that are there already: a new one says itself what it needs. */
function checkKeys(value: unknown): Finding[] {
  const needs = valueAt(value, ['needs']);
  const tasks = valueAt(value, ['tasks']);
  if (typeof needs !== 'object' || needs === null || typeof tasks !== 'object' || tasks === null) return [];
  const names = Array.isArray(tasks) ? tasks.map((task: unknown) => valueAt(task, ['name'])) : Object.keys(tasks);
  const fresh = new Set<unknown>(names);
  return Object.keys(needs)
    .filter((name) => fresh.has(name))
    .map((name) => {
      const hint = 'Write it as the `needs` of that task.';
      return finding(['needs', name], 'FIELD_CONFLICT', `is about a new task: ${quote(name)}.`, hint, true);
    });
}
