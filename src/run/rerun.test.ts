import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Dag } from '../dag/dag.js';
import type { Json } from '../dag/json.js';
import { planRerun, type RerunOptions, type RerunPlan } from './rerun.js';
import type { RunResult, TaskResult } from './run.js';
import type { TaskEndState } from '../dag/task-state.js';

function dagOf(needs: Readonly<Record<string, readonly string[]>>): Dag {
  const tasks = Object.entries(needs).map(([name, needed]) => ({
    name,
    uses: 'shell' as const,
    with: {},
    needs: needed.map((task) => ({ task })),
  }));
  return { name: 'test', params: {}, tasks };
}

/** How a task ended: its state, or that it succeeded with a lost output (`lost`) or with this one (`[output]`). */
type End = TaskEndState | 'lost' | readonly [Json];

function resultOf(ends: Readonly<Record<string, End>>): RunResult {
  const tasks = Object.entries(ends).map(([name, end]): [string, TaskResult] => {
    if (end === 'lost') return [name, { status: 'succeeded', attempts: 1, outputOmitted: true }];
    if (typeof end !== 'string') return [name, { status: 'succeeded', attempts: 1, output: end[0] }];
    return [name, { status: end, attempts: 1 }];
  });
  const time = '2026-11-01T00:00:00.000Z';
  const ended = { runId: 'old', dag: 'test', status: 'failed' as const, startedAt: time, endedAt: time };
  return { ...ended, tasks: Object.fromEntries(tasks) };
}

/** extract -> convert -> report -> send, and extract -> index. */
const needs = {
  extract: [],
  convert: ['extract'],
  index: ['extract'],
  report: ['convert'],
  send: ['report'],
};

function names(dag: Dag, tasks: readonly number[]): string {
  return tasks.map((task) => dag.tasks[task]?.name).join(' ');
}

const good = { extract: [1], convert: [2], index: [3], report: [4], send: [5] } as const;
const failedReport = { ...good, report: 'failed', send: 'upstream_failed' } as const;

describe('planRerun', () => {
  it.each<[what: string, ends: Readonly<Record<string, End>>, options: RerunOptions, runs: string, again: string]>([
    ['what failed, and what that kept from running', failedReport, {}, 'report send', ''],
    ['nothing where all succeeded', good, {}, '', ''],
    ['what was skipped or cancelled', { ...good, index: 'skipped', send: 'cancelled' }, {}, 'index send', ''],
    ['what needs a failed task and went on without it', { ...good, convert: 'failed' }, {}, 'convert report send', ''],
    ['such tasks not, without downstream', { ...good, convert: 'failed' }, { downstream: false }, 'convert', ''],
    ['a task, and what needs it', good, { from: ['convert'] }, 'convert report send', ''],
    ['that task alone, without downstream', good, { from: ['convert'], downstream: false }, 'convert', ''],
    ['several tasks', good, { from: ['send', 'index'] }, 'index send', ''],
    ['a task and what failed', failedReport, { from: ['index'] }, 'index report send', ''],
    ['everything with all', good, { all: true }, 'extract convert index report send', ''],
    [
      'what the tasks need, with upstream, and all that needs that',
      good,
      { from: ['report'], upstream: true },
      'extract convert index report send',
      '',
    ],
    [
      'what they need alone, with upstream and without downstream',
      good,
      { from: ['report'], upstream: true, downstream: false },
      'extract convert report',
      '',
    ],
    [
      'what a task needs that needs a failed one, with upstream',
      { ...good, convert: 'failed' },
      { from: ['report'], upstream: true, downstream: false },
      'extract convert report',
      '',
    ],
    [
      'not what another failed one needs, with from and upstream',
      failedReport,
      { from: ['extract'], upstream: true, downstream: false },
      'extract report send',
      '',
    ],
    [
      'what failed ones need, with upstream alone',
      failedReport,
      { upstream: true, downstream: false },
      'extract convert report send',
      '',
    ],
    ['what was lost and is needed', { ...failedReport, convert: 'lost' }, {}, 'convert report send', 'convert'],
    ['not what was lost and nobody needs', { ...failedReport, index: 'lost' }, {}, 'report send', ''],
    [
      'what the lost ones need, where that was lost too, and what needs it',
      { ...failedReport, extract: 'lost', convert: 'lost' },
      {},
      'extract convert index report send',
      'extract convert index',
    ],
    [
      'the lost ones alone, without downstream',
      { ...failedReport, extract: 'lost', convert: 'lost' },
      { downstream: false },
      'extract convert report send',
      'extract convert',
    ],
  ])('runs %s', (_what, ends, options, runs, again) => {
    const dag = dagOf(needs);
    const plan = planRerun(dag, resultOf(ends), options);
    expect(names(dag, plan.runs)).toBe(runs);
    expect(names(dag, plan.again)).toBe(again);
  });

  it('takes over the outputs of the others, and tells null, none and a lost one apart', () => {
    const dag = dagOf({ a: [], b: [], c: [], d: [] });
    const plan = planRerun(dag, resultOf({ a: [null], b: 'succeeded', c: 'lost', d: 'failed' }));
    expect(plan).toEqual({ takeOver: [[0, null], [1], [2]], omitted: [2], runs: [3], again: [] });
  });

  it('runs what the old run did not know, and everything where nothing is known of it', () => {
    const dag = dagOf({ a: [], constructor: ['a'] });
    expect(planRerun(dag, resultOf({ a: [1] })).runs).toEqual([1]);
    expect(planRerun(dag, undefined).runs).toEqual([0, 1]);
  });

  it('refuses a task that is not there', () => {
    const refused = expect.objectContaining({ code: 'TASK_NOT_FOUND' }) as Error;
    expect(() => planRerun(dagOf(needs), resultOf(good), { from: ['reprot'] })).toThrow(refused);
  });
});

