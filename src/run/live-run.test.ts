import { describe, expect, it } from 'vitest';
import { dagOf, LiveRunDriver, type Drawing } from '../../test/support/live-run-driver.js';
import { task } from '../../test/support/live-run-world.js';
import type { Dag } from '../dag/dag.js';
import type { TakeOver } from './live-run.js';

const LAX = { continueOnError: true };

function begun(drawing: Drawing, more: Partial<Dag> = {}): LiveRunDriver {
  const driver = new LiveRunDriver(dagOf(drawing, more));
  driver.began();
  return driver;
}

describe('tasks that are added', () => {
  it('start at once where nothing holds them', () => {
    const driver = begun({ a: [] });
    expect(driver.act('addTasks', { tasks: [task('n', []), task('m', ['n'])] })).toMatchObject({
      instructions: ['start n'],
      tasks: [{ name: 'n', from: 'pending', to: 'running' }],
      tasksChanged: 1,
    });
    expect(driver.succeeded('n')).toEqual(['start m']);
    expect(driver.live.indexOf('m')).toBe(2);
  });

  it('hold a dependent that was ready, which waits again and for all', () => {
    const driver = begun({ a: [], b: [] }, { concurrency: 1 });
    const added = driver.act('addTasks', { tasks: [task('n', [])], needs: { b: ['n', 'a'] } });
    expect(added.tasks).toEqual([
      { name: 'b', from: 'ready', to: 'pending' },
      { name: 'n', from: 'pending', to: 'ready' },
    ]);
    expect(driver.succeeded('a')).toEqual(['start n']);
    expect(driver.succeeded('n', { output: 5 })).toEqual(['start b']);
    expect(driver.live.record.needsOf(1)).toEqual({ n: 5 });
    expect(driver.succeeded('b')).toEqual(['end succeeded']);
  });

  it('leave a ready dependent its place where what it gets to need has ended', () => {
    const driver = begun({ a: [], b: [], c: [] }, { concurrency: 1 });
    driver.succeeded('a');
    driver.act('addTasks', { tasks: [task('n', [])], needs: { c: ['a'] } });
    expect(driver.states).toBe('a=succeeded b=running c=ready n=ready');
    expect(driver.succeeded('b')).toEqual(['start c']);
  });

  it('can never run where what they need has failed, and nor can those that get to need it', () => {
    const driver = begun({ a: [], b: ['c'], c: [], d: [] }, { concurrency: 1 });
    driver.failed('a');
    driver.act('addTasks', { tasks: [task('n', ['a']), task('m', ['n'])], needs: { b: ['a'], d: ['a'] } });
    expect(driver.states).toBe(
      'a=failed b=upstream_failed c=running d=upstream_failed n=upstream_failed m=upstream_failed',
    );
  });

  it('are skipped where what they need was, and so are ready ones that get to need it', () => {
    const driver = begun({ a: [], b: [], c: [], d: ['c'] }, { concurrency: 1 });
    driver.act('skipTask', { task: 'c' });
    driver.act('addTasks', { tasks: [task('n', ['c']), task('m', ['a', 'c'])], needs: { b: ['c'] } });
    expect(driver.states).toBe('a=running b=skipped c=skipped d=skipped n=skipped m=pending');
    driver.succeeded('a');
    expect(driver.states).toContain('m=skipped');
    expect(driver.live.scheduler.state).toBe('succeeded');
  });

  it('survive being carried, with priority, continueOnError and dependencies', () => {
    const driver = begun({ a: [] }, { concurrency: 1, policy: 'priority' });
    const tasks = [task('low', []), task('high', [], { priority: 5, ...LAX }), task('last', [])];
    driver.act('addTasks', { tasks, needs: { last: ['high', 'low'] } });
    driver.carry();
    expect(driver.succeeded('a')).toEqual(['start high']);
    driver.carry();
    expect(driver.failed('high')).toEqual(['start low']);
    expect(driver.succeeded('low')).toEqual(['start last']);
    expect(driver.succeeded('last')).toEqual(['end succeeded']);
  });

  it('can be steered like the others', () => {
    const driver = begun({ a: [] });
    driver.act('addTasks', { tasks: [task('n', ['a'])] });
    driver.act('pauseTask', { task: 'n', by: 'ann' });
    expect(driver.succeeded('a')).toEqual([]);
    expect(driver.live.describe().tasks[1]).toMatchObject({ name: 'n', state: 'ready', paused: true });
    expect(driver.act('resumeTask', { task: 'n' }).instructions).toEqual(['start n']);
  });
});

