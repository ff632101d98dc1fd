import { ApplicationFailure } from '@temporalio/activity';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../src/dag/json.js';
import type { Dag, Task } from '../src/dag/dag.js';
import type { DagClient } from '../src/client/dag-client.js';
import { POLL } from './support/executor-hosts.js';
import { TestTemporal } from './support/temporal.js';

let temporal: TestTemporal;
let client: DagClient;
let connection: NativeConnection;
let payments: Worker;
let running: Promise<void>;

// A worker that knows nothing of Dagwright: no codec, no envelope, its own task queue.
beforeAll(async () => {
  temporal = await TestTemporal.start();
  client = (await temporal.startWorker()).client;
  connection = await NativeConnection.connect({ address: temporal.address });
  let tries = 0;
  payments = await Worker.create({
    connection,
    taskQueue: 'payments',
    activities: {
      ChargeCard: async (amount: number, currency: string) => ({ charged: `${amount} ${currency}` }),
      Decline: async () => {
        throw ApplicationFailure.nonRetryable('The card was declined.', 'CardDeclined');
      },
      Flaky: async () => {
        if (++tries < 3) throw new Error('The bank is busy.');
        return tries;
      },
      Silent: async () => undefined,
    },
  });
  running = payments.run();
}, 900_000);

afterAll(async () => {
  payments.shutdown();
  await running;
  await connection.close();
  await temporal.stop();
});

function activity(name: string, type: string, args: readonly Json[] = [], more: Partial<Task> = {}): Task {
  return { name, uses: 'activity', with: { type, taskQueue: 'payments', args }, needs: [], ...more };
}

function dagOf(...tasks: Task[]): Dag {
  return { name: 'foreign', params: {}, tasks };
}

describe('activities of other workers', () => {
  it('run on their own task queue, take plain arguments, and give their result as output', async () => {
    const charge = activity('charge', 'ChargeCard', [12.5, 'EUR']);
    const receipt: Task = {
      name: 'receipt',
      uses: 'shell',
      with: { run: 'cp "$DAGWRIGHT_NEEDS" "$DAGWRIGHT_OUTPUT"' },
      needs: [{ task: 'charge' }],
    };
    const result = await (await client.start(dagOf(charge, receipt, activity('silent', 'Silent')))).result();
    expect(result.status).toBe('succeeded');
    expect(result.tasks['charge']?.output).toEqual({ charged: '12.5 EUR' });
    expect(result.tasks['receipt']?.output).toEqual({ charge: { charged: '12.5 EUR' } });
    expect(result.tasks['silent']).not.toHaveProperty('output');
  });

  it('fail with the type of their failure as code', async () => {
    const result = await (await client.start(dagOf(activity('declined', 'Decline')))).result();
    expect(result.tasks['declined']).toMatchObject({
      status: 'failed',
      attempts: 1,
      error: { code: 'CardDeclined', message: 'The card was declined.' },
    });
  });

  it('are retried under the policy of the task', async () => {
    const retry = { maximumAttempts: 3, initialInterval: 1 };
    const result = await (await client.start(dagOf(activity('flaky', 'Flaky', [], { retry })))).result();
    expect(result.tasks['flaky']).toMatchObject({ status: 'succeeded', output: 3 });
  });

  it('are measured from when they are handed over, each success once', async () => {
    const dag: Dag = {
      ...dagOf(activity('charge', 'ChargeCard', [1, 'EUR'], { size: '10' }), activity('declined', 'Decline')),
      name: 'measured',
    };
    for (const count of [1, 2]) {
      const run = await client.start(dag);
      expect((await run.result()).status).toBe('failed');
      // It has ended: whoever asks has it replayed.
      await run.describe();
      const known = async (): Promise<unknown> =>
        (await client.stats('measured').catch(() => ({ tasks: [] }))).tasks.map(({ task, count: own }) => [task, own]);
      await expect.poll(known, POLL).toEqual([['charge', count]]);
    }
    const [charge] = (await client.stats('measured')).tasks;
    expect(charge).toMatchObject({ task: 'charge', perSize: expect.any(Number) });
  });

  it('that nobody takes end at their scheduleToStart, and can be cancelled without one', async () => {
    const nowhere = { with: { type: 'ChargeCard', taskQueue: 'nobody' } };
    const timeout = { scheduleToStart: 500 };
    const late = await (await client.start(dagOf(activity('late', '', [], { ...nowhere, timeout })))).result();
    expect(late.tasks['late']).toMatchObject({
      status: 'failed',
      attempts: 0,
      error: { code: 'TASK_TIMEOUT', details: { timeout: 'scheduleToStart' } },
    });

    const run = await client.start(dagOf(activity('stuck', '', [], nowhere)));
    await expect.poll(async () => (await run.describe()).tasks[0]?.state).toBe('queued');
    await run.cancel();
    expect((await run.result()).status).toBe('cancelled');
  });
});
