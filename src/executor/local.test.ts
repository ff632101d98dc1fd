import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TaskFailure, type Handler, type TaskContext } from '../activities/handler.js';
import { createHandlers } from '../activities/handlers.js';
import { attemptLogPath } from '../activities/log.js';
import { SYSTEM_CLOCK } from '../activities/timer.js';
import type { Dag, Task } from '../dag/dag.js';
import type { Json, JsonObject } from '../dag/json.js';
import type { Run, RunDescription } from '../run/run.js';
import type { TaskState } from '../dag/task-state.js';
import { runLocally, type LocalOptions } from './local.js';

let logFolder: string;

beforeEach(async () => {
  logFolder = await mkdtemp(join(tmpdir(), 'local-test-'));
});

afterEach(async () => {
  await rm(logFolder, { recursive: true, force: true });
});

type TaskOptions = Partial<Omit<Task, 'needs'>> & { readonly needs?: readonly string[] };

/** A task that calls the function of its own name. */
function call(name: string, { needs = [], ...rest }: TaskOptions = {}): Task {
  return { name, uses: 'function', with: { name }, needs: needs.map((task) => ({ task })), ...rest };
}

function dagOf(tasks: readonly Task[], rest: Partial<Dag> = {}): Dag {
  return { name: 'demo', params: {}, tasks, ...rest };
}

type Body = (context: TaskContext) => unknown;

/** A run whose every status the test can wait for. */
class Watched {
  readonly run: Run;
  #listeners: (() => void)[] = [];

  constructor(dag: Dag, bodies: Readonly<Record<string, Body>>, options: Partial<LocalOptions> = {}) {
    const functions = Object.entries(bodies).map(([name, body]) => ({
      name,
      run: (_input: unknown, context: TaskContext) => body(context),
    }));
    const handlers = createHandlers({ environment: { PATH: process.env['PATH'] }, functions });
    const onChange = (): void => {
      for (const listener of this.#listeners) listener();
    };
    this.run = runLocally(dag, { handlers, logFolder, onChange, validate: true, ...options });
  }

  /** Waits until the status is so, by the run's own news. */
  async until(is: (status: RunDescription) => boolean): Promise<RunDescription> {
    for (;;) {
      const news = new Promise<void>((resolve) => {
        const listener = (): void => {
          this.#listeners = this.#listeners.filter((one) => one !== listener);
          resolve();
        };
        this.#listeners.push(listener);
      });
      const status = await this.run.describe();
      if (is(status)) return status;
      await news;
    }
  }

  untilTask(name: string, state: TaskState): Promise<RunDescription> {
    return this.until((status) => stateOf(status, name) === state);
  }
}

function stateOf(status: RunDescription, name: string): TaskState | undefined {
  return status.tasks.find((task) => task.name === name)?.state;
}

/** A task body that the test releases by hand; one that is aborted ends by itself. */
class Gate {
  #waiting: { resolve: (output: Json | undefined) => void; reject: (error: Error) => void }[] = [];
  #entered: (() => void)[] = [];
  readonly attempts: number[] = [];

