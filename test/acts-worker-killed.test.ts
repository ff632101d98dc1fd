import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { RunHandle } from '../src/client/run-handle.js';
import { DagClient } from '../src/client/dag-client.js';
import type { Dag, Task } from '../src/dag/dag.js';
import { broken, POLL, reader, stand, states } from './support/executor-hosts.js';
import { TaskDoubles } from './support/task-doubles.js';
import { TestTemporal, type WorkerProcess } from './support/temporal.js';

const by = 'ada';
/** A dead worker is noticed soon, and one that has little of the machine lives. */
const defaults = { timeout: { heartbeat: 4_000 } };

let temporal: TestTemporal;

beforeAll(async () => {
  temporal = await TestTemporal.start();
}, 900_000);

afterAll(async () => {
  await temporal.stop();
});

/** What a test has to itself: most of its time it waits for the server to give a worker up, as the others may meanwhile. */
interface Stage {
  readonly doubles: TaskDoubles;
  spawnWorker(): Promise<WorkerProcess>;
  start(tasks: readonly Task[], more?: Partial<Dag>): Promise<RunHandle>;
}

const it = test.extend<{ stage: Stage }>({
  stage: async ({ task }, use) => {
    const doubles = await TaskDoubles.start();
    const client = await DagClient.connect({ address: temporal.address, taskQueue: task.id });
    const workers: WorkerProcess[] = [];
    await use({
      doubles,
      spawnWorker: async () => {
        const worker = await temporal.spawnWorker(task.id);
        workers.push(worker);
        return worker;
      },
      start: (tasks, more = {}) => client.start(doubles.dag(tasks, { defaults, ...more })),
    });
    await doubles.stop();
    for (const worker of workers) await worker.kill();
    await client.close();
  },
});

