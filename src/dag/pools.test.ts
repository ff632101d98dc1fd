import { describe, expect, it } from 'vitest';
import { SchedulerDriver, graphFrom } from '../../test/support/scheduler-driver.js';
import type { PoolDemand } from './pools.js';
import type { SchedulerOptions } from './scheduler-options.js';
import type { TaskTraits } from './task-traits.js';

/** Tasks that need nothing but pools: `gpu`, `gpu*2 db`, or ''. */
function driverOf(demands: readonly string[], options: Partial<SchedulerOptions> = {}): SchedulerDriver {
  const pools = demands.map((text): PoolDemand[] =>
    text.split(' ').flatMap((one) => {
      const [name = '', slots = '1'] = one.split('*');
      return name === '' ? [] : [{ name, slots: Number(slots) }];
    }),
  );
  return new SchedulerDriver(graphFrom(demands.length, []), {
    pools: { gpu: 2, db: 1 },
    traits: (task) => ({ pools: pools[task] ?? [] }),
    ...options,
  });
}

const uses = ({ scheduler }: SchedulerDriver): Record<string, number> =>
  Object.fromEntries(Object.entries(scheduler.ready.pools.use()).map(([name, { taken }]) => [name, taken]));

describe('a pool', () => {
  it('has as many of its slots held as there are, and lets others pass', () => {
    const driver = driverOf(['gpu', 'gpu', 'gpu', '']);
    expect(driver.began()).toEqual(['start 0', 'start 1', 'start 3']);
    expect(driver.scheduler.ready.parkedIn(2)).toBe('gpu');
    expect(driver.succeeded(1)).toEqual(['start 2']);
    expect(uses(driver)).toEqual({ gpu: 2, db: 0 });
  });

  it('is a mutex where runs would share it, nobody says its size, and there is one run only', () => {
    const driver = driverOf(['gpu', 'gpu'], { pools: { gpu: { scope: 'global' } } });
    expect(driver.began()).toEqual(['start 0']);
    expect(driver.succeeded(0)).toEqual(['start 1']);
  });

  it('without a size has as much as the task that needs most of it', () => {
    const driver = driverOf(['gpu', 'gpu*2', 'gpu'], { pools: { gpu: { scope: 'global' } } });
    expect(driver.began()).toEqual(['start 0', 'start 2']);
    expect(driver.succeeded(0)).toEqual([]);
    expect(driver.succeeded(2)).toEqual(['start 1']);
  });

  it('is held with all others that a task needs, or not at all', () => {
    const driver = driverOf(['db', 'gpu*2 db', 'gpu']);
    expect(driver.began()).toEqual(['start 0', 'start 2']);
    expect(uses(driver)).toEqual({ gpu: 1, db: 1 });
    expect(driver.succeeded(0)).toEqual([]);
    expect(driver.succeeded(2)).toEqual(['start 1']);
    expect(uses(driver)).toEqual({ gpu: 2, db: 1 });
  });

  it('goes to one that needs less where the next one needs more than is free', () => {
    const driver = driverOf(['gpu', 'gpu*2', 'gpu*2', 'gpu']);
    expect(driver.began()).toEqual(['start 0', 'start 3']);
  });

  describe('whose next one needs more than another one has left', () => {
    // When 0 ends, it has room for 1 or 2; 4 comes into the line only then.
    const pools = [3, 1, 3, 2, 2].map((slots): PoolDemand[] => [{ name: 'gpu', slots }]);
    const untilRoom = (options: Partial<SchedulerOptions> = {}): string[] => {
      const graph = graphFrom(5, [[0, 4]]);
      const traits = (task: number): TaskTraits => ({ pools: pools[task]! });
      const driver = new SchedulerDriver(graph, { pools: { gpu: 3 }, concurrency: 2, traits, ...options });
      expect(driver.began()).toEqual(['start 0']);
      return driver.succeeded(0);
    };

    it('goes to one behind it that fits, in the order of the policy', () => {
      expect(untilRoom()).toEqual(['start 1', 'start 3']);
    });

    it('went to who was in the line, before patch 6', () => {
      expect(untilRoom({ smallerPass: () => false })).toEqual(['start 1', 'start 4']);
    });
  });

  it.each(['failed', 'wasCancelled'] as const)('is given back by a task that %s', (end) => {
    const driver = driverOf(['db', 'db']);
    driver.began();
    expect(driver[end](0)).toEqual(['start 1']);
  });

  it('is given back by a task that waits, and taken again when it goes on', () => {
    const driver = driverOf(['db', 'db']);
    driver.began();
    expect(driver.handle({ type: 'task.waits', at: ++driver.at, task: 0, until: 5_000 })).toEqual([
      'set task 0 5000',
      'start 1',
    ]);
    driver.handle({ type: 'timer.fired', at: 5_000, timer: 'task', task: 0 });
    driver.at = 5_000;
    expect(driver.handle({ type: 'task.again', at: 5_000, task: 0 })).toEqual([]);
    expect(driver.succeeded(1)).toEqual(['start 0']);
  });

  it('is given back by tasks that a pause interrupts, and taken by them again', () => {
    const driver = driverOf(['db', 'db']);
    driver.began();
    driver.pause('interrupt');
    driver.wasCancelled(0);
    expect(uses(driver)).toEqual({ gpu: 0, db: 0 });
    expect(driver.resume()).toEqual(['start 0']);
  });

  it('is held by each item of a fan-out, and not by the task that fans out', () => {
    const driver = new SchedulerDriver(graphFrom(1, []), {
      pools: { db: 1 },
      traits: () => ({ hold: 'nothing', pools: [{ name: 'db', slots: 1 }] }),
    });
    driver.began();
    expect(driver.handle({ type: 'task.fanned-out', at: ++driver.at, task: 0, items: 2 })).toEqual(['start 1']);
    expect(driver.succeeded(1)).toEqual(['start 2']);
    expect(driver.succeeded(2)).toEqual(['end succeeded']);
  });

  it('keeps the order of the policy, and takes another one over', () => {
    const priorities = [0, 1, 3, 2];
    const driver = driverOf(['db', 'db', 'db', 'db'], {
      policy: 'priority',
      traits: (task) => ({ pools: [{ name: 'db', slots: 1 }], priority: priorities[task]! }),
    });
    expect(driver.began()).toEqual(['start 2']);
    expect(driver.succeeded(2)).toEqual(['start 3']);
    driver.handle({ type: 'policy.set', at: ++driver.at, policy: 'fcfs' });
    expect(driver.succeeded(3)).toEqual(['start 0']);
  });

  it('lets a task go that is skipped while it waits for it', () => {
    const driver = driverOf(['db', 'db', 'db']);
    driver.began();
    driver.handle({ type: 'task.forced', at: ++driver.at, task: 1, state: 'skipped' });
    expect(driver.succeeded(0)).toEqual(['start 2']);
    expect(driver.succeeded(2)).toEqual(['end succeeded']);
  });

  it('leaves nothing behind where the run is cancelled', () => {
    const driver = driverOf(['db', 'db', 'db']);
    driver.began();
    expect(driver.cancel()).toEqual(['cancel 0']);
    expect(driver.wasCancelled(0)).toEqual(['end cancelled']);
    expect(uses(driver)).toEqual({ gpu: 0, db: 0 });
  });

  it('that is too small for a task is refused', () => {
    expect(() => driverOf(['db*2'])).toThrow('Task 0 needs 2 slots of the pool db, which has 1.');
    expect(() => driverOf(['disk'])).toThrow('which has 0');
  });
});