describe('a retry', () => {
  it('sets back what the failure kept from running', () => {
    const driver = begun({ a: [], b: ['a'], c: ['b'], d: [] });
    driver.failed('a');
    const retried = driver.act('retryTask', { task: 'a' });
    expect(retried.instructions).toEqual(['start a']);
    expect(retried.tasks).toEqual([
      { name: 'a', from: 'failed', to: 'running' },
      { name: 'b', from: 'upstream_failed', to: 'pending' },
      { name: 'c', from: 'upstream_failed', to: 'pending' },
    ]);
    driver.succeeded('a');
    driver.succeeded('b');
    driver.succeeded('d');
    expect(driver.succeeded('c')).toEqual(['end succeeded']);
  });

  it('without its dependents leaves them as they are', () => {
    const driver = begun({ a: [], b: ['a'], c: ['b'], d: [] });
    driver.failed('a');
    driver.act('retryTask', { task: 'a', dependents: false });
    driver.carry();
    driver.succeeded('a');
    expect(driver.states).toBe('a=succeeded b=upstream_failed c=upstream_failed d=running');
    expect(driver.act('retryTask', { task: 'b' }).instructions).toEqual(['start b']);
    expect(driver.states).toContain('c=pending');
  });

  it('runs again what had run because of the failure, where its rule lets it', () => {
    const dag = dagOf({ a: [], b: ['a'], c: [] });
    const tasks = dag.tasks.map((task) => (task.name === 'b' ? { ...task, triggerRule: 'all_failed' as const } : task));
    const driver = new LiveRunDriver({ ...dag, tasks });
    driver.began();
    driver.failed('a');
    driver.succeeded('b');
    driver.act('retryTask', { task: 'a' });
    expect(driver.states).toBe('a=running b=pending c=running');
    driver.succeeded('a');
    expect(driver.states).toBe('a=succeeded b=skipped c=running');
  });

  it('says how many running tasks it stops', () => {
    const dag = dagOf({ a: [], b: ['a'], c: [] });
    const tasks = dag.tasks.map((task) => (task.name === 'b' ? { ...task, triggerRule: 'one_failed' as const } : task));
    const driver = new LiveRunDriver({ ...dag, tasks });
    driver.began();
    driver.failed('a');
    const { message, instructions } = driver.act('retryTask', { task: 'a' });
    expect(instructions).toContain('cancel b');
    expect(message).toContain('1 running task that needs it is told to stop');
    expect(driver.live.acts.at(-1)?.message).toBe(message);
  });

  it('is not what a completed task gets: that leaves what had run because of the failure', () => {
    const dag = dagOf({ a: [], b: ['a'], c: ['a'], d: [] });
    const tasks = dag.tasks.map((task) => (task.name === 'b' ? { ...task, triggerRule: 'all_failed' as const } : task));
    const driver = new LiveRunDriver({ ...dag, tasks });
    driver.began();
    driver.failed('a');
    driver.succeeded('b');
    driver.act('completeTask', { task: 'a' });
    expect(driver.states).toBe('a=succeeded b=succeeded c=running d=running');
  });

  it('takes along what an earlier one without dependents left as it was', () => {
    const driver = begun({ a: [], b: ['a'], c: ['b'], d: [] });
    driver.failed('a');
    driver.act('retryTask', { task: 'a', dependents: false });
    driver.failed('a');
    driver.act('retryTask', { task: 'a' });
    expect(driver.states).toBe('a=running b=pending c=pending d=running');
  });

  it('sets back a task that is declared before what it needs, and needs it in two ways', () => {
    const driver = begun({ last: ['a', 'b'], b: ['a'], a: [], other: [] });
    driver.failed('a');
    driver.act('retryTask', { task: 'a' });
    expect(driver.states).toBe('last=pending b=pending a=running other=running');
  });

  it('leaves what another failure keeps from running', () => {
    const driver = begun({ a: [], b: [], c: ['a', 'b'], d: ['c'], e: [] });
    driver.failed('a');
    driver.failed('b');
    driver.act('retryTask', { task: 'a' });
    expect(driver.states).toBe('a=running b=failed c=upstream_failed d=upstream_failed e=running');
  });

  it('stops the dependents that run on its failure, and starts them again after it, however they end', () => {
    for (const end of ['succeeded', 'failed', 'wasCancelled'] as const) {
      const driver = begun({ a: LAX, b: ['a'], c: ['b'] });
      driver.failed('a');
      expect(driver.act('retryTask', { task: 'a' }).instructions).toEqual(['cancel b', 'start a']);
      expect(driver[end]('b', { output: 'stale' })).toEqual([]);
      expect(driver.states).toBe('a=running b=pending c=pending');
      expect(driver.live.record.needsOf(2)).toEqual({});
      expect(driver.succeeded('a', { output: 1 })).toEqual(['start b']);
      expect(driver.live.record.needsOf(1)).toEqual({ a: 1 });
    }
  });

  it('stops no dependent where they are to stay as they are', () => {
    const driver = begun({ a: LAX, b: ['a'], c: [] });
    driver.failed('a');
    expect(driver.act('retryTask', { task: 'a', dependents: false }).instructions).toEqual(['start a']);
    driver.succeeded('b');
    expect(driver.states).toBe('a=running b=succeeded c=running');
  });

  it('sets back a dependent that had ended on its failure', () => {
    const driver = begun({ a: LAX, b: ['a'], c: [] });
    driver.failed('a');
    driver.succeeded('b', { output: 'old' });
    driver.act('retryTask', { task: 'a' });
    expect(driver.states).toBe('a=running b=pending c=running');
    expect(driver.live.describe().tasks[1]).not.toHaveProperty('outputBytes');
  });

  it('counts the attempts of all starts, also where the run is carried in between', () => {
    const driver = begun({ a: [], b: [] });
    driver.failed('a', { attempts: 3 });
    driver.act('retryTask', { task: 'a' });
    driver.carry();
    driver.succeeded('a', { attempts: 2 });
    expect(driver.live.describe().tasks[0]).toMatchObject({ state: 'succeeded', attempts: 5 });
  });
});

