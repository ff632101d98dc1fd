import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RetryRule } from '../src/dag/dag.js';
import type { TaskResult } from '../src/run/run.js';
import { EXECUTORS, shell, states, type ExecutorHost } from './support/executor-hosts.js';
import { TaskDoubles } from './support/task-doubles.js';
import { TEST_TOKEN } from './support/temporal.js';

let doubles: TaskDoubles;

beforeEach(async () => {
  doubles = await TaskDoubles.start();
});

afterEach(async () => {
  await doubles.stop();
});

/** A task's end without its times and its worker, which no two executors share. */
function timeless({ startedAt, endedAt, worker, ...task }: TaskResult): Partial<TaskResult> {
  void [startedAt, endedAt, worker];
  return task;
}

describe.each(EXECUTORS)('the %s executor', (_name, makeHost) => {
  let host: ExecutorHost;

  beforeAll(async () => {
    host = await makeHost();
  }, 900_000);

  afterAll(async () => {
    await host.stop();
  });

  it('starts a task as soon as its own dependencies have succeeded, whatever else runs', async () => {
    const run = await host.start(
      doubles.dag([doubles.task('slow'), doubles.task('a'), doubles.task('b', ['a']), doubles.task('c', ['b'])]),
    );
    await doubles.running('slow');
    await doubles.release('a');
    await doubles.release('b');
    await doubles.running('c');
    expect((await run.describe()).tasks.map((task) => [task.name, task.state])).toEqual([
      ['slow', 'running'],
      ['a', 'succeeded'],
      ['b', 'succeeded'],
      ['c', 'running'],
    ]);
    await doubles.release('c');
    await doubles.release('slow');
    expect((await run.result()).status).toBe('succeeded');
  });

  it('hands outputs to dependents and into the result', async () => {
    const tasks = [
      shell('count', 'echo \'{"rows": 3}\' > "$DAGWRIGHT_OUTPUT"'),
      shell('read', 'cat "$DAGWRIGHT_NEEDS" > "$DAGWRIGHT_OUTPUT"', { needs: [{ task: 'count' }] }),
    ];
    const result = await (await host.start(doubles.dag(tasks))).result();
    expect(timeless(result.tasks['count']!)).toEqual({ status: 'succeeded', attempts: 1, output: { rows: 3 } });
    expect(timeless(result.tasks['read']!)).toEqual({
      status: 'succeeded',
      attempts: 1,
      output: { count: { rows: 3 } },
    });
  });

  it('goes on with independent branches after a failure, and names every failed task and its error', async () => {
    const tasks = [
      shell('bad', 'echo first; echo "no such table" >&2; exit 3'),
      shell('after', 'true', { needs: [{ task: 'bad' }] }),
      doubles.task('other'),
      doubles.task('last', ['other']),
    ];
    doubles.auto = () => ({});
    const result = await (await host.start(doubles.dag(tasks))).result();
    expect(result.status).toBe('failed');
    expect(states(result)).toEqual({ bad: 'failed', after: 'upstream_failed', other: 'succeeded', last: 'succeeded' });
    expect(timeless(result.tasks['bad']!)).toEqual({
      status: 'failed',
      attempts: 1,
      error: {
        code: 'SHELL_EXIT',
        message: expect.stringContaining('no such table'),
        details: expect.objectContaining({ exitCode: 3, stderr: expect.stringContaining('no such table') }),
      },
    });
    expect(timeless(result.tasks['after']!)).toEqual({ status: 'upstream_failed', attempts: 0 });
  });

  it('counts a failed task with continueOnError as a success for its dependents and the run', async () => {
    const tasks = [
      shell('bad', 'exit 1', { continueOnError: true }),
      shell('next', 'true', { needs: [{ task: 'bad' }] }),
    ];
    const result = await (await host.start(doubles.dag(tasks))).result();
    expect(result.status).toBe('succeeded');
    expect(states(result)).toEqual({ bad: 'failed', next: 'succeeded' });
  });

  it('starts nothing more after a failure with failFast, and lets what runs end', async () => {
    const tasks = [doubles.task('bad'), doubles.task('running'), doubles.task('never', ['running'])];
    const run = await host.start(doubles.dag(tasks, { failFast: true }));
    await doubles.running('running');
    await doubles.release('bad', { fail: { message: 'broken', retryable: false } });
    await expect.poll(async () => (await run.describe()).counts.failed).toBe(1);
    await doubles.release('running');
    const result = await run.result();
    expect(result.status).toBe('failed');
    expect(states(result)).toEqual({ bad: 'failed', running: 'succeeded', never: 'cancelled' });
  });

  it('retries a failed task as its policy says, and counts the attempts', async () => {
    const retry = { maximumAttempts: 3, initialInterval: 10 };
    doubles.auto = (task, attempt) =>
      task === 'never' || attempt < 3 ? { fail: { message: `attempt ${attempt} broke` } } : { output: attempt };
    const tasks = [doubles.task('flaky', [], { retry }), doubles.task('never', [], { retry })];
    const result = await (await host.start(doubles.dag(tasks))).result();
    expect(timeless(result.tasks['flaky']!)).toEqual({ status: 'succeeded', attempts: 3, output: 3 });
    expect(timeless(result.tasks['never']!)).toEqual({
      status: 'failed',
      attempts: 3,
      error: { code: 'TASK_FAILED', message: 'attempt 3 broke' },
    });
  });

  it('decides by the kind of error what follows it: another attempt, the end, or a skip', async () => {
    const rules: RetryRule[] = [
      { exitCode: [2], then: 'fail' },
      { exitCode: [3], maximumAttempts: 3, initialInterval: 5 },
      { when: "error.message.contains('quota')", then: 'skip' },
    ];
    const retry = { maximumAttempts: 2, initialInterval: 5, rules };
    const tasks = [
      shell('fails', 'exit 2', { retry }),
      shell('again', 'exit 3', { retry }),
      shell('skips', 'echo "the quota is used up" >&2; exit 4', { retry }),
      shell('after', 'true', { needs: [{ task: 'skips' }] }),
      shell('other', 'exit 5', { retry }),
    ];
    const { tasks: ended } = await (await host.start(doubles.dag(tasks))).result();
    const facts = Object.entries(ended).map(([name, { status, attempts }]) => [name, status, attempts]);
    expect(facts).toEqual([
      ['fails', 'failed', 1],
      ['again', 'failed', 3],
      ['skips', 'skipped', 1],
      ['after', 'skipped', 0],
      ['other', 'failed', 2],
    ]);
  });

  it('hands secrets to a task where it runs, and lets none out', async () => {
    const env = { TOKEN: '${{ secrets.TOKEN }}', HEADER: 'Bearer ${{ secrets.TOKEN }}' };
    const script = `
      [ "$HEADER" = "Bearer $TOKEN" ] && [ "\${#TOKEN}" = ${TEST_TOKEN.length} ]
      echo "the token is $TOKEN"
      echo "1/2 with $TOKEN" >> "$DAGWRIGHT_PROGRESS"
      printf '["%s"]' "$(printf %s "$TOKEN" | base64)" > "$DAGWRIGHT_OUTPUT"`;
    const tasks = [
      shell('give', script, { env }),
      shell('fail', 'echo "bad token $TOKEN" >&2; exit 1', { env }),
      shell('lacks', 'true', { env: { X: '${{ secrets.NONE }}' } }),
    ];
    const run = await host.start(doubles.dag(tasks));
    const result = await run.result();
    expect(result.tasks['give']).toMatchObject({ status: 'succeeded', output: ['***'] });
    expect(result.tasks['fail']?.error).toMatchObject({ message: 'exit code 1: bad token ***' });
    expect(result.tasks['lacks']).toMatchObject({ attempts: 1, error: { code: 'SECRET_MISSING' } });
    const log = await readFile(join(host.logFolder, run.runId, 'give', '1.log'), 'utf8');
    expect(log).toContain('the token is ***\n');
    const all = log + JSON.stringify(result) + (await host.history(run.runId));
    for (const token of ['tok-', JSON.stringify(TEST_TOKEN).slice(1, -1), Buffer.from(TEST_TOKEN).toString('base64')]) {
      expect(all).not.toContain(token);
    }
  });

  it('shows a task that waits for its next attempt, with its last error', async () => {
    const retry = { maximumAttempts: 2, initialInterval: 3_600_000, maximumInterval: 3_600_000 };
    doubles.auto = () => ({ fail: { message: 'broke once' } });
    const run = await host.start(doubles.dag([doubles.task('flaky', [], { retry })]));
    await expect
      .poll(async () => (await run.describe()).tasks[0], { timeout: 20_000 })
      .toMatchObject({
        state: 'retrying',
        attempts: 1,
        error: { code: 'TASK_FAILED', message: 'broke once' },
      });
    await run.cancel();
    const result = await run.result();
    expect(result.status).toBe('cancelled');
    expect(states(result)).toEqual({ flaky: 'cancelled' });
  });

  it('does not retry what another attempt cannot mend', async () => {
    const retry = { maximumAttempts: 3, initialInterval: 10 };
    const tasks = [
      doubles.task('fatal', [], { retry }),
      { ...doubles.task('unknown', [], { retry }), with: { name: 'nobody' } },
      { ...doubles.task('input', [], { retry }), with: { name: 'double', input: { url: 7 } } },
      shell('huge', 'head -c 68000000 /dev/zero > "$DAGWRIGHT_OUTPUT"', { retry }),
      shell('text', 'echo no json > "$DAGWRIGHT_OUTPUT"', { retry }),
    ];
    doubles.auto = () => ({ fail: { message: 'fatal', retryable: false } });
    const result = await (await host.start(doubles.dag(tasks))).result();
    const ends = Object.entries(result.tasks).map(([name, task]) => [name, task.attempts, task.error?.code]);
    expect(ends).toEqual([
      ['fatal', 1, 'TASK_FAILED'],
      ['unknown', 1, 'FUNCTION_NOT_REGISTERED'],
      ['input', 1, 'TASK_INPUT_INVALID'],
      ['huge', 1, 'TASK_OUTPUT_TOO_LARGE'],
      ['text', 1, 'TASK_OUTPUT_INVALID'],
    ]);
  });

  it('fails a task that is handed more than the server takes in one piece, and goes on', async () => {
    const parts = Array.from({ length: 18 }, (_, i) => `part-${i}`);
    doubles.auto = (task) => (task.startsWith('part') ? { output: 'x'.repeat(250_000) } : {});
    const tasks = [
      ...parts.map((name) => doubles.task(name)),
      doubles.task('join', parts),
      doubles.task('one', ['part-0']),
    ];
    const result = await (await host.start(doubles.dag(tasks))).result();
    expect(result.status).toBe('failed');
    expect(timeless(result.tasks['join']!)).toEqual({
      status: 'failed',
      attempts: 0,
      error: {
        code: 'TASK_INPUT_TOO_LARGE',
        message: expect.stringContaining('4194304'),
        details: { bytes: expect.any(Number) },
      },
    });
    expect(result.tasks['one']).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect(result.tasks['part-0']).toMatchObject({ output: 'x'.repeat(250_000) });
    expect(result.tasks['part-7']).toMatchObject({ status: 'succeeded', outputOmitted: true });
  });

  it('stops an attempt that runs over its startToClose, and says so', async () => {
    const run = await host.start(doubles.dag([doubles.task('slow', [], { timeout: { startToClose: 300 } })]));
    await doubles.cutOff('slow');
    const result = await run.result();
    expect(timeless(result.tasks['slow']!)).toEqual({
      status: 'failed',
      attempts: 1,
      error: {
        code: 'TASK_TIMEOUT',
        message: expect.stringContaining('300 ms'),
        details: { timeout: 'startToClose', limit: 300 },
      },
    });
  });

  it('ends a task whose attempts together run over its scheduleToClose', async () => {
    const more = {
      retry: { maximumAttempts: 1_000, initialInterval: 50, backoffCoefficient: 1 },
      timeout: { scheduleToClose: 4_000 },
    };
    doubles.auto = () => ({ fail: { message: 'again' } });
    const result = await (await host.start(doubles.dag([doubles.task('flaky', [], more)]))).result();
    expect(result.status).toBe('failed');
    // Either the limit ends it, or the attempt before a wait that the limit would end.
    expect(['TASK_TIMEOUT', 'TASK_FAILED']).toContain(result.tasks['flaky']!.error?.code);
    expect(doubles.begun.length).toBeGreaterThan(1);
    expect(doubles.begun.length).toBeLessThan(1_000);
  });

  it('runs no more tasks at once than its concurrency', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const run = await host.start(
      doubles.dag(
        names.map((name) => doubles.task(name)),
        { concurrency: 2 },
      ),
    );
    await doubles.running('a');
    await doubles.running('b');
    expect((await run.describe()).counts).toEqual({ running: 2, ready: 2 });
    await doubles.release('b');
    await doubles.running('c');
    expect(doubles.begun.map((attempt) => attempt.task).sort()).toEqual(['a', 'b', 'c']);
    await doubles.release('a');
    await doubles.release('c');
    await doubles.release('d');
    expect((await run.result()).status).toBe('succeeded');
  });

  it('lets running tasks end in a drain pause, starts none, and goes on at resume', async () => {
    const run = await host.start(doubles.dag([doubles.task('a'), doubles.task('b', ['a'])]));
    await doubles.running('a');
    await run.pause();
    await run.pause();
    await expect.poll(async () => (await run.describe()).state).toBe('paused');
    await doubles.release('a');
    await expect.poll(async () => (await run.describe()).counts).toEqual({ succeeded: 1, ready: 1 });
    expect(doubles.begun).toHaveLength(1);
    await run.resume();
    await run.resume();
    await doubles.release('b');
    expect(states(await run.result())).toEqual({ a: 'succeeded', b: 'succeeded' });
  });

  it('stops running tasks in an interrupt pause, and starts them again at resume', async () => {
    const run = await host.start(doubles.dag([doubles.task('a'), doubles.task('b', ['a'])]));
    await doubles.running('a');
    await run.pause({ mode: 'interrupt' });
    await doubles.cutOff('a');
    await expect.poll(async () => (await run.describe()).counts, { timeout: 20_000 }).toEqual({ ready: 1, pending: 1 });
    await run.resume();
    await doubles.release('a');
    await doubles.release('b');
    const result = await run.result();
    expect(result.status).toBe('succeeded');
    expect(result.tasks['a']).toMatchObject({ status: 'succeeded', attempts: 2 });
    expect(doubles.begun.filter(({ task }) => task === 'a').map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  it('stops the running tasks at cancel, and starts no more', async () => {
    const run = await host.start(
      doubles.dag([doubles.task('done'), doubles.task('a', ['done']), doubles.task('b', ['a'])]),
    );
    await doubles.release('done');
    await doubles.running('a');
    await run.cancel();
    await doubles.cutOff('a');
    const result = await run.result();
    expect(result.status).toBe('cancelled');
    expect(states(result)).toEqual({ done: 'succeeded', a: 'cancelled', b: 'cancelled' });
    expect(timeless(result.tasks['b']!)).toEqual({ status: 'cancelled', attempts: 0 });
  });

  it('cancels a paused run', async () => {
    const run = await host.start(doubles.dag([doubles.task('a'), doubles.task('b', ['a'])]));
    await doubles.running('a');
    await run.pause();
    await run.cancel();
    const result = await run.result();
    expect(result.status).toBe('cancelled');
  });

  it('stops a run at its timeout', async () => {
    const run = await host.start(doubles.dag([doubles.task('a'), doubles.task('b', ['a'])], { timeout: 1_000 }));
    await doubles.cutOff('a');
    const result = await run.result();
    expect(result.status).toBe('timed_out');
    expect(states(result)).toEqual({ a: 'cancelled', b: 'cancelled' });
  });

  it('refuses pause, resume and cancel of a run that has ended, and changes nothing', async () => {
    const run = await host.start(doubles.dag([shell('a', 'true')]));
    const result = await run.result();
    for (const act of [() => run.pause(), () => run.resume(), () => run.cancel()]) {
      await expect(act()).rejects.toMatchObject({ code: 'RUN_ENDED' });
    }
    expect(await run.result()).toEqual(result);
    expect((await run.describe()).state).toBe('succeeded');
  });
});
