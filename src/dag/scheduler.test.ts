import { describe, expect, it } from 'vitest';
import { SchedulerDriver as Driver, graphFrom } from '../../test/support/scheduler-driver.js';
import { createPolicy } from '../policy/policies.js';
import type { Dag, Task } from './dag.js';
import type { SchedulerEvent } from './event.js';
import { buildGraph } from './graph.js';
import { Scheduler } from './scheduler.js';

const DIAMOND = graphFrom(4, [
  [0, 1],
  [0, 2],
  [1, 3],
  [2, 3],
]);
const CHAIN = graphFrom(3, [
  [0, 1],
  [1, 2],
]);
/** Two chains: 0 -> 1 -> 2 and 3 -> 4. */
const TWO_CHAINS = graphFrom(5, [
  [0, 1],
  [1, 2],
  [3, 4],
]);
const WIDE = graphFrom(6, []);

describe('a run without incidents', () => {
  it('starts a task the moment its dependencies have succeeded, in the order of declaration', () => {
    const driver = new Driver(DIAMOND);
    expect(driver.began()).toEqual(['start 0']);
    expect(driver.succeeded(0)).toEqual(['start 1', 'start 2']);
    expect(driver.succeeded(2)).toEqual([]);
    expect(driver.succeeded(1)).toEqual(['start 3']);
    expect(driver.succeeded(3)).toEqual(['end succeeded']);
    expect(driver.scheduler.state).toBe('succeeded');
  });

  it('waits for no layer: a branch runs ahead of its slow neighbour', () => {
    const driver = new Driver(TWO_CHAINS);
    expect(driver.began()).toEqual(['start 0', 'start 3']);
    expect(driver.succeeded(0)).toEqual(['start 1']);
    expect(driver.succeeded(1)).toEqual(['start 2']);
  });

  it('keeps to the window', () => {
    const driver = new Driver(WIDE, { concurrency: 2 });
    expect(driver.began()).toEqual(['start 0', 'start 1']);
    expect(driver.succeeded(1)).toEqual(['start 2']);
    expect(driver.scheduler.running).toBe(2);
    expect(driver.scheduler.counts).toMatchObject({ pending: 0, ready: 3, running: 2, succeeded: 1, failed: 0 });
  });

  it('knows when tasks and the run began and ended', () => {
    const driver = new Driver(CHAIN);
    const { scheduler } = driver;
    expect(scheduler.runBeganAt).toBeUndefined();
    driver.began();
    driver.at = 1_500;
    driver.succeeded(0);
    expect([scheduler.startedAt(0), scheduler.endedAt(0)]).toEqual([1_000, 1_501]);
    expect([scheduler.startedAt(1), scheduler.endedAt(1), scheduler.startedAt(2)]).toEqual([
      1_501,
      undefined,
      undefined,
    ]);
    expect([scheduler.runBeganAt, scheduler.runEndedAt]).toEqual([1_000, undefined]);
    driver.failed(1);
    expect([scheduler.startedAt(2), scheduler.endedAt(2), scheduler.runEndedAt]).toEqual([undefined, 1_502, 1_502]);
  });

  it('ends at once where there is no task, and sets no timer', () => {
    expect(new Driver(graphFrom(0, []), { timeout: 5 }).began()).toEqual(['end succeeded']);
  });

  it('takes a chain of 200,000 tasks, and its failure, without running out of stack', () => {
    const size = 200_000;
    const first = Int32Array.from({ length: size - 1 }, (_, task) => task);
    const second = first.map((task) => task + 1);
    const chain = buildGraph(size, first, second);
    const scheduler = new Scheduler(chain, { concurrency: 1, createPolicy });
    scheduler.handle({ type: 'run.began', at: 0 });
    scheduler.handle({ type: 'task.ended', at: 1, task: 0, outcome: 'succeeded' });
    const last = scheduler.handle({ type: 'task.ended', at: 2, task: 1, outcome: 'failed' });
    expect(last).toEqual([{ type: 'run.end', status: 'failed' }]);
    expect(scheduler.counts).toMatchObject({ succeeded: 1, failed: 1, upstream_failed: size - 2 });
    scheduler.validate();
  });
});

