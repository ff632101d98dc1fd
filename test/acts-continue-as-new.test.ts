import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Client } from '@temporalio/client';
import type { RunHandle } from '../src/client/run-handle.js';
import type { Dag, Task } from '../src/dag/dag.js';
import { RUN_WORKFLOW } from '../src/workflows/messages.js';
import { broken, POLL, reader, stand, taskOf } from './support/executor-hosts.js';
import { TaskDoubles } from './support/task-doubles.js';
import { TestTemporal } from './support/temporal.js';

const by = 'ada';

let temporal: TestTemporal;
let doubles: TaskDoubles;
let client: Client;

beforeAll(async () => {
  temporal = await TestTemporal.start();
  client = await temporal.temporalClient();
  await temporal.startWorker();
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

/** Starts a run that continues as new after so few events that a small dag does it many times. */
async function start(runId: string, dag: Dag, historyLimit = 60): Promise<RunHandle> {
  const input = { dag, params: {}, historyLimit };
  const options = { workflowId: runId, taskQueue: 'test', args: [input], memo: { dag: dag.name } };
  await client.workflow.start(RUN_WORKFLOW, options);
  return (await temporal.client()).get(runId);
}

/** Which execution of the run is the latest. */
async function executionOf(runId: string): Promise<string> {
  return (await client.workflow.getHandle(runId).describe()).runId;
}

function chain(length: number): Task[] {
  return Array.from({ length }, (_, i) => doubles.task(`t${i}`, i === 0 ? [] : [`t${i - 1}`]));
}

describe('a run that continues as new', () => {
  it('keeps what operators did before', async () => {
    const tasks = [
      doubles.task('gate'),
      doubles.task('bad'),
      ...chain(40).map((task) => (task.name === 't0' ? { ...task, needs: [{ task: 'gate' }] } : task)),
      doubles.task('paused', ['gate']),
      doubles.task('cancelled', ['t39']),
      doubles.task('skipped', ['t39']),
      doubles.task('completed', ['t39']),
      reader('reads', 'completed', 't39'),
      doubles.task('low', ['t39']),
      doubles.task('high', ['t39']),
    ];
    doubles.auto = (name) => (name.startsWith('t') ? {} : undefined);
    const run = await start('acts-kept', doubles.dag(tasks));
    await doubles.release('bad', broken('no'));
    await stand(run, { bad: 'failed' });
    await run.pauseTask('paused', { by });
    await run.cancelTask('cancelled', { by });
    await run.skipTask('skipped', { by });
    await run.completeTask('completed', { by, output: { rows: 7 } });
    await run.setPriority('high', 9, { by });
    await run.setPolicy('priority', { by });
    await run.setConcurrency(1, { by });
    await run.addTasks([doubles.task('added', ['t39'])], { by, needs: { low: ['added'] } });
    await run.retryTask('bad', { by });
    const before = await run.describe();
    const first = await executionOf('acts-kept');
    await doubles.release('gate');
    await doubles.release('bad');
    await doubles.running('high');
    expect(await executionOf('acts-kept')).not.toBe(first);

    const after = await run.describe();
    expect(after.acts).toEqual(before.acts);
    expect(after.acts).toHaveLength(9);
    expect(after).toMatchObject({ concurrency: 1, policy: 'priority' });
    await stand(run, { high: 'running', paused: 'ready', added: 'ready', low: 'pending', cancelled: 'cancelled' });
    expect(await taskOf(run, 'paused')).toMatchObject({ paused: true });
    expect((await run.explain('paused')).reasons[0]?.message).toContain('paused by ada');
    const acts = (await run.history()).filter(({ event }) => event === 'act');
    expect(acts.map(({ message }) => message)).toEqual(before.acts?.map(({ message }) => message));
    await run.resumeTask('paused');
    for (const name of ['high', 'paused', 'added', 'low']) await doubles.release(name);
    const result = await run.result();
    expect(result.tasks['reads']?.output).toEqual({ completed: { rows: 7 } });
    expect(result.tasks['skipped']?.status).toBe('skipped');
    expect(result.tasks['bad']).toMatchObject({ status: 'succeeded', attempts: 2 });
    expect(result.tasks['added']?.status).toBe('succeeded');
    expect(result.acts).toHaveLength(10);
  });

  it('goes on by itself at the time that a pause before it said', async () => {
    const tasks = [doubles.task('long'), ...chain(40), doubles.task('last', ['t39'])];
    doubles.auto = (name) => (name === 't30' || name === 'long' ? undefined : {});
    const run = await start('acts-auto-resume', doubles.dag(tasks), 120);
    await doubles.running('t30');
    const first = await executionOf('acts-auto-resume');
    const until = new Date(Date.now() + 5_000);
    await run.pause({ until, by });
    await doubles.release('t30');
    await doubles.release('long');
    await expect.poll(() => executionOf('acts-auto-resume'), POLL).not.toBe(first);
    const result = await run.result();
    expect(result.status).toBe('succeeded');
    expect(result.acts).toHaveLength(1);
    expect(Date.parse(result.tasks['last']!.startedAt!)).toBeGreaterThanOrEqual(until.getTime());
    const events = (await run.history()).map(({ event, task }) => (task === undefined ? event : `${event} ${task}`));
    expect(events.indexOf('task.running t31')).toBeGreaterThan(events.indexOf('timer.fired'));
  });

  it('ends a task as an operator said whose attempt was still stopping', async () => {
    // `first` runs when the limit is reached; `long` becomes ready then, and goes to a child.
    const tasks = [doubles.task('first'), ...chain(40), doubles.stubborn('long', ['t39']), reader('after', 'long')];
    doubles.auto = (name) => (name.startsWith('t') ? {} : undefined);
    const run = await start('acts-pending', doubles.dag(tasks), 120);
    await doubles.running('long');
    const before = await executionOf('acts-pending');
    await run.completeTask('long', { output: 'by hand' });
    await doubles.release('first');
    await expect.poll(() => executionOf('acts-pending'), POLL).not.toBe(before);
    expect((await run.explain('long')).reasons[0]?.message).toContain('told to stop');
    await doubles.release('long', { output: 'its own' });
    const result = await run.result();
    expect(result.status).toBe('succeeded');
    expect(result.tasks['long']).toMatchObject({ status: 'succeeded', output: 'by hand' });
    expect(result.tasks['after']?.output).toEqual({ long: 'by hand' });
  });

  it('loses no act that comes in the moment of it', async () => {
    const tasks = [...chain(80), doubles.task('last', ['t79'])];
    doubles.auto = (name) => (name === 'last' ? undefined : {});
    const run = await start('acts-in-between', doubles.dag(tasks), 40);
    const first = await executionOf('acts-in-between');
    const handle = client.workflow.getHandle('acts-in-between');
    const given: string[] = [];
    for (let round = 0; doubles.begun.at(-1)?.task !== 'last'; round++) {
      const ids = Array.from({ length: 4 }, (_, i) => `act-${round}-${i}`);
      given.push(...ids);
      const answers = await Promise.all(ids.map((id, i) => run.setPriority('last', given.length * 10 + i, { id })));
      expect(answers.map(({ changed }) => changed)).toEqual([true, true, true, true]);
      await handle.signal('pause', { id: `pause-${round}` });
      await run.resume({ id: `resume-${round}` });
      given.push(`pause-${round}`, `resume-${round}`);
    }
    expect(await executionOf('acts-in-between')).not.toBe(first);
    await doubles.release('last');
    const { acts = [] } = await run.result();
    const done = acts.map(({ id = '' }) => id);
    expect(given).toEqual(expect.arrayContaining(done));
    expect(new Set(done).size).toBe(done.length);
    // A run remembers the latest 200.
    expect(done.length).toBe(Math.min(200, given.length));
    expect(done.length).toBeGreaterThan(30);
  });
});
