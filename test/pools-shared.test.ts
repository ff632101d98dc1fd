import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DagClient } from '../src/client/dag-client.js';
import type { RunHandle } from '../src/client/run-handle.js';
import type { Dag, Task } from '../src/dag/dag.js';
import type { JsonObject } from '../src/dag/json.js';
import type { PoolSettings } from '../src/dag/pools.js';
import { POOL_WORKFLOW, poolIdOf, type SharedPoolInput } from '../src/workflows/pool-messages.js';
import { RUN_WORKFLOW, type RunInput } from '../src/workflows/messages.js';
import { POLL, shell, stand } from './support/executor-hosts.js';
import { TaskDoubles } from './support/task-doubles.js';
import { TestTemporal, type WorkerProcess } from './support/temporal.js';

let temporal: TestTemporal;
let doubles: TaskDoubles;
let dags: DagClient;
let client: Client;
let worker: WorkerProcess;
let count = 0;
/** A pool of this test alone. */
let pool: string;
/** Where tasks say that they begin and end. */
let log: string;

beforeAll(async () => {
  temporal = await TestTemporal.start();
  client = await temporal.temporalClient();
  dags = await temporal.client();
  worker = await temporal.spawnWorker();
}, 900_000);

afterAll(async () => {
  await temporal.stop();
});

beforeEach(async () => {
  doubles = await TaskDoubles.start();
  pool = `pool-${++count}`;
  log = join(temporal.folder, `${pool}.log`);
  await appendFile(log, '');
});

afterEach(async () => {
  await doubles.stop();
});

/** A task that holds slots of the pool, and says when it begins and ends. */
function holder(name: string, seconds = 0.1, slots = 1, more: Partial<Task> = {}): Task {
  const run = `echo "$(date +%s%3N) ${slots}" >> ${log}; sleep ${seconds}; echo "$(date +%s%3N) -${slots}" >> ${log}`;
  return shell(name, run, { pool: [{ name: pool, slots }], ...more });
}

function dagOf(tasks: readonly Task[], size: PoolSettings = { slots: 1 }, more: Partial<Dag> = {}): Dag {
  return doubles.dag(tasks, { pools: { [pool]: { ...size, scope: 'global' } }, ...more });
}

/** Starts a pool with settings that a test has no patience for. */
async function startPool(settings: Partial<SharedPoolInput>): Promise<void> {
  const args = [{ name: pool, ...settings }] as const;
  await client.workflow.start(POOL_WORKFLOW, { workflowId: poolIdOf(pool), taskQueue: 'test', args: [...args] });
}

async function executionOf(workflowId: string): Promise<string> {
  return (await client.workflow.getHandle(workflowId).describe()).runId;
}

/** How many slots tasks held at once, at most, by what they said themselves. */
async function peak(): Promise<number> {
  let held = 0;
  let most = 0;
  for (const line of (await readFile(log, 'utf8')).trim().split('\n')) {
    held += Number(line.split(' ')[1]);
    most = Math.max(most, held);
  }
  expect(held).toBe(0);
  return most;
}

async function start(runId: string, dag: Dag): Promise<RunHandle> {
  return dags.start(dag, { runId });
}

function named(prefix: string, many: number): string[] {
  return Array.from({ length: many }, (_, i) => `${prefix}${i}`);
}

async function standing(): Promise<{ taken: number; waiting: number }> {
  const { taken, waiting } = await dags.pool(pool);
  return { taken, waiting };
}

