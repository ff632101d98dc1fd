import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunHandle } from '../src/client/run-handle.js';
import type { RunPriority } from '../src/client/run-priority.js';
import { DagWorker } from '../src/worker/dag-worker.js';
import { POLL } from './support/executor-hosts.js';
import { doubleFunction, TaskDoubles } from './support/task-doubles.js';
import { TestTemporal } from './support/temporal.js';

/** Tasks of each run. */
const MANY = 40;

let temporal: TestTemporal;
let strangers: Client;
let doubles: TaskDoubles;
let worker: DagWorker;

beforeAll(async () => {
  temporal = await TestTemporal.start();
  strangers = await temporal.temporalClient();
  doubles = await TaskDoubles.start();
  const { address, config } = temporal;
  worker = await DagWorker.start({ address, taskQueue: 'short', functions: [doubleFunction], config, slots: 1 });
}, 900_000);

afterAll(async () => {
  await worker.shutdown();
  await doubles.stop();
  await temporal.stop();
});

function start(name: string, tasks: number, priority: RunPriority): Promise<RunHandle> {
  const all = Array.from({ length: tasks }, (_, index) => doubles.task(`${name}${index}`));
  return worker.client.start(doubles.dag(all, { name }), { priority });
}

async function described(run: RunHandle) {
  return (await strangers.workflow.getHandle(run.runId).describe()).raw;
}

/**
 * Two runs whose tasks all wait behind one that holds the worker's only slot, those of the first before those of the
 * second; then it lets go.
 * @returns of each task that ran, the first letter.
 */
async function order(first: [string, RunPriority], second: [string, RunPriority]): Promise<string[]> {
  const holder = await start('holder', 1, {});
  await doubles.running('holder0');
  const runs: RunHandle[] = [];
  for (const [name, priority] of [first, second]) {
    const run = await start(name, MANY, priority);
    runs.push(run);
    await expect.poll(async () => (await described(run)).pendingActivities?.length, POLL).toBe(MANY);
    expect((await described(run)).workflowExecutionInfo?.priority).toMatchObject(priority);
  }
  const before = doubles.begun.length;
  doubles.auto = () => ({});
  await doubles.release('holder0');
  await Promise.all(
    [holder, ...runs].map(async (run) => expect(await run.result()).toMatchObject({ status: 'succeeded' })),
  );
  doubles.auto = undefined;
  return doubles.begun.slice(before).map(({ task }) => task.slice(0, 1));
}

function ofFirst(ran: readonly string[], name: string): number {
  return ran.slice(0, MANY).filter((one) => one === name).length;
}

// The server keeps the order in each of the parts of a task queue, and so roughly.
describe('runs whose tasks wait for the same slot', () => {
  it('go on in the order of their priorities, not in that of their start', async () => {
    const ran = await order(['low', { priorityKey: 5 }], ['high', { priorityKey: 1 }]);
    expect(ran).toHaveLength(2 * MANY);
    expect(ofFirst(ran, 'h')).toBeGreaterThan(0.7 * MANY);
  });

  it('take turns where they are for different tenants', async () => {
    const ran = await order(['acme', { fairnessKey: 'acme' }], ['bolt', { fairnessKey: 'bolt', fairnessWeight: 1 }]);
    expect(ran).toHaveLength(2 * MANY);
    expect(ofFirst(ran, 'b')).toBeGreaterThan(0.25 * MANY);
    expect(ofFirst(ran, 'a')).toBeGreaterThan(0.25 * MANY);
  });
});
