import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunDescription } from '../src/run/run.js';
import { broken, EXECUTORS, POLL, stand, taskOf, type ExecutorHost } from './support/executor-hosts.js';
import { TaskDoubles } from './support/task-doubles.js';

const by = 'ada';

let doubles: TaskDoubles;

beforeEach(async () => {
  doubles = await TaskDoubles.start();
});

afterEach(async () => {
  await doubles.stop();
});

describe.each(EXECUTORS)('a run on the %s executor', (_name, makeHost) => {
  let host: ExecutorHost;

  beforeAll(async () => {
    host = await makeHost();
  }, 900_000);

  afterAll(async () => {
    await host.stop();
  });

  it('tells why each task is as it is', async () => {
    const retry = { maximumAttempts: 2, initialInterval: 3_600_000, maximumInterval: 3_600_000 };
    const tasks = [
      doubles.task('runs'),
      doubles.task('waits', ['runs']),
      doubles.task('bad'),
      doubles.task('below', ['bad']),
      doubles.task('again', [], { retry }),
      doubles.task('queued'),
    ];
    const run = await host.start(doubles.dag(tasks, { concurrency: 3 }));
    await doubles.release('bad', broken('no such month'));
    await doubles.release('again', { fail: { message: 'busy' } });
    await doubles.release('queued');
    await stand(run, { bad: 'failed', again: 'retrying', queued: 'succeeded' });
    await run.setConcurrency(1);
    await run.addTasks([doubles.task('behind')]);
    const reasonOf = async (task: string): Promise<unknown> => {
      const { state, reasons } = await run.explain(task);
      return [state, reasons.map(({ code }) => code).join(' '), reasons[0]?.message];
    };
    expect(await reasonOf('runs')).toEqual(['running', 'running', expect.stringContaining('running since')]);
    expect(await reasonOf('waits')).toEqual(['pending', 'needs', 'It waits for runs (running).']);
    expect(await reasonOf('bad')).toEqual(['failed', 'ended', expect.stringContaining('TASK_FAILED: no such month')]);
    expect(await reasonOf('below')).toEqual([
      'upstream_failed',
      'upstream',
      expect.stringContaining('It began with bad: TASK_FAILED: no such month'),
    ]);
    expect(await reasonOf('again')).toEqual(['retrying', 'retrying', expect.stringContaining('busy')]);
    expect(await reasonOf('queued')).toEqual(['succeeded', 'ended', expect.any(String)]);
    expect(await reasonOf('behind')).toEqual(['ready', 'slots queue', expect.stringContaining('concurrency is 1')]);
    await expect(run.explain('nobody')).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
    await expect(run.explain('RUNS')).rejects.toMatchObject({ hint: 'Did you mean "runs"?' });
    await run.cancel();
    await run.result();
  });

  it('tells what happened, in its order', async () => {
    const run = await host.start(doubles.dag([doubles.task('a'), doubles.task('b', ['a'])]));
    await doubles.running('a');
    await run.pauseTask('b', { by });
    await run.resumeTask('b', { by });
    await doubles.release('a', broken('no'));
    await run.result();
    const events = (await run.history()).map(({ at, ...event }) => {
      expect(new Date(at).toISOString()).toBe(at);
      return event;
    });
    expect(events).toEqual([
      { event: 'run.began' },
      { event: 'task.running', task: 'a' },
      { event: 'act', task: 'b', by, message: expect.stringContaining('b is paused.') },
      { event: 'act', task: 'b', by, message: 'b may start again.' },
      { event: 'task.failed', task: 'a', message: 'TASK_FAILED: no' },
      { event: 'task.upstream_failed', task: 'b' },
      { event: 'run.ended', message: 'failed' },
    ]);
  });

  it('tells how far attempts are, who runs them, what they made and why they failed', async () => {
    const tasks = [doubles.reporter('a', 3, 4, 'files'), doubles.task('b'), doubles.task('c')];
    const run = await host.start(doubles.dag(tasks));
    await doubles.running('a');
    await expect
      .poll(() => taskOf(run, 'a'), POLL)
      .toMatchObject({
        state: 'running',
        attempts: 1,
        startedAt: expect.any(String),
        progress: { fraction: 0.75, done: 3, total: 4, note: 'files' },
      });
    await doubles.release('b', { output: 'four' });
    await doubles.release('c', { fail: { message: 'no', retryable: false, cause: 'the disk is full' } });
    await stand(run, { b: 'succeeded', c: 'failed' });
    const live = await run.describe();
    await doubles.release('a');
    const result = await run.result();
    const ended = await run.describe();
    const worker = expect.stringMatching(`^${process.pid}@`);
    for (const description of [live, ended] satisfies RunDescription[]) {
      const [, b, c] = description.tasks;
      expect(b).toMatchObject({ state: 'succeeded', outputBytes: 6, worker });
      expect(c).toMatchObject({
        state: 'failed',
        worker,
        error: { code: 'TASK_FAILED', message: 'no', cause: { code: 'Error', message: 'the disk is full' } },
      });
    }
    expect(ended.tasks[0]).not.toHaveProperty('progress');
    expect(ended.counts).toEqual({ succeeded: 2, failed: 1 });
    expect(result.tasks['c']?.error?.cause?.message).toBe('the disk is full');
  });
});
