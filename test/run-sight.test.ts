import type { Client } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DagClient } from '../src/client/dag-client.js';
import type { ListOptions } from '../src/client/list-runs.js';
import type { RunHandle } from '../src/client/run-handle.js';
import { FAILED_TASKS_KEY, STATE_KEY, DAG_KEY, TAGS_KEY } from '../src/workflows/search-attribute-keys.js';
import { broken, POLL, stand } from './support/executor-hosts.js';
import { TaskDoubles } from './support/task-doubles.js';
import { TestTemporal } from './support/temporal.js';

let temporal: TestTemporal;
let client: DagClient;
let strangers: Client;
let doubles: TaskDoubles;

beforeAll(async () => {
  temporal = await TestTemporal.start();
  client = (await temporal.startWorker()).client;
  strangers = await temporal.temporalClient();
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

async function listed(options: ListOptions): Promise<string[]> {
  return (await client.list(options)).map(({ runId }) => runId);
}

describe('a list of runs', () => {
  it('holds those in a state, with a tag, of a dag, since a time', async () => {
    const tasks = [doubles.task('a'), doubles.task('b', ['a'])];
    const begin = (name: string, tags: string[]): Promise<RunHandle> =>
      client.start(doubles.dag(tasks, { name, tags }), { runId: name });
    const paused = await begin('one', ['nightly', "team's"]);
    const runs = await begin('two', ['nightly']);
    const failed = await begin('three', ['weekly']);
    await doubles.begunTimes('a', 3);
    await paused.pause();
    const since = new Date();
    const late = await begin('four', []);
    await failed.cancelTask('a');
    await failed.result();

    const expected: readonly (readonly [ListOptions, string[]])[] = [
      // The server itself would name those first that go on.
      [{}, ['four', 'three', 'two', 'one']],
      [{ limit: 2 }, ['four', 'three']],
      [{ limit: 3 }, ['four', 'three', 'two']],
      [{ state: 'paused' }, ['one']],
      [{ state: 'running' }, ['four', 'two']],
      [{ state: 'failed' }, ['three']],
      [{ state: 'cancelled' }, []],
      [{ tag: 'nightly' }, ['two', 'one']],
      [{ tag: "team's" }, ['one']],
      [{ tag: 'nightly', state: 'running' }, ['two']],
      [{ dag: 'three' }, ['three']],
      [{ since }, ['four']],
    ];
    for (const [options, ids] of expected) {
      await expect.poll(() => listed(options), { ...POLL, message: JSON.stringify(options) }).toEqual(ids);
    }
    const [summary] = await client.list({ dag: 'one' });
    expect(summary).toMatchObject({ dag: 'one', state: 'paused', tags: ['nightly', "team's"], failedTasks: 0 });
    for (const run of [paused, runs, late]) {
      await run.cancel();
      await run.result();
    }
    await expect.poll(() => listed({ state: 'paused' }), POLL).toEqual([]);
  });
});

describe('what Temporal itself shows of a run', () => {
  it('is its state, its dag, its tags and how many tasks failed, as search attributes', async () => {
    const tasks = [doubles.task('a'), doubles.task('bad'), doubles.task('b', ['a'])];
    const run = await client.start(doubles.dag(tasks, { name: 'attributed', tags: ['x', 'y'] }));
    const workflow = strangers.workflow.getHandle(run.runId);
    const attributes = async (): Promise<unknown[]> => {
      const { typedSearchAttributes: told } = await workflow.describe();
      return [told.get(DAG_KEY), told.get(STATE_KEY), told.get(FAILED_TASKS_KEY), told.get(TAGS_KEY)];
    };
    await doubles.running('a');
    expect(await attributes()).toEqual(['attributed', 'running', 0, ['x', 'y']]);
    await doubles.release('bad', broken('no'));
    await run.pause();
    await expect.poll(attributes, POLL).toEqual(['attributed', 'paused', 1, ['x', 'y']]);
    await run.resume();
    await expect.poll(attributes, POLL).toEqual(['attributed', 'running', 1, ['x', 'y']]);
    await run.retryTask('bad');
    await doubles.release('bad');
    await doubles.release('a');
    await doubles.release('b');
    expect((await run.result()).status).toBe('succeeded');
    expect(await attributes()).toEqual(['attributed', 'succeeded', 0, ['x', 'y']]);
  });

  it('are its Current Details: counts, failures with their errors, what runs, who paused it', async () => {
    const tasks = [
      doubles.task('a'),
      doubles.task('bad'),
      doubles.task('below', ['bad']),
      doubles.task('held', ['a']),
      doubles.task('last', ['held']),
    ];
    const run = await client.start(doubles.dag(tasks));
    const workflow = strangers.workflow.getHandle(run.runId);
    const details = async (): Promise<string> => {
      const metadata = await workflow.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
      return metadata.currentDetails ?? '';
    };
    await doubles.running('a');
    expect(await details()).toContain('**running**: 0 of 5 tasks have ended');
    await doubles.release('bad', broken('*no* such <month>'));
    await stand(run, { bad: 'failed' });
    await run.pauseTask('held', { by: 'ada' });
    expect((await details()).split('\n')).toEqual([
      '**running**: 2 of 5 tasks have ended',
      '',
      '- 1 upstream_failed, 1 failed, 1 running, 2 pending',
      '- paused tasks: `held`',
      '- failed:',
      '  - `bad`: TASK\\_FAILED: \\*no\\* such \\<month\\>',
      '- running:',
      expect.stringMatching(/^ {2}- `a` since \d\d:\d\d:\d\d UTC$/),
      '',
      expect.stringMatching(/^as of \d\d:\d\d:\d\d UTC$/),
    ]);
    const until = new Date(Date.now() + 3_600_000).toISOString();
    await run.pause({ by: 'bob', until });
    expect(await details()).toContain(`- paused by bob (drain); goes on at ${until}`);
    await run.resume();
    await run.cancel();
    await run.result();
    expect(await details()).toContain('**cancelled**: 5 of 5 tasks have ended');
  });

  it('is its summary, and its details before it has done anything', async () => {
    const run = await client.start(doubles.dag([doubles.task('a')], { description: 'Sums it up.', tags: ['x'] }));
    const told = await strangers.workflow.getHandle(run.runId).describe();
    expect(await told.staticSummary()).toBe('doubles');
    expect(await told.staticDetails()).toContain('Sums it up.');
    await doubles.release('a');
    await run.result();
  });
});
