import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DagClient } from '../src/client/dag-client.js';
import type { WorkerGroup } from '../src/dag/worker-group.js';
import { REGISTRY_WORKFLOW, registryIdOf } from '../src/workflows/group-messages.js';
import { CliWorkers, kill } from './support/cli-workers.js';
import { endSignal, goOnSignal, seenQuery } from './support/group-watcher.js';
import type { CliProcess } from './support/cli-process.js';
import { TaskDoubles } from './support/task-doubles.js';
import { TASK_QUEUE, TestTemporal } from './support/temporal.js';

const REGISTRY = registryIdOf(TASK_QUEUE);
const WATCHERS = 'watchers';
/** Much longer than a worker may be silent, for a slow machine. */
const POLL = { timeout: 40_000, interval: 50 };

let temporal: TestTemporal;
let client: DagClient;
let server: Client;
let connection: NativeConnection;
let watcherWorker: Worker;
let watching: Promise<void>;
let doubles: TaskDoubles;
let processes: CliWorkers;
const watchers: WorkflowHandle[] = [];

beforeAll(async () => {
  temporal = await TestTemporal.start();
  processes = await CliWorkers.open(temporal);
  client = await temporal.client();
  server = await temporal.temporalClient();
  // Keeps the registry going, and has not joined.
  await temporal.startWorker();
  connection = await NativeConnection.connect({ address: temporal.address });
  watcherWorker = await Worker.create({
    connection,
    taskQueue: WATCHERS,
    workflowsPath: fileURLToPath(new URL('support/group-watcher.ts', import.meta.url)),
  });
  watching = watcherWorker.run();
}, 900_000);

afterAll(async () => {
  watcherWorker.shutdown();
  await watching;
  await connection.close();
  await processes.close();
  await temporal.stop();
});

beforeEach(async () => {
  doubles = await TaskDoubles.start();
});

afterEach(async () => {
  await doubles.stop();
  await processes.clear();
  for (const one of watchers.splice(0)) await one.terminate().catch(() => undefined);
  await registry()
    .terminate()
    .catch(() => undefined);
});

function registry(): WorkflowHandle {
  return server.workflow.getHandle(REGISTRY);
}

/** A worker of the group. */
function member(group: string, slots: number, ...flags: readonly string[]): Promise<CliProcess> {
  return processes.start('--group', group, '--slots', String(slots), ...flags);
}

/** What a run that uses worker groups hears. */
class Watcher {
  readonly handle: WorkflowHandle;

  constructor(handle: WorkflowHandle) {
    this.handle = handle;
  }

  static async start(): Promise<Watcher> {
    const started = await server.workflow.start('watchGroups', {
      workflowId: `watcher-${randomUUID()}`,
      taskQueue: WATCHERS,
      args: [TASK_QUEUE],
    });
    const handle = server.workflow.getHandle(started.workflowId);
    watchers.push(handle);
    return new Watcher(handle);
  }

  /** Each table of groups that it was told, in short. */
  async seen(): Promise<string[]> {
    const tables = await this.handle.query(seenQuery);
    return tables.map((groups) => groups.map(shortOf).join(' '));
  }

  /** Waits until it knows no other groups than these. */
  async knows(groups: string): Promise<void> {
    await expect.poll(async () => (await this.seen()).at(-1), POLL).toBe(groups);
  }
}

function shortOf({ name, slots }: WorkerGroup): string {
  return `${name}*${slots}`;
}

/** The workers that have joined, in short. */
async function workers(): Promise<string[]> {
  return (await client.workers()).map(({ group = '-', state }) => `${group} ${state}`);
}

async function stand(...wanted: string[]): Promise<void> {
  await expect.poll(workers, POLL).toEqual(wanted);
}

async function executionOf(handle: WorkflowHandle): Promise<string> {
  return (await handle.describe()).runId;
}

