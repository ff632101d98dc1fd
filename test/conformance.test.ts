import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Task } from '../src/dag/dag.js';
import type { RunEndState } from '../src/dag/run-state.js';
import { formatDiagnostic } from '../src/spec/diagnostic.js';
import { checkDag } from '../src/spec/parse.js';
import type { TaskEndState } from '../src/dag/task-state.js';
import { broken, EXECUTORS, states, type ExecutorHost } from './support/executor-hosts.js';
import { TaskDoubles, type Ending } from './support/task-doubles.js';

const FOLDER = fileURLToPath(new URL('conformance/', import.meta.url));
const FILES = readdirSync(FOLDER).filter((file) => file.endsWith('.yaml'));

/** A file of the folder: a dag whose tasks are doubles, how those end, and how the run and each task must end. */
interface Conformance {
  readonly behaviour: string;
  readonly tasks: Readonly<Record<string, Partial<Omit<Task, 'needs'>> & { readonly needs?: readonly string[] }>>;
  /** A task that is not here succeeds at once. `after`: it ends once these have begun. */
  readonly doubles: Readonly<Record<string, { fail?: string; output?: never; after?: readonly string[] }>>;
  readonly expect: { readonly run: RunEndState; readonly tasks: Readonly<Record<string, TaskEndState>> };
}

function read(file: string): Conformance {
  return parse(readFileSync(`${FOLDER}${file}`, 'utf8')) as Conformance;
}

describe.each(EXECUTORS)('the %s executor', (_name, makeHost) => {
  let host: ExecutorHost;
  let doubles: TaskDoubles;

  beforeAll(async () => {
    host = await makeHost();
  }, 900_000);
  afterAll(() => host.stop());
  beforeEach(async () => {
    doubles = await TaskDoubles.start();
  });
  afterEach(() => doubles.stop());

  it.each(FILES.map((file) => [read(file).behaviour, file] as const))('%s (%s)', async (_behaviour, file) => {
    const { tasks, doubles: endings, expect: expected } = read(file);
    const endingOf = (task: string): Ending => {
      const { fail, output } = endings[task] ?? {};
      return fail === undefined ? { ...(output === undefined ? {} : { output }) } : broken(fail);
    };
    doubles.auto = (task) => (endings[task]?.after === undefined ? endingOf(task) : undefined);
    const written = Object.entries(tasks).map(([name, { needs, ...more }]) => doubles.task(name, needs, more));
    const { dag, diagnostics } = checkDag(doubles.dag(written));
    if (dag === undefined) throw new Error(diagnostics.map(formatDiagnostic).join('\n'));
    const run = await host.start(dag);
    for (const [task, { after = [] }] of Object.entries(endings)) {
      if (after.length === 0) continue;
      for (const other of after) await doubles.begunTimes(other, 1);
      await doubles.release(task, endingOf(task));
    }
    const result = await run.result();
    expect(states(result)).toEqual(expected.tasks);
    expect(result.status).toBe(expected.run);
  });
});
