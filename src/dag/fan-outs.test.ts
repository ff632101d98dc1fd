import { describe, expect, it } from 'vitest';
import { SchedulerDriver, graphFrom } from '../../test/support/scheduler-driver.js';
import type { FanOut } from './event.js';
import type { SchedulerOptions } from './scheduler-options.js';

/** Task 0 fans out, and 1 needs it. */
function fannedOut(fanOut: FanOut, options: Partial<SchedulerOptions> = {}): [SchedulerDriver, string[]] {
  const traits = (task: number): { hold: 'nothing' | 'slot' } => ({ hold: task === 0 ? 'nothing' : 'slot' });
  const driver = new SchedulerDriver(graphFrom(2, [[0, 1]]), { traits, ...options });
  driver.began();
  return [driver, driver.handle({ type: 'task.fanned-out', at: ++driver.at, task: 0, ...fanOut })];
}

describe('a task that fans out', () => {
  it('starts its items, and ends when they all have', () => {
    const [driver, said] = fannedOut({ items: 3 });
    expect(said).toEqual(['start 2', 'start 3', 'start 4']);
    driver.succeeded(3);
    driver.succeeded(2);
    expect(driver.states).toEqual(['running', 'pending', 'succeeded', 'succeeded', 'running']);
    expect(driver.succeeded(4)).toEqual(['start 1']);
    expect(driver.states[0]).toBe('succeeded');
  });

  it('ends at once where there are no items', () => {
    expect(fannedOut({ items: 0 })[1]).toEqual(['start 1']);
  });

  it('takes no slot itself', () => {
    const [driver, said] = fannedOut({ items: 2 }, { concurrency: 1 });
    expect(said).toEqual(['start 2']);
    expect(driver.succeeded(2)).toEqual(['start 3']);
  });

  it('lets as many items go at once as it may, in their order', () => {
    const [driver, said] = fannedOut({ items: 4, maxParallel: 2 });
    expect(said).toEqual(['start 2', 'start 3']);
    expect(driver.succeeded(3)).toEqual(['start 4']);
    expect(driver.succeeded(4)).toEqual(['start 5']);
    expect(driver.succeeded(2)).toEqual([]);
  });

  it('does every item, and fails, where one failed and nothing is tolerated', () => {
    const [driver] = fannedOut({ items: 2, maxParallel: 1 });
    expect(driver.failed(2)).toEqual(['start 3']);
    expect(driver.succeeded(3)).toEqual(['end failed']);
    expect(driver.states).toEqual(['failed', 'upstream_failed', 'failed', 'succeeded']);
  });

  it.each([
    [1, 'succeeded'],
    [0, 'failed'],
  ])('with a tolerance of %i and one failure is %s', (tolerate, state) => {
    const [driver] = fannedOut({ items: 2, tolerate });
    driver.failed(2);
    driver.succeeded(3);
    expect(driver.states[0]).toBe(state);
  });

  it('starts no further item once more have failed than may, and lets those end that run', () => {
    const [driver] = fannedOut({ items: 4, maxParallel: 2, tolerate: 0 });
    expect(driver.failed(2)).toEqual([]);
    expect(driver.states).toEqual(['running', 'pending', 'failed', 'running', 'cancelled', 'cancelled']);
    driver.succeeded(3);
    expect(driver.states[0]).toBe('failed');
  });

  it('stops its items where the run is cancelled', () => {
    const [driver] = fannedOut({ items: 3, maxParallel: 1 });
    expect(driver.cancel()).toEqual(['cancel 2']);
    expect(driver.wasCancelled(2)).toEqual(['end cancelled']);
    expect(driver.states).toEqual(['cancelled', 'cancelled', 'cancelled', 'cancelled', 'cancelled']);
  });

  it('lets no item go while it is paused', () => {
    const [driver] = fannedOut({ items: 2, maxParallel: 1 });
    driver.handle({ type: 'task.paused', at: ++driver.at, task: 0, mode: 'drain' });
    expect(driver.succeeded(2)).toEqual([]);
    expect(driver.handle({ type: 'task.resumed', at: ++driver.at, task: 0 })).toEqual(['start 3']);
  });

  it('does those items again, on a retry, that it is not told to keep, and as many more as there are then', () => {
    const driver = new SchedulerDriver(graphFrom(2, []), {
      traits: (task) => ({ hold: task === 0 ? 'nothing' : 'slot' }),
    });
    driver.began();
    driver.handle({ type: 'task.fanned-out', at: ++driver.at, task: 0, items: 2 });
    driver.succeeded(2);
    driver.failed(3);
    expect(driver.handle({ type: 'task.retried', at: ++driver.at, task: 0, dependents: true })).toEqual(['start 0']);
    const again = { type: 'task.fanned-out', at: ++driver.at, task: 0, items: 3, keep: [0] } as const;
    expect(driver.handle(again)).toEqual(['start 3', 'start 4']);
    driver.succeeded(3);
    driver.succeeded(4);
    expect(driver.states).toEqual(['succeeded', 'running', 'succeeded', 'succeeded', 'succeeded']);
  });

  it('fails the run with the first failure of all, and waits for nothing, with failFast', () => {
    const [driver] = fannedOut({ items: 3, maxParallel: 1, tolerate: 0 }, { failFast: true });
    expect(driver.failed(2)).toEqual(['end failed']);
  });
});

