import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Dag, Task } from '../dag/dag.js';
import { POLICY_NAMES } from '../dag/policy.js';
import type { PoolSize } from '../dag/pools.js';
import { BETWEEN_RUNS } from './between-runs.js';
import { planOf, type Plan } from './plan.js';
import type { Schedule } from './schedule.js';
import { taskBeyondPool } from './shared-pools.js';
import { simulate } from './simulate.js';

/** Tasks by what they take and what they need of the pool `db`: `3` takes 3 ms, `3*2` needs 2 slots as well. */
function plan(name: string, tasks: readonly string[], size?: PoolSize, more: Partial<Dag> = {}): Plan {
  const given = tasks.map((text, index): Task => {
    const [estimate, slots] = text.split('*').map(Number);
    const pool = slots === undefined ? {} : { pool: [{ name: 'db', slots }] };
    return { name: `t${index}`, uses: 'shell', with: { run: 'true' }, needs: [], estimate: estimate!, ...pool };
  });
  const pools = size === undefined ? {} : { pools: { db: size } };
  return planOf(`${name}.yaml`, { name, params: {}, tasks: given, ...pools, ...more });
}

/** When the tasks of each run start. */
function starts({ runs }: Schedule): number[][] {
  return runs.map(({ tasks }) => tasks.toSorted((a, b) => a.task - b.task).map(({ startedAt }) => startedAt));
}

const options = { policy: 'fcfs', workers: 10, validate: true } as const;

describe('pools that simulated runs share', () => {
  it('are one for all of them', () => {
    const size = { slots: 2, scope: 'global' } as const;
    const plans = [plan('a', ['5*1', '5*1'], size), plan('b', ['3*2', '9'], size)];
    expect(starts(simulate(plans, options))).toEqual([
      [0, 0],
      [5, 0],
    ]);
  });

  it('are one for each of them where the dag does not share them', () => {
    const plans = [plan('a', ['5*1', '5*1'], 1), plan('b', ['3*1'], 1)];
    expect(starts(simulate(plans, options))).toEqual([[0, 5], [0]]);
  });

  it('have one slot, or as many as a task needs, where nobody says a size', () => {
    const unsized = { scope: 'global' } as const;
    const plans = [plan('a', ['5*1', '5*1'], unsized), plan('b', ['3*2'], unsized)];
    expect(starts(simulate(plans, options))).toEqual([[0, 0], [5]]);
  });

  it('keep to their rates together', () => {
    const size = { rate: { count: 2, per: 1_000 }, scope: 'global' } as const;
    const plans = [plan('a', ['1*1', '1*1'], size), plan('b', ['1*1', '1*1', '1*1'], size)];
    expect(starts(simulate(plans, options))).toEqual([
      [0, 0],
      [1_000, 1_000, 2_000],
    ]);
  });

  it('serve runs as they share their slots: the shortest first', () => {
    const size = { slots: 1, scope: 'global' } as const;
    const plans = [plan('a', ['5*1', '5*1'], size), plan('b', ['3*1'], size)];
    expect(starts(simulate(plans, { ...options, between: 'srtf' }))).toEqual([[3, 8], [0]]);
  });

  it('let so many runs of a dag go on at once as it says', () => {
    const one = plan('nightly', ['5', '2'], undefined, { maxRuns: 1 });
    const schedule = simulate([one, one, plan('other', ['1'])], options);
    expect(starts(schedule)).toEqual([[0, 0], [5, 5], [0]]);
    expect(schedule.runs.map(({ endedAt }) => endedAt)).toEqual([5, 10, 1]);
  });

  it('are as the last dag says, which must leave enough for all tasks', () => {
    const plans = [
      plan('a', ['5*3'], { slots: 3, scope: 'global' }),
      plan('b', ['3*1'], { slots: 2, scope: 'global' }),
    ];
    const beyond = { dag: 0, task: 't0', pool: 'db', needs: 3, has: 2 };
    expect(taskBeyondPool(plans.map(({ dag }) => dag))).toEqual(beyond);
    expect(() => simulate(plans, options)).toThrow('The task t0 needs more than the pool db has.');
    expect(starts(simulate(plans.toReversed(), options))).toEqual([[0], [3]]);
  });

  it('are never overdrawn, whatever shares them, and every run comes to its end', () => {
    const tasks = fc.array(
      fc.tuple(fc.nat(9), fc.nat(3)).map(([estimate, slots]) => (slots === 0 ? `${estimate}` : `${estimate}*${slots}`)),
      { minLength: 1, maxLength: 8 },
    );
    const files = fc.array(fc.tuple(tasks, fc.boolean(), fc.option(fc.integer({ min: 1, max: 2 }))), {
      minLength: 2,
      maxLength: 4,
    });
    const slots = 3;
    fc.assert(
      fc.property(
        files,
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom(...POLICY_NAMES),
        fc.constantFrom(...BETWEEN_RUNS),
        fc.constantFrom(0, 0.3),
        fc.constantFrom(undefined, 'least-loaded' as const, 'heft' as const),
        (given, workers, policy, between, failures, placement) => {
          const plans = given.map(([own, isPreemptible, maxRuns], index) => {
            const size = { slots, scope: 'global' } as const;
            const { dag, ...rest } = plan(`d${index % 2}`, own, size, maxRuns === null ? {} : { maxRuns });
            const pieces = dag.tasks.map((task): Task => ({
              ...task,
              ...(isPreemptible ? { preemptible: true } : {}),
            }));
            return { ...rest, dag: { ...dag, tasks: pieces } };
          });
          const placed = placement === undefined ? {} : { placement };
          const schedule = simulate(plans, { policy, workers, between, failures, ...placed, validate: true });
          const held = schedule.runs.flatMap(({ plan: { dag }, tasks: done }) =>
            done.map(({ task, startedAt, endedAt }) => {
              return { startedAt, endedAt, slots: dag.tasks[task]!.pool?.[0]?.slots ?? 0 };
            }),
          );
          for (const { startedAt: at } of held) {
            const now = held.filter((one) => one.startedAt <= at && one.endedAt > at);
            expect(now.reduce((sum, one) => sum + one.slots, 0)).toBeLessThanOrEqual(slots);
          }
          for (const { tasks: done, plan: own } of schedule.runs) {
            expect(new Set(done.map(({ task }) => task)).size).toBe(own.dag.tasks.length);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
