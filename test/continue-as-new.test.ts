import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Client } from '@temporalio/client';
import type { RunHandle } from '../src/client/run-handle.js';
import type { Dag, Task } from '../src/dag/dag.js';
import { RUN_WORKFLOW, type DescriptionPage } from '../src/workflows/messages.js';
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

/** Starts a run that continues as new after so few events that a small dag does it many times. */
async function start(runId: string, dag: Dag, historyLimit: number): Promise<RunHandle> {
  const input = { dag, params: {}, historyLimit };
  await client.workflow.start(RUN_WORKFLOW, {
    workflowId: runId,
    taskQueue: 'test',
    args: [input],
    memo: { dag: dag.name },
  });
  return (await temporal.client()).get(runId);
}

async function executionsOf(runId: string): Promise<number> {
  let count = 0;
  await expect
    .poll(async () => {
      const executions = client.workflow.list({ query: `WorkflowId = '${runId}'` });
      count = 0;
      for await (const _ of executions) count++;
      return count;
    })
    .toBeGreaterThan(0);
  return count;
}

function chain(length: number): Task[] {
  return Array.from({ length }, (_, i) => doubles.task(`t${i}`, i === 0 ? [] : [`t${i - 1}`]));
}

describe('a run that continues as new', () => {
  it('keeps outputs, attempts, errors and times of what has ended before', async () => {
    const tasks = [
      ...chain(60),
      doubles.task('bad', []),
      doubles.task('flaky', [], { retry: { maximumAttempts: 2, initialInterval: 1 } }),
    ];
    doubles.auto = (task, attempt) => {
      if (task === 'bad') return { fail: { message: 'broken', retryable: false } };
      return task === 'flaky' && attempt === 1 ? { fail: { message: 'once' } } : { output: `of ${task}` };
    };
    const run = await start('long-chain', doubles.dag(tasks), 60);
    const result = await run.result();
    expect(await executionsOf('long-chain')).toBeGreaterThan(2);
    expect(result.status).toBe('failed');
    expect(result.tasks['bad']).toMatchObject({ status: 'failed', error: { message: 'broken' } });
    expect(result.tasks['flaky']).toMatchObject({ status: 'succeeded', attempts: 2, output: 'of flaky' });
    for (let i = 0; i < 60; i++) {
      expect(result.tasks[`t${i}`]).toMatchObject({ status: 'succeeded', attempts: 1, output: `of t${i}` });
    }
    expect(doubles.begun).toHaveLength(63);
    const times = tasks.slice(0, 60).map(({ name }) => result.tasks[name]!.startedAt!);
    expect(times).toEqual([...times].sort());
  });

  it('lets no other task wait for one that takes long, and loses neither', async () => {
    doubles.auto = (task) => (task === 'long' ? undefined : {});
    const run = await start('with-a-long-task', doubles.dag([doubles.task('long'), ...chain(110)]), 300);
    await expect
      .poll(async () => (await run.describe()).counts, { timeout: 60_000 })
      .toEqual({ succeeded: 110, running: 1 });
    await doubles.release('long', { output: 'at last' });
    const result = await run.result();
    expect(result.status).toBe('succeeded');
    expect(result.tasks['long']).toMatchObject({ attempts: 1, output: 'at last' });
    expect(doubles.begun).toHaveLength(111);
  });

  it('hands long tasks to a child workflow that outlives it, and stops them there at cancel', async () => {
    // `first` runs when the limit is reached; `long` becomes ready then, and goes to a child.
    const tasks = [doubles.task('first'), ...chain(40), doubles.task('long', ['t39']), doubles.task('after', ['long'])];
    doubles.auto = (task) => (task === 'first' || task === 'long' || task === 'after' ? undefined : {});
    const run = await start('cancelled-child', doubles.dag(tasks), 120);
    await doubles.running('long');
    await doubles.release('first');
    await expect.poll(() => executionsOf('cancelled-child')).toBeGreaterThan(1);
    expect((await run.describe()).tasks.find((task) => task.name === 'long')?.state).toBe('running');
    await run.cancel();
    await doubles.cutOff('long');
    const result = await run.result();
    expect(result.status).toBe('cancelled');
    expect(result.tasks['long']?.status).toBe('cancelled');
    expect(result.tasks['after']?.status).toBe('cancelled');
    expect(result.tasks['t39']?.status).toBe('succeeded');
  });

  it('takes a pause along', async () => {
    const tasks = [doubles.task('first'), ...chain(40), doubles.task('last', ['t39'])];
    doubles.auto = (task) => (task === 'first' || task === 't30' ? undefined : {});
    // Far from five times as many events, at which a run starts nothing until what runs has ended.
    const run = await start('paused-across', doubles.dag(tasks), 100);
    await doubles.running('t30');
    await run.pause();
    await expect.poll(async () => (await run.describe()).state).toBe('paused');
    await doubles.release('t30');
    await doubles.release('first');
    await expect.poll(async () => (await run.describe()).counts['running'] ?? 0).toBe(0);
    await expect.poll(() => executionsOf('paused-across')).toBeGreaterThan(1);
    expect((await run.describe()).state).toBe('paused');
    await run.resume();
    expect((await run.result()).status).toBe('succeeded');
    expect(doubles.begun).toHaveLength(42);
  });
});

describe('a very large run', () => {
  it('completes 20,000 short tasks', async () => {
    const noop = { uses: 'function', with: { name: 'noop' } } as const;
    const tasks = Array.from({ length: 20_000 }, (_, i): Task => {
      return { name: `task-${i}`, ...noop, needs: i < 200 ? [] : [{ task: `task-${i - 200}` }] };
    });
    const run = await (await temporal.client()).start({ name: 'large', params: {}, tasks }, { runId: 'large' });
    const names = tasks.map(({ name }) => name);
    // Each answer is within what the server takes, and the parts together are the whole.
    const live = await run.describe();
    expect(live.tasks.map(({ name }) => name)).toEqual(names);
    const page = await client.workflow.getHandle('large').query<DescriptionPage, [object]>('describe', { from: 7_000 });
    expect(page.description.tasks[0]?.name).toBe('task-7000');
    expect(page.description.tasks.length).toBeLessThan(20_000 - 7_000);
    expect(page.next).toBe(7_000 + page.description.tasks.length);
    const result = await run.result();
    expect(result.status).toBe('succeeded');
    const ends = Object.values(result.tasks);
    expect(ends).toHaveLength(20_000);
    expect(ends.every(({ status, attempts }) => status === 'succeeded' && attempts === 1)).toBe(true);
    expect(await executionsOf('large')).toBeGreaterThan(1);
    const ended = await run.describe();
    expect(ended.tasks.map(({ name }) => name)).toEqual(names);
    expect(ended.counts).toEqual({ succeeded: 20_000 });
  }, 600_000);
});
