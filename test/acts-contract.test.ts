import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Act } from '../src/run/act.js';
import {
  broken,
  EXECUTORS,
  reader,
  shell,
  stand,
  states,
  taskOf,
  type ExecutorHost,
} from './support/executor-hosts.js';
import { TaskDoubles } from './support/task-doubles.js';

const by = 'ada';

let doubles: TaskDoubles;

beforeEach(async () => {
  doubles = await TaskDoubles.start();
});

afterEach(async () => {
  await doubles.stop();
});

/** The tasks that began, in order. */
function begun(): string[] {
  return doubles.begun.map(({ task }) => task);
}

describe.each(EXECUTORS)('acts on the %s executor', (_name, makeHost) => {
  let host: ExecutorHost;

  beforeAll(async () => {
    host = await makeHost();
  }, 900_000);

  afterAll(async () => {
    await host.stop();
  });

  describe('pause and resume', () => {
    it('say what they did, and do nothing the second time', async () => {
      const run = await host.start(doubles.dag([doubles.task('a'), doubles.task('b', ['a'])]));
      await doubles.running('a');
      const paused = await run.pause({ by });
      expect(paused).toEqual({
        changed: true,
        message: 'The run is paused: no task starts. 1 running task left to end.',
        state: 'paused',
        tasks: [],
        tasksChanged: 0,
      });
      expect(await run.pause()).toMatchObject({ changed: false, state: 'paused' });
      expect(await run.describe()).toMatchObject({
        state: 'paused',
        pause: { mode: 'drain', by, at: expect.any(String) },
      });
      await doubles.release('a');
      await stand(run, { a: 'succeeded', b: 'ready' });
      expect((await run.explain('b')).reasons).toEqual([
        { code: 'run_paused', message: expect.stringContaining('(drain) by ada since ') },
      ]);
      expect(await run.resume({ by })).toMatchObject({
        changed: true,
        state: 'running',
        tasks: [{ name: 'b', from: 'ready', to: 'running' }],
        tasksChanged: 1,
      });
      expect(await run.resume()).toMatchObject({ changed: false, state: 'running' });
      await doubles.release('b');
      const result = await run.result();
      expect(result.status).toBe('succeeded');
      expect(result.acts?.map(({ act, changed }) => [act, changed])).toEqual([
        ['pause', true],
        ['pause', false],
        ['resume', true],
        ['resume', false],
      ]);
    });

    it('interrupt what a drain let run', async () => {
      const run = await host.start(doubles.dag([doubles.task('a')]));
      await doubles.running('a');
      await run.pause();
      expect(await run.pause({ mode: 'interrupt' })).toMatchObject({ changed: true });
      await doubles.cutOff('a');
      await stand(run, { a: 'ready' });
      expect((await run.describe()).pause?.mode).toBe('interrupt');
      await run.resume();
      await doubles.release('a');
      expect((await run.result()).tasks['a']).toMatchObject({ status: 'succeeded', attempts: 2 });
    });

    it('go on by themselves at the time that was said', async () => {
      const run = await host.start(doubles.dag([doubles.task('a'), doubles.task('b', ['a'])]));
      await doubles.running('a');
      const until = new Date(Date.now() + 2_000);
      expect((await run.pause({ until, by })).message).toContain(`It goes on by itself at ${until.toISOString()}.`);
      await doubles.release('a');
      await doubles.running('b');
      const events = (await run.history()).map(({ event, task }) => (task === undefined ? event : `${event} ${task}`));
      expect(events.indexOf('timer.fired')).toBeGreaterThan(events.indexOf('act'));
      expect(events.indexOf('task.running b')).toBeGreaterThan(events.indexOf('timer.fired'));
      expect((await run.describe()).state).toBe('running');
      await doubles.release('b');
      expect((await run.result()).status).toBe('succeeded');
    });

    it('forget the time at a resume', async () => {
      const run = await host.start(doubles.dag([doubles.task('a')]));
      await doubles.running('a');
      const until = new Date(Date.now() + 3_600_000).toISOString();
      await run.pause({ until });
      expect((await run.describe()).pause?.until).toBe(until);
      await run.resume();
      expect((await run.describe()).pause).toBeUndefined();
      await run.pause();
      expect((await run.describe()).pause).not.toHaveProperty('until');
      await run.resume();
      await doubles.release('a');
      expect((await run.result()).status).toBe('succeeded');
    });
  });

  it('cancel says why, to whoever asks later', async () => {
    const run = await host.start(doubles.dag([doubles.task('a'), doubles.task('b', ['a'])]));
    await doubles.running('a');
    expect(await run.cancel({ reason: 'Wrong month.', by })).toMatchObject({
      changed: true,
      state: 'cancelling',
      message: 'The run is cancelled: 1 running task told to stop. Reason: Wrong month.',
      tasks: [{ name: 'b', from: 'pending', to: 'cancelled' }],
    });
    const result = await run.result();
    expect(result.status).toBe('cancelled');
    expect(result.acts).toMatchObject([
      { act: 'cancel', by, changed: true, message: expect.stringContaining('Wrong month.') },
    ]);
  });

  describe('pauseTask and resumeTask', () => {
    it('hold one task, and let the others go on', async () => {
      const tasks = [doubles.task('a'), doubles.task('b', ['a']), doubles.task('c', ['a']), doubles.task('d', ['b'])];
      const run = await host.start(doubles.dag(tasks));
      await doubles.running('a');
      expect(await run.pauseTask('b', { by })).toMatchObject({ changed: true, state: 'running' });
      expect(await run.pauseTask('b')).toMatchObject({ changed: false });
      await doubles.release('a');
      await doubles.release('c');
      await stand(run, { a: 'succeeded', b: 'ready', c: 'succeeded', d: 'pending' });
      expect(await taskOf(run, 'b')).toMatchObject({ paused: true });
      expect(await taskOf(run, 'c')).not.toHaveProperty('paused');
      expect(begun()).toEqual(['a', 'c']);
      expect((await run.explain('b')).reasons).toEqual([
        { code: 'task_paused', message: expect.stringContaining('paused by ada since ') },
      ]);
      expect(await run.resumeTask('b')).toMatchObject({
        changed: true,
        tasks: [{ name: 'b', from: 'ready', to: 'running' }],
      });
      expect(await run.resumeTask('b')).toMatchObject({ changed: false });
      await doubles.release('b');
      await doubles.release('d');
      expect((await run.result()).status).toBe('succeeded');
    });

    it('stop a running one only with interrupt, and start it again', async () => {
      const run = await host.start(doubles.dag([doubles.task('a'), doubles.task('b')]));
      await doubles.running('a');
      await doubles.running('b');
      await expect(run.pauseTask('a')).rejects.toMatchObject({
        code: 'ACT_REFUSED',
        hint: expect.stringContaining('interrupt'),
      });
      expect(await run.pauseTask('a', { mode: 'interrupt' })).toMatchObject({ changed: true });
      await doubles.cutOff('a');
      await stand(run, { a: 'ready', b: 'running' });
      expect(begun().toSorted()).toEqual(['a', 'b']);
      await run.resumeTask('a');
      await doubles.release('a');
      await doubles.release('b');
      const result = await run.result();
      expect(result.tasks['a']).toMatchObject({ status: 'succeeded', attempts: 2 });
      expect(result.tasks['b']).toMatchObject({ status: 'succeeded', attempts: 1 });
    });
  });

  describe('cancelTask', () => {
    it('stops the attempt; what needs the task never runs', async () => {
      const run = await host.start(doubles.dag([doubles.task('a'), doubles.task('b', ['a']), doubles.task('c')]));
      await doubles.running('a');
      expect(await run.cancelTask('a')).toMatchObject({
        changed: true,
        message: 'a is told to stop, and ends cancelled.',
      });
      await doubles.cutOff('a');
      await stand(run, { a: 'cancelled', b: 'upstream_failed', c: 'running' });
      expect(await run.cancelTask('a')).toMatchObject({ changed: false });
      expect((await run.explain('b')).reasons).toMatchObject([{ code: 'upstream', tasks: ['a'] }]);
      await doubles.release('c');
      const result = await run.result();
      expect(result.status).toBe('failed');
      expect(begun().toSorted()).toEqual(['a', 'c']);
    });

    it('ends one that waits', async () => {
      const run = await host.start(
        doubles.dag([doubles.task('a'), doubles.task('b', ['a']), doubles.task('c', ['b'])]),
      );
      await doubles.running('a');
      const answer = await run.cancelTask('b');
      expect(answer.tasks).toEqual([
        { name: 'b', from: 'pending', to: 'cancelled' },
        { name: 'c', from: 'pending', to: 'upstream_failed' },
      ]);
      expect(answer.tasksChanged).toBe(2);
      await doubles.release('a');
      expect(states(await run.result())).toEqual({ a: 'succeeded', b: 'cancelled', c: 'upstream_failed' });
    });
  });

  describe('skipTask', () => {
    it('stops the attempt, and skips what needs the task, which is no failure', async () => {
      const run = await host.start(
        doubles.dag([doubles.task('a'), doubles.task('b', ['a']), doubles.task('c', ['b'])]),
      );
      await doubles.running('a');
      expect(await run.skipTask('a')).toMatchObject({ changed: true });
      await doubles.cutOff('a');
      const result = await run.result();
      expect(result.status).toBe('succeeded');
      expect(states(result)).toEqual({ a: 'skipped', b: 'skipped', c: 'skipped' });
      expect(begun()).toEqual(['a']);
    });

    it('skips one that waits, and in place of a failure what that kept from running', async () => {
      const tasks = [
        doubles.task('hold'),
        doubles.task('bad'),
        doubles.task('after', ['bad']),
        doubles.task('late', ['hold']),
        doubles.task('last', ['late']),
      ];
      const run = await host.start(doubles.dag(tasks));
      await doubles.release('bad', broken('no'));
      await stand(run, { bad: 'failed', after: 'upstream_failed', hold: 'running' });
      expect(await run.skipTask('bad')).toMatchObject({
        tasks: [
          { name: 'bad', from: 'failed', to: 'skipped' },
          { name: 'after', from: 'upstream_failed', to: 'skipped' },
        ],
      });
      expect(await run.skipTask('bad')).toMatchObject({ changed: false });
      expect(await run.skipTask('late')).toMatchObject({ changed: true, tasksChanged: 2 });
      await doubles.release('hold');
      const result = await run.result();
      expect(result.status).toBe('succeeded');
      expect(result.tasks['bad']).not.toHaveProperty('error');
      expect(begun().toSorted()).toEqual(['bad', 'hold']);
    });
  });

  describe('completeTask', () => {
    it('gives a task that waits an output, and its dependents go on with it', async () => {
      const run = await host.start(doubles.dag([doubles.task('a'), doubles.task('b', ['a']), reader('c', 'b')]));
      await doubles.running('a');
      await run.completeTask('b', { output: { rows: 7 } });
      await stand(run, { a: 'running', b: 'succeeded', c: 'succeeded' });
      expect(await run.completeTask('b', { output: 'another' })).toMatchObject({ changed: false });
      await doubles.release('a');
      const result = await run.result();
      expect(result.tasks['b']).toMatchObject({ status: 'succeeded', attempts: 0, output: { rows: 7 } });
      expect(result.tasks['c']).toMatchObject({ output: { b: { rows: 7 } } });
      expect(begun()).toEqual(['a']);
    });

    it('stops one that runs, and takes the place of a failure', async () => {
      const tasks = [doubles.task('runs'), reader('after', 'runs'), doubles.task('bad'), reader('mended', 'bad')];
      const run = await host.start(doubles.dag(tasks));
      await doubles.running('runs');
      await doubles.release('bad', broken('no'));
      await stand(run, { bad: 'failed', mended: 'upstream_failed' });
      expect(await run.completeTask('bad', { output: null })).toMatchObject({
        changed: true,
        tasks: [
          { name: 'bad', from: 'failed', to: 'succeeded' },
          { name: 'mended', from: 'upstream_failed', to: 'running' },
        ],
      });
      await run.completeTask('runs', { output: 'by hand' });
      await doubles.cutOff('runs');
      const result = await run.result();
      expect(result.status).toBe('succeeded');
      expect(result.tasks['bad']).toMatchObject({ output: null });
      expect(result.tasks['bad']).not.toHaveProperty('error');
      expect(result.tasks['mended']).toMatchObject({ output: { bad: null } });
      expect(result.tasks['runs']).toMatchObject({ status: 'succeeded', output: 'by hand' });
      expect(result.tasks['after']).toMatchObject({ output: { runs: 'by hand' } });
    });
  });

  describe('retryTask', () => {
    it('runs a failed task again, and sets back what it kept from running', async () => {
      const tasks = [doubles.task('hold'), doubles.task('a'), doubles.task('b', ['a']), reader('c', 'a', 'b')];
      const run = await host.start(doubles.dag(tasks));
      await doubles.release('a', broken('no'));
      await stand(run, { a: 'failed', b: 'upstream_failed', c: 'upstream_failed' });
      await expect(run.retryTask('b')).rejects.toMatchObject({ code: 'ACT_REFUSED', hint: 'Retry a instead.' });
      const answer = await run.retryTask('a');
      expect(answer.changed).toBe(true);
      expect(answer.tasks.toSorted((x, y) => x.name.localeCompare(y.name))).toEqual([
        { name: 'a', from: 'failed', to: 'running' },
        { name: 'b', from: 'upstream_failed', to: 'pending' },
        { name: 'c', from: 'upstream_failed', to: 'pending' },
      ]);
      expect(await run.retryTask('a')).toMatchObject({ changed: false });
      await doubles.release('a', { output: 1 });
      await doubles.release('b', { output: 2 });
      await doubles.release('hold');
      const result = await run.result();
      expect(result.status).toBe('succeeded');
      expect(result.tasks['a']).toMatchObject({ attempts: 2, output: 1 });
      expect(result.tasks['a']).not.toHaveProperty('error');
      expect(result.tasks['c']).toMatchObject({ output: { a: 1, b: 2 } });
    });

    it('leaves the dependents as they are where that is asked', async () => {
      const run = await host.start(doubles.dag([doubles.task('hold'), doubles.task('a'), doubles.task('b', ['a'])]));
      await doubles.release('a', broken('no'));
      await stand(run, { a: 'failed', b: 'upstream_failed' });
      expect(await run.retryTask('a', { dependents: false })).toMatchObject({ changed: true, tasksChanged: 1 });
      await doubles.release('a');
      await doubles.release('hold');
      const result = await run.result();
      expect(states(result)).toEqual({ hold: 'succeeded', a: 'succeeded', b: 'upstream_failed' });
    });

    it('stops a dependent that runs on what is made anew, and starts it again after', async () => {
      const tasks = [doubles.task('a', [], { continueOnError: true }), doubles.task('b', ['a'])];
      const run = await host.start(doubles.dag(tasks));
      await doubles.release('a', broken('no'));
      await doubles.running('b');
      await run.retryTask('a');
      await doubles.cutOff('b');
      await stand(run, { a: 'running', b: 'pending' });
      await doubles.release('a');
      await doubles.release('b');
      const result = await run.result();
      expect(result.status).toBe('succeeded');
      expect(begun()).toEqual(['a', 'b', 'a', 'b']);
    });

    it('runs one again that was cancelled, or skipped', async () => {
      const tasks = [doubles.task('hold'), doubles.task('a', ['hold']), doubles.task('b', ['hold'])];
      const run = await host.start(doubles.dag(tasks));
      await run.cancelTask('a');
      await run.skipTask('b');
      await run.retryTask('a');
      await run.retryTask('b');
      await doubles.release('hold');
      await doubles.release('a');
      await doubles.release('b');
      expect((await run.result()).status).toBe('succeeded');
    });
  });

  it('an act of the same id is done once, and answered in the same words', async () => {
    const run = await host.start(doubles.dag([doubles.task('a')]));
    await doubles.running('a');
    const first = await run.setConcurrency(3, { id: 'once' });
    expect(first).toMatchObject({ changed: true });
    expect(await run.setConcurrency(5, { id: 'once' })).toMatchObject({ changed: false, message: first.message });
    expect((await run.describe()).concurrency).toBe(3);
    await doubles.release('a');
    expect((await run.result()).acts).toHaveLength(1);
  });

  it('refuses what it does not know or cannot do, and nothing changes', async () => {
    const run = await host.start(doubles.dag([doubles.task('done'), doubles.task('a'), doubles.task('b', ['a'])]));
    await doubles.release('done');
    await doubles.running('a');
    await stand(run, { done: 'succeeded' });
    const before = await run.describe();
    const ofTasks = ['pauseTask', 'resumeTask', 'cancelTask', 'skipTask', 'completeTask', 'retryTask'] as const;
    const refused: [unknown, string][] = [
      ...ofTasks.flatMap((type): [unknown, string][] => [
        [{ type, task: 'nobody' }, 'TASK_NOT_FOUND'],
        [{ type, task: '' }, 'ACT_INVALID'],
        [{ type, task: 7 }, 'ACT_INVALID'],
        [{ type }, 'ACT_INVALID'],
      ]),
      [{ type: 'setPriority', task: 'nobody', priority: 1 }, 'TASK_NOT_FOUND'],
      [{ type: 'setPriority', task: 'a', priority: NaN }, 'ACT_INVALID'],
      [{ type: 'setConcurrency', concurrency: 0 }, 'ACT_INVALID'],
      [{ type: 'setConcurrency', concurrency: 1.5 }, 'ACT_INVALID'],
      [{ type: 'setPolicy', policy: 'luck' }, 'ACT_INVALID'],
      [{ type: 'pause', mode: 'hard' }, 'ACT_INVALID'],
      [{ type: 'pause', until: '2020-01-01T00:00:00Z' }, 'ACT_INVALID'],
      [{ type: 'pause', until: 'tomorrow' }, 'ACT_INVALID'],
      [{ type: 'pause', speed: 1 }, 'ACT_INVALID'],
      [{ type: 'cancel', reason: 'x'.repeat(501) }, 'ACT_INVALID'],
      [{ type: 'completeTask', task: 'b', output: 'x'.repeat(300_000) }, 'ACT_INVALID'],
      [{ type: 'addTasks', tasks: [] }, 'ACT_INVALID'],
      [{ type: 'explode' }, 'ACT_INVALID'],
      [{ type: 'pauseTask', task: 'done' }, 'ACT_REFUSED'],
      [{ type: 'cancelTask', task: 'done' }, 'ACT_REFUSED'],
      [{ type: 'skipTask', task: 'done' }, 'ACT_REFUSED'],
      [{ type: 'retryTask', task: 'done' }, 'ACT_REFUSED'],
    ];
    for (const [act, code] of refused) {
      await expect(run.act(act as Act), JSON.stringify(act)).rejects.toMatchObject({ code });
    }
    expect(await run.describe()).toEqual(before);
    await doubles.release('a');
    await doubles.release('b');
    const result = await run.result();
    expect(result.status).toBe('succeeded');
    expect(result).not.toHaveProperty('acts');
  });

  it('refuses every act on a run that has ended', async () => {
    const run = await host.start(doubles.dag([shell('a', 'true')]));
    const result = await run.result();
    const acts: Act[] = [
      { type: 'pause' },
      { type: 'resume' },
      { type: 'cancel' },
      { type: 'pauseTask', task: 'a' },
      { type: 'resumeTask', task: 'a' },
      { type: 'cancelTask', task: 'a' },
      { type: 'skipTask', task: 'a' },
      { type: 'completeTask', task: 'a' },
      { type: 'retryTask', task: 'a' },
      { type: 'setPriority', task: 'a', priority: 1 },
      { type: 'setConcurrency', concurrency: 2 },
      { type: 'setPolicy', policy: 'priority' },
      { type: 'addTasks', tasks: [shell('b', 'true')] },
    ];
    for (const act of acts) await expect(run.act(act), act.type).rejects.toMatchObject({ code: 'RUN_ENDED' });
    expect(await run.result()).toEqual(result);
  });
});