  readonly body: Body = ({ signal, attempt }) => {
    this.attempts.push(attempt);
    for (const resolve of this.#entered.splice(0)) resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      const stop = (): void => reject(new Error('aborted'));
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop, { once: true });
    });
  };

  /** Waits until so many attempts have begun: an attempt runs a moment before its body does. */
  async entered(times = 1): Promise<void> {
    while (this.attempts.length < times) await new Promise<void>((resolve) => this.#entered.push(resolve));
  }

  release(output?: Json): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve(output);
  }

  fail(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

const RETRY = { maximumAttempts: 3, initialInterval: 1, backoffCoefficient: 1, maximumInterval: 1 };
const LONG_RETRY = { ...RETRY, initialInterval: 3_600_000, maximumInterval: 3_600_000 };

describe('a local run', () => {
  it('passes params and outputs on, and tells every task in its result', async () => {
    const seen: JsonObject[] = [];
    const dag = dagOf([call('a'), call('b', { needs: ['a'] }), call('c', { needs: ['a', 'b'] })]);
    const { run } = new Watched(
      dag,
      {
        a: () => ({ rows: 1 }),
        b: () => undefined,
        c: ({ needs, params }) => {
          seen.push(needs, params);
          return 'end';
        },
      },
      { runId: 'mine', params: { day: 'monday' } },
    );
    const result = await run.result();
    expect(seen).toEqual([{ a: { rows: 1 } }, { day: 'monday' }]);
    expect(result).toMatchObject({
      runId: 'mine',
      dag: 'demo',
      status: 'succeeded',
      tasks: {
        a: { status: 'succeeded', attempts: 1, output: { rows: 1 } },
        b: { status: 'succeeded', attempts: 1 },
        c: { status: 'succeeded', attempts: 1, output: 'end' },
      },
    });
    expect(result.tasks['b']).not.toHaveProperty('output');
    expect(Date.parse(result.startedAt)).toBeLessThanOrEqual(Date.parse(result.endedAt));
    expect(await run.describe()).toMatchObject({ state: 'succeeded', counts: { succeeded: 3 } });
  });

  it('ends at once where the dag has no tasks', async () => {
    expect(await new Watched(dagOf([]), {}).run.result()).toMatchObject({ status: 'succeeded', tasks: {} });
  });

  it('gives each run an id of its own', () => {
    const ids = [1, 2].map(() => new Watched(dagOf([]), {}).run.runId);
    expect(ids[0]).toMatch(/^demo-/);
    expect(ids[0]).not.toBe(ids[1]);
  });

  it('starts a task the moment its own dependencies have succeeded', async () => {
    const slow = new Gate();
    const watched = new Watched(dagOf([call('slow'), call('fast'), call('next', { needs: ['fast'] })]), {
      slow: slow.body,
      fast: () => 1,
      next: () => 2,
    });
    expect(stateOf(await watched.untilTask('next', 'succeeded'), 'slow')).toBe('running');
    slow.release();
    expect((await watched.run.result()).status).toBe('succeeded');
  });

  it('keeps to its concurrency', async () => {
    let now = 0;
    let most = 0;
    const body: Body = async () => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setImmediate(resolve));
      now--;
    };
    const names = Array.from({ length: 20 }, (_, index) => `t${index}`);
    const dag = dagOf(
      names.map((name) => call(name)),
      { concurrency: 3 },
    );
    await new Watched(dag, Object.fromEntries(names.map((name) => [name, body]))).run.result();
    expect(most).toBe(3);
  });

  it('fails with every failed task and its error, and does not start what needed it', async () => {
    const dag = dagOf([call('bad'), call('after', { needs: ['bad'] }), call('other')]);
    const result = await new Watched(dag, { bad: () => Promise.reject(new Error('no')), other: () => 1 }).run.result();
    expect(result).toMatchObject({
      status: 'failed',
      tasks: {
        bad: { status: 'failed', attempts: 1, error: { code: 'FUNCTION_FAILED', message: 'no' } },
        after: { status: 'upstream_failed', attempts: 0 },
        other: { status: 'succeeded' },
      },
    });
    expect(result.tasks['after']).not.toHaveProperty('startedAt');
  });

  it('runs scripts, with the outputs of the tasks they need', async () => {
    const script: Task = {
      name: 'script',
      uses: 'shell',
      with: { run: 'echo hello; cat "$DAGWRIGHT_NEEDS" > "$DAGWRIGHT_OUTPUT"' },
      needs: [{ task: 'a' }],
    };
    const { run } = new Watched(dagOf([call('a'), script]), { a: () => [1] });
    expect((await run.result()).tasks['script']).toMatchObject({ status: 'succeeded', output: { a: [1] } });
    const log = attemptLogPath(logFolder, { runId: run.runId, task: 'script', attempt: 1 });
    expect(await readFile(log, 'utf8')).toBe('hello\n');
  });

  it('refuses a dag with activities of other workers', () => {
    const foreign: Task = { name: 'charge', uses: 'activity', with: { type: 'ChargeCard' }, needs: [] };
    expect(() => new Watched(dagOf([foreign]), {})).toThrow(
      expect.objectContaining({ code: 'EXECUTOR_UNSUPPORTED', message: expect.stringContaining('charge') as string }),
    );
  });

  it('refuses to be given activities of other workers later, and goes on', async () => {
    const gate = new Gate();
    const { run } = new Watched(dagOf([call('a')]), { a: gate.body });
    const foreign: Task = { name: 'charge', uses: 'activity', with: { type: 'ChargeCard' }, needs: [] };
    await expect(run.addTasks([foreign])).rejects.toMatchObject({ code: 'EXECUTOR_UNSUPPORTED' });
    gate.release();
    expect((await run.result()).tasks).toEqual({ a: expect.objectContaining({ status: 'succeeded' }) as object });
  });

  it('stops by its own timeout', async () => {
    const gate = new Gate();
    const watched = new Watched(dagOf([call('a'), call('b', { needs: ['a'] })], { timeout: 20 }), { a: gate.body });
    expect(await watched.run.result()).toMatchObject({
      status: 'timed_out',
      tasks: { a: { status: 'cancelled' }, b: { status: 'cancelled', attempts: 0 } },
    });
  });

  it('rejects, rather than hangs, where its clock is broken', async () => {
    const { run } = new Watched(
      dagOf([call('a')]),
      { a: () => 1 },
      { clock: { ...SYSTEM_CLOCK, now: () => Number.NaN } },
    );
    await expect(run.result()).rejects.toThrow('whole milliseconds');
  });

  it('takes an order from within a task', async () => {
    const watched: Watched = new Watched(dagOf([call('a'), call('b', { needs: ['a'] })]), {
      a: async () => {
        await Promise.resolve();
        await watched.run.cancel();
      },
      b: () => 1,
    });
    expect(await watched.run.result()).toMatchObject({ status: 'cancelled', tasks: { b: { status: 'cancelled' } } });
  });
});