describe('a task that waits', () => {
  const waiting = (until?: number): [SchedulerDriver, string[]] => {
    const driver = new SchedulerDriver(graphFrom(2, []), {
      concurrency: 1,
      traits: (task) => ({ hold: task === 0 ? 'nothing' : 'slot' }),
    });
    expect(driver.began()).toEqual(['start 0', 'start 1']);
    const event = { type: 'task.waits', at: ++driver.at, task: 0, ...(until === undefined ? {} : { until }) } as const;
    return [driver, driver.handle(event)];
  };

  it('holds no slot, and sets its timer', () => {
    const [driver, said] = waiting(5_000);
    expect(said).toEqual(['set task 0 5000']);
    expect(driver.scheduler.timers()).toEqual([{ timer: 'task', at: 5_000, task: 0 }]);
    expect(driver.scheduler.running).toBe(1);
  });

  it('drops its timer where it ends before', () => {
    const [driver] = waiting(5_000);
    expect(driver.succeeded(0)).toEqual(['drop task 0']);
  });

  it('ends at once where the run is cancelled', () => {
    const [driver] = waiting(5_000);
    expect(driver.cancel()).toEqual(['drop task 0', 'cancel 1']);
    expect(driver.states).toEqual(['cancelled', 'running']);
  });

  it('starts again, when it is told to, as soon as there is a slot', () => {
    const driver = new SchedulerDriver(graphFrom(2, []), { concurrency: 1 });
    driver.began();
    expect(driver.handle({ type: 'task.waits', at: 1_001, task: 0, until: 2_000 })).toEqual([
      'set task 0 2000',
      'start 1',
    ]);
    driver.handle({ type: 'timer.fired', at: 2_000, timer: 'task', task: 0 });
    expect(driver.handle({ type: 'task.again', at: 2_000, task: 0 })).toEqual([]);
    driver.at = 2_000;
    expect(driver.succeeded(1)).toEqual(['start 0']);
  });

  it('waits through a pause that interrupts', () => {
    const [driver] = waiting(5_000);
    expect(driver.pause('interrupt')).toEqual(['cancel 1']);
    expect(driver.states[0]).toBe('waiting');
  });
});

describe('a task that cancels what else it needs', () => {
  it('stops those that run and drops those that have not started, where nobody else waits for them', () => {
    // 3 needs 0, 1 and 2; 4 needs 2.
    const graph = graphFrom(5, [
      [0, 3],
      [1, 3],
      [2, 3],
      [2, 4],
    ]);
    const driver = new SchedulerDriver(graph, {
      traits: (task) => (task === 3 ? { triggerRule: 'one_success', cancelRemaining: true } : {}),
    });
    driver.began();
    expect(driver.succeeded(0)).toEqual(['cancel 1', 'start 3']);
    driver.wasCancelled(1);
    driver.succeeded(2);
    driver.succeeded(3);
    expect(driver.succeeded(4)).toEqual(['end succeeded']);
    expect(driver.states[1]).toBe('cancelled');
  });
});

describe('the stages of a run', () => {
  const SAGA: Partial<SchedulerOptions> = {
    compensateOn: ['failed', 'cancelled'],
    traits: (task) => (task === 2 ? { stage: 'finally' } : task === 0 ? { hasCompensation: true } : {}),
  };

  it('come one after the other where it fails: what undoes, then what is done at the end', () => {
    const driver = new SchedulerDriver(graphFrom(3, [[0, 1]]), SAGA);
    expect(driver.began()).toEqual(['start 0']);
    driver.succeeded(0);
    expect(driver.failed(1)).toEqual(['compensate 0']);
    const added = { type: 'compensations.added', at: ++driver.at, count: 1, order: [] } as const;
    expect(driver.handle(added)).toEqual(['start 3']);
    expect(driver.succeeded(3)).toEqual(['start 2']);
    expect(driver.succeeded(2)).toEqual(['end failed']);
  });

  it('undo nothing where it succeeds', () => {
    const driver = new SchedulerDriver(graphFrom(3, [[0, 1]]), SAGA);
    driver.began();
    driver.succeeded(0);
    expect(driver.succeeded(1)).toEqual(['start 2']);
    expect(driver.succeeded(2)).toEqual(['end succeeded']);
  });

  it('undo nothing where whoever cancels it says so', () => {
    const driver = new SchedulerDriver(graphFrom(3, [[0, 1]]), SAGA);
    driver.began();
    driver.succeeded(0);
    driver.handle({ type: 'operator.cancelled', at: ++driver.at, compensate: false });
    expect(driver.wasCancelled(1)).toEqual(['start 2']);
    expect(driver.succeeded(2)).toEqual(['end cancelled']);
  });

  it('fail a run that was well where what is done at the end fails', () => {
    const driver = new SchedulerDriver(graphFrom(3, []), SAGA);
    driver.began();
    driver.succeeded(0);
    driver.succeeded(1);
    expect(driver.failed(2)).toEqual(['end failed']);
  });

  it('end in time whatever the timeout of the run says of the last one', () => {
    const driver = new SchedulerDriver(graphFrom(3, []), { ...SAGA, timeout: 1_000 });
    expect(driver.began()).toEqual(['set run-timeout 2000', 'start 0', 'start 1']);
    driver.succeeded(0);
    expect(driver.succeeded(1)).toEqual(['drop run-timeout', 'start 2']);
  });
});
