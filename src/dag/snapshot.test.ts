import { describe, expect, it } from 'vitest';
import { SchedulerDriver, graphFrom } from '../../test/support/scheduler-driver.js';
import { createPolicy } from '../policy/policies.js';
import { Scheduler } from './scheduler.js';
import type { Snapshot } from './snapshot.js';

const CHAIN = graphFrom(3, [
  [0, 1],
  [1, 2],
]);

function restore(snapshot: Snapshot, graph = CHAIN, concurrency = 10): Scheduler {
  return Scheduler.restore(graph, { concurrency, createPolicy }, snapshot);
}

describe('a snapshot', () => {
  it('holds a run that has not begun', () => {
    const snapshot = new SchedulerDriver(CHAIN).scheduler.snapshot();
    expect(snapshot).toMatchObject({ beganAt: null, states: '000', order: [], started: [], took: [] });
    expect(restore(snapshot).handle({ type: 'run.began', at: 5 })).toEqual([{ type: 'task.start', task: 0 }]);
  });

  it('holds a run that has ended, with all its times', () => {
    const driver = new SchedulerDriver(CHAIN);
    driver.began();
    driver.succeeded(0);
    driver.cancel();
    driver.wasCancelled(1);
    const after = restore(driver.scheduler.snapshot());
    after.validate();
    expect([after.state, after.runBeganAt, after.runEndedAt]).toEqual(['cancelled', 1_000, 1_003]);
    expect([0, 1, 2].map((task) => [after.startedAt(task), after.endedAt(task)])).toEqual([
      [1_000, 1_001],
      [1_001, 1_003],
      [undefined, 1_002],
    ]);
  });

  it('keeps the place of tasks that an interrupt stopped', () => {
    const graph = graphFrom(5, []);
    const driver = new SchedulerDriver(graph, { concurrency: 3 });
    driver.began();
    driver.pause('interrupt');
    driver.wasCancelled(2);
    const after = restore(driver.scheduler.snapshot(), graph, 3);
    after.handle({ type: 'task.ended', at: 1_010, task: 0, outcome: 'cancelled' });
    after.handle({ type: 'task.ended', at: 1_010, task: 1, outcome: 'succeeded' });
    after.validate();
    const starts = after.handle({ type: 'operator.resumed', at: 1_011 });
    expect(starts).toEqual([0, 2, 3].map((task) => ({ type: 'task.start', task })));
  });

  it('takes less than 16 bytes of JSON for each task of a long run', () => {
    const size = 20_000;
    const driver = new SchedulerDriver(graphFrom(size, []), { concurrency: 100 });
    const { scheduler } = driver;
    scheduler.handle({ type: 'run.began', at: 1_790_000_000_000 });
    for (let task = 0; task < size - 50; task++) {
      const at = 1_790_000_000_000 + task * 50;
      scheduler.handle({ type: 'task.ended', at, task, outcome: 'succeeded' });
    }
    expect(JSON.stringify(scheduler.snapshot()).length).toBeLessThan(16 * size);
  });

  it('is refused where it is of another dag, of another version, or broken', () => {
    const snapshot = new SchedulerDriver(CHAIN).scheduler.snapshot();
    expect(() => restore(snapshot, graphFrom(4, []))).toThrow('The snapshot has 3 tasks, the dag 4.');
    expect(() => restore({ ...snapshot, states: '0x0' })).toThrow('The snapshot has no state for task 1.');
    const newer = { ...snapshot, version: 2 } as unknown as Snapshot;
    expect(() => restore(newer)).toThrow('A snapshot of version 2 cannot be read.');
  });
});