describe('an order to a local run that comes while it starts tasks', () => {
  it('reaches every one of them', async () => {
    const first = new Gate();
    const others = new Gate();
    const orders: Promise<unknown>[] = [];
    const handler: Handler = {
      name: 'function',
      run: ({ task }, context): Promise<undefined> => {
        if (task === 'b') orders.push(watched.run.cancel());
        return (task === 'a' ? first : others).body(context) as Promise<undefined>;
      },
    };
    const dag = dagOf([call('a'), call('b', { needs: ['a'] }), call('c', { needs: ['a'] })]);
    const watched: Watched = new Watched(dag, {}, { handlers: new Map([['function', handler]]) });
    await first.entered();
    first.release();
    expect(await watched.run.result()).toMatchObject({
      status: 'cancelled',
      tasks: { b: { status: 'cancelled', attempts: 1 }, c: { status: 'cancelled', attempts: 1 } },
    });
    expect(orders).toHaveLength(1);
  });
});

describe('a retry in a local run', () => {
  it('comes until an attempt succeeds', async () => {
    const { run } = new Watched(dagOf([call('a', { retry: RETRY })]), {
      a: ({ attempt }) => (attempt < 3 ? Promise.reject(new Error(`no ${attempt}`)) : attempt),
    });
    expect((await run.result()).tasks['a']).toMatchObject({ status: 'succeeded', attempts: 3, output: 3 });
    const log = attemptLogPath(logFolder, { runId: run.runId, task: 'a', attempt: 2 });
    expect(await readFile(log, 'utf8')).toContain('FUNCTION_FAILED: no 2');
  });

  it('ends with the error of the last attempt', async () => {
    const { run } = new Watched(dagOf([call('a', { retry: RETRY })]), {
      a: ({ attempt }) => Promise.reject(new Error(`no ${attempt}`)),
    });
    expect((await run.result()).tasks['a']).toMatchObject({ attempts: 3, error: { message: 'no 3' } });
  });

  it('does not come where the failure says so', async () => {
    const { run } = new Watched(dagOf([call('a', { retry: RETRY })]), {
      a: () => Promise.reject(new TaskFailure({ code: 'DECLINED', message: 'No.' }, { retryable: false })),
    });
    expect((await run.result()).tasks['a']).toMatchObject({ attempts: 1, error: { code: 'DECLINED' } });
  });

  it('comes when the failure says, whatever the policy', async () => {
    const { run } = new Watched(dagOf([call('a', { retry: LONG_RETRY })]), {
      a: ({ attempt }) =>
        attempt === 1 ? Promise.reject(new TaskFailure({ code: 'X', message: 'x' }, { nextRetryDelay: 1 })) : 1,
    });
    expect((await run.result()).tasks['a']).toMatchObject({ status: 'succeeded', attempts: 2 });
  });

  it('shows while it waits, with the last error, and is dropped by a cancel', async () => {
    const watched = new Watched(dagOf([call('a', { retry: LONG_RETRY })]), {
      a: () => Promise.reject(new Error('no')),
    });
    const status = await watched.untilTask('a', 'retrying');
    expect(status.tasks[0]).toMatchObject({ attempts: 1, error: { code: 'FUNCTION_FAILED', message: 'no' } });
    expect(status.counts).toEqual({ retrying: 1 });
    await watched.run.cancel();
    const result = await watched.run.result();
    expect(result.tasks['a']).toMatchObject({ status: 'cancelled', attempts: 1 });
    expect(result.tasks['a']).not.toHaveProperty('error');
  });

  it('shows the attempt that runs', async () => {
    const gate = new Gate();
    const watched = new Watched(dagOf([call('a', { retry: RETRY })]), { a: gate.body });
    await gate.entered();
    gate.fail(new Error('first'));
    await gate.entered(2);
    expect((await watched.run.describe()).tasks[0]).toMatchObject({
      state: 'running',
      attempts: 2,
      error: { message: 'first' },
    });
    gate.release();
    expect((await watched.run.result()).tasks['a']).toMatchObject({ attempts: 2 });
  });

  it('comes after an attempt that was over its time', async () => {
    const gate = new Gate();
    const { run } = new Watched(dagOf([call('a', { retry: RETRY, timeout: { startToClose: 20 } })]), {
      a: (context) => (context.attempt === 1 ? gate.body(context) : 'in time'),
    });
    expect((await run.result()).tasks['a']).toMatchObject({ status: 'succeeded', attempts: 2, output: 'in time' });
  });
});