describe('a failed task', () => {
  it('takes all that need it along, lets the other branches end, and fails the run', () => {
    const driver = new Driver(TWO_CHAINS);
    driver.began();
    expect(driver.failed(0)).toEqual([]);
    expect(driver.states).toEqual(['failed', 'upstream_failed', 'upstream_failed', 'running', 'pending']);
    expect(driver.succeeded(3)).toEqual(['start 4']);
    expect(driver.succeeded(4)).toEqual(['end failed']);
  });

  it('fails the run though every leaf succeeded', () => {
    const driver = new Driver(WIDE, { concurrency: 6 });
    driver.began();
    driver.failed(2);
    for (const task of [0, 1, 3, 4]) driver.succeeded(task);
    expect(driver.succeeded(5)).toEqual(['end failed']);
  });

  it('counts as a success where its task continues on error', () => {
    const driver = new Driver(DIAMOND, { traits: (task) => ({ continueOnError: task === 1 }) });
    driver.began();
    driver.succeeded(0);
    expect(driver.failed(1)).toEqual([]);
    expect(driver.succeeded(2)).toEqual(['start 3']);
    expect(driver.succeeded(3)).toEqual(['end succeeded']);
    expect(driver.states).toEqual(['succeeded', 'failed', 'succeeded', 'succeeded']);
  });

  it('of two that a task needs spoils it once', () => {
    const driver = new Driver(DIAMOND);
    driver.began();
    driver.succeeded(0);
    driver.failed(1);
    expect(driver.states[3]).toBe('upstream_failed');
    expect(driver.failed(2)).toEqual(['end failed']);
    expect(driver.scheduler.counts).toMatchObject({ succeeded: 1, failed: 2, upstream_failed: 1 });
  });

  it('is not hidden by a task that was cancelled from outside without anybody asking', () => {
    const driver = new Driver(CHAIN);
    driver.began();
    expect(driver.wasCancelled(0)).toEqual(['end failed']);
    expect(driver.states).toEqual(['cancelled', 'upstream_failed', 'upstream_failed']);
  });
});

describe('failFast', () => {
  it('starts nothing after the first failure, lets running tasks end, and cancels the rest', () => {
    const driver = new Driver(TWO_CHAINS, { failFast: true });
    driver.began();
    expect(driver.failed(0)).toEqual([]);
    expect(driver.scheduler.state).toBe('running');
    expect(driver.succeeded(3)).toEqual(['end failed']);
    expect(driver.states).toEqual(['failed', 'upstream_failed', 'upstream_failed', 'succeeded', 'cancelled']);
    expect(driver.scheduler.endedAt(4)).toBe(driver.at);
  });

  it('ends at once where nothing else runs', () => {
    const driver = new Driver(WIDE, { failFast: true, concurrency: 1 });
    driver.began();
    expect(driver.failed(0)).toEqual(['end failed']);
    expect(driver.states.slice(1)).toEqual(Array(5).fill('cancelled'));
  });

  it('marks what needs a task that fails later as upstream_failed too', () => {
    const driver = new Driver(TWO_CHAINS, { failFast: true });
    driver.began();
    driver.failed(0);
    driver.failed(3);
    expect(driver.states[4]).toBe('upstream_failed');
  });

  it('takes no notice of a failure that its task continues on', () => {
    const driver = new Driver(CHAIN, { failFast: true, traits: (task) => ({ continueOnError: task === 0 }) });
    driver.began();
    expect(driver.failed(0)).toEqual(['start 1']);
  });

  it('gives way to a cancel', () => {
    const driver = new Driver(TWO_CHAINS, { failFast: true });
    driver.began();
    driver.failed(0);
    expect(driver.cancel()).toEqual(['cancel 3']);
    expect(driver.wasCancelled(3)).toEqual(['end cancelled']);
  });
});

