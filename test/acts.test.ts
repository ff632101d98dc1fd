import { ApplicationFailure, WorkflowUpdateFailedError, type Client, type WorkflowHandle } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DagClient } from '../src/client/dag-client.js';
import type { RunHandle } from '../src/client/run-handle.js';
import type { ActAnswer } from '../src/run/act.js';
import { stand, states } from './support/executor-hosts.js';
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

/** A run of `a`, which runs, and `b`, which needs it; and the run as Temporal's own client holds it. */
async function started(): Promise<{ run: RunHandle; workflow: WorkflowHandle }> {
  const run = await client.start(doubles.dag([doubles.task('a'), doubles.task('b', ['a'])]));
  await doubles.running('a');
  return { run, workflow: strangers.workflow.getHandle(run.runId) };
}

async function succeeds(run: RunHandle): Promise<void> {
  await doubles.release('a');
  await doubles.release('b');
  expect(states(await run.result())).toEqual({ a: 'succeeded', b: 'succeeded' });
}

/** The update, with no arguments where none is given. */
function send(workflow: WorkflowHandle, name: string, ...[input]: [unknown?]): Promise<ActAnswer> {
  return input === undefined
    ? workflow.executeUpdate<ActAnswer, []>(name)
    : workflow.executeUpdate<ActAnswer, [unknown]>(name, { args: [input] });
}

async function statusOf(run: RunHandle): Promise<string> {
  return (await strangers.workflow.getHandle(run.runId).describe()).status.name;
}

describe("signals of Temporal's own client", () => {
  it('pause, resume and cancel without arguments', async () => {
    const { run, workflow } = await started();
    await workflow.signal('pause');
    expect(await run.describe()).toMatchObject({ state: 'paused', pause: { mode: 'drain' } });
    await workflow.signal('resume');
    expect(await run.describe()).toMatchObject({ state: 'running' });
    await workflow.signal('cancel');
    await doubles.cutOff('a');
    const result = await run.result();
    expect(result.status).toBe('cancelled');
    expect(result.acts?.map(({ act }) => act)).toEqual(['pause', 'resume', 'cancel']);
  });

  it('take the same arguments as the acts', async () => {
    const { run, workflow } = await started();
    const until = new Date(Date.now() + 3_600_000).toISOString();
    await workflow.signal('pause', { mode: 'interrupt', until, by: 'ada', id: 'p' });
    await workflow.signal('pause', { mode: 'interrupt', until, by: 'ada', id: 'p' });
    await doubles.cutOff('a');
    await stand(run, { a: 'ready' });
    expect(await run.describe()).toMatchObject({ pause: { mode: 'interrupt', until, by: 'ada' }, acts: [{ id: 'p' }] });
    await workflow.signal('resume', { by: 'bob' });
    await doubles.running('a');
    await workflow.signal('cancel', { reason: 'Wrong month.' });
    const result = await run.result();
    expect(result.acts).toMatchObject([
      { act: 'pause', by: 'ada' },
      { act: 'resume', by: 'bob' },
      { act: 'cancel', message: expect.stringContaining('Wrong month.') },
    ]);
  });

  it('that make no sense change nothing, and the run goes on', async () => {
    const { run, workflow } = await started();
    const nonsense: readonly (readonly unknown[])[] = [
      ...[7, 'hard', ['drain'], [null], true, '', { mode: 'hard' }, { until: 'tomorrow' }, { speed: 9 }, { by: 7 }].map(
        (one) => [one],
      ),
      [{ until: '2020-01-01T00:00:00Z' }],
      [{ reason: 'x'.repeat(501) }],
    ];
    for (const args of nonsense) {
      for (const signal of ['pause', 'resume', 'cancel', 'tasksEnded']) {
        // Of these a resume, or a list of no ends, may be understood, and does nothing.
        await workflow.signal(signal, ...args);
      }
    }
    await workflow.signal('explode', { task: 'a' });
    await workflow.signal('tasksEnded', [{ task: 0, outcome: 'succeeded', attempts: 1 }, { task: 99 }]);
    expect(await run.describe()).toMatchObject({ state: 'running' });
    expect((await run.describe()).acts ?? []).toEqual([]);
    await succeeds(run);
  });

  it('cancel a run by a request, as the Web UI does', async () => {
    const { run, workflow } = await started();
    await workflow.cancel();
    await doubles.cutOff('a');
    expect(await run.result()).toMatchObject({ status: 'cancelled', acts: [{ act: 'cancel' }] });
    expect(await statusOf(run)).toBe('CANCELLED');
  });
});

