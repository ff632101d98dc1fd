import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TaskDoubles } from './support/task-doubles.js';
import { TestTemporal } from './support/temporal.js';

let temporal: TestTemporal;
let doubles: TaskDoubles;

beforeEach(async () => {
  doubles = await TaskDoubles.start();
  temporal = await TestTemporal.start();
}, 900_000);

afterEach(async () => {
  await temporal.stop();
  await doubles.stop();
});

function attemptsOf(task: string): number {
  return doubles.begun.filter((attempt) => attempt.task === task).length;
}

describe('a run outlives what it runs on', () => {
  it('completes on another worker when its worker is killed, and runs no completed task again', async () => {
    const first = await temporal.spawnWorker();
    const client = await temporal.client();
    const tasks = [doubles.task('a'), doubles.task('b', ['a']), doubles.task('c', ['b'])];
    const run = await client.start(doubles.dag(tasks), { runId: 'worker-killed' });
    await doubles.release('a', { output: 'from a' });
    await doubles.running('b');
    await first.kill();

    await temporal.spawnWorker();
    await doubles.begunTimes('b', 2);
    await doubles.release('b');
    await doubles.release('c');

    const result = await run.result();
    expect(result.status).toBe('succeeded');
    expect(result.tasks['a']).toMatchObject({ status: 'succeeded', attempts: 1, output: 'from a' });
    expect(result.tasks['b']).toMatchObject({ status: 'succeeded', attempts: 2 });
    expect(attemptsOf('a')).toBe(1);
    expect(attemptsOf('c')).toBe(1);
  });

  it('goes on when the server is killed and started again on its file', async () => {
    await temporal.spawnWorker();
    const tasks = [doubles.task('a'), doubles.task('b', ['a']), doubles.task('c', ['b'])];
    await (await temporal.client()).start(doubles.dag(tasks), { runId: 'server-killed' });
    await doubles.release('a', { output: 1 });
    await doubles.running('b');

    await temporal.killServer();
    await temporal.startServer();

    // Where the server was away for longer than the heartbeats allow, `b` begins a second time.
    doubles.auto = (task) => (task === 'b' ? {} : undefined);
    await doubles.release('b');
    await doubles.release('c');
    const result = await (await temporal.client()).get('server-killed').result();
    expect(result.status).toBe('succeeded');
    expect(attemptsOf('a')).toBe(1);
    expect(result.tasks['a']).toMatchObject({ output: 1 });
  });

  it('stays paused while everything is killed, and goes on when it is resumed', async () => {
    const worker = await temporal.spawnWorker();
    const tasks = [doubles.task('a'), doubles.task('b', ['a'])];
    const run = await (await temporal.client()).start(doubles.dag(tasks), { runId: 'paused' });
    await doubles.running('a');
    await run.pause();
    await doubles.release('a');
    await expect
      .poll(async () => (await run.describe()).counts, { timeout: 20_000 })
      .toEqual({ succeeded: 1, ready: 1 });
    await worker.kill();
    await temporal.killServer();

    await temporal.startServer();
    await temporal.spawnWorker();
    const again = (await temporal.client()).get('paused');
    expect((await again.describe()).state).toBe('paused');
    expect(attemptsOf('b')).toBe(0);
    await again.resume();
    await doubles.release('b');
    expect((await again.result()).status).toBe('succeeded');
    expect(attemptsOf('a')).toBe(1);
  });
});