describe('a pause that drains', () => {
  it('starts nothing, lets running tasks end, and goes on at resume', () => {
    const driver = new Driver(WIDE, { concurrency: 2 });
    driver.began();
    expect(driver.pause()).toEqual([]);
    expect([driver.scheduler.state, driver.scheduler.pauseMode]).toEqual(['paused', 'drain']);
    expect(driver.succeeded(0)).toEqual([]);
    expect(driver.succeeded(1)).toEqual([]);
    expect(driver.scheduler.state).toBe('paused');
    expect(driver.resume()).toEqual(['start 2', 'start 3']);
    expect([driver.scheduler.state, driver.scheduler.pauseMode]).toEqual(['running', undefined]);
  });

  it('changes nothing a second time, and nor does a resume of a run that is not paused', () => {
    const driver = new Driver(CHAIN);
    driver.began();
    expect(driver.resume()).toEqual([]);
    driver.pause();
    expect(driver.pause()).toEqual([]);
    expect(driver.resume()).toEqual([]);
    expect(driver.scheduler.state).toBe('running');
  });

  it('does not keep a run from its end', () => {
    const driver = new Driver(graphFrom(1, []));
    driver.began();
    driver.pause();
    expect(driver.succeeded(0)).toEqual(['end succeeded']);
    expect(driver.scheduler.pauseMode).toBeUndefined();
  });

  it('still spoils what needs a task that fails', () => {
    const driver = new Driver(CHAIN);
    driver.began();
    driver.pause();
    expect(driver.failed(0)).toEqual(['end failed']);
  });
});

describe('a pause that interrupts', () => {
  it('stops the running tasks, and starts them again at resume before those that came later', () => {
    const driver = new Driver(WIDE, { concurrency: 3 });
    driver.began();
    expect(driver.pause('interrupt')).toEqual(['cancel 0', 'cancel 1', 'cancel 2']);
    expect(driver.wasCancelled(2)).toEqual([]);
    expect(driver.wasCancelled(0)).toEqual([]);
    expect(driver.states.slice(0, 3)).toEqual(['ready', 'running', 'ready']);
    expect(driver.scheduler.startedAt(0)).toBeUndefined();
    driver.wasCancelled(1);
    expect(driver.resume()).toEqual(['start 0', 'start 1', 'start 2']);
    expect(driver.scheduler.startedAt(0)).toBe(driver.at);
  });

  it('counts a task that ended before the cancel reached it', () => {
    const driver = new Driver(TWO_CHAINS);
    driver.began();
    driver.pause('interrupt');
    driver.succeeded(0);
    driver.failed(3);
    expect(driver.states).toEqual(['succeeded', 'ready', 'pending', 'failed', 'upstream_failed']);
    expect(driver.resume()).toEqual(['start 1']);
  });

  it('starts a task again though the resume came before its cancelled', () => {
    const driver = new Driver(WIDE, { concurrency: 2 });
    driver.began();
    driver.pause('interrupt');
    expect(driver.resume()).toEqual([]);
    expect(driver.wasCancelled(1)).toEqual(['start 1']);
    expect(driver.wasCancelled(0)).toEqual(['start 0']);
    expect(driver.wasCancelled(0)).toEqual(['start 2']);
    expect(driver.states[0]).toBe('cancelled');
  });

  it('follows upon one that drains; one that drains does not follow upon it', () => {
    const driver = new Driver(WIDE, { concurrency: 2 });
    driver.began();
    driver.pause('drain');
    expect(driver.pause('interrupt')).toEqual(['cancel 0', 'cancel 1']);
    expect(driver.pause('interrupt')).toEqual([]);
    expect(driver.pause('drain')).toEqual([]);
    expect(driver.scheduler.pauseMode).toBe('interrupt');
  });

  it('does not tell a task again that was told and has not answered', () => {
    const driver = new Driver(WIDE, { concurrency: 2 });
    driver.began();
    driver.pause('interrupt');
    driver.resume();
    driver.succeeded(0);
    expect(driver.pause('interrupt')).toEqual(['cancel 2']);
    expect(driver.cancel()).toEqual([]);
    driver.wasCancelled(1);
    expect(driver.states[1]).toBe('cancelled');
    expect(driver.wasCancelled(2)).toEqual(['end cancelled']);
  });

  it('of a run that fails fast leaves nothing to resume', () => {
    const driver = new Driver(WIDE, { concurrency: 2, failFast: true });
    driver.began();
    driver.failed(0);
    expect(driver.pause('interrupt')).toEqual(['cancel 1']);
    expect(driver.wasCancelled(1)).toEqual(['end failed']);
    expect(driver.states[1]).toBe('cancelled');
  });
});

