import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Dag, Task } from '../dag/dag.js';
import { POLICY_NAMES } from '../dag/policy.js';
import { BETWEEN_RUNS } from './between-runs.js';
import { boundsOf } from './bounds.js';
import { planOf, type Plan } from './plan.js';
import { resultsOf } from './results.js';
import type { Schedule, ScheduledRun } from './schedule.js';
import { simulate, type SimulationOptions } from './simulate.js';

type Given = Partial<Task> & { readonly name: string; readonly after?: readonly string[] };

function dagOf(tasks: readonly Given[], more: Partial<Dag> = {}): Dag {
  return {
    name: 'demo',
    params: {},
    ...more,
    tasks: tasks.map(({ after = [], ...task }) => ({
      uses: 'shell',
      with: { run: 'true' },
      needs: after.map((name) => ({ task: name })),
      ...task,
    })),
  };
}

function plan(tasks: readonly Given[], more: Partial<Dag> = {}): Plan {
  return planOf('demo.yaml', dagOf(tasks, more));
}

function starts(run: ScheduledRun | undefined): Record<string, number> {
  return Object.fromEntries((run?.tasks ?? []).map(({ name, startedAt }) => [name, startedAt]));
}

/** @throws where more run than there are slots, two on one slot, or a task before what it needs. */
function check({ runs, speeds }: Schedule): void {
  const held = runs.flatMap(({ tasks }) => tasks.filter(({ slot }) => slot !== undefined));
  for (const slot of speeds.keys()) {
    const own = held
      .filter((task) => task.slot === slot)
      .sort((a, b) => a.startedAt - b.startedAt || a.endedAt - b.endedAt);
    own.forEach((task, i) => expect(task.startedAt).toBeGreaterThanOrEqual(own[i - 1]?.endedAt ?? 0));
  }
  for (const run of runs) {
    const { dag } = run.plan;
    const found = new Map(run.tasks.map((task) => [task.name, task]));
    const busy = run.tasks.filter(({ slot }) => slot !== undefined);
    for (const { startedAt } of busy) {
      const at = busy.filter((one) => one.startedAt <= startedAt && one.endedAt > startedAt);
      expect(at.length).toBeLessThanOrEqual(run.most);
    }
    for (const { name, needs, triggerRule = 'all_success' } of dag.tasks) {
      const task = found.get(name);
      if (task === undefined || triggerRule !== 'all_success') continue;
      for (const needed of needs) {
        expect(found.get(needed.task)?.state).toBe('succeeded');
        expect(found.get(needed.task)?.endedAt).toBeLessThanOrEqual(task.startedAt);
      }
    }
    expect(run.endedAt).toBeGreaterThanOrEqual(boundsOf(run, speeds).lowerBound);
  }
}

/** Dags of up to 14 tasks, each of which needs some of those before it. */
const dags = fc
  .array(
    fc.record({
      estimate: fc.integer({ min: 0, max: 50 }),
      needs: fc.array(fc.nat(20), { maxLength: 3 }),
      priority: fc.integer({ min: -2, max: 2 }),
      attempts: fc.integer({ min: 1, max: 3 }),
      rule: fc.constantFrom(
        'all_success',
        'all_success',
        'all_success',
        'all_done',
        'one_success',
        'one_failed',
        'always',
      ),
      items: fc.option(fc.integer({ min: 0, max: 4 })),
      last: fc.boolean(),
      undo: fc.boolean(),
      preemptible: fc.boolean(),
    }),
    { minLength: 1, maxLength: 14 },
  )
  .chain((tasks) =>
    fc.record({
      concurrency: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
      failFast: fc.boolean(),
      tasks: fc.constant(
        tasks.map(({ estimate, needs, priority, attempts, rule, items, last, undo, preemptible }, index): Given => {
          const after = index < 12 || !last ? [...new Set(needs)].filter((task) => task < Math.min(index, 12)) : [];
          return {
            name: `t${index}`,
            after: after.map((task) => `t${task}`),
            estimate,
            priority,
            triggerRule: rule as 'all_success',
            retry: { maximumAttempts: attempts, initialInterval: 7 },
            ...(preemptible ? { preemptible } : {}),
            ...(items === null ? {} : { forEach: Array.from({ length: items }, (_, item) => item), maxParallel: 2 }),
            ...(index >= 12 && last ? { finally: true as const } : {}),
            ...(undo ? { compensate: { uses: 'shell' as const, with: { run: 'true' } } } : {}),
          };
        }),
      ),
    }),
  )
  .map(({ tasks, concurrency, failFast }) => plan(tasks, { failFast, ...(concurrency ? { concurrency } : {}) }));

const settings: fc.Arbitrary<SimulationOptions> = fc.record({
  policy: fc.constantFrom(...POLICY_NAMES, 'priority,sjf', 'fair,critical-path'),
  workers: fc.integer({ min: 1, max: 6 }),
  between: fc.constantFrom(...BETWEEN_RUNS),
  seed: fc.integer(),
  failures: fc.constantFrom(0, 0.1, 0.5),
  speeds: fc.constantFrom([1, 1] as const, [0.5, 3] as const),
  validate: fc.constant(true),
});

