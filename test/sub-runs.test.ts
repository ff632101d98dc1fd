import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Client } from '@temporalio/client';
import type { RunHandle } from '../src/client/run-handle.js';
import type { Dag, Task } from '../src/dag/dag.js';
import type { JsonObject } from '../src/dag/json.js';
import { RUN_WORKFLOW, type RunInput } from '../src/workflows/messages.js';
import { POLL, stand } from './support/executor-hosts.js';
import { TaskDoubles } from './support/task-doubles.js';
import { TestTemporal } from './support/temporal.js';

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

async function start(runId: string, dag: Dag, more: Partial<RunInput> = {}): Promise<RunHandle> {
  const input: RunInput = { dag, params: {}, ...more };
  const options = { workflowId: runId, taskQueue: 'test', args: [input], memo: { dag: dag.name } };
  await client.workflow.start(RUN_WORKFLOW, options);
  return get(runId);
}

async function get(runId: string): Promise<RunHandle> {
  return (await temporal.client()).get(runId);
}

/** Which execution of the run is the latest. */
async function executionOf(runId: string): Promise<string> {
  return (await client.workflow.getHandle(runId).describe()).runId;
}

async function statusOf(runId: string): Promise<string> {
  return (await client.workflow.getHandle(runId).describe()).status.name;
}

function run(name: string, tasks: readonly Task[], needs: readonly string[] = []): Task {
  const dag: Dag = { name: 'inner', params: {}, tasks };
  return { name, uses: 'dag', with: { dag: dag as unknown as JsonObject }, needs: needs.map((task) => ({ task })) };
}

function chain(length: number, first: readonly string[] = []): Task[] {
  return Array.from({ length }, (_, i) => doubles.task(`t${i}`, i === 0 ? first : [`t${i - 1}`]));
}

/** So few events that a chain of tasks takes several executions. */
const historyLimit = 60;
/** Milliseconds. */
const probeInterval = 300;

/** Starts a run whose task `sub` is under way while it continues as new, more than once. */
async function startAcross(runId: string): Promise<RunHandle> {
  doubles.auto = (task) => (task.startsWith('t') ? {} : undefined);
  const tasks = [run('sub', [doubles.task('inner')]), doubles.task('gate'), ...chain(30, ['gate'])];
  const outer = await start(runId, doubles.dag([...tasks, doubles.task('after', ['sub'])]), {
    historyLimit,
    probeInterval,
  });
  await doubles.running('inner');
  const execution = await executionOf(runId);
  await doubles.release('gate');
  await stand(outer, { t29: 'succeeded' });
  expect(await executionOf(runId)).not.toBe(execution);
  return outer;
}