describe('the registry of workers', () => {
  it('shows who has joined, with what it is and what runs in it', async () => {
    expect(await client.workers()).toEqual([]);
    const has = [
      '--speed',
      '2',
      '--label',
      'cuda',
      '--label',
      'a100',
      '--cpu',
      '16',
      '--memory',
      '1Ki',
      '--cost',
      '1.5',
    ];
    await member('gpu', 8, ...has, '--standby');
    await processes.start('--slots', '3');
    await stand('- live', 'gpu live');
    const worker = expect.stringMatching(/^\d+@/);
    const since = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(await client.workers()).toEqual([
      { worker, slots: 3, running: 0, speed: 1, labels: [], state: 'live', since },
      {
        ...{ worker, group: 'gpu', slots: 8, running: 0, speed: 2, labels: ['a100', 'cuda'] },
        ...{ cpu: 16, memory: 1_024, cost: 1.5, standby: true, state: 'live', since },
      },
    ]);
    // There are 100 slots elsewhere.
    const names = Array.from({ length: 103 }, (_, i) => `t${i}`);
    const run = await client.start(doubles.dag(names.map((name) => doubles.request(name))));
    await expect.poll(async () => (await client.workers())[0]?.running, POLL).toBe(3);
    for (const name of names) await doubles.release(name);
    await run.result();
    await expect.poll(async () => (await client.workers())[0]?.running, POLL).toBe(0);
  });

  it('tells runs which groups live, their workers added up, and each change', async () => {
    const watcher = await Watcher.start();
    await watcher.knows('');
    await member('b', 2);
    await watcher.knows('b*2');
    const second = await member('b', 3);
    await watcher.knows('b*5');
    await member('a', 1);
    await watcher.knows('a*1 b*5');
    await kill(second);
    await watcher.knows('a*1 b*2');
    const late = await Watcher.start();
    await late.knows('a*1 b*2');
    expect(await late.seen()).toHaveLength(1);
    expect(await watcher.seen()).toHaveLength(5);
  });

  it('notices a worker that was killed, and writes nothing while one lives', async () => {
    const watcher = await Watcher.start();
    const worker = await member('gpu', 2);
    await watcher.knows('gpu*2');
    const { historyLength } = await registry().describe();
    await stand('gpu live');
    await kill(worker);
    await stand('gpu silent');
    expect((await registry().describe()).historyLength).toBe(historyLength);
    await watcher.knows('');
    expect(await workers()).toEqual([]);
    await member('gpu', 2);
    await watcher.knows('gpu*2');
  });

  it('keeps a worker that has only stalled', async () => {
    const watcher = await Watcher.start();
    const worker = await member('gpu', 2);
    await watcher.knows('gpu*2');
    await stand('gpu live');
    const before = await watcher.seen();
    worker.signal('SIGSTOP');
    await stand('gpu silent');
    worker.signal('SIGCONT');
    await stand('gpu live');
    expect(await watcher.seen()).toEqual(before);
  });

  it('gets a worker back that was held for long', async () => {
    const watcher = await Watcher.start();
    const worker = await member('gpu', 2);
    await watcher.knows('gpu*2');
    worker.signal('SIGSTOP');
    await watcher.knows('');
    worker.signal('SIGCONT');
    await watcher.knows('gpu*2');
    await stand('gpu live');
  });

  it('counts no slots of a worker that leaves, and forgets it when its tasks have ended', async () => {
    const watcher = await Watcher.start();
    const worker = await temporal.startWorker({ slots: 2, register: true });
    const gpu = await member('gpu', 4);
    await watcher.knows('gpu*4');
    const names = Array.from({ length: 102 }, (_, i) => `t${i}`);
    const run = await client.start(doubles.dag(names.map((name) => doubles.request(name))));
    await expect.poll(async () => (await client.workers())[0]?.running, POLL).toBe(2);
    const gone = worker.shutdown();
    await stand('- leaving', 'gpu live');
    for (const name of names) await doubles.release(name);
    await gone;
    await stand('gpu live');
    await run.result();
    gpu.signal('SIGTERM');
    await gpu.ended;
    expect(await workers()).toEqual([]);
    await watcher.knows('');
  });

  it('continues as new, and neither workers nor runs notice', async () => {
    await server.workflow.start(REGISTRY_WORKFLOW, {
      workflowId: REGISTRY,
      taskQueue: TASK_QUEUE,
      args: [{ historyLimit: 150 }],
    });
    const watcher = await Watcher.start();
    const gpu = await member('gpu', 2);
    await member('cpu', 3);
    await watcher.knows('cpu*3 gpu*2');
    await stand('cpu live', 'gpu live');
    const before = await watcher.seen();
    const first = await executionOf(registry());
    // What makes no sense is dropped.
    const nonsense = [undefined, 7, { id: 1 }, { id: 'x', slots: -1 }, { runId: '' }, []];
    for (let i = 0; (await executionOf(registry())) === first; i++) {
      const signal = ['join', 'leaving', 'subscribe', 'unsubscribe'][i % 4]!;
      await registry().signal(signal, nonsense[i % nonsense.length]);
    }
    await stand('cpu live', 'gpu live');
    expect(await watcher.seen()).toEqual(before);
    await kill(gpu);
    await watcher.knows('cpu*3');
    expect(await watcher.seen()).toEqual([...before, 'cpu*3']);
  });

  it('is started anew by its workers where somebody ended it', async () => {
    await member('gpu', 2);
    await member('cpu', 3);
    await stand('cpu live', 'gpu live');
    await registry().cancel();
    await stand('cpu live', 'gpu live');
    await registry().terminate();
    await stand('cpu live', 'gpu live');
    const watcher = await Watcher.start();
    await watcher.knows('cpu*3 gpu*2');
    expect(await watcher.seen()).toHaveLength(1);
  });

  it('drops a run that has gone, and tells the others', async () => {
    const [gone, ended, watcher] = [await Watcher.start(), await Watcher.start(), await Watcher.start()];
    for (const one of [gone, ended, watcher]) await one.knows('');
    await gone.handle.terminate();
    await ended.handle.signal(endSignal);
    await ended.handle.result();
    await member('gpu', 2);
    await watcher.knows('gpu*2');
    const { pendingActivities } = (await registry().describe()).raw;
    expect(pendingActivities).toHaveLength(1);
  });

  it('tells a run that continues as new only what it does not know', async () => {
    const watcher = await Watcher.start();
    await watcher.knows('');
    const first = await executionOf(watcher.handle);
    await watcher.handle.signal(goOnSignal);
    await expect.poll(() => executionOf(watcher.handle), POLL).not.toBe(first);
    await member('gpu', 2);
    await watcher.knows('gpu*2');
    expect(await watcher.seen()).toEqual(['', 'gpu*2']);
  });
});