describe('a cancel', () => {
  it('stops running tasks, cancels the rest at once, and ends when the running ones have', () => {
    const driver = new Driver(TWO_CHAINS);
    driver.began();
    expect(driver.cancel()).toEqual(['cancel 0', 'cancel 3']);
    expect(driver.scheduler.state).toBe('cancelling');
    expect(driver.states).toEqual(['running', 'cancelled', 'cancelled', 'running', 'cancelled']);
    expect(driver.wasCancelled(0)).toEqual([]);
    expect(driver.wasCancelled(3)).toEqual(['end cancelled']);
  });

  it('leaves a task that succeeded before it was reached succeeded', () => {
    const driver = new Driver(CHAIN);
    driver.began();
    driver.cancel();
    expect(driver.succeeded(0)).toEqual(['end cancelled']);
    expect(driver.states).toEqual(['succeeded', 'cancelled', 'cancelled']);
  });

  it('that came too late to stop anything leaves the run succeeded', () => {
    const driver = new Driver(graphFrom(1, []));
    driver.began();
    driver.cancel();
    expect(driver.succeeded(0)).toEqual(['end succeeded']);
  });

  it('ends a run cancelled though a task failed on the way', () => {
    const driver = new Driver(graphFrom(1, []));
    driver.began();
    driver.cancel();
    expect(driver.failed(0)).toEqual(['end cancelled']);
  });

  it('works while the run is paused', () => {
    const driver = new Driver(CHAIN, { timeout: 10 });
    driver.began();
    driver.pause();
    driver.succeeded(0);
    expect(driver.cancel()).toEqual(['drop run-timeout', 'end cancelled']);
    expect(driver.states).toEqual(['succeeded', 'cancelled', 'cancelled']);
  });

  it('ends a pause, for the tasks that still run too', () => {
    const driver = new Driver(CHAIN);
    driver.began();
    driver.pause();
    expect(driver.cancel()).toEqual(['cancel 0']);
    expect([driver.scheduler.state, driver.scheduler.pauseMode]).toEqual(['cancelling', undefined]);
  });

  it('is not undone by a second cancel, a pause, a resume or the timeout', () => {
    const driver = new Driver(CHAIN, { timeout: 10 });
    driver.began();
    driver.cancel();
    expect([driver.cancel(), driver.pause('interrupt'), driver.resume(), driver.timeOut()]).toEqual([[], [], [], []]);
    expect(driver.scheduler.state).toBe('cancelling');
    expect(driver.wasCancelled(0)).toEqual(['end cancelled']);
  });
});

describe('the timeout of a run', () => {
  it('is set when the run begins and dropped when it ends', () => {
    const driver = new Driver(graphFrom(1, []), { timeout: 500 });
    expect(driver.began()).toEqual(['set run-timeout 1500', 'start 0']);
    expect(driver.succeeded(0)).toEqual(['drop run-timeout', 'end succeeded']);
  });

  it('stops the run like a cancel, but the run ends timed_out', () => {
    const driver = new Driver(CHAIN, { timeout: 500 });
    driver.began();
    expect(driver.timeOut()).toEqual(['cancel 0']);
    expect(driver.scheduler.state).toBe('cancelling');
    expect(driver.cancel()).toEqual([]);
    expect(driver.wasCancelled(0)).toEqual(['end timed_out']);
    expect(driver.states).toEqual(['cancelled', 'cancelled', 'cancelled']);
  });

  it('holds for a paused run too', () => {
    const driver = new Driver(CHAIN, { timeout: 500 });
    driver.began();
    driver.pause('interrupt');
    driver.wasCancelled(0);
    expect(driver.timeOut()).toEqual(['end timed_out']);
  });
});

