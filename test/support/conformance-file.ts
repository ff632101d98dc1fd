import { readFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import type { Dag } from '../../src/dag/dag.js';
import type { Json, JsonObject } from '../../src/dag/json.js';
import { formatDiagnostic } from '../../src/spec/diagnostic.js';
import { parseDag } from '../../src/spec/parse.js';
import type { DagTest, DoubleEnding } from '../../src/testing/dag-test.js';

/** How a double ends. `after`: it ends once these have begun. */
export type ConformanceDouble = (DoubleEnding & { readonly after?: readonly string[] }) | readonly DoubleEnding[];

/** What is done to the run when its tasks are in these states. */
export interface Step {
  readonly await: Readonly<Record<string, string>>;
  readonly send?: JsonObject;
  readonly cancel?: { readonly compensate?: boolean };
}

/** A file of the folder: a dag whose tasks are doubles, how those end, and how the run and each task must end. */
export interface Conformance extends Omit<DagTest, 'name' | 'tasks'> {
  readonly behaviour: string;
  /** What its file would hold. A task that does not say what it does is a double. */
  readonly dag?: JsonObject;
  /** Its tasks, where there is nothing else to say. */
  readonly tasks?: JsonObject;
  /** A task that is not here succeeds at once. */
  readonly doubles?: Readonly<Record<string, ConformanceDouble>>;
  readonly steps?: readonly Step[];
}

export function readConformance(path: string): Conformance {
  return parse(readFileSync(path, 'utf8')) as Conformance;
}

/** The dag of the file, as the reader of dag files gives it. `double`: what a double does. */
export function dagOf({ dag: given, tasks }: Conformance, double: JsonObject): Dag {
  const whole = { name: 'doubles', ...(given ?? { tasks: tasks ?? {} }) } as JsonObject;
  const { dag, diagnostics } = parseDag(stringify(completed(whole, double), { aliasDuplicateObjects: false }));
  if (dag === undefined) throw new Error(diagnostics.map(formatDiagnostic).join('\n'));
  return dag;
}

const ACTIONS = ['uses', 'run', 'wait', 'until', 'switch'];

function completed(dag: JsonObject, double: JsonObject): JsonObject {
  const tasksOf = (field: string): JsonObject => {
    const tasks = dag[field] as JsonObject | undefined;
    if (tasks === undefined) return {};
    return { [field]: mapValues(tasks, (task) => completedTask((task ?? {}) as JsonObject, double)) };
  };
  return { ...dag, ...tasksOf('tasks'), ...tasksOf('finally') };
}

function completedTask(task: JsonObject, double: JsonObject): JsonObject {
  const { compensate, with: settings } = task;
  const undone =
    compensate === undefined ? task : { ...task, compensate: { ...double, ...(compensate as JsonObject) } };
  if (!ACTIONS.some((field) => task[field] !== undefined)) return { ...double, ...undone };
  const given = settings as JsonObject | undefined;
  if (task['uses'] === 'poll') return { ...undone, with: { ...double, ...given } };
  if (given?.['dag'] === undefined) return undone;
  return { ...undone, with: { ...given, dag: completed({ name: 'inner', ...(given['dag'] as JsonObject) }, double) } };
}

function mapValues(object: JsonObject, map: (value: Json) => Json): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value)]));
}