describe('the rate of a pool', () => {
  const rated = (tasks: number, more: Partial<SchedulerOptions> = {}): SchedulerDriver =>
    driverOf(
      Array.from({ length: tasks }, () => 'api'),
      {
        pools: { api: { rate: { count: 2, per: 60_000 } } },
        ...more,
      },
    );

  it('lets so many start in its time, however soon they end, and then the next ones', () => {
    const driver = rated(3);
    expect(driver.began()).toEqual(['start 0', 'start 1', 'set pool 61000']);
    expect(driver.succeeded(0)).toEqual([]);
    expect(driver.handle({ type: 'timer.fired', at: 61_000, timer: 'pool' })).toEqual(['start 2']);
  });

  it('holds in any stretch of its time', () => {
    const driver = rated(4, { concurrency: 1 });
    driver.began();
    driver.at = 31_000;
    expect(driver.succeeded(0)).toEqual(['start 1']);
    expect(driver.succeeded(1)).toEqual(['set pool 61000']);
    const fired = driver.handle({ type: 'timer.fired', at: 61_000, timer: 'pool' });
    expect(fired).toEqual(['start 2', 'set pool 91001']);
    driver.at = 61_000;
    expect(driver.succeeded(2)).toEqual([]);
  });

  it('is forgotten when the run ends', () => {
    const driver = rated(3);
    driver.began();
    driver.cancel();
    driver.wasCancelled(0);
    expect(driver.wasCancelled(1).at(-1)).toBe('end cancelled');
    expect(driver.scheduler.timers()).toEqual([]);
  });
});

describe('a pool of another size', () => {
  it('lets more start at once, or none until enough was given back', () => {
    const driver = driverOf(['gpu', 'gpu', 'gpu', 'gpu']);
    driver.began();
    const resize = (size: number): string[] => driver.handle({ type: 'pool.set', at: ++driver.at, pool: 'gpu', size });
    expect(resize(3)).toEqual(['start 2']);
    expect(resize(1)).toEqual([]);
    expect(driver.succeeded(0)).toEqual([]);
    expect(driver.succeeded(1)).toEqual([]);
    expect(driver.succeeded(2)).toEqual(['start 3']);
  });
});
