import { describe, expect, it } from 'vitest';
import { SchedulerDriver, graphFrom } from '../../test/support/scheduler-driver.js';
import type { TaskTraits } from './task-traits.js';

/** Tasks that need nothing: the long one is ready at once, the others come later. */
function driverOf(traits: readonly TaskTraits[], concurrency = 1, edges: [number, number][] = []): SchedulerDriver {
  return new SchedulerDriver(graphFrom(traits.length, edges), {
    concurrency,
    policy: 'srtf',
    traits: (task) => traits[task] ?? {},
  });
}

/** The task ends five seconds later. */
function later(driver: SchedulerDriver, task: number): string[] {
  driver.at += 5_000;
  return driver.succeeded(task);
}

/** The task has stopped, and so many milliseconds of its work are left done. */
function stopped(driver: SchedulerDriver, task: number, kept: number): string[] {
  return driver.handle({ type: 'task.ended', at: ++driver.at, task, outcome: 'cancelled', kept });
}

const LONG: TaskTraits = { estimate: 10_000, preemptible: true };

describe('under srtf, a running task that is preemptible', () => {
  it('is stopped for one that takes less than what it still has to do, and goes on after it', () => {
    // 1 gates 2, and needs no slot.
    const driver = driverOf([LONG, { hold: 'nothing' }, { estimate: 1_000 }], 1, [[1, 2]]);
    expect(driver.began()).toEqual(['start 1', 'start 0']);
    expect(later(driver, 1)).toEqual(['cancel 0']);
    expect(stopped(driver, 0, 4_000)).toEqual(['start 2']);
    expect(driver.scheduler.ready.facts.remainingOf(0)).toBe(6_000);
    expect(driver.succeeded(2)).toEqual(['start 0']);
  });

  it('is left alone by one that takes as long as what it still has to do, or longer', () => {
    const driver = driverOf([LONG, { hold: 'nothing' }, { estimate: 5_000 }], 1, [[1, 2]]);
    driver.began();
    expect(later(driver, 1)).toEqual([]);
  });

  it('is left alone where a slot is free, and where one comes free anyhow', () => {
    const free = driverOf([LONG, { hold: 'nothing' }, { estimate: 10 }], 2, [[1, 2]]);
    free.began();
    expect(later(free, 1)).toEqual(['start 2']);

    const coming = driverOf([LONG, { hold: 'nothing' }, { estimate: 10 }, LONG], 2, [[1, 2]]);
    coming.began();
    coming.handle({ type: 'task.paused', at: ++coming.at, task: 0, mode: 'interrupt' });
    expect(later(coming, 1)).toEqual([]);
  });

  it('is chosen as the one that has most left to do, one for each that waits', () => {
    const tasks = [LONG, { ...LONG, estimate: 20_000 }, { hold: 'nothing' } as const, { estimate: 10 }];
    const driver = driverOf(tasks, 2, [[2, 3]]);
    driver.began();
    expect(later(driver, 2)).toEqual(['cancel 1']);
  });

  it('begins anew where it kept nothing', () => {
    const driver = driverOf([LONG, { hold: 'nothing' }, { estimate: 1_000 }], 1, [[1, 2]]);
    driver.began();
    later(driver, 1);
    driver.wasCancelled(0);
    expect(driver.scheduler.ready.facts.remainingOf(0)).toBe(10_000);
  });
});

it.each([
  ['sjf', LONG],
  ['srtf', { estimate: 10_000 }],
] as const)('no task is stopped under %s where it is %o', (policy, long) => {
  const traits: TaskTraits[] = [long, { hold: 'nothing' }, { estimate: 1_000 }];
  const driver = new SchedulerDriver(graphFrom(3, [[1, 2]]), {
    concurrency: 1,
    policy,
    traits: (task) => traits[task]!,
  });
  driver.began();
  expect(later(driver, 1)).toEqual([]);
});