describe('failFast', () => {
  it('is lifted where the failed task is retried, completed or skipped', () => {
    for (const act of ['retryTask', 'completeTask', 'skipTask'] as const) {
      const driver = begun({ a: [], b: [], c: [], d: [] }, { failFast: true, concurrency: 2 });
      expect(driver.failed('a')).toEqual([]);
      expect(driver.act(act, { task: 'a' }).instructions).toHaveLength(1);
      expect(driver.live.scheduler.failing).toBe(false);
    }
  });

  it('holds on where another failure is left', () => {
    const driver = begun({ a: [], b: [], c: [], d: [] }, { failFast: true, concurrency: 3 });
    driver.failed('a');
    driver.failed('b');
    expect(driver.act('completeTask', { task: 'a' }).instructions).toEqual([]);
    expect(driver.succeeded('c')).toEqual(['end failed']);
    expect(driver.states).toBe('a=succeeded b=failed c=succeeded d=cancelled');
  });
});

describe('a task that an operator ends', () => {
  it('has the output that it was given, whatever it ends with itself', () => {
    for (const end of ['succeeded', 'failed', 'wasCancelled'] as const) {
      const driver = begun({ a: [], b: ['a'] });
      expect(driver.act('completeTask', { task: 'a', output: { n: 1 } }).instructions).toEqual(['cancel a']);
      driver.carry();
      expect(driver[end]('a', { ...(end === 'succeeded' ? { output: 'own' } : {}) })).toEqual(['start b']);
      expect(driver.live.record.needsOf(1)).toEqual({ a: { n: 1 } });
      driver.succeeded('b');
      expect(driver.live.result().tasks['a']).toMatchObject({ status: 'succeeded', output: { n: 1 } });
      expect(driver.live.result().tasks['a']).not.toHaveProperty('error');
    }
  });

  it('has none where it was given none, and null where it was given null', () => {
    const driver = begun({ a: [], b: [], c: [] });
    driver.act('completeTask', { task: 'a' });
    driver.act('completeTask', { task: 'b', output: null });
    driver.carry();
    driver.succeeded('a', { output: 'own' });
    driver.wasCancelled('b');
    driver.succeeded('c');
    const { tasks } = driver.live.result();
    expect(tasks['a']).not.toHaveProperty('output');
    expect(tasks['b']).toHaveProperty('output', null);
  });

  it('keeps nothing of an output that a later word took back', () => {
    for (const act of ['skipTask', 'cancelTask'] as const) {
      const driver = begun({ a: [], b: [] });
      driver.act('completeTask', { task: 'a', output: 'given' });
      driver.act(act, { task: 'a' });
      driver.wasCancelled('a');
      driver.act('retryTask', { task: 'a' });
      driver.succeeded('a', { output: 'own' });
      expect(driver.live.record.needsOf(0)).toEqual({});
      driver.succeeded('b');
      expect(driver.live.result().tasks['a']).toMatchObject({ output: 'own' });
    }
  });

  it('leaves what started after its failure as it is, and skips what did not', () => {
    const driver = begun({ a: LAX, b: ['a'], c: ['a'], d: ['a'], e: ['b'] }, { concurrency: 2 });
    driver.failed('a');
    driver.succeeded('b', { output: 'kept' });
    expect(driver.states).toBe('a=failed b=succeeded c=running d=running e=ready');
    driver.act('setConcurrency', { concurrency: 1 });
    driver.act('addTasks', { tasks: [task('f', ['a'])] });
    driver.act('skipTask', { task: 'a' });
    expect(driver.states).toBe('a=skipped b=succeeded c=running d=running e=ready f=skipped');
    driver.succeeded('c');
    driver.succeeded('d');
    expect(driver.succeeded('e')).toEqual(['end succeeded']);
    expect(driver.live.result().tasks['b']).toMatchObject({ output: 'kept' });
  });

  it('stops nothing where it is completed after a failure that its dependents went on from', () => {
    const driver = begun({ a: LAX, b: ['a'], c: ['a'] });
    driver.failed('a');
    driver.succeeded('b');
    expect(driver.act('completeTask', { task: 'a', output: 1 })).toMatchObject({ instructions: [], tasksChanged: 1 });
    expect(driver.states).toBe('a=succeeded b=succeeded c=running');
  });

  it('and was cancelled while what it needs was set back does not count with what it did meanwhile', () => {
    const driver = begun({ a: LAX, b: ['a'] });
    driver.failed('a');
    driver.act('cancelTask', { task: 'b' });
    driver.act('retryTask', { task: 'a' });
    driver.succeeded('b', { output: 'stale' });
    expect(driver.states).toBe('a=running b=cancelled');
    driver.succeeded('a');
    expect(driver.live.result().tasks['b']).not.toHaveProperty('output');
  });
});

