import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Dag, Task } from '../src/dag/dag.js';
import type { JsonObject } from '../src/dag/json.js';
import { sealDag } from '../src/spec/sealed-dag.js';
import { broken, EXECUTORS, shell, stand, states, taskOf, type ExecutorHost } from './support/executor-hosts.js';
import { TaskDoubles } from './support/task-doubles.js';

let doubles: TaskDoubles;

beforeEach(async () => {
  doubles = await TaskDoubles.start();
});

afterEach(async () => {
  await doubles.stop();
});

/** A dag by itself, to be a task. */
function part(name: string, tasks: readonly Task[], more: Partial<Dag> = {}): Dag {
  return { name, params: {}, tasks, ...more };
}

function run(name: string, dag: Dag, needs: readonly string[] = [], more: JsonObject = {}): Task {
  const settings = { dag: dag as unknown as JsonObject, ...more };
  return { name, uses: 'dag', with: settings, needs: needs.map((task) => ({ task })) };
}

// A task that is a run of its own behaves the same wherever it runs.
describe.each(EXECUTORS)('a task that is a run, on the %s executor', (_, startHost) => {
  let host: ExecutorHost;

  beforeAll(async () => {
    host = await startHost();
  }, 900_000);

  afterAll(async () => {
    await host.stop();
  });

  it('gives what its dag gives', async () => {
    const inner = part('inner', [doubles.task('a')], {
      params: { city: { type: 'string' } },
      outputs: { rows: '${{ tasks.a.output.rows }}', city: '${{ params.city }}' },
    });
    const after = shell('after', 'echo "$CITY" > "$DAGWRIGHT_OUTPUT"', {
      needs: [{ task: 'sub' }],
      env: { CITY: '${{ string(tasks.sub.output.rows) }}' },
    });
    const tasks = [
      doubles.task('first'),
      run('sub', inner, ['first'], { params: { city: '${{ tasks.first.output }}' } }),
    ];
    const outer = await host.start(sealDag(doubles.dag([...tasks, after])));
    await doubles.release('first', { output: 'Rome' });
    await doubles.release('a', { output: { rows: 7 } });
    const result = await outer.result();
    expect(result.tasks['sub']).toMatchObject({ status: 'succeeded', output: { rows: 7, city: 'Rome' }, attempts: 1 });
    expect(result.tasks['after']).toMatchObject({ output: 7 });
  });

  it('fails where its run does, and says why', async () => {
    const inner = part('inner', [doubles.task('a'), doubles.task('b', ['a'])]);
    const outer = await host.start(sealDag(doubles.dag([run('sub', inner), doubles.task('after', ['sub'])])));
    await doubles.release('a', broken('no more disk'));
    const result = await outer.result();
    expect(states(result)).toEqual({ sub: 'failed', after: 'upstream_failed' });
    expect(result.tasks['sub']?.error).toMatchObject({
      code: 'SUBRUN_FAILED',
      message: `The run ${outer.runId}/sub did not succeed: its task a failed: no more disk.`,
      details: { runId: `${outer.runId}/sub`, status: 'failed', task: 'a' },
      cause: { code: 'TASK_FAILED', message: 'no more disk' },
    });
  });

  it('fails where its run takes longer than its timeout', async () => {
    const inner = part('inner', [doubles.task('a')], { timeout: 300 });
    const outer = await host.start(sealDag(doubles.dag([run('sub', inner)])));
    const result = await outer.result();
    expect(result.tasks['sub']?.error).toMatchObject({ code: 'SUBRUN_FAILED', details: { status: 'timed_out' } });
  });

  it('is cancelled with the run', async () => {
    const inner = part('inner', [doubles.task('a'), doubles.task('b', ['a'])]);
    const outer = await host.start(sealDag(doubles.dag([run('sub', inner), doubles.task('beside')])));
    await doubles.running('a');
    await doubles.running('beside');
    await outer.cancel();
    await doubles.cutOff('a');
    const result = await outer.result();
    expect(result.status).toBe('cancelled');
    expect(states(result)).toEqual({ sub: 'cancelled', beside: 'cancelled' });
    expect(doubles.begun.map(({ task }) => task)).not.toContain('b');
  });

  it.each([
    [true, ['a', 'b', 'a~undo']],
    [false, ['a', 'b']],
  ])('is undone as whoever cancels the run says: %s', async (compensate, begun) => {
    const { uses, with: settings } = doubles.task('undo');
    const undone: Task = { ...doubles.task('a'), compensate: { uses: uses as 'function', with: settings } };
    const inner = part('inner', [undone, doubles.task('b', ['a'])], { compensateOn: compensate ? [] : ['cancelled'] });
    const outer = await host.start(sealDag(doubles.dag([run('sub', inner)])));
    await doubles.release('a');
    await doubles.running('b');
    doubles.auto = () => ({});
    await outer.cancel({ compensate });
    await doubles.cutOff('b');
    expect((await outer.result()).status).toBe('cancelled');
    expect(doubles.begun.map(({ task }) => task)).toEqual(begun);
  });

  it('is cancelled where another task fails, and `failFast` holds: it would start more', async () => {
    const inner = part('inner', [{ name: 'sign', uses: 'approval', with: {}, needs: [] }]);
    const dag = doubles.dag([run('sub', inner), doubles.task('other')]);
    const outer = await host.start(sealDag({ ...dag, failFast: true }));
    await doubles.release('other', broken('no'));
    expect(states(await outer.result())).toEqual({ sub: 'cancelled', other: 'failed' });
  });

  it('is cancelled alone, and the run goes on', async () => {
    const inner = part('inner', [doubles.task('a')]);
    const tasks = [run('sub', inner), doubles.task('after', ['sub'], { triggerRule: 'all_done' })];
    const outer = await host.start(sealDag(doubles.dag(tasks)));
    await doubles.running('a');
    await outer.cancelTask('sub');
    await doubles.cutOff('a');
    await doubles.release('after');
    expect(states(await outer.result())).toEqual({ sub: 'cancelled', after: 'succeeded' });
  });

  it('is paused and resumed with the run', async () => {
    const inner = part('inner', [doubles.task('a'), doubles.task('b', ['a'])]);
    const outer = await host.start(sealDag(doubles.dag([run('sub', inner), doubles.task('beside')])));
    await doubles.running('a');
    await doubles.running('beside');
    await outer.pause({ mode: 'interrupt' });
    await doubles.cutOff('a');
    await doubles.cutOff('beside');
    await stand(outer, { sub: 'running', beside: 'ready' });
    expect((await outer.describe()).state).toBe('paused');
    await outer.resume();
    await doubles.begunTimes('a', 2);
    await doubles.release('a');
    await doubles.release('b');
    await doubles.release('beside');
    expect((await outer.result()).status).toBe('succeeded');
  });

  it('is paused alone, and resumed', async () => {
    const inner = part('inner', [doubles.task('a'), doubles.task('b', ['a'])]);
    const outer = await host.start(sealDag(doubles.dag([run('sub', inner), doubles.task('beside')])));
    await doubles.running('a');
    await outer.pauseTask('sub', { mode: 'interrupt' });
    await doubles.cutOff('a');
    await doubles.release('beside');
    await stand(outer, { beside: 'succeeded' });
    await outer.resumeTask('sub');
    await doubles.begunTimes('a', 2);
    await doubles.release('a');
    await doubles.release('b');
    expect((await outer.result()).status).toBe('succeeded');
  });

  it('is a new run where an operator retries it', async () => {
    const inner = part('inner', [doubles.task('a')]);
    const outer = await host.start(sealDag(doubles.dag([run('sub', inner), doubles.task('beside')])));
    await doubles.release('a', broken('once'));
    await stand(outer, { sub: 'failed' });
    expect((await taskOf(outer, 'sub'))?.error?.details).toMatchObject({ runId: `${outer.runId}/sub` });
    await outer.retryTask('sub');
    await doubles.release('a', broken('twice'));
    await stand(outer, { sub: 'failed' });
    expect((await taskOf(outer, 'sub'))?.error).toMatchObject({
      details: { runId: `${outer.runId}/sub#2` },
      cause: { message: 'twice' },
    });
    await outer.retryTask('sub');
    await doubles.release('a');
    await doubles.release('beside');
    expect((await outer.result()).tasks['sub']).toMatchObject({ status: 'succeeded', attempts: 3 });
  });

  it('has runs within, which a cancel reaches', async () => {
    const innermost = part('innermost', [doubles.task('deep')]);
    const inner = part('inner', [run('sub', innermost)]);
    const outer = await host.start(sealDag(doubles.dag([run('sub', inner), run('other', innermost)])));
    await doubles.running('deep');
    await doubles.begunTimes('deep', 2);
    await outer.cancel();
    expect((await outer.result()).status).toBe('cancelled');
    await doubles.cutOff('deep');
  });

  it('tells the causes of a failure through all runs', async () => {
    const innermost = part('innermost', [doubles.task('deep')]);
    const inner = part('inner', [run('sub', innermost)]);
    const outer = await host.start(sealDag(doubles.dag([run('sub', inner)])));
    await doubles.release('deep', broken('at the bottom'));
    const { error } = (await outer.result()).tasks['sub']!;
    expect(error?.cause?.code).toBe('SUBRUN_FAILED');
    expect(error?.cause?.cause?.message).toBe('at the bottom');
  });
});