/** A dag whose edges go forward, how its tasks ended, and what is asked for. */
const cases = fc.integer({ min: 1, max: 10 }).chain((size) => {
  const task = fc.nat({ max: size - 1 });
  const end = fc.constantFrom<End>(
    [1],
    [1],
    [null],
    'succeeded',
    'lost',
    'lost',
    'failed',
    'skipped',
    'upstream_failed',
  );
  return fc.record({
    edges: fc.array(fc.tuple(task, task), { maxLength: 20 }).map((edges) => edges.filter(([a, b]) => a < b)),
    ends: fc.array(end, { minLength: size, maxLength: size }),
    from: fc.array(task, { maxLength: 3 }),
    all: fc.constantFrom(false, false, false, true),
    downstream: fc.boolean(),
    upstream: fc.boolean(),
  });
});

type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

function planOf({ edges, ends, from, ...options }: Case): RerunPlan {
  const dag = dagOf(
    Object.fromEntries(
      ends.map((_, task) => [`t${task}`, [...new Set(edges.filter(([, to]) => to === task).map(([a]) => `t${a}`))]]),
    ),
  );
  const result = resultOf(Object.fromEntries(ends.map((end, task) => [`t${task}`, end])));
  return planRerun(dag, result, { ...options, from: from.map((task) => `t${task}`) });
}

/** The same by its rules alone, applied until nothing changes. */
function slowRuns({ edges, ends, from, all, downstream, upstream }: Case, heedsLost: boolean): number[] {
  const succeeded = (task: number): boolean =>
    typeof ends[task] !== 'string' || ['lost', 'succeeded'].includes(ends[task]);
  const failed = [...ends.keys()].filter((task) => !succeeded(task));
  const above = new Set(from.length > 0 ? from : failed);
  const runs = new Set(all ? ends.keys() : [...failed, ...from]);
  for (let before = -1; before !== above.size;) {
    before = above.size;
    for (const [needed, task] of edges) if (above.has(task)) above.add(needed);
  }
  if (upstream) for (const task of above) runs.add(task);
  for (let before = -1; before !== runs.size;) {
    before = runs.size;
    for (const [needed, task] of edges) {
      if (downstream && runs.has(needed)) runs.add(task);
      if (heedsLost && runs.has(task) && ends[needed] === 'lost') runs.add(needed);
    }
  }
  return [...runs].sort((a, b) => a - b);
}