describe('a pause with a time', () => {
  const until = new Date(5_000).toISOString();

  it('goes on by itself', () => {
    const driver = begun({ a: [], b: [] }, { concurrency: 1 });
    expect(driver.act('pause', { until, by: 'ann' }).instructions).toEqual(['set auto-resume 5000']);
    expect(driver.live.describe().pause).toEqual({ mode: 'drain', at: '1970-01-01T00:00:01.001Z', by: 'ann', until });
    driver.succeeded('a');
    driver.carry();
    expect(driver.live.scheduler.timers()).toEqual([{ timer: 'auto-resume', at: 5_000 }]);
    expect(driver.fired('auto-resume', 5_000)).toEqual(['start b']);
    expect(driver.live.describe()).not.toHaveProperty('pause');
  });

  it('can be given another time, and forgets it when the run goes on, is cancelled or ends', () => {
    const driver = begun({ a: [] });
    driver.act('pause', { until });
    const later = new Date(9_000).toISOString();
    expect(driver.act('pause', { until: later }).instructions).toEqual(['drop auto-resume', 'set auto-resume 9000']);
    expect(driver.act('pause', { mode: 'interrupt' }).instructions).toEqual(['cancel a']);
    expect(driver.live.scheduler.resumesAt).toBe(9_000);
    expect(driver.act('resume').instructions).toEqual(['drop auto-resume']);
    driver.act('pause', { until });
    expect(driver.act('cancel').instructions).toEqual(['drop auto-resume']);

    const other = begun({ a: [] });
    other.act('pause', { until });
    expect(other.succeeded('a')).toEqual(['drop auto-resume', 'end succeeded']);
  });
});

