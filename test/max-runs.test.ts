import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DagClient } from '../src/client/dag-client.js';
import type { RunHandle } from '../src/client/run-handle.js';
import type { Dag } from '../src/dag/dag.js';
import { POLL, stand } from './support/executor-hosts.js';
import { TestTemporal, type WorkerProcess } from './support/temporal.js';

let temporal: TestTemporal;
let client: DagClient;
let worker: WorkerProcess;

beforeAll(async () => {
  temporal = await TestTemporal.start();
  client = await temporal.client();
  worker = await temporal.spawnWorker();
}, 900_000);

afterAll(async () => {
  await worker?.kill();
  await temporal?.stop();
});

/** One run of it goes on at a time, until it is sent the event `go`. */
const dag: Dag = {
  name: 'one-by-one',
  params: {},
  maxRuns: 1,
  tasks: [
    { name: 'first', uses: 'shell', with: { run: 'true' }, needs: [] },
    { name: 'gate', uses: 'event', with: { event: 'go' }, needs: [{ task: 'first' }] },
  ],
};

/** Why the first task of the run does not run. */
async function reasonOf(run: RunHandle): Promise<string | undefined> {
  return (await run.explain('first')).reasons[0]?.code;
}

describe('a dag with maxRuns', () => {
  it('has only so many runs that go on; the others wait in the order in which they came', async () => {
    const one = await client.start(dag, { runId: 'one' });
    await stand(one, { gate: 'waiting' });
    const two = await client.start(dag, { runId: 'two' });
    await expect.poll(() => reasonOf(two), POLL).toBe('max_runs');
    const three = await client.start(dag, { runId: 'three' });
    await expect.poll(() => reasonOf(three), POLL).toBe('max_runs');

    await one.sendEvent('go');
    expect((await one.result()).status).toBe('succeeded');
    await stand(two, { gate: 'waiting' });
    expect(await reasonOf(three)).toBe('max_runs');

    await two.cancel();
    expect((await two.result()).status).toBe('cancelled');
    await stand(three, { gate: 'waiting' });
    await three.sendEvent('go');
    expect((await three.result()).status).toBe('succeeded');
  });

  it('has the run with the best priority go first, where an operator says so', async () => {
    const urgent = { ...dag, name: 'by-urgency' };
    const one = await client.start(urgent, { runId: 'urgency-one' });
    await stand(one, { gate: 'waiting' });
    await client.setPool('maxRuns:by-urgency', { policy: 'priority' });
    const two = await client.start(urgent, { runId: 'urgency-two' });
    await expect.poll(() => reasonOf(two), POLL).toBe('max_runs');
    const three = await client.start(urgent, { runId: 'urgency-three', priority: { priorityKey: 1 } });
    await expect.poll(() => reasonOf(three), POLL).toBe('max_runs');
    for (const run of [one, three, two]) {
      await stand(run, { gate: 'waiting' });
      await run.sendEvent('go');
      expect((await run.result()).status).toBe('succeeded');
    }
  });

  it('lets a run that waits be cancelled, and the next one go when one was terminated', async () => {
    const one = await client.start(dag, { runId: 'ended-from-outside' });
    await stand(one, { gate: 'waiting' });
    const two = await client.start(dag, { runId: 'cancelled-while-it-waits' });
    await expect.poll(() => reasonOf(two), POLL).toBe('max_runs');
    await two.cancel();
    const { status, tasks } = await two.result();
    expect([status, tasks['first']?.status]).toEqual(['cancelled', 'cancelled']);

    const three = await client.start(dag, { runId: 'after-a-terminated-one' });
    await (await temporal.temporalClient()).workflow.getHandle('ended-from-outside').terminate();
    await stand(three, { gate: 'waiting' });
    await three.sendEvent('go');
    expect((await three.result()).status).toBe('succeeded');
  });

  it('keeps what its runs share on the task queue of all, though a run has one of its own', async () => {
    const own = await temporal.spawnWorker('of-its-own');
    const options = { runId: 'elsewhere', taskQueue: 'of-its-own', sharedTaskQueue: client.taskQueue };
    const run = await client.start({ ...dag, name: 'elsewhere' }, options);
    await stand(run, { gate: 'waiting' });
    const pool = (await temporal.temporalClient()).workflow.getHandle('dagwright-pool/maxRuns:elsewhere');
    expect((await pool.describe()).taskQueue).toBe(client.taskQueue);
    await run.sendEvent('go');
    expect((await run.result()).status).toBe('succeeded');
    await own.kill();
  });
});
