import type { Json } from '../dag/json.js';
import { isRunEnd } from '../dag/run-state.js';
import type { TaskError } from '../dag/task-error.js';
import { differences, type Difference } from './difference.js';
import type { Expectations } from './dag-test.js';
import { namesOf } from './task-path.js';
import type { TestedRun } from './tested-run.js';

/** What is not as a test expects it. */
export interface TestFailure {
  /** What it is about, by the fields of the test: `tasks.charge`, `output.charge.id`. */
  readonly at: string;
  readonly expected?: Json;
  /** Left out where there is nothing. */
  readonly actual?: Json;
  /** Why it is so: the error of a task. */
  readonly why?: string;
}

/** Failed tasks that are named where the run did not end as expected. */
const NAMED = 3;

/** What of a run is not as expected; none where all is. */
export function unmet(expected: Expectations, run: TestedRun): TestFailure[] {
  return [
    ...run.problems.map(({ at, message }): TestFailure => ({ at, why: message })),
    ...runState(expected, run),
    ...Object.entries(expected.tasks ?? {}).flatMap(([name, status]) =>
      tasksOf(run, name, `tasks.${name}`, ({ status: actual, error }) => [
        ...(actual === status ? [] : [{ expected: status, actual, ...whyOf(error) }]),
      ]),
    ),
    ...Object.entries(expected.outputs ?? {}).flatMap(([name, output]) =>
      differences(output, run.outputs?.[name], `outputs.${name}`),
    ),
    ...Object.entries(expected.output ?? {}).flatMap(([name, output]) =>
      tasksOf(run, name, `output.${name}`, ({ output: actual, error }, at) =>
        differences(output, actual, at).map((one) => ({ ...one, ...whyOf(error) })),
      ),
    ),
    ...Object.entries(expected.attempts ?? {}).flatMap(([name, attempts]) =>
      tasksOf(run, name, `attempts.${name}`, ({ attempts: actual }, at) => differences(attempts, actual, at)),
    ),
    ...Object.entries(expected.errors ?? {}).flatMap(([name, code]) =>
      tasksOf(run, name, `errors.${name}`, ({ error }, at) =>
        differences(code, error?.code, at).map((one) => ({ ...one, ...whyOf(error) })),
      ),
    ),
    ...order(expected.order ?? [], run),
    ...Object.entries(expected.inputs ?? {}).flatMap(([name, input]) => inputs(name, input as Json, run)),
  ];
}

function runState({ run: expected }: Expectations, { state, tasks, problems }: TestedRun): TestFailure[] {
  // That it did not end is said already.
  if (expected === undefined || expected === state || (!isRunEnd(state) && problems.length > 0)) return [];
  const failed = [...tasks].filter(([, { status }]) => status === 'failed');
  const named = failed.slice(0, NAMED).map(([name, { error }]) => `${name}: ${errorText(error)}`);
  if (failed.length > NAMED) named.push(`and ${failed.length - NAMED} more`);
  return [{ at: 'run', expected, actual: state, ...(named.length === 0 ? {} : { why: named.join('; ') }) }];
}

type Found = Partial<Difference> & { readonly why?: string };

/** What is wrong with the task of this name; of one that stands for several, with each of them. */
function tasksOf(
  run: TestedRun,
  name: string,
  at: string,
  check: (task: TestedRun['tasks'] extends ReadonlyMap<string, infer Task> ? Task : never, at: string) => Found[],
): TestFailure[] {
  const paths = run.tasks.has(name) ? [name] : [...run.tasks.keys()].filter((path) => namesOf(path).includes(name));
  if (paths.length === 0) return [{ at, why: 'the run has no such task' }];
  const field = at.slice(0, at.length - name.length);
  return paths.flatMap((path) =>
    check(run.tasks.get(path)!, field + path).map((one) => ({ at: field + path, ...one })),
  );
}

function order(expected: readonly string[], { starts }: TestedRun): TestFailure[] {
  const started = new Set<string>();
  for (const path of starts) {
    const name = namesOf(path).find((one) => expected.includes(one));
    if (name !== undefined) started.add(name);
  }
  const actual = [...started];
  if (actual.length === expected.length && actual.every((name, i) => name === expected[i])) return [];
  const missing = expected.filter((name) => !started.has(name));
  const why = missing.length === 0 ? {} : { why: `${missing.join(', ')} never started` };
  return [{ at: 'order', expected, actual, ...why }];
}

function inputs(name: string, expected: Json, run: TestedRun): TestFailure[] {
  const paths = run.inputs.has(name) ? [name] : [...run.inputs.keys()].filter((path) => namesOf(path).includes(name));
  if (paths.length === 0) return [{ at: `inputs.${name}`, why: 'the task had no attempt' }];
  return paths.flatMap((path) =>
    differences(expected, run.inputs.get(path) as unknown as Json, `inputs.${path}`, { atLeast: true }),
  );
}

function whyOf(error: TaskError | undefined): { readonly why?: string } {
  return error === undefined ? {} : { why: errorText(error) };
}

function errorText(error: TaskError | undefined): string {
  return error === undefined ? 'it says no more' : `${error.code}: ${error.message}`;
}