describe('a paused task', () => {
  it('that ran starts again in its place when it is resumed, and holds all that need it until then', () => {
    const driver = begun({ a: [], b: [], c: ['a'] }, { concurrency: 1 });
    expect(driver.act('pauseTask', { task: 'a', mode: 'interrupt', by: 'ann' }).instructions).toEqual(['cancel a']);
    expect(driver.wasCancelled('a')).toEqual(['start b']);
    driver.carry();
    expect(driver.live.taskPausedBy(0)).toEqual({ at: 1_001, by: 'ann' });
    expect(driver.succeeded('b')).toEqual([]);
    expect(driver.live.scheduler.state).toBe('running');
    expect(driver.act('resumeTask', { task: 'a' }).instructions).toEqual(['start a']);
    expect(driver.live.taskPausedBy(0)).toBeUndefined();
  });

  it('stays so when what it needs is retried', () => {
    const driver = begun({ a: [], b: ['a'], c: [] });
    driver.act('pauseTask', { task: 'b' });
    driver.failed('a');
    driver.act('retryTask', { task: 'a' });
    expect(driver.succeeded('a')).toEqual([]);
    expect(driver.states).toBe('a=succeeded b=ready c=running');
  });
});

describe('the list of acts', () => {
  it('keeps the latest 200, in order, and says who and what', () => {
    const driver = begun({ a: [] });
    for (let i = 1; i <= 250; i++) driver.act('setPriority', { task: 'a', priority: i, by: 'ann', id: `id${i}` });
    const { acts } = driver.live;
    expect(acts).toHaveLength(200);
    expect(acts.map(({ id }) => id)).toEqual(Array.from({ length: 200 }, (_, i) => `id${i + 51}`));
    expect(acts[0]).toEqual({
      at: '1970-01-01T00:00:01.051Z',
      act: 'setPriority',
      task: 'a',
      by: 'ann',
      id: 'id51',
      changed: true,
      message: 'The priority of a is 51; it was 50.',
    });
    driver.carry();
    expect(driver.live.acts).toEqual(acts);
    const history = driver.live.history().filter(({ event }) => event === 'act');
    expect(history).toHaveLength(250);
    expect(history.at(-1)).toMatchObject({ task: 'a', by: 'ann', message: 'The priority of a is 250; it was 249.' });
    expect(history[0]).toEqual({ at: '1970-01-01T00:00:01.001Z', event: 'act' });
  });

  it('does an act once for its id, across a carry too, and tells the earlier sentence', () => {
    const driver = begun({ a: [], b: [] });
    const first = driver.act('cancelTask', { task: 'a', id: 'x' });
    driver.carry();
    const second = driver.act('cancelTask', { task: 'b', id: 'x' });
    expect(second).toMatchObject({ changed: false, message: first.message, instructions: [], tasks: [] });
    expect(driver.live.acts).toHaveLength(1);
  });

  it('is not changed in the hands of those who asked for it before', () => {
    const driver = begun({ a: [] });
    driver.act('pause');
    const { acts } = driver.live.describe();
    driver.act('resume');
    expect(acts).toHaveLength(1);
  });
});