describe('the limit for all attempts of a local run', () => {
  it('ends the attempt that runs', async () => {
    const gate = new Gate();
    const { run } = new Watched(dagOf([call('a', { retry: RETRY, timeout: { scheduleToClose: 20 } })]), {
      a: gate.body,
    });
    expect((await run.result()).tasks['a']).toMatchObject({
      status: 'failed',
      attempts: 1,
      error: { code: 'TASK_TIMEOUT', details: { timeout: 'scheduleToClose' } },
    });
  });

  it('starts no wait that would outlast it', async () => {
    const { run } = new Watched(dagOf([call('a', { retry: LONG_RETRY, timeout: { scheduleToClose: 600_000 } })]), {
      a: () => Promise.reject(new Error('no')),
    });
    expect((await run.result()).tasks['a']).toMatchObject({ status: 'failed', attempts: 1, error: { message: 'no' } });
  });
});

describe('orders to a local run', () => {
  const CHAIN = dagOf([call('a'), call('b', { needs: ['a'] })]);

  it('drain: lets running tasks end, starts none, goes on at resume', async () => {
    const gate = new Gate();
    const watched = new Watched(CHAIN, { a: gate.body, b: () => 1 });
    await gate.entered();
    await watched.run.pause();
    await watched.run.pause();
    gate.release();
    const status = await watched.untilTask('a', 'succeeded');
    expect([status.state, stateOf(status, 'b')]).toEqual(['paused', 'ready']);
    await watched.run.resume();
    expect((await watched.run.result()).status).toBe('succeeded');
  });

  it('interrupt: stops running tasks, and starts them again at resume', async () => {
    const gate = new Gate();
    const watched = new Watched(CHAIN, { a: gate.body, b: () => 1 });
    await gate.entered();
    await watched.run.pause({ mode: 'interrupt' });
    expect((await watched.untilTask('a', 'ready')).state).toBe('paused');
    expect(gate.attempts).toEqual([1]);
    await watched.run.resume();
    await gate.entered(2);
    gate.release('again');
    const result = await watched.run.result();
    expect(result.tasks['a']).toMatchObject({ status: 'succeeded', attempts: 2, output: 'again' });
    expect(gate.attempts).toEqual([1, 2]);
  });

  it('cancel: stops running tasks, starts no more, and ends cancelled', async () => {
    const gate = new Gate();
    const watched = new Watched(CHAIN, { a: gate.body, b: () => 1 });
    await watched.untilTask('a', 'running');
    await watched.run.cancel();
    expect(await watched.run.result()).toMatchObject({
      status: 'cancelled',
      tasks: { a: { status: 'cancelled', attempts: 1 }, b: { status: 'cancelled', attempts: 0 } },
    });
  });

  it('cancel: reaches the script that runs', async () => {
    const script: Task = { name: 'script', uses: 'shell', with: { run: 'echo up; sleep 600' }, needs: [] };
    const watched = new Watched(dagOf([script]), {});
    await watched.untilTask('script', 'running');
    await watched.run.cancel();
    expect((await watched.run.result()).tasks['script']).toMatchObject({ status: 'cancelled' });
  });

  it('are refused once it has ended', async () => {
    const { run } = new Watched(dagOf([]), {});
    await run.result();
    for (const order of [() => run.pause(), () => run.resume(), () => run.cancel()]) {
      await expect(order()).rejects.toMatchObject({ code: 'RUN_ENDED' });
    }
  });
});

describe('the policy optimized', () => {
  it('is a search before the run, after which its tasks have priorities', async () => {
    // With two slots, the long one must go first: 3 then, and 4 in the order of declaration.
    const estimates = { a: 1_000, b: 1_000, c: 1_000, long: 3_000 };
    const tasks = Object.entries(estimates).map(([name, estimate]) => call(name, { estimate }));
    const began: string[] = [];
    const bodies = Object.keys(estimates).map((name): [string, Body] => [name, () => began.push(name)]);
    const { run } = new Watched(dagOf(tasks, { policy: 'optimized', concurrency: 2 }), Object.fromEntries(bodies));
    expect((await run.result()).status).toBe('succeeded');
    expect((await run.describe()).policy).toBe('priority');
    expect(began.indexOf('long')).toBeLessThan(2);
  });
});