describe.concurrent('acts around the death of a worker', () => {
  it('have stopped a task whose worker died before it had', async ({ stage: { doubles, spawnWorker, start } }) => {
    const first = await spawnWorker();
    const stubborn = [doubles.stubborn('paused'), doubles.stubborn('cancelled'), doubles.stubborn('skipped')];
    const run = await start([...stubborn, doubles.stubborn('completed'), reader('reads', 'completed')]);
    for (const name of ['paused', 'cancelled', 'skipped', 'completed']) await doubles.running(name);
    await run.pauseTask('paused', { by, mode: 'interrupt' });
    await run.cancelTask('cancelled', { by });
    await run.skipTask('skipped', { by });
    await run.completeTask('completed', { by, output: 7 });
    await first.kill();
    await spawnWorker();
    await stand(run, { paused: 'ready', cancelled: 'cancelled', skipped: 'skipped', completed: 'succeeded' });
    await run.resumeTask('paused', { by });
    await doubles.begunTimes('paused', 2);
    await doubles.release('paused');
    const result = await run.result();
    expect(result.tasks['paused']).toMatchObject({ status: 'succeeded', attempts: 2 });
    expect(result.tasks['reads']).toMatchObject({ output: { completed: 7 } });
  });

  it('have stopped a whole run whose worker died before its tasks had', async ({
    stage: { doubles, spawnWorker, start },
  }) => {
    const first = await spawnWorker();
    const run = await start([doubles.stubborn('a'), doubles.task('b', ['a'])]);
    await doubles.running('a');
    await run.cancel({ by });
    await first.kill();
    await spawnWorker();
    expect(states(await run.result())).toEqual({ a: 'cancelled', b: 'cancelled' });
    expect((await run.result()).status).toBe('cancelled');
  });

  it('survive it where they were given before', async ({ stage: { doubles, spawnWorker, start } }) => {
    const first = await spawnWorker();
    const run = await start([
      doubles.task('hold'),
      doubles.task('bad'),
      doubles.task('paused', ['hold']),
      doubles.task('cancelled', ['hold']),
      doubles.task('skipped', ['hold']),
      doubles.task('completed', ['hold']),
      reader('reads', 'completed'),
      doubles.task('low', ['hold']),
      doubles.task('high', ['hold']),
    ]);
    await doubles.running('hold');
    await doubles.release('bad', broken('no'));
    await stand(run, { bad: 'failed' });
    await run.setConcurrency(1, { by });
    await run.setPolicy('priority', { by });
    await run.setPriority('high', 9, { by });
    await run.pauseTask('paused', { by });
    await run.cancelTask('cancelled', { by });
    await run.skipTask('skipped', { by });
    await run.completeTask('completed', { by, output: { rows: 7 } });
    await run.retryTask('bad', { by });
    await run.addTasks([doubles.task('added', ['hold'])], { by });
    const until = new Date(Date.now() + 3_600_000).toISOString();
    await run.pause({ by, until });
    const before = await run.describe();
    await first.kill();

    await spawnWorker();
    await doubles.begunTimes('hold', 2);
    await doubles.release('hold');
    await stand(run, { hold: 'succeeded', high: 'ready', added: 'ready' });
    const after = await run.describe();
    expect(after.acts).toEqual(before.acts);
    expect(after.acts?.map(({ act }) => act)).toEqual([
      ...['setConcurrency', 'setPolicy', 'setPriority', 'pauseTask', 'cancelTask', 'skipTask', 'completeTask'],
      ...['retryTask', 'addTasks', 'pause'],
    ]);
    expect(after).toMatchObject({ state: 'paused', pause: { by, until }, concurrency: 1, policy: 'priority' });
    await run.resume();
    await doubles.running('high');
    expect((await run.describe()).counts.running).toBe(1);
    for (const name of ['high', 'bad', 'low', 'added']) await doubles.release(name);
    await stand(run, { added: 'succeeded', low: 'succeeded', bad: 'succeeded', paused: 'ready' });
    await run.resumeTask('paused');
    await doubles.release('paused');
    const result = await run.result();
    expect(states(result)).toEqual({
      ...{ hold: 'succeeded', bad: 'succeeded', paused: 'succeeded', cancelled: 'cancelled', skipped: 'skipped' },
      ...{ completed: 'succeeded', reads: 'succeeded', low: 'succeeded', high: 'succeeded', added: 'succeeded' },
    });
    expect(result.tasks['reads']?.output).toEqual({ completed: { rows: 7 } });
    expect(doubles.begun.map(({ task }) => task)).not.toContain('cancelled');
  });

  it('reach tasks whose attempts died with it, and those that were not begun', async ({
    stage: { doubles, spawnWorker, start },
  }) => {
    const first = await spawnWorker();
    const names = ['cancelled', 'skipped', 'completed', 'held'];
    const run = await start([
      ...names.map((name) => doubles.task(name)),
      ...names.map((name) => doubles.task(`after-${name}`, [name])),
      doubles.task('bad'),
      doubles.task('last', ['after-held']),
    ]);
    for (const name of names) await doubles.running(name);
    await doubles.release('bad', broken('no'));
    await stand(run, { bad: 'failed' });
    await first.kill();

    await spawnWorker();
    expect(await run.pauseTask('held', { mode: 'interrupt' })).toMatchObject({ changed: true });
    expect(await run.cancelTask('cancelled')).toMatchObject({ changed: true });
    expect(await run.skipTask('skipped')).toMatchObject({ changed: true });
    expect(await run.completeTask('completed', { output: 5 })).toMatchObject({ changed: true });
    expect(await run.setConcurrency(1)).toMatchObject({ changed: true });
    expect(await run.setPolicy('priority')).toMatchObject({ changed: true });
    expect(await run.setPriority('last', 4)).toMatchObject({ changed: true });
    expect(await run.addTasks([doubles.task('added', ['after-held'])])).toMatchObject({ changed: true });
    await stand(run, {
      ...{ cancelled: 'cancelled', 'after-cancelled': 'upstream_failed', skipped: 'skipped' },
      ...{ 'after-skipped': 'skipped', completed: 'succeeded', 'after-completed': 'running', held: 'ready' },
    });
    expect(await run.retryTask('bad')).toMatchObject({ changed: true });
    expect(await run.resumeTask('held')).toMatchObject({ changed: true });
    for (const name of ['after-completed', 'held', 'bad', 'after-held', 'last', 'added']) await doubles.release(name);
    const result = await run.result();
    expect(result.tasks['held']).toMatchObject({ status: 'succeeded' });
    expect(result.tasks['completed']).toMatchObject({ status: 'succeeded', output: 5 });
    expect(result.tasks['bad']).toMatchObject({ status: 'succeeded', attempts: 2 });
    expect(doubles.begun.map(({ task }) => task).slice(-2)).toEqual(['last', 'added']);
  });

  it.for(['drain', 'interrupt'] as const)('pause (%s) and resume a run whose worker died', async (mode, { stage }) => {
    const { doubles, spawnWorker, start } = stage;
    const first = await spawnWorker();
    const run = await start([doubles.task('a'), doubles.task('b', ['a'])]);
    await doubles.running('a');
    await first.kill();

    await spawnWorker();
    expect(await run.pause({ mode })).toMatchObject({ changed: true, state: 'paused' });
    if (mode === 'interrupt') await stand(run, { a: 'ready' });
    else {
      await doubles.begunTimes('a', 2);
      await doubles.release('a');
      await stand(run, { a: 'succeeded', b: 'ready' });
    }
    expect(await run.resume()).toMatchObject({ changed: true, state: 'running' });
    if (mode === 'interrupt') await doubles.release('a');
    await doubles.release('b');
    expect(states(await run.result())).toEqual({ a: 'succeeded', b: 'succeeded' });
  });

  it('cancel a run whose worker died', async ({ stage: { doubles, spawnWorker, start } }) => {
    const first = await spawnWorker();
    const run = await start([doubles.task('a'), doubles.task('b', ['a'])]);
    await doubles.running('a');
    await first.kill();

    await spawnWorker();
    expect(await run.cancel()).toMatchObject({ changed: true, state: 'cancelling' });
    const result = await run.result();
    expect(result.status).toBe('cancelled');
    expect(states(result)).toEqual({ a: 'cancelled', b: 'cancelled' });
  });
});

