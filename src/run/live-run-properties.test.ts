import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LiveRunDriver } from '../../test/support/live-run-driver.js';
import { World, task, type Case } from '../../test/support/live-run-world.js';
import { ACT_TYPES, type ActType } from './act.js';
import type { Dag } from '../dag/dag.js';
import { DagwrightError } from '../dag/errors.js';
import type { TaskState } from '../dag/task-state.js';

function cases(): fc.Arbitrary<Case> {
  const what = fc.oneof(
    { weight: 10, arbitrary: fc.constant('end' as const) },
    { weight: 1, arbitrary: fc.constantFrom('fire' as const, 'nonsense' as const, 'sameId' as const) },
    { weight: 10, arbitrary: fc.constantFrom(...ACT_TYPES.filter((type) => type !== 'cancel')) },
    { weight: 6, arbitrary: fc.constantFrom('retryTask' as const, 'retryTask' as const, 'completeTask' as const) },
    { weight: 1, arbitrary: fc.constantFrom('cancel' as const, 'addTasks' as const) },
  );
  return fc.integer({ min: 1, max: 20 }).chain((size) => {
    const oneIn = (n: number): fc.Arbitrary<boolean[]> =>
      fc.array(
        fc.nat({ max: n - 1 }).map((number) => number === 0),
        { minLength: size, maxLength: size },
      );
    const edge = fc.tuple(fc.nat({ max: size - 1 }), fc.nat({ max: size - 1 }));
    return fc
      .record({
        edges: fc.array(edge, { maxLength: Math.ceil(1.5 * size), size: 'max' }),
        continues: oneIn(3),
        fails: fc.array(
          fc.nat({ max: 2 }).map((number) => number === 0),
          { minLength: 10, maxLength: 30 },
        ),
        order: fc.shuffledSubarray([...Array(size).keys()], { minLength: size, maxLength: size }),
        priorities: fc.array(fc.nat({ max: 2 }), { minLength: size, maxLength: size }),
        concurrency: fc.integer({ min: 1, max: 4 }),
        failFast: fc.boolean(),
        timeout: fc.option(fc.integer({ min: 10, max: 200 }), { nil: undefined, freq: 2 }),
        policy: fc.constantFrom('fcfs', 'priority'),
        takesOver: fc.nat({ max: 7 }),
        steps: fc.array(fc.record({ what, pick: fc.nat({ max: 100 }), other: fc.nat({ max: 100 }) }), {
          maxLength: 120,
          size: 'max',
        }),
      })
      .map(({ edges, order, continues, priorities, concurrency, failFast, timeout, policy, ...rest }): Case => {
        const tasks = Array.from({ length: size }, (_, index) => {
          const needs = edges.filter(([a, b]) => a !== b && Math.max(a, b) === index).map(([a, b]) => Math.min(a, b));
          return task(
            `t${index}`,
            [...new Set(needs)].map((needed) => `t${needed}`),
            { continueOnError: continues[index]!, priority: priorities[index]! },
          );
        });
        const limit = timeout === undefined ? {} : { timeout };
        return {
          dag: {
            name: 'any',
            params: {},
            concurrency,
            failFast,
            policy,
            ...limit,
            tasks: order.map((at) => tasks[at]!),
          },
          ...rest,
        };
      });
  });
}

// A counterexample takes long to shrink.
describe('a run that operators do anything to', { timeout: 120_000 }, () => {
  it('keeps its rules after each act, and comes to its end', () => {
    fc.assert(
      fc.property(cases(), (run) => {
        new World(run, false).run();
      }),
      { numRuns: 250, plugins: [fc.unbiased()] },
    );
  });

  it('goes on the same where it is carried through JSON between any two steps', () => {
    fc.assert(
      fc.property(cases(), (run) => {
        const whole = new World(run, false).run();
        const carried = new World(run, true).run();
        expect(carried.said).toEqual(whole.said);
      }),
      { numRuns: 100, plugins: [fc.unbiased()] },
    );
  });
});

type Forced = 'skipped' | 'succeeded' | 'cancelled';

const FORCES = { skipTask: 'skipped', completeTask: 'succeeded', cancelTask: 'cancelled' } as const;

