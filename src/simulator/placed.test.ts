import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Task } from '../dag/dag.js';
import { PLACEMENT_NAMES } from '../dag/placement.js';
import { POLICY_NAMES } from '../dag/policy.js';
import type { WorkerGroup } from '../dag/worker-group.js';
import { boundsOf } from './bounds.js';
import { planOf, type Plan } from './plan.js';
import { resultsOf } from './results.js';
import type { Schedule } from './schedule.js';
import { simulate, type SimulationOptions } from './simulate.js';

type Given = Partial<Task> & { readonly name: string };

function plan(tasks: readonly Given[]): Plan {
  return planOf('demo.yaml', {
    name: 'demo',
    params: {},
    tasks: tasks.map((task) => ({ uses: 'shell', with: { run: 'true' }, needs: [], ...task })),
  });
}

function group(name: string, slots: number, more: Partial<WorkerGroup> = {}): WorkerGroup {
  return { name, slots, speed: 1, labels: [], ...more };
}

function only(given: Plan, options: Omit<SimulationOptions, 'policy'>, policy = 'fcfs'): Schedule {
  return simulate([given], { policy, validate: true, ...options });
}

describe('a placement in the simulator', () => {
  it('gives tasks to groups, at their speed, and says so', () => {
    const given = plan([{ name: 'a', estimate: 8_000 }]);
    const groups = [group('slow', 2), group('fast', 1, { speed: 4 })];
    const schedule = only(given, { workers: 3, groups, placement: 'heft' });
    expect(schedule.runs[0]!.tasks).toMatchObject([{ name: 'a', group: 'fast', startedAt: 0, endedAt: 2_000 }]);
    expect(schedule.speeds).toEqual([4, 1, 1]);
    expect(resultsOf(schedule)).toMatchObject([{ placement: 'heft', workers: 3, makespan: 2, lowerBound: 2 }]);
  });

  it('keeps to what tasks require, and to the cores of groups', () => {
    const gpu = { requires: { labels: ['gpu'], cpu: 2 } };
    const given = plan([
      { name: 'a', estimate: 1_000, ...gpu },
      { name: 'b', estimate: 1_000, ...gpu },
      { name: 'c', estimate: 1_000 },
    ]);
    const groups = [group('cpu', 1), group('gpu', 4, { labels: ['gpu'], cpu: 3 })];
    const { runs } = only(given, { workers: 5, groups, placement: 'round-robin' });
    const found = new Map(runs[0]!.tasks.map((task) => [task.name, task]));
    expect(found.get('a')).toMatchObject({ group: 'gpu', startedAt: 0 });
    expect(found.get('b')).toMatchObject({ group: 'gpu', startedAt: 1_000 });
    expect(() => only(given, { workers: 1, groups: [group('cpu', 1)] })).toThrow(
      'No group may run the task a of demo.',
    );
  });

  it('lets what is moved between groups take time, and nothing within one', () => {
    const given = plan([
      { name: 'a', estimate: 1_000, requires: { labels: ['one'] } },
      { name: 'b', estimate: 1_000, requires: { labels: ['two'] }, needs: [{ task: 'a', weight: 5 }] },
      { name: 'c', estimate: 1_000, requires: { labels: ['one'] }, needs: [{ task: 'a', weight: 7 }] },
      { name: 'd', estimate: 1_000, requires: { labels: ['one'] }, needs: [{ task: 'b', weight: 2 }, { task: 'c', weight: 9 }] }, // prettier-ignore
    ]);
    const groups = [group('g1', 1, { labels: ['one'] }), group('g2', 1, { labels: ['two'] })];
    const { runs, speeds } = only(given, { workers: 2, groups });
    const times = runs[0]!.tasks.map(({ name, startedAt, endedAt, transfer }) => [name, startedAt, endedAt, transfer]);
    expect(times).toEqual([
      ['a', 0, 1_000, 0],
      ['b', 1_000, 7_000, 5_000],
      ['c', 1_000, 2_000, 0],
      ['d', 7_000, 10_000, 2_000],
    ]);
    // Another placement might move nothing.
    expect(boundsOf(runs[0]!, speeds).criticalPath).toBe(3_000);
  });

  it('makes each slot a group where nothing is said of groups', () => {
    const given = plan(Array.from({ length: 6 }, (_, i) => ({ name: `t${i}`, estimate: 1_000, requires: { labels: ['x'] } }))); // prettier-ignore
    const { runs } = only(given, { workers: 3, placement: 'round-robin' });
    expect(runs[0]!.tasks.map((task) => task.group)).toEqual(['w1', 'w2', 'w3', 'w1', 'w2', 'w3']);
  });

  it('ends one that all wait for before it starts others, as without groups', () => {
    const given = plan([
      { name: 'a', estimate: 10 },
      { name: 'b', estimate: 10 },
      { name: 'low', estimate: 10, needs: [{ task: 'a' }] },
      { name: 'high', estimate: 20, needs: [{ task: 'b' }], priority: 9 },
      { name: 'last', estimate: 10, needs: [{ task: 'low' }], priority: 5 },
    ]);
    const { runs } = only(given, { workers: 1, groups: [group('g', 2)] }, 'priority');
    expect(runs[0]!.tasks.slice(2).map(({ name, startedAt }) => [name, startedAt])).toEqual([
      ['low', 10],
      ['high', 10],
      ['last', 20],
    ]);
  });

  const plans = fc
    .array(
      fc.record({
        estimate: fc.integer({ min: 0, max: 40 }),
        needs: fc.array(fc.tuple(fc.nat(20), fc.integer({ min: 0, max: 20 })), { maxLength: 3 }),
        label: fc.constantFrom(undefined, undefined, 'a', 'b'),
        cpu: fc.constantFrom(undefined, 1, 2),
        affinity: fc.constantFrom(undefined, 'x', 'y'),
        preemptible: fc.boolean(),
        items: fc.option(fc.integer({ min: 0, max: 3 })),
        pool: fc.boolean(),
      }),
      { minLength: 1, maxLength: 12 },
    )
    .map((tasks) => {
      const given = plan(
        tasks.map(({ estimate, needs, label, cpu, affinity, preemptible, items, pool }, index): Given => {
          const before = new Map(needs.filter(([task]) => task < index));
          return {
            name: `t${index}`,
            estimate,
            needs: [...before].map(([task, weight]) => ({ task: `t${task}`, weight: weight / 1_000 })),
            ...(label === undefined ? {} : { requires: { labels: [label], ...(cpu === undefined ? {} : { cpu }) } }),
            ...(affinity === undefined ? {} : { affinity }),
            ...(preemptible ? { preemptible: true as const } : {}),
            ...(items === null ? {} : { forEach: Array.from({ length: items }, (_, item) => item) }),
            ...(pool ? { pool: [{ name: 'one', slots: 1 }] } : {}),
          };
        }),
      );
      return { ...given, dag: { ...given.dag, pools: { one: 1 } } };
    });

  const rooms: fc.Arbitrary<readonly WorkerGroup[]> = fc
    .tuple(
      fc.record({ slots: fc.integer({ min: 1, max: 3 }), speed: fc.constantFrom(0.5, 1, 3) }),
      fc.record({ slots: fc.integer({ min: 1, max: 2 }), speed: fc.constantFrom(1, 2), cpu: fc.constantFrom(2, 5) }),
      fc.record({ slots: fc.integer({ min: 1, max: 3 }) }),
    )
    .map(([one, two, three]) => [
      group('one', one.slots, { speed: one.speed, labels: ['a'] }),
      group('two', two.slots, { speed: two.speed, cpu: two.cpu, labels: ['a', 'b'] }),
      group('three', three.slots, { standby: true, labels: ['b'] }),
    ]);

  it.each(PLACEMENT_NAMES)(
    '%s: never exceeds a group, keeps bounds and requirements, and gives the same twice',
    (placement) => {
      fc.assert(
        fc.property(
          fc.array(plans, { minLength: 1, maxLength: 3 }),
          rooms,
          fc.constantFrom(...POLICY_NAMES),
          fc.constantFrom('fcfs', 'priority', 'fair', 'srtf'),
          (given, groups, policy, between) => {
            const options = { policy, between, placement, groups, workers: 1, validate: true };
            const schedule = simulate(given, options);
            expect(simulate(given, options)).toEqual(schedule);
            for (const run of schedule.runs) {
              expect(run.state).toBe('succeeded');
              expect(run.endedAt).toBeGreaterThanOrEqual(boundsOf(run, schedule.speeds).lowerBound);
            }
            const held = schedule.runs.flatMap(({ tasks, plan: { dag } }) =>
              tasks
                .filter(({ slot }) => slot !== undefined)
                .map((task) => ({ ...task, own: dag.tasks[task.of ?? task.task]! })),
            );
            for (const { name, slots, labels } of groups) {
              const inside = held.filter((task) => task.group === name);
              for (const { startedAt, own } of inside) {
                const at = inside.filter((one) => one.startedAt <= startedAt && one.endedAt > startedAt);
                expect(at.length).toBeLessThanOrEqual(slots);
                for (const label of own.requires?.labels ?? []) expect(labels).toContain(label);
              }
            }
          },
        ),
        { numRuns: 60 },
      );
    },
  );
});