describe.concurrent('acts while no worker lives', () => {
  it('wait in the history where they are signals; the others are done once, or not at all', async ({
    stage: { doubles, spawnWorker, start },
  }) => {
    const first = await spawnWorker();
    const tasks = [doubles.task('a'), doubles.task('b', ['a'])];
    const [toPause, toResume, toCancel] = [await start(tasks), await start(tasks), await start(tasks)];
    await doubles.begunTimes('a', 3);
    await toResume.pause();
    await first.kill();

    const told = { changed: true, message: expect.stringContaining('No worker answers') };
    const unanswered = { code: 'NO_WORKER', hint: expect.stringContaining('dagwright worker') };
    await Promise.all([
      expect(toPause.pause({ by })).resolves.toMatchObject(told),
      expect(toResume.resume({ by })).resolves.toMatchObject(told),
      expect(toCancel.cancel({ by, reason: 'enough' })).resolves.toMatchObject(told),
      expect(toPause.setPriority('b', 3, { id: 'p' })).rejects.toMatchObject(unanswered),
      expect(toPause.completeTask('b', { id: 'c' })).rejects.toMatchObject(unanswered),
      expect(toPause.addTasks([doubles.task('x', ['b'])], { id: 'x' })).rejects.toMatchObject(unanswered),
      expect(toPause.describe()).rejects.toMatchObject(unanswered),
      expect(toPause.explain('b')).rejects.toMatchObject(unanswered),
      expect(toPause.history()).rejects.toMatchObject(unanswered),
    ]);

    await spawnWorker();
    await vi.waitFor(async () => expect((await toPause.describe()).state).toBe('paused'), POLL);
    expect((await toPause.describe()).pause).toMatchObject({ by });
    const cancelled = await toCancel.result();
    expect(cancelled).toMatchObject({ status: 'cancelled', acts: [{ act: 'cancel', by }] });
    expect(cancelled.acts?.[0]?.message).toContain('enough');
    // The same ids again: whatever became of the first ones, each is done once now.
    await toPause.setPriority('b', 3, { id: 'p' });
    await toPause.completeTask('b', { id: 'c' });
    await toPause.addTasks([doubles.task('x', ['b'])], { id: 'x' });
    const { acts = [] } = await toPause.describe();
    expect(acts.filter(({ changed }) => changed).map(({ act }) => act)).toHaveLength(4);
    expect(acts.map(({ act }) => act).toSorted()).toEqual(['addTasks', 'completeTask', 'pause', 'setPriority']);

    await doubles.begunTimes('a', 5);
    await toPause.resume();
    for (const name of ['a', 'a', 'b', 'x']) await doubles.release(name);
    expect(states(await toPause.result())).toEqual({ a: 'succeeded', b: 'succeeded', x: 'succeeded' });
    expect(await toResume.result()).toMatchObject({
      status: 'succeeded',
      acts: [{ act: 'pause' }, { act: 'resume', by }],
    });
  });
});
