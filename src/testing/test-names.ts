import type { DagWith, EventWith } from '../dag/control.js';
import { isHandled, type Dag, type Task } from '../dag/dag.js';
import { DagwrightError } from '../dag/errors.js';
import type { JsonObject } from '../dag/json.js';
import { finding, type Finding } from '../spec/issues.js';
import { didYouMean } from '../spec/near-name.js';
import { paramProblems, resolveParams } from '../spec/params.js';
import type { Path } from '../spec/source.js';
import type { DagTest } from './dag-test.js';
import { withoutItems } from './task-path.js';

interface Names {
  /** By their names, those of sub-dags as `load/copy`, those that undo as `charge~undo`. */
  readonly tasks: Map<string, Task>;
  readonly events: Set<string>;
}

/** Tasks, events, params and outputs that tests name and their dag has not. */
export function checkTestNames(tests: readonly DagTest[], dag: Dag): Finding[] {
  const names: Names = { tasks: new Map(), events: new Set() };
  collect(dag, '', names);
  return tests.flatMap((test, i) => checkTest(test, dag, names, ['tests', i]));
}

function collect(dag: Dag, prefix: string, names: Names): void {
  for (const task of dag.tasks) {
    const path = prefix + task.name;
    names.tasks.set(path, task);
    if (task.compensate !== undefined) {
      names.tasks.set(`${path}~undo`, { ...task, ...task.compensate });
    }
    if (task.uses === 'event') names.events.add(prefix + (task.with as unknown as EventWith).event);
    if (task.uses === 'dag') collect((task.with as unknown as DagWith).dag, `${path}/`, names);
  }
}

function checkTest(test: DagTest, dag: Dag, names: Names, at: Path): Finding[] {
  const { expect, cancelAt, approvals = {}, events = {}, tasks = {}, params = {} } = test;
  const taskNames = (field: Path, given: Iterable<string>, mayBe?: (task: Task, name: string) => string | undefined) =>
    [...given].flatMap((name) => checkTask(name, names, [...at, ...field, name], true, mayBe));
  const sent = Array.isArray(events) ? (events as readonly object[]) : [events];
  return [
    ...checkParams(params, dag, at),
    ...taskNames(['tasks'], Object.keys(tasks), doubleProblem),
    ...sent.flatMap((one, i) => {
      const place = [...at, 'events', ...(Array.isArray(events) ? [i] : [])];
      return Object.keys(one).flatMap((name) =>
        names.events.has(withoutItems(name)) ? [] : [unknown([...place, name], 'event', name, names.events)],
      );
    }),
    ...taskNames(['approvals'], Object.keys(approvals), (task) =>
      task.uses === 'approval' ? undefined : 'is no approval.',
    ),
    ...(cancelAt === undefined ? [] : checkTask(cancelAt, names, [...at, 'cancelAt'], false)),
    ...(['tasks', 'output', 'attempts', 'errors'] as const).flatMap((field) =>
      taskNames(['expect', field], Object.keys(expect[field] ?? {})),
    ),
    ...taskNames(['expect', 'inputs'], Object.keys(expect.inputs ?? {}), (task, name) => {
      const isDoubled = isHandled(task) || (task.uses === 'dag' && Object.hasOwn(tasks, name));
      return isDoubled ? undefined : `is a task that is handed nothing: it uses \`${task.uses}\`.`;
    }),
    ...(expect.order ?? []).flatMap((name, i) => checkTask(name, names, [...at, 'expect', 'order', i], false)),
    ...Object.keys(expect.outputs ?? {}).flatMap((name) =>
      Object.hasOwn(dag.outputs ?? {}, name)
        ? []
        : [unknown([...at, 'expect', 'outputs', name], 'output', name, Object.keys(dag.outputs ?? {}))],
    ),
  ];
}

function checkParams(params: JsonObject, dag: Dag, at: Path): Finding[] {
  const found = paramProblems(dag, params).map(({ param, text, hint }) =>
    param === undefined
      ? finding(at, 'VALUE_INVALID', text, hint, true)
      : finding([...at, 'params', param], 'VALUE_INVALID', text, hint),
  );
  if (found.length > 0) return found;
  try {
    resolveParams(dag, params);
    return [];
  } catch (error) {
    // Those of sub-dags may hold `${{ }}`, those of a run not.
    if (!(error instanceof DagwrightError)) throw error;
    return [finding([...at, 'params'], 'VALUE_INVALID', `cannot be taken. ${error.message}`)];
  }
}

/** What the run does itself goes as it does: only time is left out. */
function doubleProblem(task: Task): string | undefined {
  if (isHandled(task) || task.uses === 'dag') return undefined;
  if (task.uses === 'event') return 'has no double: it waits for an event. Send it by `events`.';
  if (task.uses === 'approval') return 'has no double: it waits for a person. Decide by `approvals`.';
  return `has no double: it is a \`${task.uses}\`, which takes no time in a test.`;
}

function checkTask(
  name: string,
  { tasks }: Names,
  path: Path,
  key: boolean,
  mayBe: (task: Task, name: string) => string | undefined = () => undefined,
): Finding[] {
  const plain = withoutItems(name);
  const task = tasks.get(plain);
  if (task === undefined) return [unknown(path, 'task', name, tasks.keys(), key)];
  const single = itemsIn(name).find((one) => tasks.get(one)?.forEach === undefined);
  if (single !== undefined) {
    const text = `is an item of \`${single}\`, which does not fan out.`;
    return [finding(path, 'TEST_NAME_UNKNOWN', text, `Write it without \`[...]\`.`, key)];
  }
  const problem = mayBe(task, name);
  return problem === undefined ? [] : [finding(path, 'VALUE_INVALID', problem, undefined, key)];
}

/** The tasks of which the name names items: `load`, `load/convert` of `load[2]/convert[1]`. */
function itemsIn(name: string): string[] {
  return [...name.matchAll(/\[\d+\]/g)].map(({ index }) => withoutItems(name.slice(0, index)));
}

function unknown(path: Path, what: string, name: string, known: Iterable<string>, key = true): Finding {
  const all = [...known];
  const listed = all.slice(0, 8).map((one) => `\`${one}\``);
  const hint =
    didYouMean(name, all) ??
    (all.length === 0 ? `It has no ${what}s.` : `It has ${listed.join(', ')}${all.length > 8 ? '...' : ''}.`);
  return finding(path, 'TEST_NAME_UNKNOWN', `is no ${what} of the dag.`, hint, key);
}