/** How each task ends, by plain recursion: by an operator's word, else by what it needs, else by itself. */
function oracle(dag: Dag, fails: ReadonlySet<string>, forced: ReadonlyMap<string, Forced>): Map<string, TaskState> {
  const states = new Map<string, TaskState>();
  const tasks = new Map(dag.tasks.map((one) => [one.name, one]));
  const stateOf = (name: string): TaskState => {
    const known = states.get(name);
    if (known !== undefined) return known;
    const { needs } = tasks.get(name)!;
    const ends = needs.map((need) => [stateOf(need.task), tasks.get(need.task)!.continueOnError === true] as const);
    const blocks = ends.some(
      ([end, goesOn]) => end !== 'succeeded' && end !== 'skipped' && !(end === 'failed' && goesOn),
    );
    const own = fails.has(name) ? 'failed' : 'succeeded';
    const byNeeds = blocks ? 'upstream_failed' : ends.some(([end]) => end === 'skipped') ? 'skipped' : own;
    const state = forced.get(name) ?? byNeeds;
    states.set(name, state);
    return state;
  };
  for (const { name } of dag.tasks) stateOf(name);
  return states;
}

/** Lets tasks end and forces some, in the order of the steps. Says which of them the run took. */
function walk({ dag, fails: given, steps }: Case): { driver: LiveRunDriver; expected: Map<string, TaskState> } {
  const driver = new LiveRunDriver({ ...dag, failFast: false });
  const fails = new Set(dag.tasks.flatMap(({ name }, index) => (given[index % given.length] === true ? [name] : [])));
  const forced = new Map<string, Forced>();
  const told = new Set<string>();
  const stateOf = (name: string): TaskState => driver.live.scheduler.stateOf(driver.live.indexOf(name)!);
  const listen = (instructions: readonly string[]): void => {
    for (const said of instructions) if (said.startsWith('cancel ')) told.add(said.slice('cancel '.length));
  };
  const end = (pick: number): void => {
    const running = dag.tasks.filter(({ name }) => stateOf(name) === 'running');
    const one = running[pick % Math.max(1, running.length)];
    if (one === undefined) return;
    const { name } = one;
    if (told.delete(name)) listen(driver.wasCancelled(name));
    else if (fails.has(name)) listen(driver.failed(name));
    else listen(driver.succeeded(name));
  };
  const ask = (type: ActType, name: string): void => {
    const { continueOnError } = dag.tasks[driver.live.indexOf(name)!]!;
    // What started after a failure that does not matter stays, whatever becomes of that: no recursion knows it.
    if (type === 'skipTask' && stateOf(name) === 'failed' && continueOnError === true) return;
    try {
      const { changed, instructions } = driver.act(type, { task: name });
      listen(instructions);
      if (!changed) return;
      if (type === 'retryTask') {
        forced.delete(name);
        fails.delete(name);
      } else forced.set(name, FORCES[type as keyof typeof FORCES]);
    } catch (error) {
      if (!(error instanceof DagwrightError)) throw error;
    }
  };
  listen(driver.began());
  for (const { what, pick, other } of steps) {
    if (driver.live.hasEnded) break;
    const { name } = dag.tasks[other % dag.tasks.length]!;
    if (what === 'retryTask' || what in FORCES) ask(what as ActType, name);
    else end(pick);
  }
  for (let left = 4 * dag.tasks.length; left > 0 && !driver.live.hasEnded; left--) end(left);
  return { driver, expected: oracle(dag, fails, forced) };
}

describe('tasks that operators skip, complete, cancel and retry', () => {
  it('end as plain recursion says, in whatever order the ends come', () => {
    fc.assert(
      fc.property(cases(), (run) => {
        const { driver, expected } = walk(run);
        const states = driver.live.dag.tasks.map(({ name }, index) => [name, driver.live.scheduler.stateOf(index)]);
        expect(new Map(states as [string, TaskState][])).toEqual(expected);
        const isSound = (name: string, state: TaskState): boolean =>
          state === 'succeeded' ||
          state === 'skipped' ||
          (state === 'failed' && run.dag.tasks.some((one) => one.name === name && one.continueOnError === true));
        const succeeded = [...expected].every(([name, state]) => isSound(name, state));
        expect(driver.live.scheduler.state).toBe(succeeded ? 'succeeded' : 'failed');
      }),
      { numRuns: 500, plugins: [fc.unbiased()] },
    );
  });
});