describe('an event that makes no sense', () => {
  const refused: [why: string, event: SchedulerEvent][] = [
    ['Task 1 ended, but does not run: it is pending.', { type: 'task.ended', at: 5, task: 1, outcome: 'succeeded' }],
    ['task.ended for task 9; the dag has 3 tasks.', { type: 'task.ended', at: 5, task: 9, outcome: 'failed' }],
    ['task.ended for task 0.5; the dag has 3 tasks.', { type: 'task.ended', at: 5, task: 0.5, outcome: 'failed' }],
    ['The run began already.', { type: 'run.began', at: 5 }],
    ['The timer run-timeout is not set.', { type: 'timer.fired', at: 5, timer: 'run-timeout' }],
    ['operator.cancelled at NaN: not whole milliseconds.', { type: 'operator.cancelled', at: NaN }],
  ];

  it.each(refused)('is refused, and changes nothing: %s', (why, event) => {
    const driver = new Driver(CHAIN);
    driver.began();
    const before = driver.scheduler.snapshot();
    expect(() => driver.handle(event)).toThrow(why);
    expect(driver.scheduler.snapshot()).toEqual(before);
    driver.scheduler.validate();
  });

  it('is refused before the begin and after the end', () => {
    const driver = new Driver(graphFrom(1, []));
    expect(() => driver.cancel()).toThrow('operator.cancelled before the run began.');
    driver.began();
    driver.succeeded(0);
    expect(() => driver.succeeded(0)).toThrow('task.ended after the end of the run.');
    expect(() => driver.cancel()).toThrow('operator.cancelled after the end of the run.');
    expect(driver.scheduler.state).toBe('succeeded');
  });

  it('includes a window that no task fits through', () => {
    for (const concurrency of [0, -1, NaN]) {
      expect(() => new Scheduler(CHAIN, { concurrency, createPolicy })).toThrow(RangeError);
    }
  });
});

describe('Scheduler.of', () => {
  const task = (name: string, needs: string[], more: Partial<Task> = {}): Task => {
    return { name, uses: 'shell', with: {}, needs: needs.map((needed) => ({ task: needed })), ...more };
  };
  const dag: Dag = {
    name: 'test',
    params: {},
    concurrency: 1,
    failFast: true,
    timeout: 60_000,
    tasks: [task('last', ['first', 'other']), task('first', [], { continueOnError: true }), task('other', [])],
  };

  it('takes edges, window, failFast, timeout and continueOnError from the dag', () => {
    const scheduler = Scheduler.of(dag, { createPolicy });
    expect(scheduler.handle({ type: 'run.began', at: 0 })).toEqual([
      { type: 'timer.set', timer: 'run-timeout', at: 60_000 },
      { type: 'task.start', task: 1 },
    ]);
    expect(scheduler.handle({ type: 'task.ended', at: 1, task: 1, outcome: 'failed' })).toEqual([
      { type: 'task.start', task: 2 },
    ]);
    scheduler.handle({ type: 'task.ended', at: 2, task: 2, outcome: 'failed' });
    expect(scheduler.state).toBe('failed');
  });

  it('goes on from a snapshot', () => {
    const before = Scheduler.of(dag, { createPolicy });
    before.handle({ type: 'run.began', at: 0 });
    const after = Scheduler.of(dag, { createPolicy }, before.snapshot());
    expect(after.handle({ type: 'task.ended', at: 1, task: 1, outcome: 'succeeded' })).toEqual([
      { type: 'task.start', task: 2 },
    ]);
  });
});