describe('simulate', () => {
  it('starts tasks as slots and what they need allow', () => {
    const given = plan([
      { name: 'a', estimate: 3_000 },
      { name: 'b', estimate: 2_000 },
      { name: 'c', estimate: 1_000 },
      { name: 'd', estimate: 1_000, after: ['a', 'c'] },
    ]);
    const schedule = simulate([given], { policy: 'fcfs', workers: 2 });
    expect(starts(schedule.runs[0])).toEqual({ a: 0, b: 0, c: 2_000, d: 3_000 });
    expect(resultsOf(schedule)).toEqual([
      {
        file: 'demo.yaml',
        policy: 'fcfs',
        placement: null,
        workers: 2,
        makespan: 4,
        lowerBound: 4,
        meanFlowTime: 3,
        utilisation: 0.875,
        meanWaiting: 0.5,
        state: 'succeeded',
      },
    ]);
  });

  it('keeps to the rates of pools', () => {
    const given = plan(
      Array.from({ length: 5 }, (_, i) => ({ name: `t${i}`, estimate: 10, pool: [{ name: 'api', slots: 1 }] })),
      { pools: { api: { rate: { count: 2, per: 1_000 }, scope: 'global' } } },
    );
    const { runs } = simulate([given], { policy: 'fcfs', workers: 4, validate: true });
    expect(starts(runs[0])).toEqual({ t0: 0, t1: 0, t2: 1_000, t3: 1_000, t4: 2_000 });
    const [placed] = simulate([given], { policy: 'fcfs', workers: 4, placement: 'random', validate: true }).runs;
    expect(starts(placed)).toEqual(starts(runs[0]));
  });

  it('orders by the policy', () => {
    const given = plan([
      { name: 'a', estimate: 10 },
      { name: 'b', estimate: 10, priority: 1 },
      { name: 'c', estimate: 10, priority: 2 },
    ]);
    expect(starts(simulate([given], { policy: 'fcfs', workers: 1 }).runs[0])).toEqual({ a: 0, b: 10, c: 20 });
    expect(starts(simulate([given], { policy: 'priority', workers: 1 }).runs[0])).toEqual({ c: 0, b: 10, a: 20 });
  });

  it('lets all that ends at one moment end before anything starts', () => {
    const given = plan([
      { name: 'a', estimate: 10 },
      { name: 'b', estimate: 10 },
      { name: 'low', estimate: 10, after: ['a'] },
      { name: 'high', estimate: 10, after: ['b'], priority: 9 },
    ]);
    const schedule = simulate([given], { policy: 'priority', workers: 2 });
    expect(starts(schedule.runs[0])).toEqual({ a: 0, b: 0, high: 10, low: 10 });
    expect(schedule.runs[0]?.tasks.find(({ name }) => name === 'high')?.slot).toBe(0);
  });

  it("comes to Graham's anomalies: more slots, shorter tasks or fewer dependencies may take longer", () => {
    const durations = [3, 2, 2, 2, 4, 4, 4, 4, 9];
    const graham = (drop: readonly number[], less: number): Plan =>
      plan(
        durations.map((duration, i) => {
          const before = i === 8 ? ['t1'] : i >= 4 && i <= 7 && !drop.includes(i + 1) ? ['t4'] : [];
          return { name: `t${i + 1}`, estimate: (duration - less) * 1_000, after: before };
        }),
      );
    const makespan = (given: Plan, workers: number): number | undefined =>
      resultsOf(simulate([given], { policy: 'fcfs', workers }))[0]?.makespan;
    // The list of the paper is the order of declaration; tasks that become ready later keep their place by priority.
    const listed = (given: Plan): Plan => ({
      ...given,
      dag: { ...given.dag, tasks: given.dag.tasks.map((task, i) => ({ ...task, priority: -i })) },
    });
    const list = (given: Plan, workers: number): number | undefined =>
      resultsOf(simulate([listed(given)], { policy: 'priority', workers }))[0]?.makespan;
    expect(list(graham([], 0), 3)).toBe(12);
    expect(list(graham([], 0), 4)).toBe(15);
    expect(list(graham([], 1), 3)).toBe(13);
    expect(list(graham([5, 6], 0), 3)).toBe(16);
    expect(makespan(graham([], 0), 9)).toBe(12);
  });

  it('shares the slots between files, by the rule that is asked for', () => {
    const long = plan([
      { name: 'a', estimate: 30 },
      { name: 'b', estimate: 30 },
    ]);
    const short = plan([{ name: 'c', estimate: 10 }]);
    const ends = (between: 'fcfs' | 'srtf'): number[] =>
      simulate([long, short], { policy: 'fcfs', workers: 1, between }).runs.map(({ endedAt }) => endedAt);
    expect(ends('fcfs')).toEqual([60, 70]);
    expect(ends('srtf')).toEqual([70, 10]);
    const fair = simulate([long, short], { policy: 'fcfs', workers: 2, between: 'fair' }).runs;
    expect(fair.map(starts)).toEqual([{ a: 0, b: 10 }, { c: 0 }]);
    const urgent = plan([
      { name: 'd', estimate: 10 },
      { name: 'e', estimate: 10, after: ['d'], priority: 5 },
    ]);
    const [first, second] = simulate([long, urgent], { policy: 'fcfs', workers: 1, between: 'priority' }).runs.map(
      starts,
    );
    expect([first, second]).toEqual([
      { a: 0, b: 30 },
      { d: 60, e: 70 },
    ]);
    const [other, eager] = simulate([long, urgent], { policy: 'fcfs', workers: 2, between: 'priority' }).runs.map(
      starts,
    );
    expect([other, eager]).toEqual([
      { a: 0, b: 0 },
      { d: 30, e: 40 },
    ]);
  });

  it('lets tasks of all files wait in one line, as in a pool that runs share', () => {
    const chain = plan([
      { name: 'a', estimate: 10 },
      { name: 'b', estimate: 10, after: ['a'] },
    ]);
    const both = plan([
      { name: 'c', estimate: 10 },
      { name: 'd', estimate: 10 },
    ]);
    const { runs } = simulate([chain, both], { policy: 'fcfs', workers: 1 });
    expect(runs.map(starts)).toEqual([
      { a: 0, b: 30 },
      { c: 10, d: 20 },
    ]);
  });

  it('fans out, waits and undoes as a run does', () => {
    const given = plan([
      { name: 'fan', estimate: 10, forEach: [1, 2, 3], maxParallel: 2 },
      { name: 'rest', uses: 'wait', with: { for: 100 }, after: ['fan'] },
      { name: 'end', estimate: 5, after: ['rest'] },
    ]);
    expect(starts(simulate([given], { policy: 'fcfs', workers: 4, validate: true }).runs[0])).toEqual({
      fan: 0,
      'fan[0]': 0,
      'fan[1]': 0,
      'fan[2]': 10,
      rest: 20,
      end: 120,
    });
    const undone = plan([
      { name: 'a', estimate: 10, compensate: { uses: 'shell', with: { run: 'true' } } },
      { name: 'b', estimate: 10, after: ['a'] },
    ]);
    const failed = Array.from({ length: 50 }, (_, seed) =>
      simulate([undone], { policy: 'fcfs', workers: 1, failures: 0.5, seed, validate: true }),
    ).find(({ runs }) => runs[0]?.tasks[1]?.state === 'failed')?.runs[0];
    expect(failed?.state).toBe('failed');
    expect(failed?.tasks.map(({ name }) => name)).toEqual(['a', 'b', 'a~undo']);
  });

  it('draws the same failures for every policy, and others for another seed', () => {
    const given = plan(Array.from({ length: 30 }, (_, i) => ({ name: `t${i}`, estimate: 100, priority: i % 7 })));
    const failed = (policy: string, seed: number): string[] =>
      simulate([given], { policy, workers: 3, failures: 0.3, seed })
        .runs[0]!.tasks.filter(({ state }) => state === 'failed')
        .map(({ name }) => name)
        .sort();
    expect(failed('fcfs', 1)).toEqual(failed('priority', 1));
    expect(failed('fcfs', 1)).not.toEqual(failed('fcfs', 2));
    expect(failed('fcfs', 1).length).toBeGreaterThan(3);
  });

  it('takes the fastest free slot', () => {
    const given = plan([{ name: 'a', estimate: 1_000 }]);
    const { speeds, runs } = simulate([given], { policy: 'fcfs', workers: 8, speeds: [1, 4] });
    expect(Math.max(...speeds)).toBe(speeds[0]);
    expect(runs[0]?.endedAt).toBe(Math.ceil(1_000 / speeds[0]!));
  });

  it('ends a run that is over its time limit', () => {
    const given = plan([{ name: 'a', estimate: 1_000 }], { timeout: 400 });
    expect(simulate([given], { policy: 'fcfs', workers: 1 }).runs[0]).toMatchObject({
      state: 'timed_out',
      endedAt: 400,
    });
  });

  it('keeps precedence, capacity and bounds, whatever it is given, and gives the same twice', () => {
    fc.assert(
      fc.property(fc.array(dags, { minLength: 1, maxLength: 3 }), settings, (plans, options) => {
        const schedule = simulate(plans, options);
        check(schedule);
        expect(simulate(plans, options)).toEqual(schedule);
      }),
      { numRuns: 300 },
    );
  });

  it('lets independent tasks wait as little as possible by sjf, on one slot', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 30 }), (durations) => {
        const given = plan(durations.map((estimate, i) => ({ name: `t${i}`, estimate })));
        const [result] = resultsOf(simulate([given], { policy: 'sjf', workers: 1 }));
        // The shortest first: each waits for all that are shorter.
        const sorted = durations.toSorted((a, b) => a - b);
        const waits = sorted.reduce((sum, duration, i) => sum + duration * (sorted.length - 1 - i), 0);
        expect(result?.meanWaiting).toBeCloseTo(waits / durations.length / 1_000, 5);
      }),
    );
  });

  it('refuses to run on nothing', () => {
    expect(() => simulate([plan([{ name: 'a' }])], { policy: 'fcfs', workers: 0 })).toThrow(RangeError);
  });
});
