import { randomBytes } from 'node:crypto';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DagClient } from '../src/client/dag-client.js';
import { createDataConverter } from '../src/client/data-converter.js';
import { loadConfig, type Config } from '../src/config.js';
import type { Dag, Task } from '../src/dag/dag.js';
import type { Json } from '../src/dag/json.js';
import { storedRef } from '../src/dag/stored-value.js';
import { createLogger } from '../src/observability/logger.js';
import { defineFunction } from '../src/spec/function-definition.js';
import { DagWorker } from '../src/worker/dag-worker.js';
import { RUN_WORKFLOW } from '../src/workflows/messages.js';
import { TestTemporal } from './support/temporal.js';

const QUEUE = 'large';
const LARGE_BYTES = 50_000_000;

let temporal: TestTemporal;
let connection: Connection;
let config: Config;
let worker: DagWorker;
/** What the worker logged. */
const lines: string[] = [];

/** Rows that have so many bytes as JSON, about. */
function rows(bytes: number): Json {
  return Array.from({ length: Math.floor(bytes / 50) }, (_, id) => ({ id, name: `row ${id}`, half: id / 2 }));
}

const functions = [
  defineFunction('rows', { run: (bytes: number) => rows(bytes) }),
  // Text that compression takes to no less than three quarters.
  defineFunction('noise', { run: (bytes: number) => randomBytes((bytes / 4) * 3).toString('base64') }),
  defineFunction('measure', {
    run: (_input: unknown, { needs }) =>
      Object.fromEntries(Object.entries(needs).map(([name, value]) => [name, JSON.stringify(value).length])),
  }),
  defineFunction('hold', {
    run: (_input: unknown, { signal }) =>
      new Promise<null>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('stopped')));
      }),
  }),
  defineFunction('wipe', { run: () => rm(join(storeFolder(), 'blobs'), { recursive: true }) }),
];

function storeFolder(): string {
  return join(temporal.folder, 'shared-store');
}

function configWith(store: string): Config {
  const { folder } = temporal;
  return loadConfig({ ...process.env, DAGWRIGHT_STATE: join(folder, 'state'), DAGWRIGHT_STORE: store });
}

/** A client whose store is at another place. */
function clientOfOtherStore(): DagClient {
  const dataConverter = createDataConverter(configWith(join(temporal.folder, 'other-store')));
  // The connection is shared, so this client is never closed.
  return new DagClient(connection, { namespace: 'default', taskQueue: QUEUE, dataConverter });
}

function call(name: string, uses: string, input: Json, ...needs: string[]): Task {
  return {
    name,
    uses: 'function',
    with: { name: uses, input },
    needs: needs.map((task) => ({ task })),
    retry: { maximumAttempts: 1, initialInterval: 1, backoffCoefficient: 1, maximumInterval: 1 },
  };
}

function dagOf(name: string, ...tasks: Task[]): Dag {
  return { name, params: {}, tasks };
}

async function historyBytes(runId: string): Promise<number> {
  const dataConverter = createDataConverter(config);
  const { historySize } = await new Client({ connection, dataConverter }).workflow.getHandle(runId).describe();
  return historySize ?? NaN;
}

async function timed<T>(work: Promise<T>): Promise<{ value: T; ms: number }> {
  const began = performance.now();
  const value = await work;
  return { value, ms: performance.now() - began };
}

beforeAll(async () => {
  temporal = await TestTemporal.start();
  config = configWith(storeFolder());
  connection = await Connection.connect({ address: temporal.address });
  const stream = { write: (line: string) => lines.push(line) };
  const logger = createLogger({ level: 'error', format: 'json', stream });
  worker = await DagWorker.start({ address: temporal.address, taskQueue: QUEUE, functions, config, logger });
}, 900_000);

afterAll(async () => {
  await worker.shutdown();
  await connection.close();
  await temporal.stop();
});

