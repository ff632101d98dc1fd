import type { Client, WorkflowHandle } from '@temporalio/client';
import {
  joinSignal,
  REGISTRY_WORKFLOW,
  registryIdOf,
  subscribeSignal,
  unsubscribeSignal,
  type JoiningWorker,
} from '../src/workflows/group-messages.js';
import { TASK_QUEUE } from '../test/support/temporal.js';
import { ended, type Scenario } from './history-stage.js';

/** Worker groups. */
export const WORKER_GROUPS: Readonly<Record<string, Scenario>> = {
  async 'worker-registry'({ temporal, doubles, start }) {
    await temporal.startWorker();
    const client = await temporal.temporalClient();
    const registry = await startRegistry(client);
    const first = await executionOf(registry);
    const run = await start(doubles.dag([doubles.task('hold')]));
    await registry.signal(subscribeSignal, { runId: run.workflowId });
    await registry.signal(subscribeSignal, { runId: 'gone' });
    const group = { name: 'gpu', speed: 2, labels: ['cuda'], cpu: 4, memory: 1_024, cost: 1 };
    const gpu = await temporal.startWorker({ slots: 2, group });
    await joined(temporal.client(), 1);
    await temporal.startWorker({ slots: 3, register: true });
    await joined(temporal.client(), 2);
    while ((await executionOf(registry)) === first) await registry.signal(joinSignal, {} as JoiningWorker);
    await joined(temporal.client(), 2);
    await gpu.shutdown();
    await joined(temporal.client(), 1);
    await registry.signal(unsubscribeSignal, run.workflowId);
    await doubles.release('hold');
    await ended(run);
    await registry.terminate();
  },
};

async function startRegistry(client: Client): Promise<WorkflowHandle> {
  const workflowId = registryIdOf(TASK_QUEUE);
  await client.workflow.start(REGISTRY_WORKFLOW, {
    workflowId,
    taskQueue: TASK_QUEUE,
    args: [{ historyLimit: 60 }],
  });
  return client.workflow.getHandle(workflowId);
}

async function executionOf(handle: WorkflowHandle): Promise<string> {
  return (await handle.describe()).runId;
}

async function joined(client: Promise<{ workers(): Promise<readonly unknown[]> }>, count: number): Promise<void> {
  while ((await (await client).workers()).length !== count);
}
