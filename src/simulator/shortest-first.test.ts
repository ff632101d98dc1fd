import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Task } from '../dag/dag.js';
import { boundsOf } from './bounds.js';
import { planOf, type Plan } from './plan.js';
import { resultsOf } from './results.js';
import type { ScheduledRun } from './schedule.js';
import { simulate } from './simulate.js';

/** A task that arrives at a time and takes so long; in seconds. */
interface Job {
  readonly arrives: number;
  readonly takes: number;
}

const arrivals: fc.Arbitrary<readonly Job[]> = fc.array(
  fc.record({ arrives: fc.integer({ min: 0, max: 30 }), takes: fc.integer({ min: 1, max: 20 }) }),
  { minLength: 1, maxLength: 15 },
);

/** Each job comes when the wait ends that it needs. */
function planWithArrivals(jobs: readonly Job[], more: Partial<Task> = {}): Plan {
  const tasks = jobs.flatMap(({ arrives, takes }, index): Task[] => [
    { name: `wait${index}`, uses: 'wait', with: { for: arrives * 1_000 }, needs: [] },
    {
      name: `job${index}`,
      uses: 'shell',
      with: { run: 'true' },
      needs: [{ task: `wait${index}` }],
      estimate: takes * 1_000,
      preemptible: true,
      ...more,
    },
  ]);
  return planOf('jobs', { name: 'jobs', params: {}, tasks });
}

function run(jobs: readonly Job[], policy: string, more: Partial<Task> = {}): ScheduledRun {
  const schedule = simulate([planWithArrivals(jobs, more)], { policy, workers: 1, validate: true });
  return schedule.runs[0]!;
}

/** Seconds from each job's arrival to its end, in all. */
function flowOf({ tasks }: ScheduledRun, jobs: readonly Job[]): number {
  const ends = tasks.filter(({ slot, preempted }) => slot !== undefined && preempted !== true);
  expect(ends).toHaveLength(jobs.length);
  const total = ends.reduce((sum, { endedAt }) => sum + endedAt, 0);
  return total / 1_000 - jobs.reduce((sum, { arrives }) => sum + arrives, 0);
}

/** The least that is possible, second for second: whoever has least left works (Schrage 1968). */
function leastFlow(jobs: readonly Job[]): number {
  const left = jobs.map(({ takes }) => takes);
  let flow = 0;
  for (let second = 0; left.some((one) => one > 0); second++) {
    const there = left.flatMap((one, index) => (one > 0 && jobs[index]!.arrives <= second ? [index] : []));
    flow += there.length;
    const next = there.toSorted((a, b) => left[a]! - left[b]!)[0];
    if (next !== undefined) left[next]!--;
  }
  return flow;
}