describe('an output of 50 MB', () => {
  it('passes from one task to the next, and leaves history, status and list small and quick', async () => {
    const dag = dagOf('big', call('make', 'rows', LARGE_BYTES), call('read', 'measure', null, 'make'));
    const run = await worker.client.start(dag);
    const result = await run.result();
    expect(result.status).toBe('succeeded');
    const bytes = JSON.stringify(rows(LARGE_BYTES)).length;
    expect(bytes).toBeGreaterThan(LARGE_BYTES * 0.9);
    expect(result.tasks['read']!.output).toEqual({ make: bytes });
    expect(storedRef(result.tasks['make']!.output)?.bytes).toBe(bytes);

    expect(await historyBytes(run.runId)).toBeLessThan(1_000_000);
    const status = await timed(run.describe());
    const list = await timed(worker.client.list());
    expect(status.value.state).toBe('succeeded');
    for (const quick of [status.ms, list.ms]) expect(quick).toBeLessThan(5_000);
  });
});

describe('a payload over 256 KiB', () => {
  it('goes by reference, and whoever shares the store reads it as if it did not', async () => {
    const makers = ['a', 'b', 'c'];
    const tasks = makers.map((name) => call(name, 'noise', 250_000));
    const run = await worker.client.start(dagOf('noisy', ...tasks, call('read', 'measure', null, ...makers)));
    const result = await run.result();
    for (const name of makers) expect(result.tasks[name]!.output).toHaveLength(250_000);
    expect(result.tasks['read']!.output).toEqual({ a: 250_002, b: 250_002, c: 250_002 });
    // Three outputs as they are; all of them again in the last task's input, and in the result, by reference.
    expect(await historyBytes(run.runId)).toBeLessThan(700_000);
  });

  it('fails whoever has another store with STORE_FAILED, and no list', async () => {
    const run = await worker.client.start(
      dagOf('noisy', call('a', 'noise', 250_000), call('b', 'noise', 250_000), call('wait', 'hold', null, 'a')),
    );
    await expect
      .poll(async () => (await run.describe()).tasks.map(({ state }) => state))
      .toEqual(['succeeded', 'succeeded', 'running']);
    // So its result lies in its memo, which lists come with.
    await new Client({ connection }).workflow.getHandle(run.runId).cancel();
    expect((await run.result()).status).toBe('cancelled');
    const other = clientOfOtherStore();
    const place = expect.stringContaining('other-store') as string;
    await expect(other.get(run.runId).result()).rejects.toMatchObject({ code: 'STORE_FAILED', message: place });
    const listed = async (): Promise<string | undefined> =>
      (await other.list()).find(({ runId }) => runId === run.runId)?.state;
    await expect.poll(listed).toBe('cancelled');
  });

  it('holds a run up that cannot have it, with a line in the log, until it can', async () => {
    const other = configWith(join(temporal.folder, 'other-store'));
    const dag = dagOf('held-up', call('read', 'measure', randomBytes(400_000).toString('hex')));
    const client = new Client({ connection, dataConverter: createDataConverter(other) });
    lines.length = 0;
    await client.workflow.start(RUN_WORKFLOW, {
      workflowId: 'held-up',
      taskQueue: QUEUE,
      args: [{ dag, params: {} }],
      memo: { dag: 'held-up' },
    });
    await expect.poll(() => lines.join(''), { timeout: 30_000 }).toContain('STORE_FAILED');
    await cp(join(temporal.folder, 'other-store'), storeFolder(), { recursive: true });
    expect((await worker.client.get('held-up').result()).status).toBe('succeeded');
    const { dag: read } = await worker.client.prepareRerun('held-up', { all: true });
    expect(read).toEqual(dag);
  });
});

describe('a large output that was swept', () => {
  it('fails the task that needs it with STORE_FAILED', async () => {
    const dag = dagOf(
      'swept',
      call('make', 'rows', 2_000_000),
      call('sweep', 'wipe', null, 'make'),
      call('read', 'measure', null, 'make', 'sweep'),
    );
    const result = await (await worker.client.start(dag)).result();
    expect(result.tasks['read']).toMatchObject({ status: 'failed', error: { code: 'STORE_FAILED' } });
  });
});