describe('an answer', () => {
  it('names 100 tasks at most, and counts all', () => {
    const driver = begun(Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`t${i}`, i === 0 ? [] : ['t0']])));
    driver.act('pauseTask', { task: 't0', mode: 'interrupt' });
    driver.wasCancelled('t0');
    const { tasks, tasksChanged } = driver.act('skipTask', { task: 't0' });
    expect([tasks.length, tasksChanged]).toEqual([100, 150]);
    expect(tasks.slice(0, 2)).toEqual([
      { name: 't0', from: 'ready', to: 'skipped' },
      { name: 't1', from: 'pending', to: 'skipped' },
    ]);
  });
});

describe('a run that takes tasks over', () => {
  const takeOver: TakeOver = { runId: 'run-0', tasks: [[0, 'old'], [1]], omitted: [1] };

  it('begins behind them, with their outputs, and says so', () => {
    const driver = new LiveRunDriver(dagOf({ a: [], b: ['a'], c: ['a'], d: ['c'] }), takeOver);
    expect(driver.began()).toEqual(['start c']);
    expect(driver.states).toBe('a=succeeded b=succeeded c=running d=pending');
    expect(driver.live.record.needsOf(2)).toEqual({ a: 'old' });
    driver.carry();
    const { rerunOf, tasks } = driver.live.describe();
    expect(rerunOf).toBe('run-0');
    expect(tasks.map((one) => [one.attempts, one.takenOver])).toEqual([
      [0, true],
      [0, true],
      [1, undefined],
      [0, undefined],
    ]);
    driver.succeeded('c');
    driver.succeeded('d');
    expect(driver.live.result()).toMatchObject({
      rerunOf: 'run-0',
      status: 'succeeded',
      tasks: { a: { output: 'old', takenOver: true }, b: { outputOmitted: true, takenOver: true } },
    });
  });

  it('ends at once where it takes all over', () => {
    const driver = new LiveRunDriver(dagOf({ a: [], b: ['a'] }, { timeout: 5 }), takeOver);
    expect(driver.began()).toEqual(['end succeeded']);
  });
});

describe('the history', () => {
  it('tells what happened, who asked, and what failed', () => {
    const driver = begun({ a: [], b: ['a'] });
    driver.failed('a', { error: { code: 'SHELL_EXIT', message: 'Code 1.' } });
    expect(driver.live.history().map(({ event, task: name, message }) => [event, name, message])).toEqual([
      ['run.began', undefined, undefined],
      ['task.running', 'a', undefined],
      ['task.failed', 'a', 'SHELL_EXIT: Code 1.'],
      ['task.upstream_failed', 'b', undefined],
      ['run.ended', undefined, 'failed'],
    ]);
  });

  it('says of a task that failed twice only what it failed with last', () => {
    const driver = begun({ a: [], b: [] });
    driver.failed('a', { error: { code: 'SHELL_EXIT', message: 'First.' } });
    driver.act('retryTask', { task: 'a' });
    driver.failed('a', { error: { code: 'SHELL_EXIT', message: 'Second.' } });
    const failed = driver.live.history().filter(({ event }) => event === 'task.failed');
    expect(failed.map(({ message }) => message)).toEqual([undefined, 'SHELL_EXIT: Second.']);
  });
});
