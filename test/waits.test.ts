import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Client } from '@temporalio/client';
import type { RunHandle } from '../src/client/run-handle.js';
import type { Dag, Task } from '../src/dag/dag.js';
import type { JsonObject } from '../src/dag/json.js';
import { RUN_WORKFLOW, type RunInput } from '../src/workflows/messages.js';
import { POLL, stand } from './support/executor-hosts.js';
import { TaskDoubles } from './support/task-doubles.js';
import { TestTemporal, type WorkerProcess } from './support/temporal.js';

let temporal: TestTemporal;
let doubles: TaskDoubles;
let client: Client;
const workers: WorkerProcess[] = [];

beforeAll(async () => {
  temporal = await TestTemporal.start();
  client = await temporal.temporalClient();
}, 900_000);

afterAll(async () => {
  await temporal.stop();
});

beforeEach(async () => {
  doubles = await TaskDoubles.start();
});

afterEach(async () => {
  await doubles.stop();
  for (const worker of workers.splice(0)) await worker.kill();
});

async function spawnWorker(): Promise<WorkerProcess> {
  const worker = await temporal.spawnWorker();
  workers.push(worker);
  return worker;
}

async function start(runId: string, dag: Dag, more: Partial<RunInput> = {}): Promise<RunHandle> {
  const input: RunInput = { dag, params: {}, ...more };
  const options = { workflowId: runId, taskQueue: 'test', args: [input], memo: { dag: dag.name } };
  await client.workflow.start(RUN_WORKFLOW, options);
  return (await temporal.client()).get(runId);
}

function control(name: string, uses: 'wait' | 'event' | 'approval', settings: JsonObject, ...needs: string[]): Task {
  return { name, uses, with: settings, needs: needs.map((task) => ({ task })) };
}

/** Which execution of the run is the latest. */
async function executionOf(runId: string): Promise<string> {
  return (await client.workflow.getHandle(runId).describe()).runId;
}

async function timersOf(runId: string): Promise<{ readonly summary: string }[]> {
  const { events = [] } = await client.workflow.getHandle(runId).fetchHistory();
  return (events ?? [])
    .filter((event) => event.timerStartedEventAttributes)
    .map((event) => {
      const data = event.userMetadata?.summary?.data;
      return { summary: data ? (JSON.parse(Buffer.from(data).toString()) as string) : '' };
    });
}

describe('waits on Temporal, around the death of a worker', () => {
  it('end in time though the worker died meanwhile, and no worker holds them', async () => {
    const worker = await spawnWorker();
    const tasks = [control('pause', 'wait', { for: 3_000 }), doubles.task('after', ['pause'])];
    const run = await start('killed', doubles.dag(tasks));
    await stand(run, { pause: 'waiting' });
    await worker.kill();
    await spawnWorker();
    await doubles.release('after');
    expect((await run.result()).status).toBe('succeeded');
    expect(await timersOf('killed')).toContainEqual({ summary: 'pause' });
  });

  it('take an event, an approval and a rejection that came as signals, and while no worker was there', async () => {
    const worker = await spawnWorker();
    const tasks = [
      control('paid', 'event', { event: 'paid' }),
      control('ok', 'approval', {}),
      control('no', 'approval', {}),
    ];
    const run = await start('signalled', doubles.dag(tasks));
    await stand(run, { paid: 'waiting', ok: 'waiting', no: 'waiting' });
    await worker.kill();
    const handle = client.workflow.getHandle('signalled');
    await handle.signal('sendEvent', { event: 'paid', payload: { sum: 7 } });
    await handle.signal('approve', { task: 'ok', by: 'ada', form: { note: 'fine' } });
    await handle.signal('reject', { task: 'no', by: 'bob', reason: 'too dear' });
    await handle.signal('approve', { task: 'nobody' });
    await spawnWorker();
    const result = await run.result();
    expect(result.tasks['paid']).toMatchObject({ status: 'succeeded', output: { sum: 7 } });
    expect(result.tasks['ok']).toMatchObject({ status: 'succeeded', output: { by: 'ada', form: { note: 'fine' } } });
    expect(result.tasks['no']).toMatchObject({ status: 'failed', error: { code: 'APPROVAL_REJECTED' } });
  });

  it('keep an event that was sent while no worker was there', async () => {
    const run = await start('unattended', doubles.dag([control('paid', 'event', { event: 'paid' })]));
    const answer = await run.sendEvent('paid', { payload: 7 });
    expect(answer.message).toBe('No worker answers for the run; it will take the event, if it fits, when one does.');
    await spawnWorker();
    expect((await run.result()).tasks['paid']).toMatchObject({ status: 'succeeded', output: 7 });
  });
});

describe('waits on Temporal', () => {
  beforeAll(async () => {
    await temporal.startWorker();
  });

  it('go on where the run continues as new, more than once', async () => {
    const chain = Array.from({ length: 40 }, (_, i) => doubles.task(`t${i}`, i === 0 ? ['gate'] : [`t${i - 1}`]));
    doubles.auto = (task) => (task.startsWith('t') ? {} : undefined);
    const tasks = [
      doubles.task('gate'),
      ...chain,
      control('long', 'wait', { for: 6_000 }),
      control('paid', 'event', { event: 'paid', timeout: 8_000 }),
      doubles.task('after', ['long']),
    ];
    const run = await start('across', doubles.dag(tasks), { historyLimit: 60 });
    await stand(run, { long: 'waiting', paid: 'waiting' });
    const execution = await executionOf('across');
    await doubles.release('gate');
    await stand(run, { t39: 'succeeded' });
    expect(await executionOf('across')).not.toBe(execution);
    await doubles.release('after');
    const result = await run.result();
    expect(result.tasks['long']?.status).toBe('succeeded');
    expect(result.tasks['paid']).toMatchObject({ status: 'failed', error: { code: 'EVENT_TIMEOUT' } });
  });

  it('let a run continue as new that does nothing but wait', async () => {
    const run = await start('only-waits', doubles.dag([control('ok', 'approval', { timeout: 600_000 })]), {
      historyLimit: 60,
    });
    await stand(run, { ok: 'waiting' });
    const execution = await executionOf('only-waits');
    for (let i = 1; i <= 20; i++) await run.setConcurrency(i);
    await expect.poll(() => executionOf('only-waits'), POLL).not.toBe(execution);
    await run.approve('ok');
    expect((await run.result()).status).toBe('succeeded');
  });

  it('share one alarm where they are many', async () => {
    const tasks = Array.from({ length: 700 }, (_, i) => control(`w${i}`, 'wait', { for: 2_000 + (i % 7) * 300 }));
    const run = await start('many', doubles.dag(tasks));
    const result = await run.result();
    expect(Object.values(result.tasks).every(({ status }) => status === 'succeeded')).toBe(true);
    const began = Date.parse(result.startedAt);
    tasks.forEach(({ name, with: { for: time } }) => {
      expect(Date.parse(result.tasks[name]!.endedAt!) - began).toBeGreaterThanOrEqual(Number(time));
    });
    expect((await timersOf('many')).length).toBeLessThan(520);
  });

  it('are of any length, and end with the run', async () => {
    const run = await start('centuries', doubles.dag([control('late', 'wait', { until: '9000-01-01T00:00:00Z' })]));
    await stand(run, { late: 'waiting' });
    const shown = await client.workflow
      .getHandle('centuries')
      .query<{ readonly currentDetails: string }>('__temporal_workflow_metadata');
    expect(shown.currentDetails).toContain('`late` for 9000-01-01T00:00:00.000Z');
    await run.cancel();
    expect((await run.result()).status).toBe('cancelled');
  });
});
