import { describe, expect, it } from 'vitest';
import { graphFrom, SchedulerDriver } from '../../test/support/scheduler-driver.js';
import { createPolicy } from '../policy/policies.js';
import { Scheduler } from './scheduler.js';
import type { TaskTraits } from './task-traits.js';

const NOTHING = graphFrom(0, []);

/** A run of which one task holds the only slot, so that the others wait: tasks 1, 2, 3... */
function waiting(policy: string, ...traits: TaskTraits[]): SchedulerDriver {
  const all: TaskTraits[] = [{}, ...traits];
  const edges = [] as const;
  const driver = new SchedulerDriver(graphFrom(all.length, edges), { concurrency: 1, traits: (task) => all[task]! });
  driver.began();
  driver.handle({ type: 'policy.set', at: driver.at, policy });
  return driver;
}

function order({ scheduler }: SchedulerDriver): number[] {
  return scheduler.policy.order();
}

describe('what policies know of tasks', () => {
  it('is the median of the declared estimates where a task has none, the lower one of two', () => {
    const driver = waiting('sjf', { estimate: 10 }, {}, { estimate: 30 }, { estimate: 20 }, { estimate: 40 });
    // 20, and it became ready before the one that says so.
    expect(order(driver)).toEqual([1, 2, 4, 3, 5]);
  });

  it('is one millisecond where no task has an estimate', () => {
    const driver = waiting('critical-path', {}, {});
    driver.handle({ type: 'tasks.added', at: 1, tasks: [{}], edges: [[2, 3, 1]] });
    // The way of one task, and a transfer as long, are longer than the way of one.
    expect(order(driver)).toEqual([2, 1]);
  });

  it('is worked out anew when tasks are added', () => {
    const driver = waiting('sjf', {}, { estimate: 20 });
    expect(order(driver)).toEqual([1, 2]);
    driver.handle({
      type: 'tasks.added',
      at: driver.at,
      tasks: [{ estimate: 30 }, { estimate: 40 }, { estimate: 50 }],
      edges: [],
    });
    expect(order(driver)).toEqual([2, 1, 3, 4, 5]);
    const paths = waiting('critical-path', { estimate: 5 }, { estimate: 1 });
    expect(order(paths)).toEqual([1, 2]);
    paths.handle({ type: 'tasks.added', at: paths.at, tasks: [{ estimate: 3 }], edges: [[2, 3, 2]] });
    expect(order(paths)).toEqual([2, 1]);
  });

  it('is of an item what it is of its fan-out: rank, deadline, group, and how many need it', () => {
    const graph = graphFrom(4, [
      [1, 2],
      [1, 3],
    ]);
    const traits: TaskTraits[] = [
      { estimate: 8 },
      { estimate: 4, hold: 'nothing', deadline: 5, group: 'g' },
      { estimate: 5 },
      { estimate: 1 },
    ];
    const driver = new SchedulerDriver(graph, { concurrency: 1, traits: (task) => traits[task]! });
    driver.began();
    driver.handle({ type: 'task.fanned-out', at: driver.at, task: 1, items: 3 });
    driver.handle({ type: 'tasks.added', at: driver.at, tasks: [{ estimate: 8.5 }], edges: [] });
    driver.handle({ type: 'policy.set', at: driver.at, policy: 'critical-path' });
    expect(order(driver)).toEqual([4, 5, 6, 7]);
    driver.handle({ type: 'policy.set', at: driver.at, policy: 'edf' });
    expect(order(driver)).toEqual([4, 5, 6, 7]);
    driver.handle({ type: 'policy.set', at: driver.at, policy: 'round-robin' });
    expect(order(driver)).toEqual([7, 4, 5, 6]);
  });

  it('does not count the items of a fan-out among the estimates', () => {
    const traits: TaskTraits[] = [
      { estimate: 9 },
      { estimate: 1, hold: 'nothing' },
      { estimate: 9 },
      {},
      { estimate: 5 },
    ];
    const driver = new SchedulerDriver(graphFrom(5, []), { concurrency: 1, traits: (task) => traits[task]! });
    driver.began();
    driver.handle({ type: 'task.fanned-out', at: driver.at, task: 1, items: 4 });
    driver.handle({ type: 'policy.set', at: driver.at, policy: 'sjf' });
    expect(order(driver)).toEqual([5, 6, 7, 8, 3, 4, 2]);
  });

  it('is how long tasks have waited, where the run ages them, and stays so through a snapshot', () => {
    const graph = graphFrom(4, [
      [0, 2],
      [0, 3],
    ]);
    const traits = (task: number): TaskTraits => ({ priority: [9, 0, 2, 3][task]! });
    const options = { concurrency: 1, policy: 'priority', policySettings: { aging: 10 }, traits };
    const driver = new SchedulerDriver(graph, options);
    driver.began();
    driver.at += 24;
    expect(driver.succeeded(0)).toEqual(['start 3']);
    expect(order(driver)).toEqual([1, 2]);
    const snapshot = JSON.parse(JSON.stringify(driver.scheduler.snapshot())) as ReturnType<Scheduler['snapshot']>;
    const restored = Scheduler.restore(graph, { ...options, createPolicy }, snapshot);
    expect(restored.policy.order()).toEqual([1, 2]);
    expect(restored.snapshot()).toEqual(snapshot);
    const without = new SchedulerDriver(graph, { ...options, policySettings: {} });
    without.began();
    without.at += 24;
    without.succeeded(0);
    expect(order(without)).toEqual([2, 1]);
    expect(without.scheduler.snapshot()).not.toHaveProperty('readied');
  });

  it('is still how long tasks have waited, and what groups were given, when tasks are added', () => {
    const traits = (task: number): TaskTraits => ({ priority: task, group: task % 2 === 0 ? 'even' : 'odd' });
    const options = { concurrency: 1, policySettings: { aging: 10 }, traits };
    const aged = new SchedulerDriver(graphFrom(2, []), { ...options, policy: 'priority' });
    aged.began();
    aged.handle({ type: 'tasks.added', at: aged.at + 31, tasks: [{ priority: 3 }, { priority: 4 }], edges: [] });
    expect(order(aged)).toEqual([3, 0, 2]);
    const shared = new SchedulerDriver(graphFrom(6, []), { ...options, policy: 'round-robin' });
    expect(shared.began()).toEqual(['start 0']);
    shared.handle({ type: 'tasks.added', at: shared.at, tasks: [{ group: 'even' }], edges: [] });
    expect(order(shared)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('is nothing in a run without tasks', () => {
    const scheduler = new Scheduler(NOTHING, { concurrency: 1, createPolicy, policy: 'critical-path' });
    expect(scheduler.policy.order()).toEqual([]);
  });
});
