import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../src/dag/json.js';
import type { Run, RunResult } from '../src/run/run.js';
import type { TaskDouble } from '../src/testing/dag-test.js';
import { endingOf, failureOf } from '../src/testing/doubles.js';
import { unmet } from '../src/testing/expectations.js';
import { startsIn } from '../src/testing/starts.js';
import { entryFor } from '../src/testing/task-path.js';
import { testDag } from '../src/testing/test-dag.js';
import { dagOf, readConformance, type Conformance, type ConformanceDouble } from './support/conformance-file.js';
import { EXECUTORS, POLL, stand, type ExecutorHost } from './support/executor-hosts.js';
import { TaskDoubles, type Ending } from './support/task-doubles.js';

const FOLDER = fileURLToPath(new URL('conformance/', import.meta.url));
const FILES = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => ({ file, given: readConformance(join(FOLDER, file)) }))
  .map(({ file, given }) => [given.behaviour, file, given] as const);

function mustWait(double: ConformanceDouble | undefined): readonly string[] {
  return double !== undefined && 'after' in double ? (double.after ?? []) : [];
}

/** The full name of a task: the run of the item 2 of `load` is called `run/load/2`. */
function pathOf(runId: string, task: string, root: string): string {
  const within = runId
    .slice(root.length + 1)
    .replaceAll(/\/(\d+)/g, '[$1]')
    .replaceAll(/#\d+/g, '');
  return within === '' ? task : `${within}/${task}`;
}

function ended(double: ConformanceDouble | undefined, attempt: number): Ending {
  const { output, fail } = endingOf(double as TaskDouble | undefined, attempt);
  if (fail === undefined) return output === undefined ? {} : { output };
  const { error, retryable } = failureOf(fail);
  const { code, message, details } = error;
  return { fail: { code, message, retryable, ...(details === undefined ? {} : { details }) } };
}

/** What the file has done to the run, while it runs. */
async function act(run: Run, doubles: TaskDoubles, given: Conformance): Promise<void> {
  const { events = {}, approvals = {}, cancelAt, steps = [] } = given;
  const sent = Array.isArray(events) ? (events as readonly object[]) : [events];
  for (const [name, payload] of sent.flatMap((one): [string, Json][] => Object.entries(one))) {
    await run.sendEvent(name, { payload });
  }
  for (const [task, decision] of Object.entries(approvals)) {
    await stand(run, { [task]: 'waiting' });
    const by = decision.by === undefined ? {} : { by: decision.by };
    const { form } = decision as { form?: Json };
    if ('approve' in decision) await run.approve(task, { ...by, ...(form === undefined ? {} : { form }) });
    else await run.reject(task, { ...by, reason: decision.reject });
  }
  for (const [task, double] of Object.entries(given.doubles ?? {})) {
    const after = mustWait(double);
    if (after.length === 0) continue;
    for (const other of after) await doubles.begunTimes(other, 1);
    await doubles.release(task, ended(double, 1));
  }
  for (const { await: states, send = {}, cancel } of steps) {
    await stand(run, states);
    for (const [name, payload] of Object.entries(send)) await run.sendEvent(name, { payload });
    if (cancel !== undefined) await run.cancel(cancel);
  }
  if (cancelAt === undefined) return;
  await expect
    .poll(async () => (await run.describe()).tasks.find(({ name }) => name === cancelAt)?.state, POLL)
    .toMatch(/^(?:running|waiting)$/);
  await run.cancel();
}

/** Every task is spoken of, but for what the run made itself. */
function expectAll(given: Conformance, names: Iterable<string>): void {
  const own = [...names].filter((name) => !/[[~/]/.test(name));
  const spoken = Object.keys(given.expect.tasks ?? {}).filter((name) => !/[[~/]/.test(name));
  expect(spoken.toSorted()).toEqual(own.toSorted());
}

describe.each(EXECUTORS)('the %s executor', (_name, makeHost) => {
  let host: ExecutorHost;

  beforeAll(async () => {
    host = await makeHost();
  }, 900_000);
  afterAll(() => host.stop());

  it.concurrent.each(FILES)('%s (%s)', async (_behaviour, _file, given) => {
    const doubles = await TaskDoubles.start();
    try {
      const attempts = new Map<string, number>();
      let root = '';
      doubles.auto = (task, _attempt, runId) => {
        root ||= runId;
        // Runs within runs begin after the run itself, whose id is the beginning of theirs.
        const path = pathOf(runId, task, root.split('/')[0]!);
        const attempt = (attempts.get(path) ?? 0) + 1;
        attempts.set(path, attempt);
        const double = entryFor(given.doubles ?? {}, path);
        return path === given.cancelAt || mustWait(double).length > 0 || isHeld(given, path)
          ? undefined
          : ended(double, attempt);
      };
      const dag = dagOf(given, { uses: 'function', with: { name: 'double', input: { url: doubles.url } } });
      const run = await host.start(dag, given.params);
      const [result] = await Promise.all([run.result(), act(run, doubles, given)]);
      expect(unmet(given.expect, await seen(run, result))).toEqual([]);
      expectAll(given, Object.keys(result.tasks));
    } finally {
      await doubles.stop();
    }
  });
});

/** Tasks that a step cancels while they run. */
function isHeld({ steps = [] }: Conformance, path: string): boolean {
  return steps.some(({ await: states, cancel }) => cancel !== undefined && states[path] === 'running');
}

async function seen(run: Run, result: RunResult): Promise<Parameters<typeof unmet>[1]> {
  return {
    state: result.status,
    ...(result.outputs === undefined ? {} : { outputs: result.outputs }),
    tasks: new Map(Object.entries(result.tasks)),
    starts: startsIn(new Map([['', { history: await run.history() }]])),
    inputs: new Map(),
    problems: [],
  };
}

// What needs somebody to hold a task back, or to act at a certain moment, is for the executors alone.
const ALONE = FILES.filter(
  ([, , { steps, doubles = {} }]) =>
    steps === undefined && Object.values(doubles).every((one) => mustWait(one).length === 0),
);

describe('a test of a dag', () => {
  it.each(ALONE)('%s (%s)', async (_behaviour, _file, given) => {
    const dag = dagOf(given, { run: 'true' });
    const { behaviour: name, doubles = {}, dag: _, tasks: _t, ...test } = given;
    const { failures, run } = await testDag(dag, { ...test, name, tasks: doubles as Record<string, TaskDouble> });
    expect(failures).toEqual([]);
    expectAll(given, run.tasks.keys());
  });
});
