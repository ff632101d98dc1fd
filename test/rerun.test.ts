import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DagClient } from '../src/client/dag-client.js';
import type { RunHandle } from '../src/client/run-handle.js';
import type { Dag, Task } from '../src/dag/dag.js';
import { broken, reader, states } from './support/executor-hosts.js';
import { TaskDoubles } from './support/task-doubles.js';
import { TestTemporal } from './support/temporal.js';

let temporal: TestTemporal;
let client: DagClient;
let doubles: TaskDoubles;

beforeAll(async () => {
  temporal = await TestTemporal.start();
  client = (await temporal.startWorker()).client;
}, 900_000);

afterAll(async () => {
  await temporal.stop();
});

beforeEach(async () => {
  doubles = await TaskDoubles.start();
});

afterEach(async () => {
  await doubles.stop();
});

/** A run whose task `bad` failed: `a` and `side` succeeded, `after` never ran. */
async function failedRun(more: readonly Task[] = [], dag: Partial<Dag> = {}): Promise<RunHandle> {
  doubles.auto = (name) => (name === 'bad' ? broken('no') : { output: `first ${name}` });
  const tasks = [
    doubles.task('a'),
    doubles.task('bad', ['a']),
    reader('after', 'bad', 'a'),
    doubles.task('side', ['a']),
    ...more,
  ];
  const run = await client.start(doubles.dag(tasks, dag));
  expect((await run.result()).status).toBe('failed');
  doubles.auto = (name) => ({ output: `second ${name}` });
  doubles.begun.length = 0;
  return run;
}

function begun(): string[] {
  return doubles.begun.map(({ task }) => task).toSorted();
}

describe('a rerun', () => {
  it('does what did not succeed, and takes over the outputs of the rest', async () => {
    const old = await failedRun([], { tags: ['nightly'] });
    const run = await client.rerun(old.runId);
    const result = await run.result();
    expect(result).toMatchObject({ status: 'succeeded', rerunOf: old.runId });
    expect(begun()).toEqual(['bad']);
    expect(result.tasks['after']?.output).toEqual({ bad: 'second bad', a: 'first a' });
    expect(result.tasks['a']).toMatchObject({ takenOver: true, attempts: 0, output: 'first a' });
    expect(result.tasks['bad']).toMatchObject({ attempts: 1 });
    expect(result.tasks['bad']).not.toHaveProperty('takenOver');
    expect(await run.describe()).toMatchObject({ rerunOf: old.runId });
    await expect
      .poll(async () => (await client.list({ tag: 'nightly' })).map(({ runId, rerunOf }) => [runId, rerunOf]), {
        timeout: 20_000,
      })
      .toEqual([
        [run.runId, old.runId],
        [old.runId, undefined],
      ]);
    expect(await old.result()).toMatchObject({ status: 'failed' });
  });

  it('does a task that succeeded, and what needs it, where it is told to begin there', async () => {
    const old = await failedRun();
    const result = await (await client.rerun(old.runId, { from: ['a'] })).result();
    expect(begun()).toEqual(['a', 'bad', 'side']);
    expect(result.tasks['after']?.output).toEqual({ bad: 'second bad', a: 'second a' });
  });

  it('leaves out what needs it where that is asked', async () => {
    const old = await failedRun();
    const result = await (await client.rerun(old.runId, { from: ['a'], downstream: false })).result();
    expect(begun()).toEqual(['a', 'bad']);
    expect(result.tasks['side']).toMatchObject({ takenOver: true, output: 'first side' });
    expect(result.tasks['after']?.output).toEqual({ bad: 'second bad', a: 'second a' });
  });

  it('does what the failed tasks need, too, where that is asked', async () => {
    const old = await failedRun();
    const result = await (await client.rerun(old.runId, { upstream: true, downstream: false })).result();
    expect(begun()).toEqual(['a', 'bad']);
    expect(result.tasks['side']).toMatchObject({ takenOver: true });
  });

  it('does all', async () => {
    const old = await failedRun();
    const result = await (await client.rerun(old.runId, { all: true })).result();
    expect(begun()).toEqual(['a', 'bad', 'side']);
    expect(Object.values(result.tasks).some(({ takenOver }) => takenOver)).toBe(false);
  });

  it('is refused while the run goes on', async () => {
    const run = await client.start(doubles.dag([doubles.task('a')]));
    await doubles.running('a');
    await expect(client.rerun(run.runId)).rejects.toMatchObject({ code: 'RUN_NOT_ENDED' });
    await expect(client.rerun(run.runId, { all: true })).rejects.toMatchObject({ code: 'RUN_NOT_ENDED' });
    await doubles.release('a');
    await run.result();
  });

  it('is refused where there is nothing to do, no such task, or no such run', async () => {
    doubles.auto = () => ({});
    const run = await client.start(doubles.dag([doubles.task('a'), doubles.task('b', ['a'])]));
    await run.result();
    await expect(client.rerun(run.runId)).rejects.toMatchObject({ code: 'ACT_REFUSED' });
    await expect(client.rerun(run.runId, { from: ['x'] })).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
    await expect(client.rerun('nobody')).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    const again = await (await client.rerun(run.runId, { from: ['b'] })).result();
    expect(again.tasks).toMatchObject({ a: { takenOver: true }, b: { attempts: 1 } });
    expect(again.status).toBe('succeeded');
  });

  it('has the tasks that were added to the old run, and those that an operator ended', async () => {
    const run = await client.start(doubles.dag([doubles.task('a'), doubles.task('b', ['a'])]));
    await doubles.running('a');
    await run.addTasks([doubles.task('added', ['a']), reader('reads', 'added', 'b')]);
    await run.completeTask('b', { output: 'by hand' });
    await doubles.release('a', { output: 1 });
    await doubles.release('added', broken('no'));
    expect(states(await run.result())).toEqual({
      ...{ a: 'succeeded', b: 'succeeded', added: 'failed', reads: 'upstream_failed' },
    });
    const again = await client.rerun(run.runId);
    await doubles.release('added', { output: 2 });
    const result = await again.result();
    expect(result.tasks['b']).toMatchObject({ takenOver: true, output: 'by hand' });
    expect(result.tasks['reads']?.output).toEqual({ added: 2, b: 'by hand' });
  });

  it('of a cancelled run goes on where that was stopped, and can be run again itself', async () => {
    const run = await client.start(doubles.dag([doubles.task('a'), doubles.task('b', ['a'])]));
    await doubles.release('a', { output: 1 });
    await doubles.running('b');
    await run.cancel();
    expect((await run.result()).status).toBe('cancelled');
    const second = await client.rerun(run.runId);
    await doubles.release('b', broken('no'));
    expect((await second.result()).status).toBe('failed');
    const third = await client.rerun(second.runId);
    await doubles.release('b');
    expect(await third.result()).toMatchObject({
      status: 'succeeded',
      rerunOf: second.runId,
      tasks: { a: { takenOver: true, output: 1 } },
    });
  });

  it('takes acts as any run', async () => {
    const old = await failedRun();
    doubles.auto = () => undefined;
    const run = await client.rerun(old.runId);
    await doubles.running('bad');
    await expect(run.retryTask('a')).rejects.toMatchObject({ code: 'ACT_REFUSED' });
    await run.skipTask('bad');
    expect(states(await run.result())).toEqual({ a: 'succeeded', bad: 'skipped', after: 'skipped', side: 'succeeded' });
  });
});
