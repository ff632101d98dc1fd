import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runCli } from '../src/cli/program.js';
import type { DagClient } from '../src/client/dag-client.js';
import type { RunHandle } from '../src/client/run-handle.js';
import type { Dag, Task } from '../src/dag/dag.js';
import type { RunInput } from '../src/workflows/messages.js';
import {
  samplesSignal,
  STATS_MEMO,
  STATS_WORKFLOW,
  statsWorkflowId,
  type StatsInput,
} from '../src/workflows/stats-messages.js';
import { POLL } from './support/executor-hosts.js';
import { TestTemporal } from './support/temporal.js';

let temporal: TestTemporal;
let strangers: Client;

beforeAll(async () => {
  temporal = await TestTemporal.start();
  strangers = await temporal.temporalClient();
}, 900_000);

afterAll(async () => {
  await temporal.stop();
});

function sleeping(name: string, seconds: number, more: Partial<Task> = {}): Task {
  return { name, uses: 'shell', with: { run: `sleep ${seconds}` }, needs: [], ...more };
}

function dagOf(name: string, tasks: readonly Task[], more: Partial<Dag> = {}): Dag {
  return { name, params: {}, tasks, ...more };
}

/** What is known of a dag once it is this much: samples reach it some seconds after they were taken. */
async function countsOf(client: DagClient, dag: string): Promise<Record<string, number>> {
  const { tasks } = await client.stats(dag).catch(() => ({ tasks: [] }));
  return Object.fromEntries(tasks.map(({ task, count }) => [task, count]));
}

/** With what the run was started. */
async function inputOf(runId: string): Promise<RunInput> {
  const { events } = await strangers.workflow.getHandle(runId).fetchHistory();
  const [payload] = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  return JSON.parse(Buffer.from(payload?.data ?? []).toString()) as RunInput;
}

/** Runs a command line here. */
async function runCommand(...args: readonly string[]): Promise<{ readonly code: number; readonly stdout: string }> {
  const texts: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => texts.push(String(text)) > 0);
  try {
    return { code: await runCli([...args, '--address', temporal.address]), stdout: texts.join('') };
  } finally {
    write.mockRestore();
  }
}

