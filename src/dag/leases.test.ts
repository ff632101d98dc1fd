import { describe, expect, it } from 'vitest';
import { SchedulerDriver, graphFrom } from '../../test/support/scheduler-driver.js';
import type { SchedulerOptions } from './scheduler-options.js';

/** Tasks that each need a slot of a pool that runs share. */
function driverOf(tasks: number, options: Partial<SchedulerOptions> = {}): SchedulerDriver {
  return new SchedulerDriver(graphFrom(tasks, []), {
    pools: { db: { slots: 2, scope: 'global' } },
    leases: true,
    traits: () => ({ pools: [{ name: 'db', slots: 1 }] }),
    ...options,
  });
}

function granted(driver: SchedulerDriver, task: number): string[] {
  return driver.handle({ type: 'lease.granted', at: ++driver.at, task });
}

describe('a lease of a pool that runs share', () => {
  it('is asked for before the task starts, in the order of the policy, and given back at its end', () => {
    const driver = driverOf(3, { policy: 'priority' });
    driver.scheduler.tasks.priority[2] = 5;
    expect(driver.began()).toEqual(['want 2', 'want 0', 'want 1']);
    expect(granted(driver, 2)).toEqual(['start 2']);
    expect(driver.succeeded(2)).toEqual(['release 2']);
    expect(driver.scheduler.ready.leases.snapshot()?.held).toEqual([]);
  });

  it('is asked for as often as tasks may run, and for the next one when one has come', () => {
    const driver = driverOf(3, { concurrency: 1 });
    expect(driver.began()).toEqual(['want 0']);
    expect(granted(driver, 0)).toEqual(['start 0']);
    expect(driver.succeeded(0)).toEqual(['release 0', 'want 1']);
  });

  it.each(['failed', 'wasCancelled'] as const)('is given back by a task that %s', (end) => {
    const driver = driverOf(1);
    driver.began();
    granted(driver, 0);
    expect(driver[end](0)[0]).toBe('release 0');
  });

  it('is given back while its task waits for its next attempt, and asked for again then', () => {
    const driver = driverOf(1);
    driver.began();
    granted(driver, 0);
    expect(driver.handle({ type: 'task.waits', at: ++driver.at, task: 0, until: 9_000 })).toEqual([
      'set task 0 9000',
      'release 0',
    ]);
    driver.handle({ type: 'timer.fired', at: 9_000, timer: 'task', task: 0 });
    expect(driver.handle({ type: 'task.again', at: 9_000, task: 0 })).toEqual(['want 0']);
  });

  it('is given back by a paused run that has not used it, and asked for again when it goes on', () => {
    const driver = driverOf(2, { concurrency: 2 });
    driver.began();
    granted(driver, 0);
    expect(driver.pause('interrupt')).toEqual(['cancel 0', 'release 1']);
    expect(granted(driver, 1)).toEqual([]);
    expect(driver.wasCancelled(0)).toEqual(['release 0']);
    expect(driver.resume()).toEqual(['want 0', 'want 1']);
  });

  it('is not wanted any more by tasks that are cancelled', () => {
    const driver = driverOf(2);
    driver.began();
    expect(driver.cancel()).toEqual(['release 0', 'release 1', 'end cancelled']);
  });

  it('is asked for in the new order where the policy is swapped', () => {
    const driver = driverOf(3, { concurrency: 1, policy: 'fcfs' });
    driver.began();
    driver.scheduler.tasks.priority[2] = 5;
    expect(driver.handle({ type: 'policy.set', at: ++driver.at, policy: 'priority' })).toEqual(['release 0', 'want 2']);
  });

  it('that comes when nobody waits for it any more starts nothing', () => {
    const driver = driverOf(1);
    driver.began();
    driver.handle({ type: 'task.forced', at: ++driver.at, task: 0, state: 'skipped' });
    expect(driver.states).toEqual(['skipped']);
  });
});

it('pools that runs share are counted here by a host that grants no leases', () => {
  expect(driverOf(3, { leases: false }).began()).toEqual(['start 0', 'start 1']);
});

it('a run that is held back starts nothing until it is admitted, and can be cancelled', () => {
  const options = { heldBack: true, pools: {}, traits: () => ({}) };
  const driver = driverOf(2, options);
  expect(driver.began()).toEqual([]);
  expect(driver.handle({ type: 'run.admitted', at: ++driver.at })).toEqual(['start 0', 'start 1']);

  const cancelled = driverOf(2, options);
  cancelled.began();
  expect(cancelled.cancel()).toEqual(['end cancelled']);
});