describe('runs that share a pool', () => {
  it('never have more tasks at once than it has slots, and leave it empty', async () => {
    const dag = dagOf(
      named('t', 6).map((name) => holder(name)),
      { slots: 2 },
    );
    const runs = await Promise.all(named(`${pool}-r`, 3).map((runId) => start(runId, dag)));
    const results = await Promise.all(runs.map((run) => run.result()));
    expect(results.map(({ status }) => status)).toEqual(['succeeded', 'succeeded', 'succeeded']);
    expect(await peak()).toBe(2);
    expect(await dags.pool(pool)).toMatchObject({ name: pool, slots: 2, policy: 'fcfs', taken: 0, waiting: 0 });
    await expect
      .poll(async () => (await dags.pools()).find(({ name }) => name === pool), POLL)
      .toMatchObject({ taken: 0 });
    expect((await dags.list({ limit: 100 })).filter(({ runId }) => runId.startsWith('dagwright-'))).toEqual([]);
  });

  it('show who holds it and who waits', async () => {
    const held = { pool: [{ name: pool, slots: 1 }] };
    await start(`${pool}-a`, dagOf([doubles.task('a', [], held)]));
    await doubles.running('a');
    const b = await start(`${pool}-b`, dagOf([doubles.task('b', [], held), holder('large', 0, 3)], { slots: 3 }));
    await expect
      .poll(() => dags.pool(pool), POLL)
      .toMatchObject({
        slots: 3,
        holders: [
          { run: `${pool}-a`, task: 'a', slots: 1 },
          { run: `${pool}-b`, task: 'b', slots: 1 },
        ],
        waiters: [{ run: `${pool}-b`, task: 'large', slots: 3 }],
      });
    await doubles.release('a');
    await doubles.release('b');
    expect((await b.result()).status).toBe('succeeded');
  });

  it('take all of several pools, or wait, and never for each other', async () => {
    const other = `${pool}-other`;
    const both = [
      { name: pool, slots: 1 },
      { name: other, slots: 1 },
    ];
    const pools = { [pool]: { scope: 'global' as const }, [other]: { scope: 'global' as const } };
    const tasks = (demands: Task['pool'] & object): Task[] =>
      named('t', 4).map((name) => holder(name, 0.05, 1, { pool: demands }));
    const runs = await Promise.all([
      start(`${pool}-a`, doubles.dag(tasks(both), { pools })),
      start(`${pool}-b`, doubles.dag(tasks(both.toReversed()), { pools })),
    ]);
    for (const run of runs) expect((await run.result()).status).toBe('succeeded');
    expect(await peak()).toBe(1);
  });

  it('get back what others held that are cancelled, paused, or gone without a word', async () => {
    await startPool({ probeInterval: 300 });
    const dag = (name: string): Dag => dagOf([doubles.task(name, [], { pool: [{ name: pool, slots: 1 }] })]);
    const cancelled = await start(`${pool}-cancelled`, dag('cancelled'));
    await doubles.running('cancelled');
    const paused = await start(`${pool}-paused`, dag('paused'));
    await expect.poll(standing, POLL).toEqual({ taken: 1, waiting: 1 });
    await cancelled.cancel();
    await doubles.running('paused');
    await start(`${pool}-terminated`, dag('terminated'));
    await expect.poll(standing, POLL).toEqual({ taken: 1, waiting: 1 });
    await paused.pause({ mode: 'interrupt' });
    await doubles.running('terminated');
    const last = await start(`${pool}-last`, dag('last'));
    await expect.poll(standing, POLL).toEqual({ taken: 1, waiting: 1 });
    await paused.resume();
    await expect.poll(standing, POLL).toEqual({ taken: 1, waiting: 2 });
    await client.workflow.getHandle(`${pool}-terminated`).terminate();
    await doubles.release('last');
    expect((await last.result()).status).toBe('succeeded');
    await doubles.begunTimes('paused', 2);
    await doubles.release('paused');
    expect((await paused.result()).status).toBe('succeeded');
    await expect.poll(standing, POLL).toEqual({ taken: 0, waiting: 0 });
  });

  it('have more tasks at once as soon as it is made larger, and lose none where it is made smaller', async () => {
    const dag = dagOf(named('t', 4).map((name) => doubles.task(name, [], { pool: [{ name: pool, slots: 1 }] })));
    const run = await start(`${pool}-r`, dag);
    await doubles.running('t0');
    await dags.setPool(pool, { slots: 3 });
    await stand(run, { t2: 'running' });
    await dags.setPool(pool, { slots: 1 });
    await doubles.release('t0');
    await doubles.release('t1');
    await expect.poll(standing, POLL).toEqual({ taken: 1, waiting: 1 });
    expect(doubles.begun.map(({ task }) => task)).toEqual(['t0', 't1', 't2']);
    await doubles.release('t2');
    await doubles.release('t3');
    expect((await run.result()).status).toBe('succeeded');
    expect(await dags.pool(pool)).toMatchObject({ slots: 1, taken: 0 });
  });

  it('get what another holds while that waits for its next attempt', async () => {
    const held = { pool: [{ name: pool, slots: 1 }] };
    const retry = { maximumAttempts: 2, initialInterval: 1_500 };
    const flaky = await start(`${pool}-a`, dagOf([doubles.task('flaky', [], { ...held, retry })]));
    await doubles.running('flaky');
    const other = await start(`${pool}-b`, dagOf([doubles.task('other', [], held)]));
    await expect.poll(standing, POLL).toEqual({ taken: 1, waiting: 1 });
    await doubles.release('flaky', { fail: { message: 'once' } });
    await doubles.release('other');
    await doubles.release('flaky');
    expect((await flaky.result()).status).toBe('succeeded');
    expect((await other.result()).status).toBe('succeeded');
    expect(doubles.begun.map(({ task }) => task)).toEqual(['flaky', 'other', 'flaky']);
  });

  it('are served by their own priorities where it goes by priority, what is in their sub-dags too', async () => {
    await dags.setPool(pool, { slots: 1, policy: 'priority' });
    const needing = (name: string): Dag => dagOf([doubles.task(name, [], { pool: [{ name: pool, slots: 1 }] })]);
    const inner = needing('high') as unknown as JsonObject;
    const outer = doubles.dag([{ name: 'sub', uses: 'dag', with: { dag: inner }, needs: [] }]);
    const runs = [await start(`${pool}-holder`, needing('holder'))];
    await doubles.running('holder');
    for (const [name, dag, priority] of [
      ['low', needing('low'), { priorityKey: 5 }],
      ['usual', needing('usual'), {}],
      ['high', outer, { priorityKey: 1 }],
    ] as const) {
      runs.push(await dags.start(dag, { runId: `${pool}-${name}`, priority }));
      await expect.poll(standing, POLL).toEqual({ taken: 1, waiting: runs.length - 1 });
    }
    doubles.auto = () => ({});
    await doubles.release('holder');
    for (const run of runs) expect((await run.result()).status).toBe('succeeded');
    expect(doubles.begun.map(({ task }) => task)).toEqual(['holder', 'high', 'usual', 'low']);
  });

  it('keep to its rate together', async () => {
    const dag = dagOf(
      named('t', 4).map((name) => holder(name, 0)),
      { rate: { count: 2, per: 1_000 } },
    );
    const runs = await Promise.all(named(`${pool}-r`, 2).map((runId) => start(runId, dag)));
    for (const run of runs) expect((await run.result()).status).toBe('succeeded');
    const begun = (await readFile(log, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => line.split(' ').map(Number));
    const times = begun.filter(([, slots]) => slots === 1).map(([at]) => at!);
    // Eight tasks, two in a second: three seconds lie between the first and the last, less what the first took to begin.
    expect(times.at(-1)! - times[0]!).toBeGreaterThan(2_500);
  });

  it('go on where the pool, and they themselves, continue as new in the middle', async () => {
    await startPool({ historyLimit: 40 });
    const execution = await executionOf(poolIdOf(pool));
    const chain = named('t', 12).map((name, i) =>
      holder(name, 0.02, 1, i === 0 ? {} : { needs: [{ task: `t${i - 1}` }] }),
    );
    const input: RunInput = { dag: dagOf([...chain, holder('long', 2)], { slots: 2 }), params: {}, historyLimit: 60 };
    const runs = named(`${pool}-r`, 3);
    for (const workflowId of runs) {
      await client.workflow.start(RUN_WORKFLOW, {
        workflowId,
        taskQueue: 'test',
        args: [input],
        memo: { dag: 'doubles' },
      });
    }
    const first = await Promise.all(runs.map(executionOf));
    for (const runId of runs) expect((await dags.get(runId).result()).status).toBe('succeeded');
    expect(await executionOf(poolIdOf(pool))).not.toBe(execution);
    expect(await Promise.all(runs.map(executionOf))).not.toEqual(first);
    expect(await peak()).toBe(2);
    expect(await dags.pool(pool)).toMatchObject({ taken: 0, waiting: 0 });
  });

  it('lose nothing, and leak nothing, where the worker that has it all is killed', async () => {
    const tasks = named('t', 3).map((name) =>
      doubles.task(name, [], { pool: [{ name: pool, slots: 1 }], timeout: { heartbeat: 2_000 } }),
    );
    const runs = await Promise.all([
      start(`${pool}-a`, dagOf(tasks, { slots: 2 })),
      start(`${pool}-b`, dagOf(tasks, { slots: 2 })),
    ]);
    await expect.poll(standing, POLL).toEqual({ taken: 2, waiting: 4 });
    await expect.poll(() => doubles.begun.length, POLL).toBe(2);
    await worker.kill();
    doubles.auto = () => ({});
    worker = await temporal.spawnWorker();
    for (const run of runs) expect((await run.result()).status).toBe('succeeded');
    expect(await dags.pool(pool)).toMatchObject({ slots: 2, taken: 0, waiting: 0 });
  });

  it('drop what a stranger sends, to the pool or to the run', async () => {
    const run = await start(`${pool}-r`, dagOf([doubles.task('t', [], { pool: [{ name: pool, slots: 1 }] })]));
    await doubles.running('t');
    for (const [workflow, signal] of [
      [poolIdOf(pool), 'leaseRequest'],
      [poolIdOf(pool), 'setPool'],
      [run.runId, 'leasesGranted'],
    ] as const) {
      for (const argument of [undefined, 'x', { run: 5 }, { pool, leases: [999] }, { slots: -1 }]) {
        await client.workflow.getHandle(workflow).signal(signal, argument);
      }
    }
    expect(await dags.pool(pool)).toMatchObject({ slots: 1, taken: 1 });
    await doubles.release('t');
    expect((await run.result()).status).toBe('succeeded');
  });
});

describe('a pool that runs share', () => {
  it('can be made by an operator before any run, whose word counts more than what dags say', async () => {
    await dags.setPool(pool, { slots: 2, rate: { count: 100, per: 1_000 }, policy: 'fair' });
    const listed = expect.objectContaining({ name: pool, slots: 2, policy: 'fair' });
    await expect.poll(() => dags.pools(), POLL).toContainEqual(listed);
    const run = await start(`${pool}-r`, dagOf([holder('t', 0)], { slots: 7 }));
    expect((await run.result()).status).toBe('succeeded');
    expect(await dags.pool(pool)).toMatchObject({ slots: 2, rate: { count: 100, per: 1_000 }, policy: 'fair' });
    await dags.setPool(pool, { rate: null });
    await expect.poll(() => dags.pool(pool), POLL).not.toHaveProperty('rate');
  });

  it('can be made, and looked at, where no worker is up', async () => {
    const alone = await DagClient.connect({ address: temporal.address, taskQueue: 'nobody-works-here' });
    await alone.setPool(pool, { slots: 5, policy: 'srtf' });
    const made = { name: pool, slots: 5, policy: 'srtf', taken: 0, waiting: 0 };
    expect(await alone.pool(pool)).toMatchObject(made);
    await expect.poll(() => alone.pools(), POLL).toContainEqual(expect.objectContaining(made));
    await client.workflow.getHandle(poolIdOf(pool)).terminate();
    await alone.close();
  });

  it('ends where nobody has needed it for long, and is made again by the next run', async () => {
    await startPool({ idleTime: 500 });
    const dag = dagOf([holder('t', 0)]);
    expect((await (await start(`${pool}-a`, dag)).result()).status).toBe('succeeded');
    await expect
      .poll(async () => (await client.workflow.getHandle(poolIdOf(pool)).describe()).status.name, POLL)
      .toBe('COMPLETED');
    await expect(dags.pool(pool)).rejects.toMatchObject({ code: 'POOL_NOT_FOUND' });
    expect((await (await start(`${pool}-b`, dag)).result()).status).toBe('succeeded');
    expect(await dags.pool(pool)).toMatchObject({ slots: 1, taken: 0 });
  });

  it('is refused a change that makes no sense, and is not there where nobody made it', async () => {
    for (const change of [{}, { slots: 0 }, { rate: { count: 1, per: 0 } }, { policy: 'sjf' as 'srtf' }]) {
      await expect(dags.setPool(pool, change)).rejects.toMatchObject({ code: 'POOL_INVALID' });
    }
    await expect(dags.setPool('../x', { slots: 1 })).rejects.toMatchObject({ code: 'POOL_INVALID' });
    await expect(dags.pool(pool)).rejects.toMatchObject({ code: 'POOL_NOT_FOUND' });
  });
});