describe('what is learned of the tasks of a dag', () => {
  it('comes from their successes, is read without a worker, and goes into the next run', async () => {
    const worker = await temporal.startWorker();
    const dag = dagOf('learner', [
      sleeping('short', 0.05),
      sleeping('long', 0.4),
      sleeping('each', 0.01, { forEach: [1, 2, 3] }),
      sleeping('told', 0.01, { estimate: 5_000 }),
      { name: 'bad', uses: 'shell', with: { run: 'exit 1' }, needs: [], continueOnError: true },
    ]);
    const first = await worker.client.start(dag);
    expect((await first.result()).status).toBe('succeeded');
    expect(await inputOf(first.runId)).not.toHaveProperty('estimates');
    await expect.poll(() => countsOf(worker.client, 'learner'), POLL).toEqual({ each: 3, long: 1, short: 1, told: 1 });
    await worker.shutdown();

    const client = await temporal.client();
    const { tasks } = await client.stats('learner');
    const long = tasks.find(({ task }) => task === 'long');
    expect(long).toMatchObject({ samples: 1, estimate: long?.latest, p90: long?.latest });
    expect(long?.estimate).toBeGreaterThanOrEqual(400);
    expect(long?.estimate).toBeLessThan(5_000);
    const next = await client.start(dag);
    const { estimates } = await inputOf(next.runId);
    expect(Object.keys(estimates?.['learner'] ?? {}).toSorted()).toEqual(['each', 'long', 'short']);
    expect(estimates?.['learner']?.['long']).toEqual({ time: long?.estimate });
    const again = await temporal.startWorker();
    await next.result();
    await again.shutdown();
  });

  it('orders the next run, tells when that ends, and shows in `dagwright stats`', async () => {
    const worker = await temporal.startWorker();
    const tasks = [sleeping('long', 1), sleeping('short', 0.1), sleeping('middle', 0.5)];
    const dag = dagOf('ordered', tasks, { concurrency: 1, policy: 'sjf' });
    const orderOf = async (run: RunHandle): Promise<string[]> => {
      const ends = Object.entries((await run.result()).tasks).map(
        ([name, task]) => [name, task.endedAt ?? ''] as const,
      );
      return ends.toSorted(([, a], [, b]) => (a < b ? -1 : 1)).map(([name]) => name);
    };
    expect(await orderOf(await worker.client.start(dag))).toEqual(['long', 'short', 'middle']);
    await expect.poll(() => countsOf(worker.client, 'ordered'), POLL).toEqual({ long: 1, middle: 1, short: 1 });

    // The worker's own client knows for some seconds that nothing is known.
    const client = await temporal.client();
    const next = await client.start(dag);
    const { startedAt, estimatedEnd } = await next.describe();
    const foreseen = Date.parse(estimatedEnd ?? '') - Date.parse(startedAt);
    expect(foreseen).toBeGreaterThanOrEqual(1_600);
    expect(foreseen).toBeLessThan(10_000);
    expect(await orderOf(next)).toEqual(['short', 'middle', 'long']);

    const shown = await runCommand('stats', 'ordered', '--json');
    expect(shown.code).toBe(0);
    expect(JSON.parse(shown.stdout)).toMatchObject({
      dag: 'ordered',
      tasks: [{ task: 'long' }, { task: 'middle' }, { task: 'short' }],
    });
    const table = await runCommand('stats', 'ordered');
    expect(table.stdout.split('\n')[0]).toMatch(/^TASK +RUNS +ESTIMATE +P90 +LATEST +OFF BY$/);
    const unknown = await runCommand('stats', 'nobody', '--json');
    expect([unknown.code, JSON.parse(unknown.stdout)]).toMatchObject([1, { error: { code: 'STATS_NOT_FOUND' } }]);
    await worker.shutdown();
  });

  it('is sent when its worker shuts down, and survives one that is killed', async () => {
    const spawned = await temporal.spawnWorker();
    const client = await temporal.client();
    const dag = dagOf('mortal', [sleeping('only', 0.01)]);
    await (await client.start(dag)).result();
    await expect.poll(() => countsOf(client, 'mortal'), POLL).toEqual({ only: 1 });
    await spawned.kill();

    const worker = await temporal.startWorker();
    await (await client.start(dag)).result();
    await worker.shutdown();
    const last = await temporal.startWorker();
    await expect.poll(() => countsOf(client, 'mortal'), POLL).toEqual({ only: 2 });
    await last.shutdown();
  });

  it('is kept when its workflow continues as new, and forgotten when that is terminated', async () => {
    const worker = await temporal.startWorker();
    const workflowId = statsWorkflowId('lasting');
    const stats = await strangers.workflow.start(STATS_WORKFLOW, {
      workflowId,
      taskQueue: 'test',
      args: [{ dag: 'lasting', historyLimit: 12 } satisfies StatsInput],
    });
    const latest = strangers.workflow.getHandle(workflowId);
    const tell = (time: number): Promise<void> =>
      latest.signal(samplesSignal, [{ task: 'a', times: [time], count: 1 }]);
    for (let time = 1; time <= 12; time++) await tell(time);
    await expect.poll(async () => (await latest.describe()).runId, POLL).not.toBe(stats.firstExecutionRunId);
    const kept = { task: 'a', count: 12, samples: 12, estimate: 7, latest: 12 };
    expect((await worker.client.stats('lasting')).tasks).toMatchObject([kept]);
    await tell(13);
    await expect
      .poll(async () => (await worker.client.stats('lasting')).tasks, POLL)
      .toMatchObject([{ task: 'a', count: 13, samples: 13, estimate: 7, latest: 13 }]);

    await latest.terminate();
    await expect(worker.client.stats('lasting')).rejects.toMatchObject({ code: 'STATS_NOT_FOUND' });
    await worker.shutdown();
  });

  it('goes on with the workers that are there, where it was begun on a task queue that has none any more', async () => {
    const workflowId = statsWorkflowId('moved');
    const worker = await temporal.startWorker();
    const begun = await strangers.workflow.start(STATS_WORKFLOW, {
      workflowId,
      taskQueue: 'gone',
      args: [{ dag: 'moved' } satisfies StatsInput],
      memo: {
        [STATS_MEMO]: { at: '2026-11-01T12:00:00.000Z', tasks: [['old', 9, 9, 1_000, 1_000, 1_000, 0.1, null]] },
      },
    });
    await (await worker.client.start(dagOf('moved', [sleeping('only', 0.01)]))).result();
    await expect.poll(() => countsOf(worker.client, 'moved'), POLL).toEqual({ old: 9, only: 1 });
    const { runId, taskQueue } = await strangers.workflow.getHandle(workflowId).describe();
    expect([runId === begun.firstExecutionRunId, taskQueue]).toEqual([false, 'test']);
    expect((await worker.client.stats('moved')).tasks[0]).toMatchObject({ task: 'old', samples: 1, estimate: 1_000 });
    await worker.shutdown();
  });

  it('takes no harm from signals that make no sense', async () => {
    const worker = await temporal.startWorker();
    const workflowId = statsWorkflowId('abused');
    const handle = await strangers.workflow.signalWithStart(STATS_WORKFLOW, {
      workflowId,
      taskQueue: 'test',
      args: [],
      signal: 'samples',
      signalArgs: ['nonsense'],
    });
    const nonsense = [null, 3, [{ task: 'a' }], [{ task: 'a', times: [-1, 'x'] }], [{ task: '', times: [1] }]];
    for (const argument of nonsense) await handle.signal('samples', argument);
    await handle.signal('samples', [{ task: 'a', times: [7] }]);
    await expect.poll(() => countsOf(worker.client, 'abused'), POLL).toEqual({ a: 1 });
    expect(await worker.client.list({ dag: 'abused' })).toEqual([]);
    await worker.shutdown();
  });
});
