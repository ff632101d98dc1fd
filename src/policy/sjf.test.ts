import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SchedulerDriver, graphFrom } from '../../test/support/scheduler-driver.js';

/** The sum of the times that independent tasks wait for one slot, where they go by this policy. */
function waited(policy: string, durations: readonly number[]): number {
  const driver = new SchedulerDriver(graphFrom(durations.length, []), {
    concurrency: 1,
    policy,
    traits: (task) => ({ estimate: durations[task]! }),
  });
  const began = driver.at;
  let sum = 0;
  let started = driver.began();
  while (started[0]?.startsWith('start ') === true) {
    const task = Number(started[0].slice(6));
    sum += driver.at - began;
    driver.at += durations[task]! - 1;
    started = driver.succeeded(task);
  }
  return sum;
}

/** The least sum of waits of any order, found by trying all. */
function leastWait(durations: readonly number[]): number {
  if (durations.length < 2) return 0;
  const behind = durations.length - 1;
  return Math.min(
    ...durations.map((first, index) => first * behind + leastWait(durations.filter((_, other) => other !== index))),
  );
}

describe('sjf', () => {
  it('has the least mean wait that independent tasks can have on one slot', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 6 }), (durations) => {
        expect(waited('sjf', durations)).toBe(leastWait(durations));
      }),
    );
  });

  it('waits no longer than any other policy', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 60 }),
        fc.constantFrom('fcfs', 'critical-path', 'priority', 'edf', 'fair'),
        (durations, other) => {
          expect(waited('sjf', durations)).toBeLessThanOrEqual(waited(other, durations));
        },
      ),
      { numRuns: 40 },
    );
  });
});
