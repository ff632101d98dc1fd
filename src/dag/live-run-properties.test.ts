import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { World, task, type Case } from '../../test/support/live-run-world.js';
import { ACT_TYPES } from './act.js';

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
      .map(({ edges, continues, priorities, concurrency, failFast, timeout, policy, ...rest }): Case => {
        const tasks = Array.from({ length: size }, (_, index) => {
          const needs = edges.filter(([a, b]) => a !== b && Math.max(a, b) === index).map(([a, b]) => Math.min(a, b));
          return task(
            `t${index}`,
            [...new Set(needs)].map((needed) => `t${needed}`),
            { continueOnError: continues[index]!, priority: priorities[index]! },
          );
        });
        const limit = timeout === undefined ? {} : { timeout };
        return { dag: { name: 'any', params: {}, concurrency, failFast, policy, ...limit, tasks }, ...rest };
      });
  });
}

describe('a run that operators do anything to', () => {
  it('keeps its rules after each act, and comes to its end', () => {
    fc.assert(
      fc.property(cases(), (run) => {
        new World(run, false).run();
      }),
      { numRuns: 500, plugins: [fc.unbiased()] },
    );
  });

  it('goes on the same where it is carried through JSON between any two steps', () => {
    fc.assert(
      fc.property(cases(), (run) => {
        const whole = new World(run, false).run();
        const carried = new World(run, true).run();
        expect(carried.said).toEqual(whole.said);
      }),
      { numRuns: 300, plugins: [fc.unbiased()] },
    );
  });
});
