import { describe, expect, it } from 'vitest';
import { SchedulerDriver, graphFrom, sayInstruction } from '../../test/support/scheduler-driver.js';
import { createPlacement } from '../placement/placements.js';
import { createPolicy } from '../policy/policies.js';
import type { Dag, Task } from './dag.js';
import { Scheduler } from './scheduler.js';
import { needsUngrouped, type SchedulerOptions } from './scheduler-options.js';
import type { TaskTraits } from './task-traits.js';
import type { WorkerGroup } from './worker-group.js';

const CPU: WorkerGroup = { name: 'cpu', slots: 2, speed: 1, labels: [], cpu: 4 };
const GPU: WorkerGroup = { name: 'gpu', slots: 1, speed: 2, labels: ['gpu'] };

function driverOf(traits: readonly TaskTraits[], options: Partial<SchedulerOptions> = {}): SchedulerDriver {
  return new SchedulerDriver(graphFrom(traits.length, []), {
    placement: 'least-loaded',
    createPlacement,
    traits: (task) => traits[task] ?? {},
    ...options,
  });
}

function live(driver: SchedulerDriver, ...groups: WorkerGroup[]): string[] {
  return driver.handle({ type: 'groups.changed', at: ++driver.at, groups });
}

const NEEDS_GPU: TaskTraits = { requires: { labels: ['gpu'] } };

describe('tasks in worker groups', () => {
  it('wait for a group, and start in those that have room', () => {
    const driver = driverOf([{}, {}, {}, {}]);
    expect(driver.began()).toEqual([]);
    expect(driver.scheduler.ready.awaitsGroup(0)).toBe(true);
    expect(live(driver, CPU).toSorted()).toEqual(['start 0 on cpu', 'start 1 on cpu']);
    expect(driver.succeeded(1)).toEqual(['start 2 on cpu']);
    expect(live(driver, CPU, GPU)).toEqual(['start 3 on gpu']);
  });

  it('start where their labels are, and let others pass that do not need them', () => {
    const driver = driverOf([NEEDS_GPU, NEEDS_GPU, {}], { concurrency: 3 });
    driver.began();
    expect(live(driver, CPU, GPU)).toEqual(['start 0 on gpu', 'start 2 on cpu']);
    expect(driver.succeeded(2)).toEqual([]);
    expect(driver.succeeded(0)).toEqual(['start 1 on gpu']);
  });

  it('take of the cores and the memory of their group what they say', () => {
    const driver = driverOf([{ requires: { cpu: 3 } }, { requires: { cpu: 2 } }, { requires: { cpu: 1 } }]);
    driver.began();
    expect(live(driver, CPU)).toEqual(['start 0 on cpu', 'start 2 on cpu']);
    expect(driver.succeeded(0)).toEqual(['start 1 on cpu']);
    expect(driver.scheduler.ready.groups.hasGroupFor(1)).toBe(true);
    expect(driverOf([{ requires: { cpu: 5 } }]).scheduler.ready.groups.hasGroupFor(0)).toBe(false);
  });

  it('start again in another group when theirs is gone', () => {
    const driver = driverOf([{}]);
    driver.began();
    expect(live(driver, GPU)).toEqual(['start 0 on gpu']);
    expect(live(driver, CPU)).toEqual(['cancel 0']);
    expect(driver.wasCancelled(0)).toEqual(['start 0 on cpu']);
  });

  it('go to a standby group only while no other could run them', () => {
    const standby: WorkerGroup = { ...CPU, name: 'backup', standby: true };
    const driver = driverOf([{}, {}, {}]);
    driver.began();
    expect(live(driver, { ...CPU, slots: 1 }, standby)).toEqual(['start 0 on cpu']);
    expect(live(driver, standby)).toEqual(['cancel 0', 'start 1 on backup', 'start 2 on backup']);
  });

  it('that their group did not start in time go to another one', () => {
    const driver = driverOf([{}]);
    driver.began();
    live(driver, { ...CPU, name: 'a' }, { ...CPU, name: 'b' });
    expect(driver.scheduler.ready.groups.groupOf(0)).toBe('a');
    const event = { type: 'task.ended', at: ++driver.at, task: 0, outcome: 'cancelled', unstarted: true } as const;
    expect(driver.handle(event)).toEqual(['start 0 on b']);
  });

  it('do not wait for a group whose workers are leaving, where a standby lives', () => {
    const driver = driverOf([{}]);
    driver.began();
    expect(live(driver, { ...CPU, slots: 0 }, { ...CPU, name: 'z', standby: true })).toEqual(['start 0 on z']);
  });

  it('are stopped under srtf for one that waits for their group and takes less', () => {
    const long: TaskTraits = { estimate: 9_000, preemptible: true };
    const driver = driverOf([{ ...long, ...NEEDS_GPU }, long, { estimate: 10 }, { ...NEEDS_GPU, estimate: 10 }], {
      policy: 'srtf',
      placement: 'round-robin',
    });
    driver.scheduler.tasks.paused[2] = driver.scheduler.tasks.paused[3] = 1;
    driver.began();
    expect(live(driver, { ...CPU, slots: 1 }, GPU).toSorted()).toEqual(['start 0 on gpu', 'start 1 on cpu']);
    const resume = (task: number): string[] => driver.handle({ type: 'task.resumed', at: ++driver.at, task });
    expect(resume(3)).toEqual(['cancel 0']);
    expect(driver.wasCancelled(0)).toEqual(['start 3 on gpu']);
    expect(resume(2)).toEqual(['cancel 1']);
  });

  it('that no group runs start beside them', () => {
    const driver = driverOf([{ elsewhere: true }, { hold: 'run' }, {}]);
    expect(driver.began()).toEqual(['start 0', 'start 1']);
  });

  it('are given none by a host that has no placement', () => {
    const graph = graphFrom(1, []);
    expect(new SchedulerDriver(graph, { placement: 'random' }).began()).toEqual(['start 0']);
  });
});

describe('a dag', () => {
  const task = (name: string, requires?: Task['requires']): Task => {
    return { name, uses: 'shell', with: { run: 'true' }, needs: [], ...(requires === undefined ? {} : { requires }) };
  };
  const tasks = [task('any'), task('asks', { labels: ['gpu'] })];
  const startsOf = (dag: Partial<Dag>): string[] => {
    const whole: Dag = { name: 'd', params: {}, tasks, ...dag };
    const scheduler = Scheduler.of(whole, { createPolicy, createPlacement });
    const began = scheduler.handle({ type: 'run.began', at: 1 });
    return [...began, ...scheduler.handle({ type: 'groups.changed', at: 2, groups: [GPU, CPU] })].map(sayInstruction);
  };

  it('without a placement gives only the tasks to groups that ask something of one', () => {
    expect(startsOf({})).toEqual(['start 0', 'start 1 on gpu']);
    expect(needsUngrouped({ name: 'd', params: {}, tasks })).toBe(true);
    expect(needsUngrouped({ name: 'd', params: {}, tasks: tasks.slice(1) })).toBe(false);
  });

  it('with a placement gives all of them to groups', () => {
    expect(startsOf({ placement: 'least-loaded' })).toEqual(['start 0 on cpu', 'start 1 on gpu']);
    expect(needsUngrouped({ name: 'd', params: {}, tasks, placement: 'random' })).toBe(false);
  });
});