describe("updates of Temporal's own client", () => {
  /** The code with which an update is refused. */
  async function refusal(workflow: WorkflowHandle, update: string, ...args: [unknown?]): Promise<string> {
    const error: unknown = await send(workflow, update, ...args).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WorkflowUpdateFailedError);
    const { cause } = error as WorkflowUpdateFailedError;
    expect(cause).toBeInstanceOf(ApplicationFailure);
    expect((cause as ApplicationFailure).message.length).toBeGreaterThan(5);
    return String((cause as ApplicationFailure).type);
  }

  it('do what they say, with input written by hand', async () => {
    const { run, workflow } = await started();
    const update = (name: string, ...args: [unknown?]) => send(workflow, name, ...args);
    expect(await update('pause')).toMatchObject({ changed: true, state: 'paused' });
    expect(await update('resume', {})).toMatchObject({ changed: true, state: 'running' });
    expect(await update('setPriority', { task: 'b', priority: 3 })).toMatchObject({ changed: true });
    expect(await update('setConcurrency', { concurrency: 2 })).toMatchObject({ changed: true });
    expect(await update('setPolicy', { policy: 'priority' })).toMatchObject({ changed: true });
    const added = { name: 'c', uses: 'shell', with: { run: 'true' }, needs: [{ task: 'a' }] };
    expect(await update('addTasks', { tasks: [added], needs: { b: ['c'] } })).toMatchObject({ changed: true });
    expect(await update('pauseTask', { task: 'b', by: 'ada' })).toMatchObject({ changed: true });
    expect(await update('resumeTask', { task: 'b' })).toMatchObject({ changed: true });
    expect(await update('completeTask', { task: 'c', output: [1] })).toMatchObject({ changed: true });
    expect(await update('retryTask', { task: 'b' })).toMatchObject({ changed: false });
    expect(await update('skipTask', { task: 'b' })).toMatchObject({ changed: true });
    expect(await update('cancelTask', { task: 'a' })).toMatchObject({ changed: true });
    const result = await run.result();
    expect(states(result)).toEqual({ a: 'cancelled', b: 'skipped', c: 'succeeded' });
    expect(result.acts).toHaveLength(12);
  });

  it('that are refused say why, and never enter the history', async () => {
    const { run, workflow } = await started();
    for (const nonsense of [7, 'a', ['a'], { speed: 1 }, { by: '' }]) {
      for (const name of ['pause', 'resume', 'cancel', 'pauseTask', 'addTasks']) {
        expect(await refusal(workflow, name, nonsense), name).toBe('ACT_INVALID');
      }
    }
    expect(await refusal(workflow, 'skipTask')).toBe('ACT_INVALID');
    expect(await refusal(workflow, 'skipTask', { task: 'nobody' })).toBe('TASK_NOT_FOUND');
    expect(await refusal(workflow, 'setPolicy', { policy: 'luck' })).toBe('ACT_INVALID');
    expect(await refusal(workflow, 'pauseTask', { task: 'a' })).toBe('ACT_REFUSED');
    const cycle = { name: 'c', uses: 'shell', with: { run: 'true' }, needs: [{ task: 'b' }] };
    expect(await refusal(workflow, 'addTasks', { tasks: [cycle], needs: { b: ['c'] } })).toBe('DAG_INVALID');
    await succeeds(run);
    const { events = [] } = await workflow.fetchHistory();
    expect((events ?? []).filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes)).toEqual([]);
  });

  // What a task may be is checked by Dagwright's own clients: by hand anything may come, and the run must not stand still.
  it.each([
    ['amounts that no server takes', { retry: { maximumAttempts: 1e12 } }],
    ['a time limit past all bounds', { timeout: { startToClose: 1e18 } }],
    ['an interval past all bounds', { retry: { initialInterval: 1e18, maximumInterval: 1e18 } }],
    ['arguments that are no list', { uses: 'activity', with: { type: 'X', args: 7 } }],
    ['a task queue that is no text', { uses: 'activity', with: { type: 'X', taskQueue: 7 } }],
    ['an activity without a name', { uses: 'activity', with: { type: '' } }],
    ['settings of nothing', { with: {} }],
    ['the same dependency twice', { needs: [{ task: 'a' }, { task: 'a' }] }],
  ])(
    'that add a task with %s are refused, or the task fails',
    async (_what, odd) => {
      const { run, workflow } = await started();
      const task = { name: 'odd', uses: 'shell', with: { run: 'true' }, needs: [], ...odd };
      const isRefused = await workflow
        .executeUpdate('addTasks', { args: [{ tasks: [task] }] })
        .then(() => false)
        .catch((error: unknown) => error instanceof WorkflowUpdateFailedError);
      await doubles.release('a');
      await doubles.release('b');
      const ended = { a: 'succeeded', b: 'succeeded' };
      expect(states(await run.result())).toEqual(isRefused ? ended : { ...ended, odd: expect.any(String) });
    },
    40_000,
  );
});

describe('cancel', () => {
  it('closes the run as cancelled in Temporal, too', async () => {
    const { run } = await started();
    await run.cancel({ by: 'ada', reason: 'enough' });
    expect(await run.result()).toMatchObject({ status: 'cancelled', acts: [{ act: 'cancel', by: 'ada' }] });
    expect(await statusOf(run)).toBe('CANCELLED');
  });

  it('does so where nothing runs that would have to stop first', async () => {
    const { run } = await started();
    await run.pause();
    await doubles.release('a');
    await stand(run, { a: 'succeeded', b: 'ready' });
    await run.cancel();
    expect(states(await run.result())).toEqual({ a: 'succeeded', b: 'cancelled' });
    expect(await statusOf(run)).toBe('CANCELLED');
  });

  it.each(['cancelTask', 'skipTask', 'completeTask'] as const)(
    'and %s abort the request of an http task',
    async (type) => {
      const url = `${doubles.url}?task=call&attempt=1`;
      const run = await client.start(doubles.dag([{ name: 'call', uses: 'http', with: { url }, needs: [] }]));
      await doubles.running('call');
      await run.act({ type, task: 'call' });
      await doubles.cutOff('call');
      expect((await run.result()).tasks['call']?.status).toBe(
        { cancelTask: 'cancelled', skipTask: 'skipped', completeTask: 'succeeded' }[type],
      );
    },
  );
});