/** The least of all schedules there are, each of which may change the job every second. */
function leastOfAll(jobs: readonly Job[]): number {
  const known = new Map<string, number>();
  const go = (second: number, left: readonly number[]): number => {
    if (left.every((one) => one === 0)) return 0;
    const key = `${second} ${left.join()}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const there = left.flatMap((one, index) => (one > 0 && jobs[index]!.arrives <= second ? [index] : []));
    const choices = there.map((next) =>
      go(
        second + 1,
        left.map((one, index) => (index === next ? one - 1 : one)),
      ),
    );
    const best = there.length + (choices.length === 0 ? go(second + 1, left) : Math.min(...choices));
    known.set(key, best);
    return best;
  };
  return go(
    0,
    jobs.map(({ takes }) => takes),
  );
}

describe('srtf on one slot', () => {
  it('stops a long task for a short one, and lets it go on where it was', () => {
    const { tasks, endedAt } = run(
      [
        { arrives: 0, takes: 10 },
        { arrives: 4, takes: 3 },
      ],
      'srtf',
    );
    const pieces = tasks.filter(({ slot }) => slot !== undefined);
    expect(
      pieces.map(({ name, readyAt, startedAt, endedAt: to, preempted }) => [name, readyAt, startedAt, to, preempted]),
    ).toEqual([
      ['job0', 0, 0, 4_000, true],
      ['job1', 4_000, 4_000, 7_000, undefined],
      ['job0', 4_000, 7_000, 13_000, undefined],
    ]);
    expect(endedAt).toBe(13_000);
  });

  it('counts each task once, and what it waits in all its starts', () => {
    const jobs = [
      { arrives: 0, takes: 10 },
      { arrives: 4, takes: 3 },
    ];
    const [result] = resultsOf(simulate([planWithArrivals(jobs)], { policy: 'srtf', workers: 1 }));
    expect(result).toMatchObject({ makespan: 13, meanFlowTime: 10, meanWaiting: 1.5, utilisation: 1, lowerBound: 13 });
  });

  it('lets tasks end as early on average as is possible at all', () => {
    fc.assert(
      fc.property(arrivals, (jobs) => {
        const found = run(jobs, 'srtf');
        expect(flowOf(found, jobs)).toBe(leastFlow(jobs));
        expect(found.endedAt).toBeGreaterThanOrEqual(boundsOf(found, [1]).lowerBound);
        // Stopped or not, a task works as long as it takes.
        jobs.forEach(({ takes }, index) => {
          const own = found.tasks.filter(({ name }) => name === `job${index}`);
          expect(own.reduce((sum, { work }) => sum + work, 0)).toBe(takes * 1_000);
        });
      }),
      { numRuns: 200 },
    );
  });

  it('does no worse than the best of all schedules', () => {
    const few = fc.array(
      fc.record({ arrives: fc.integer({ min: 0, max: 6 }), takes: fc.integer({ min: 1, max: 5 }) }),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(few, (jobs) => {
        expect(flowOf(run(jobs, 'srtf'), jobs)).toBe(leastOfAll(jobs));
      }),
      { numRuns: 60 },
    );
  });

  it('does the same where tasks are placed', () => {
    const groups = [{ name: 'only', slots: 1, speed: 1, labels: [] }];
    fc.assert(
      fc.property(arrivals, (jobs) => {
        const options = { policy: 'srtf', workers: 1, groups, validate: true };
        const placed = simulate([planWithArrivals(jobs)], options).runs[0]!;
        expect(flowOf(placed, jobs)).toBe(leastFlow(jobs));
      }),
      { numRuns: 100 },
    );
  });

  it('stops nothing that is not preemptible, and nothing under sjf', () => {
    const jobs = [
      { arrives: 0, takes: 10 },
      { arrives: 4, takes: 3 },
    ];
    for (const { tasks } of [run(jobs, 'sjf'), run(jobs, 'srtf', { preemptible: false as never })]) {
      expect(tasks.some(({ preempted }) => preempted === true)).toBe(false);
    }
  });
});

describe('srtf on several slots', () => {
  it('keeps what tasks did at the speed of their slots, whatever fails', () => {
    fc.assert(
      fc.property(
        arrivals,
        fc.integer({ min: 1, max: 4 }),
        fc.integer(),
        fc.boolean(),
        (jobs, workers, seed, fails) => {
          const plan = planWithArrivals(jobs, { retry: { maximumAttempts: 3, initialInterval: 10 } });
          const options = { workers, seed, failures: fails ? 0.3 : 0, speeds: [0.5, 3] as const, validate: true };
          const whole = simulate([plan], { ...options, policy: 'sjf' }).runs[0]!;
          const { runs, speeds } = simulate([plan], { ...options, policy: 'srtf' });
          const cut = runs[0]!;
          expect(cut.endedAt).toBeGreaterThanOrEqual(boundsOf(cut, speeds).lowerBound);
          for (const { name, work, attempts, state } of whole.tasks) {
            const own = cut.tasks.filter((task) => task.name === name);
            // A run that fails stops nothing: what a task meets depends on the seed alone.
            expect(own.reduce((sum, piece) => sum + piece.work, 0)).toBeCloseTo(work, 3);
            expect(own.at(-1)).toMatchObject({ attempts, state });
            for (const { slot, startedAt, endedAt, work: done, waits } of own) {
              if (slot === undefined) continue;
              expect(endedAt - startedAt).toBeGreaterThanOrEqual(Math.floor(done / speeds[slot]!) + waits - 1);
            }
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('sjf on one slot', () => {
  it('lets independent tasks end as early on average as any order does', () => {
    const few = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 6 });
    const orders = (rest: readonly number[]): number[] => {
      if (rest.length === 0) return [0];
      return rest.flatMap((takes, index) =>
        orders(rest.filter((_, other) => other !== index)).map((flow) => flow + takes * rest.length),
      );
    };
    fc.assert(
      fc.property(few, (durations) => {
        const jobs = durations.map((takes) => ({ arrives: 0, takes }));
        expect(flowOf(run(jobs, 'sjf'), jobs)).toBe(Math.min(...orders(durations)));
      }),
      { numRuns: 60 },
    );
  });
});