describe('a run that is a task, on Temporal', () => {
  it('is a run like others: it is found, described and steered by its own id', async () => {
    const outer = await (await temporal.client()).start(doubles.dag([doubles.task('a')], { name: 'plain' }));
    await doubles.release('a');
    await outer.result();
    await start('parent', doubles.dag([run('sub', [doubles.task('b'), doubles.task('c', ['b'])])]), {
      searchAttributes: true,
    });
    await doubles.running('b');
    const inner = await get('parent/sub');
    expect(await inner.describe()).toMatchObject({
      dag: 'inner',
      state: 'running',
      counts: { running: 1, pending: 1 },
    });
    const { memo } = await client.workflow.getHandle('parent/sub').describe();
    expect(memo).toMatchObject({ dag: 'inner', parent: 'parent' });
    const list = async (): Promise<readonly string[]> =>
      (await (await temporal.client()).list({ dag: 'inner' })).map(({ runId }) => runId);
    await expect.poll(list, POLL).toEqual(['parent/sub']);
    await inner.completeTask('b');
    await doubles.release('c');
    expect((await (await get('parent')).result()).status).toBe('succeeded');
  });

  it('survives that its parent continues as new', async () => {
    const outer = await startAcross('across');
    await doubles.release('inner');
    await doubles.release('after');
    const result = await outer.result();
    expect(result.status).toBe('succeeded');
    expect(result.tasks['sub']).toMatchObject({ status: 'succeeded', attempts: 1 });
  });

  it('is cancelled with a parent that has continued as new', async () => {
    const outer = await startAcross('across-cancelled');
    await outer.cancel();
    await doubles.cutOff('inner');
    const result = await outer.result();
    expect(result.tasks['sub']).toMatchObject({ status: 'cancelled' });
    expect(await statusOf('across-cancelled/sub')).toBe('CANCELLED');
  });

  it('is missed by a parent that has continued as new, where it was terminated', async () => {
    const outer = await startAcross('across-terminated');
    await client.workflow.getHandle('across-terminated/sub').terminate('by hand');
    const result = await outer.result();
    expect(result.tasks['sub']).toMatchObject({
      status: 'failed',
      error: { code: 'SUBRUN_FAILED', details: { runId: 'across-terminated/sub' } },
    });
  });

  it('is missed where it was terminated', async () => {
    const outer = await start('terminated', doubles.dag([run('sub', [doubles.task('inner')])]));
    await doubles.running('inner');
    await client.workflow.getHandle('terminated/sub').terminate('by hand');
    const { error } = (await outer.result()).tasks['sub']!;
    expect(error).toMatchObject({ code: 'SUBRUN_FAILED', message: expect.stringMatching(/terminated/) as string });
  });

  it('is cancelled where somebody cancels it by its own id', async () => {
    const outer = await start('by-id', doubles.dag([run('sub', [doubles.task('inner')]), doubles.task('beside')]));
    await doubles.running('inner');
    await (await get('by-id/sub')).cancel();
    await stand(outer, { sub: 'cancelled' });
    await doubles.release('beside');
    expect((await outer.result()).tasks['beside']?.status).toBe('succeeded');
  });

  it('continues as new itself, and its parent hears of its end', async () => {
    doubles.auto = (task) => (task === 'last' ? undefined : { output: task });
    const tasks = [...chain(40), doubles.task('last', ['t39'])];
    const outer = await start('inner-across', doubles.dag([run('sub', tasks)]), { historyLimit });
    await doubles.running('last');
    const history = await client.workflow.getHandle('inner-across/sub').fetchHistory();
    expect(history.events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId).toBeTruthy();
    await doubles.release('last');
    expect((await outer.result()).tasks['sub']).toMatchObject({ status: 'succeeded' });
  });

  it('is a run under a new id where its task starts again', async () => {
    const outer = await start('again', doubles.dag([run('sub', [doubles.task('inner')]), doubles.task('beside')]));
    await doubles.running('inner');
    await client.workflow.getHandle('again/sub').terminate('by hand');
    await doubles.cutOff('inner');
    await stand(outer, { sub: 'failed' });
    await outer.retryTask('sub');
    await doubles.begunTimes('inner', 2);
    expect(await statusOf('again/sub#2')).toBe('RUNNING');
    await doubles.release('inner');
    await doubles.release('beside');
    expect((await outer.result()).status).toBe('succeeded');
  });

  it('fails where there is a run of its id already', async () => {
    const other = await start('taken/sub', doubles.dag([doubles.task('other')]));
    const outer = await start('taken', doubles.dag([run('sub', [doubles.task('inner')])]));
    const { error } = (await outer.result()).tasks['sub']!;
    expect(error?.message).toBe('The run taken/sub did not succeed: there is a run of this id already.');
    await other.cancel();
    await doubles.cutOff('other');
  });

  it('cancels itself where its parent was terminated', async () => {
    await start('orphaned', doubles.dag([run('sub', [doubles.task('inner')])]), { probeInterval });
    await doubles.running('inner');
    await client.workflow.getHandle('orphaned').terminate('by hand');
    await doubles.cutOff('inner');
    const result = await (await get('orphaned/sub')).result();
    expect(result.status).toBe('cancelled');
    expect(result.acts?.[0]?.message).toContain('The run orphaned has gone.');
  });

  it('is not lost where its worker dies', async () => {
    const other = await TestTemporal.start();
    try {
      const worker = await other.spawnWorker();
      const tasks = [doubles.task('inner')].map((task) => ({ ...task, timeout: { heartbeat: 2_000 } }));
      const outer = await (
        await other.temporalClient()
      ).workflow.start(RUN_WORKFLOW, {
        workflowId: 'killed',
        taskQueue: 'test',
        args: [{ dag: doubles.dag([run('sub', tasks)]), params: {} } satisfies RunInput],
      });
      await doubles.running('inner');
      await worker.kill();
      await other.spawnWorker();
      await doubles.begunTimes('inner', 2);
      await doubles.release('inner');
      expect(await outer.result()).toMatchObject({ status: 'succeeded' });
    } finally {
      await other.stop();
    }
  });
});
