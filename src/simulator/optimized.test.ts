import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Task } from '../dag/dag.js';
import { boundsOf } from './bounds.js';
import { optimizedDag, simulateOptimized } from './optimized.js';
import { optimizedOrder } from './optimized-order.js';
import { planOf, type Plan } from './plan.js';
import { simulate } from './simulate.js';

type Given = readonly (readonly [duration: number, ...needs: number[]])[];

function plan(tasks: Given): Plan {
  return planOf('demo', {
    name: 'demo',
    params: {},
    tasks: tasks.map(([estimate, ...needs], task): Task => ({
      name: `t${task}`,
      ...(estimate % 5 === 4
        ? { uses: 'wait' as const, with: { for: estimate } }
        : { uses: 'shell' as const, with: { run: 'true' } }),
      needs: [...new Set(needs)].map((needed) => ({ task: `t${needed}` })),
      estimate,
    })),
  });
}

const graphs: fc.Arbitrary<Given> = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.array(fc.nat(100), { maxLength: 2 })), {
    minLength: 1,
    maxLength: 25,
  })
  .map((tasks) =>
    tasks.map(([duration, needs], task) => [duration, ...(task === 0 ? [] : needs.map((needed) => needed % task))]),
  );

/** The shortest of all orders, for a handful of tasks. */
function shortest(given: Plan, workers: number): number {
  const { tasks } = given.dag;
  let best = Infinity;
  const go = (order: readonly number[]): void => {
    if (order.length < tasks.length) {
      for (let task = 0; task < tasks.length; task++) if (!order.includes(task)) go([...order, task]);
      return;
    }
    const listed = tasks.map((task, index) => ({ ...task, priority: -order.indexOf(index) }));
    const [run] = simulate([{ ...given, dag: { ...given.dag, tasks: listed } }], { policy: 'priority', workers }).runs;
    best = Math.min(best, run!.endedAt);
  };
  go([]);
  return best;
}

describe('optimizedOrder', () => {
  it('finds what no simple rule does: long tasks that fill two slots', () => {
    const given = plan([[3], [3], [2], [2], [2]]);
    expect(simulate([given], { policy: 'critical-path', workers: 2 }).runs[0]?.endedAt).toBe(7);
    expect(optimizedOrder(given, 2)).toMatchObject({ makespan: 6, isOptimal: true });
  });

  it('finds the best of all orders of a few tasks', () => {
    const few = graphs.filter((tasks) => tasks.length <= 5);
    fc.assert(
      fc.property(few, fc.integer({ min: 1, max: 3 }), (tasks, workers) => {
        const given = plan(tasks);
        expect(optimizedOrder(given, workers, { evaluations: 2_000 }).makespan).toBe(shortest(given, workers));
      }),
      { numRuns: 40 },
    );
  });

  it('says what the simulator says of its order, keeps the bound, and finds the same twice', () => {
    fc.assert(
      fc.property(graphs, fc.integer({ min: 1, max: 5 }), fc.integer(), (tasks, workers, seed) => {
        const given = plan(tasks);
        const found = optimizedOrder(given, workers, { evaluations: 200, seed });
        expect([...found.order].sort((a, b) => a - b)).toEqual(given.durations.map((_, task) => task));
        const schedule = simulateOptimized([given], { workers }, () => ({ evaluations: 200, seed }));
        const [run] = schedule.runs;
        expect(run?.endedAt).toBe(found.makespan);
        expect(found.makespan).toBeGreaterThanOrEqual(boundsOf(run!, schedule.speeds).lowerBound);
        const usual = simulate([given], { policy: 'critical-path', workers }).runs[0]!.endedAt;
        expect(found.makespan).toBeLessThanOrEqual(usual);
        expect(optimizedOrder(given, workers, { evaluations: 200, seed })).toEqual(found);
      }),
      { numRuns: 200 },
    );
  });

  it('keeps pools, and says of them what the simulator says', () => {
    const pooled = fc.tuple(graphs, fc.array(fc.tuple(fc.nat(3), fc.nat(2)), { minLength: 25, maxLength: 25 }));
    fc.assert(
      fc.property(pooled, fc.integer({ min: 1, max: 5 }), fc.integer(), ([tasks, demands], workers, seed) => {
        const { dag, ...rest } = plan(tasks);
        const needy = dag.tasks.map((task, index): Task => {
          const [a, b] = demands[index]!;
          const pool = [
            { name: 'a', slots: a },
            { name: 'b', slots: b },
          ].filter(({ slots }) => slots > 0);
          return pool.length === 0 || task.uses === 'wait' ? task : { ...task, pool };
        });
        const pools = { a: 3, b: { slots: 2 }, free: { rate: { count: 1, per: 1 } } };
        const given = { ...rest, dag: { ...dag, pools, tasks: needy } };
        const found = optimizedOrder(given, workers, { evaluations: 200, seed });
        const { runs } = simulateOptimized([given], { workers, validate: true }, () => ({ evaluations: 200, seed }));
        expect(runs[0]!.endedAt).toBe(found.makespan);
      }),
      { numRuns: 200 },
    );
  });

  it('finds the best of all orders where pools are scarce', () => {
    const given = plan([[6], [5], [5], [3], [2], [1]]);
    const slots = [2, 1, 1, 2, 1, 1];
    const tasks = given.dag.tasks.map((task, index) => ({ ...task, pool: [{ name: 'p', slots: slots[index]! }] }));
    const pooled = { ...given, dag: { ...given.dag, pools: { p: 3 }, tasks } };
    expect(optimizedOrder(pooled, 6, { evaluations: 2_000 }).makespan).toBe(shortest(pooled, 6));
  });

  it('ends when its time is over', () => {
    const given = plan([[5], [6], [3], [3], [3], [7], [2]]);
    let asked = 0;
    const { evaluations } = optimizedOrder(given, 2, { isOver: () => asked++ >= 3 });
    expect(evaluations).toBeLessThan(20);
  });
});

describe('optimizedDag', () => {
  it('gives each task the priority by which a run is as short as the search says', () => {
    fc.assert(
      fc.property(graphs, fc.integer({ min: 1, max: 4 }), (tasks, slots) => {
        const { dag, ...rest } = plan(tasks);
        const found = optimizedDag({ ...dag, aging: 1_000, policy: 'sjf' }, slots, { evaluations: 200 });
        expect(found).toMatchObject({ policy: 'priority' });
        expect(found.aging).toBeUndefined();
        expect(new Set(found.tasks.map(({ priority }) => priority)).size).toBe(tasks.length);
        expect(found.tasks.map(({ priority: _priority, ...task }) => task)).toEqual(dag.tasks);
        const { makespan } = optimizedOrder({ ...rest, dag }, slots, { evaluations: 200 });
        const [run] = simulate([{ ...rest, dag: found }], { policy: 'priority', workers: slots }).runs;
        expect(run!.endedAt).toBe(makespan);
      }),
      { numRuns: 50 },
    );
  });

  it('goes by what is known of the tasks, and leaves their estimates as they were', () => {
    const { dag } = plan([[3], [3], [2], [2], [2]]);
    const estimates = new Map(dag.tasks.map(({ name, estimate }) => [name, estimate]));
    const unknown = { ...dag, tasks: dag.tasks.map(({ estimate: _estimate, ...task }) => task) };
    const found = optimizedDag(unknown, 2, {}, (task) => estimates.get(task));
    expect(found.tasks.map(({ priority }) => priority)).toEqual(optimizedDag(dag, 2).tasks.map((one) => one.priority));
    expect(found.tasks.every(({ estimate }) => estimate === undefined)).toBe(true);
  });
});
