import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { graphFrom } from '../../test/support/scheduler-driver.js';
import { createPolicy } from '../policy/policies.js';
import { isRunEnd } from './run-state.js';
import { Scheduler } from './scheduler.js';
import type { TaskState } from './task-state.js';
import { TRIGGER_RULES, verdictOf, type TriggerRule, type UpstreamCounts, type Verdict } from './trigger-rule.js';

/** How one needed task ended: success, failure, never ran, skipped, failed with `continueOnError`; `.`: not yet. */
type Ends = string;

function countsOf(ends: Ends): UpstreamCounts {
  const count = (...signs: string[]): number => ends.split('').filter((sign) => signs.includes(sign)).length;
  return {
    total: ends.length,
    done: ends.length - count('.'),
    succeeded: count('s', 'c'),
    failed: count('f', 'u', 'c'),
    upstreamFailed: count('u'),
    skipped: count('k'),
  };
}

const START = 'start' as const;
const SKIP = 'skipped' as const;
const FAIL = 'upstream_failed' as const;
const WAIT = 'wait' as const;

const CASES: readonly Ends[] = ['ss', 'ff', 'kk', 'sf', 'sk', 'fk', 'uu', 'cc', 'cf', 's.', 'f.', 'k.', 'u.', '..'];

/** What Airflow does, for each of the cases above in their order; where ends may still come, whether it waits for them. */
const TABLE: Readonly<Record<TriggerRule, readonly Verdict[]>> = {
  all_success: [START, FAIL, SKIP, FAIL, SKIP, FAIL, FAIL, START, FAIL, WAIT, FAIL, WAIT, FAIL, WAIT],
  all_failed: [SKIP, START, SKIP, SKIP, SKIP, SKIP, START, START, START, SKIP, WAIT, SKIP, WAIT, WAIT],
  all_done: [START, START, START, START, START, START, START, START, START, WAIT, WAIT, WAIT, WAIT, WAIT],
  all_done_min_one_success: [START, FAIL, SKIP, START, SKIP, SKIP, FAIL, START, START, WAIT, WAIT, SKIP, WAIT, WAIT],
  all_skipped: [SKIP, SKIP, START, SKIP, SKIP, SKIP, SKIP, SKIP, SKIP, SKIP, SKIP, WAIT, SKIP, WAIT],
  one_failed: [SKIP, START, SKIP, START, SKIP, START, START, START, START, WAIT, START, WAIT, START, WAIT],
  one_success: [START, FAIL, SKIP, START, START, FAIL, FAIL, START, START, START, WAIT, WAIT, WAIT, WAIT],
  one_done: [START, START, SKIP, START, START, START, SKIP, START, START, START, START, WAIT, WAIT, WAIT],
  none_failed: [START, FAIL, START, FAIL, START, FAIL, FAIL, START, FAIL, WAIT, FAIL, WAIT, FAIL, WAIT],
  none_failed_min_one_success: [START, FAIL, SKIP, FAIL, START, FAIL, FAIL, START, FAIL, WAIT, FAIL, WAIT, FAIL, WAIT],
  none_skipped: [START, START, SKIP, START, SKIP, SKIP, START, START, START, WAIT, WAIT, SKIP, WAIT, WAIT],
  always: CASES.map(() => START),
};

describe.each(TRIGGER_RULES)('the rule %s', (rule) => {
  it.each(CASES.map((ends, i) => [ends, TABLE[rule][i]!] as const))('after %s says %s', (ends, verdict) => {
    expect(verdictOf(rule, countsOf(ends))).toBe(verdict);
  });

  it('lets a task that needs nothing start', () => {
    expect(verdictOf(rule, countsOf(''))).toBe('start');
  });

  it('says in the end what it said before, and says something', () => {
    const ends = fc.string({ unit: fc.constantFrom('s', 'f', 'u', 'k', 'c'), minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(ends, (order) => {
        const last = verdictOf(rule, countsOf(order));
        expect(last).not.toBe('wait');
        for (let known = 0; known < order.length; known++) {
          const early = verdictOf(rule, countsOf(order.slice(0, known).padEnd(order.length, '.')));
          if (early !== 'wait') expect(early).toBe(last);
        }
      }),
    );
  });
});

interface Case {
  readonly edges: readonly (readonly [number, number])[];
  readonly rules: readonly TriggerRule[];
  /** How each task ends if it starts, and whether it continues on error. */
  readonly fails: readonly boolean[];
  readonly continues: readonly boolean[];
  /** Which running task ends next. */
  readonly picks: readonly number[];
}

const cases: fc.Arbitrary<Case> = fc.integer({ min: 2, max: 12 }).chain((size) => {
  const each = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(value, { minLength: size, maxLength: size });
  const edge = fc.tuple(fc.nat({ max: size - 1 }), fc.nat({ max: size - 1 })).map(([a, b]) => {
    return [Math.min(a, b), Math.max(a, b)] as const;
  });
  return fc.record({
    edges: fc.uniqueArray(
      edge.filter(([from, to]) => from !== to),
      { maxLength: 2 * size, selector: ([from, to]) => `${from} ${to}` },
    ),
    rules: each(fc.constantFrom(...TRIGGER_RULES)),
    fails: each(fc.boolean()),
    continues: each(fc.boolean()),
    picks: fc.array(fc.nat(), { minLength: size, maxLength: size }),
  });
});

/** How each task ends, by plain recursion over how those it needs have ended. */
function expected({ edges, rules, fails, continues }: Case): TaskState[] {
  const known = new Map<number, TaskState>();
  const sign = (task: number): string => {
    const state = stateOf(task);
    if (state === 'failed') return continues[task] ? 'c' : 'f';
    return { succeeded: 's', skipped: 'k', upstream_failed: 'u' }[state as 'succeeded'];
  };
  const stateOf = (task: number): TaskState => {
    const before = known.get(task);
    if (before !== undefined) return before;
    const needs = edges.filter(([, to]) => to === task).map(([from]) => sign(from));
    const verdict = verdictOf(rules[task]!, countsOf(needs.join('')));
    const own = fails[task] ? 'failed' : 'succeeded';
    const state = verdict === 'start' ? own : (verdict as 'skipped');
    known.set(task, state);
    return state;
  };
  return rules.map((_, task) => stateOf(task));
}

describe('a run of tasks with any rules', () => {
  it('ends as plain recursion says, in whatever order its tasks end', () => {
    fc.assert(
      fc.property(cases, fc.integer({ min: 1, max: 4 }), (run, concurrency) => {
        const graph = graphFrom(run.rules.length, run.edges);
        const scheduler = new Scheduler(graph, {
          concurrency,
          createPolicy,
          traits: (task) => ({ continueOnError: run.continues[task]!, triggerRule: run.rules[task]! }),
        });
        const running: number[] = [];
        const tell = (event: Parameters<Scheduler['handle']>[0]): void => {
          for (const instruction of scheduler.handle(event)) {
            if (instruction.type === 'task.start') running.push(instruction.task);
          }
          scheduler.validate();
        };
        tell({ type: 'run.began', at: 1 });
        for (let step = 0; running.length > 0; step++) {
          const [task] = running.splice((run.picks[step] ?? 0) % running.length, 1);
          tell({ type: 'task.ended', at: 2 + step, task: task!, outcome: run.fails[task!] ? 'failed' : 'succeeded' });
        }
        expect(isRunEnd(scheduler.state)).toBe(true);
        expect(run.rules.map((_, task) => scheduler.stateOf(task))).toEqual(expected(run));
      }),
      { numRuns: 500 },
    );
  });
});
