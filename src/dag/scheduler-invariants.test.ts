import { describe, expect, it } from 'vitest';
import { SchedulerDriver, graphFrom } from '../../test/support/scheduler-driver.js';
import type { Scheduler } from './scheduler.js';
import type { TaskState } from './task-state.js';
import { CODE } from './task-table.js';

/** 0 has succeeded, 1 runs, 2 and 3 are ready, 4 needs 1, 5 failed, 6 needs 5. */
function midway(): Scheduler {
  const graph = graphFrom(7, [
    [0, 2],
    [1, 4],
    [0, 3],
    [5, 6],
  ]);
  const driver = new SchedulerDriver(graph, { concurrency: 3 });
  driver.began();
  driver.pause();
  driver.succeeded(0);
  driver.failed(5);
  return driver.scheduler;
}

/** Puts a task into a state without any of what belongs to it, save for the counts. */
function force({ tasks }: Scheduler, task: number, state: TaskState): void {
  tasks.counts[tasks.state[task]!]!--;
  tasks.slots += +(state === 'running') - +tasks.is(task, 'running');
  tasks.state[task] = CODE[state];
  tasks.counts[CODE[state]]!++;
}

const CORRUPTIONS: [message: string, corrupt: (scheduler: Scheduler) => void][] = [
  ['1 tasks are succeeded, but 2 were counted', ({ tasks }) => tasks.counts[CODE.succeeded]!++],
  ['of what task 6 needs, 1 are failed, but 0 were counted', ({ tasks }) => (tasks.failed[6] = 0)],
  ['of what task 2 needs, 1 are done, but 2 were counted', ({ tasks }) => tasks.done[2]!++],
  ['task 4 is running, but its trigger rule says wait', (scheduler) => force(scheduler, 4, 'running')],
  ['task 4 is ready, but its trigger rule says wait', (scheduler) => force(scheduler, 4, 'ready')],
  ['task 6 is pending, but its trigger rule says upstream_failed', (scheduler) => force(scheduler, 6, 'pending')],
  ['task 2 is pending, but its trigger rule says start', (scheduler) => force(scheduler, 2, 'pending')],
  ['task 4 is upstream_failed, but its trigger rule says wait', (scheduler) => force(scheduler, 4, 'upstream_failed')],
  ['task 1 is running, but has no start', ({ tasks }) => (tasks.startedAt[1] = NaN)],
  ['task 2 is ready, but has a start', ({ tasks }) => (tasks.startedAt[2] = 5)],
  ['task 0 is succeeded, but has no end', ({ tasks }) => (tasks.endedAt[0] = NaN)],
  ['task 1 is running, but has an end', ({ tasks }) => (tasks.endedAt[1] = 5)],
  ['task 2 was told to stop, but is ready', ({ tasks }) => (tasks.stop[2] = 1)],
  ['task 2 is ready, but has no place in the order', ({ tasks }) => (tasks.sequence[2] = -1)],
  ['task 4 is skipped, but its trigger rule says wait', (scheduler) => force(scheduler, 4, 'skipped')],
  ['2 tasks may start, but 1 wait in the queue', ({ policy }) => policy.next()],
  ['tasks 2 and 3 wait in the wrong order', ({ tasks }) => ([tasks.sequence[2], tasks.sequence[3]] = [8, 7])],
  [
    'task 4 waits in the queue, but is pending',
    ({ policy }) => {
      policy.remove(3, 4);
      policy.add(4, 9);
    },
  ],
];

describe('validate', () => {
  it('finds nothing in a sound run', () => {
    expect(() => midway().validate()).not.toThrow();
  });

  it.each(CORRUPTIONS)('notices: %s', (message, corrupt) => {
    const scheduler = midway();
    corrupt(scheduler);
    expect(() => scheduler.validate()).toThrow(message);
  });

  it('notices more running tasks than the window has room for', () => {
    const driver = new SchedulerDriver(graphFrom(2, []), { concurrency: 1 });
    driver.began();
    const { scheduler } = driver;
    scheduler.policy.remove(1, 1);
    force(scheduler, 1, 'running');
    scheduler.tasks.startedAt[1] = 5;
    expect(() => scheduler.validate()).toThrow('2 tasks run, 1 may');
  });

  it('notices a free slot that a ready task could have', () => {
    const driver = new SchedulerDriver(graphFrom(3, []), { concurrency: 2 });
    driver.began();
    const { scheduler } = driver;
    force(scheduler, 0, 'succeeded');
    scheduler.tasks.endedAt[0] = 5;
    expect(() => scheduler.validate()).toThrow('1 tasks are ready and 1 slots free, but none starts');
  });

  it('notices a task that was skipped before all that it needs had ended', () => {
    const graph = graphFrom(3, [
      [0, 2],
      [1, 2],
    ]);
    const driver = new SchedulerDriver(graph, { concurrency: 1 });
    driver.began();
    driver.handle({ type: 'task.forced', at: ++driver.at, task: 1, state: 'skipped' });
    force(driver.scheduler, 2, 'skipped');
    expect(() => driver.scheduler.validate()).toThrow('task 2 is skipped, but its trigger rule says wait');
  });

  it('notices a task that runs through a pause that interrupts', () => {
    const driver = new SchedulerDriver(graphFrom(2, []));
    driver.began();
    driver.pause('interrupt');
    driver.scheduler.tasks.stop[1] = 0;
    expect(() => driver.scheduler.validate()).toThrow('task 1 runs through a pause that interrupts');
  });

  it('notices that nothing is left of the failure that holds the run', () => {
    const driver = new SchedulerDriver(graphFrom(2, []), { failFast: true });
    driver.began();
    driver.failed(0);
    force(driver.scheduler, 0, 'cancelled');
    expect(() => driver.scheduler.validate()).toThrow('a failure holds the run, but none is left');
  });

  it('notices an end that was not counted', () => {
    const driver = new SchedulerDriver(graphFrom(2, []));
    driver.began();
    const { scheduler } = driver;
    force(scheduler, 0, 'succeeded');
    scheduler.tasks.endedAt[0] = 5;
    expect(() => scheduler.validate()).toThrow('1 tasks have not ended, but 2 were counted');
  });

  it('notices a task that runs on after the end', () => {
    const driver = new SchedulerDriver(graphFrom(1, []));
    driver.began();
    driver.succeeded(0);
    const { scheduler } = driver;
    force(scheduler, 0, 'running');
    scheduler.tasks.endedAt[0] = NaN;
    expect(() => scheduler.validate()).toThrow('the run ended succeeded, but 1 tasks did not');
  });
});

describe('a task', () => {
  it('cannot leave a state in which it ended', () => {
    const { tasks } = midway();
    expect(() => tasks.move(0, 'ready')).toThrow('Task 0 cannot go from succeeded to ready.');
    expect(() => tasks.move(4, 'running')).toThrow('Task 4 cannot go from pending to running.');
    expect(tasks.count('succeeded')).toBe(1);
  });
});