describe('planRerun, of any run', () => {
  it('runs each task or takes it over, and takes over what succeeded only', () => {
    fc.assert(
      fc.property(cases, (run) => {
        const { takeOver, runs, omitted } = planOf(run);
        const taken = takeOver.map(([task]) => task);
        expect([...taken, ...runs].sort((a, b) => a - b)).toEqual([...run.ends.keys()]);
        for (const [task, ...output] of takeOver) {
          const end = run.ends[task];
          expect(output).toEqual(typeof end === 'string' ? [] : end);
          expect(typeof end === 'string' ? end : 'succeeded').toMatch(/^(succeeded|lost)$/);
        }
        expect(omitted).toEqual(taken.filter((task) => run.ends[task] === 'lost'));
      }),
    );
  });

  it('never runs a task whose needs it has not, nor leaves one that is out of date', () => {
    fc.assert(
      fc.property(cases, (run) => {
        const { runs, omitted } = planOf(run);
        for (const [needed, task] of run.edges) {
          if (runs.includes(task)) expect(omitted).not.toContain(needed);
          if (run.downstream && runs.includes(needed)) expect(runs).toContain(task);
        }
      }),
    );
  });

  it('runs what its rules say and no more', () => {
    fc.assert(
      fc.property(cases, (run) => {
        const { runs, again } = planOf(run);
        expect(runs).toEqual(slowRuns(run, true));
        const asked = slowRuns(run, false);
        expect(again).toEqual(runs.filter((task) => !asked.includes(task)));
      }),
    );
  });
});

describe('planRerun, of a run that undid tasks or had `finally` tasks', () => {
  const succeeded: TaskResult = { status: 'succeeded', attempts: 1 };
  const failed: TaskResult = { status: 'failed', attempts: 1 };
  const saga = dagOf({ charge: [], book: [], other: [], ship: ['charge', 'book'] });
  const ended = (tasks: Readonly<Record<string, TaskResult>>): RunResult => ({ ...resultOf({}), tasks });

  it('runs again what was undone, and a fan-out of which an item was', () => {
    const old = ended({
      charge: succeeded,
      book: succeeded,
      other: succeeded,
      ship: failed,
      'book[0]': { ...succeeded, item: { of: 'book', index: 0 } },
      'charge~undo': { ...succeeded, compensates: 'charge' },
      'book[0]~undo': { ...succeeded, compensates: 'book[0]' },
    });
    expect(names(saga, planRerun(saga, old).runs)).toBe('charge book ship');
  });

  it('takes over what could not be undone: it stands as it was', () => {
    const old = ended({
      charge: succeeded,
      book: succeeded,
      other: succeeded,
      ship: failed,
      'charge~undo': { ...failed, compensates: 'charge' },
    });
    expect(names(saga, planRerun(saga, old).runs)).toBe('ship');
  });

  const plain = dagOf({ work: [], more: [], tidy: [], mail: ['tidy'] });
  const last = ['tidy', 'mail'];
  const dag: Dag = {
    ...plain,
    tasks: plain.tasks.map((task) => (last.includes(task.name) ? { ...task, finally: true } : task)),
  };

  it.each<[what: string, ends: Readonly<Record<string, End>>, options: RerunOptions, runs: string]>([
    ['all `finally` tasks with anything else', { work: 'failed' }, {}, 'work tidy mail'],
    ['them without downstream, too', { work: 'failed' }, { downstream: false }, 'work tidy mail'],
    ['those alone that did not succeed, where all else did', { mail: 'failed' }, {}, 'mail'],
    ['nothing where all succeeded', {}, {}, ''],
  ])('runs %s', (_what, ends, options, runs) => {
    const old = resultOf({ work: [1], more: [2], tidy: [3], mail: [4], ...ends });
    expect(names(dag, planRerun(dag, old, options).runs)).toBe(runs);
  });
});
