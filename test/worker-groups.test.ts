import { writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DagClient } from '../src/client/dag-client.js';
import type { Dag } from '../src/dag/dag.js';
import type { RunHandle } from '../src/client/run-handle.js';
import type { RunResult } from '../src/run/run.js';
import type { CliProcess } from './support/cli-process.js';
import { CliWorkers, kill } from './support/cli-workers.js';
import { stand } from './support/executor-hosts.js';
import { TaskDoubles } from './support/task-doubles.js';
import { TestTemporal } from './support/temporal.js';

/** Much longer than a worker may be silent, for a slow machine. */
const POLL = { timeout: 60_000, interval: 50 };

let temporal: TestTemporal;
let client: DagClient;
let processes: CliWorkers;
let doubles: TaskDoubles;

beforeAll(async () => {
  temporal = await TestTemporal.start();
  processes = await CliWorkers.open(temporal);
}, 900_000);

afterAll(async () => {
  await processes.close();
  await temporal.stop();
});

beforeEach(async ({ task }) => {
  doubles = await TaskDoubles.start();
  // The workers of the test before are thought to live for a while.
  processes.taskQueue = task.id;
  client = await DagClient.connect({ address: temporal.address, taskQueue: task.id });
});

afterEach(async () => {
  await doubles.stop();
  await processes.clear();
  await client.close();
});

/** A worker of the group, once its group counts on it. */
async function member(group: string, slots: number, ...flags: readonly string[]): Promise<CliProcess> {
  const before = (await client.workers()).length;
  const started = await processes.start('--group', group, '--slots', String(slots), ...flags);
  await expect.poll(async () => (await client.workers()).length, POLL).toBe(before + 1);
  return started;
}

/** The group of each worker that has joined, by its name. */
async function groups(): Promise<Map<string, string | undefined>> {
  return new Map((await client.workers()).map(({ worker, group }) => [worker, group]));
}

/** The group of each task's worker. */
async function groupsIn(tasks: RunResult['tasks']): Promise<Record<string, string | undefined>> {
  const groupOf = await groups();
  return Object.fromEntries(Object.entries(tasks).map(([name, { worker = '' }]) => [name, groupOf.get(worker)]));
}

/** The running tasks of the group. */
async function runningIn(run: RunHandle, group: string): Promise<string[]> {
  const groupOf = await groups();
  const { tasks } = await run.describe();
  const running = tasks.filter(({ state, worker = '' }) => state === 'running' && groupOf.get(worker) === group);
  return running.map(({ name }) => name);
}

function start(names: readonly string[], more: Partial<Dag> = {}): Promise<RunHandle> {
  const tasks = names.map((name) => doubles.request(name));
  return client.start(doubles.dag(tasks, { placement: 'least-loaded', ...more }));
}

describe('worker groups', () => {
  it('take over the tasks of a group whose workers were killed, and share with it when it is back', async () => {
    const first = await member('first', 2);
    await member('second', 2);
    const names = ['a', 'b', 'c', 'd'];
    const run = await start([...names, 'e', 'f']);
    for (const name of names) await doubles.running(name);
    await expect.poll(() => runningIn(run, 'first'), POLL).toHaveLength(2);
    const lost = await runningIn(run, 'first');
    const kept = names.filter((name) => !lost.includes(name));

    await kill(first);
    for (const name of lost) await doubles.cutOff(name);
    await stand(run, Object.fromEntries(lost.map((name) => [name, 'ready'])));
    for (const name of kept) await doubles.release(name);
    for (const name of lost) await doubles.begunTimes(name, 2);
    await expect.poll(async () => (await runningIn(run, 'second')).toSorted(), POLL).toEqual(lost);

    await member('first', 2);
    for (const name of ['e', 'f']) await doubles.running(name);
    await expect.poll(async () => (await runningIn(run, 'first')).toSorted(), POLL).toEqual(['e', 'f']);
    for (const name of [...lost, 'e', 'f']) await doubles.release(name);
    const result = await run.result();
    expect(result.status).toBe('succeeded');
    expect(await groupsIn(result.tasks)).toEqual({
      ...Object.fromEntries(names.map((name) => [name, 'second'])),
      ...{ e: 'first', f: 'first' },
    });
    expect(lost.map((name) => result.tasks[name]?.attempts)).toEqual([2, 2]);
  });

  it('let tasks wait while none of them lives, and go on when a worker comes', async () => {
    const only = await member('only', 4);
    const run = await start(['a', 'b']);
    for (const name of ['a', 'b']) await doubles.running(name);
    await kill(only);
    // Nobody is there to say how it stands.
    for (const name of ['a', 'b']) await doubles.cutOff(name);
    await member('only', 4);
    for (const name of ['a', 'b']) await doubles.begunTimes(name, 2);
    for (const name of ['a', 'b']) await doubles.release(name);
    expect((await run.result()).status).toBe('succeeded');
  });

  it('that stand by get tasks only while no other lives', async () => {
    await member('spare', 8, '--standby');
    const main = await member('main', 1);
    const run = await start(['a', 'b']);
    await doubles.running('a');
    await expect.poll(() => runningIn(run, 'main'), POLL).toEqual(['a']);
    await stand(run, { b: 'ready' });
    await kill(main);
    await doubles.begunTimes('a', 2);
    await doubles.running('b');
    await expect.poll(async () => (await runningIn(run, 'spare')).toSorted(), POLL).toEqual(['a', 'b']);
    await doubles.release('a');
    await doubles.release('b');
    expect((await run.result()).status).toBe('succeeded');
  });

  it('get the tasks that require what they have', async () => {
    await member('plain', 16, '--speed', '4');
    const tasks = [
      doubles.request('anywhere', [], { requires: { cpu: 1 } }),
      doubles.request('drawn', [], { requires: { labels: ['gpu'] } }),
      doubles.request('large', [], { requires: { memory: 2 ** 30, cpu: 4 } }),
    ];
    const run = await client.start(doubles.dag(tasks));
    await doubles.running('anywhere');
    await doubles.running('large');
    await stand(run, { drawn: 'ready' });
    await member('small', 4, '--label', 'cuda', '--label', 'gpu', '--cpu', '2', '--memory', '512Mi');
    await doubles.running('drawn');
    for (const { name } of tasks) await doubles.release(name);
    const result = await run.result();
    expect(await groupsIn(result.tasks)).toEqual({ anywhere: 'plain', drawn: 'small', large: 'plain' });
  });

  it('let the tasks of a worker that leaves end, and run the others elsewhere', async () => {
    const leaving = await member('leaving', 1);
    await member('other', 1);
    const run = await start(['a', 'b', 'c']);
    await doubles.running('a');
    await doubles.running('b');
    await expect.poll(() => runningIn(run, 'leaving'), POLL).toHaveLength(1);
    const [its = ''] = await runningIn(run, 'leaving');
    leaving.signal('SIGTERM');
    await expect
      .poll(async () => (await client.workers()).map(({ state }) => state), POLL)
      .toEqual(['leaving', 'live']);
    await doubles.release(its);
    expect((await leaving.ended).code).toBe(0);
    await doubles.release(its === 'a' ? 'b' : 'a');
    await doubles.running('c');
    await expect.poll(() => runningIn(run, 'other'), POLL).toEqual(['c']);
    await doubles.release('c');
    const result = await run.result();
    expect(result.tasks).toMatchObject({ a: { attempts: 1 }, b: { attempts: 1 }, c: { group: 'other' } });
  });

  it('leave the tasks of dags without a placement to others, as `dagwright run` knows', async () => {
    await member('only', 4);
    await writeFile(processes.path('plain.yaml'), 'name: plain\ntasks: { a: { run: echo done } }\n');
    expect(await processes.command('run', 'plain.yaml', '--json').ended).toMatchObject({ code: 0 });
    await writeFile(processes.path('placed.yaml'), 'name: placed\nplacement: heft\ntasks: { a: { run: echo done } }\n');
    const { code, stdout } = await processes.command('run', 'placed.yaml', '--json').ended;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ tasks: { a: { status: 'succeeded', group: 'only' } } });
  });

  it('are shown by `dagwright workers`', async () => {
    const none = await processes.command('workers').ended;
    expect(none).toMatchObject({ code: 0, stdout: '', stderr: `No workers on the task queue ${client.taskQueue}.\n` });
    await member('gpu', 8, '--speed', '2', '--label', 'cuda', '--cpu', '16', '--memory', '64Gi', '--standby');
    await processes.start();
    await expect.poll(async () => (await client.workers()).length, POLL).toBe(2);
    const lines = (await processes.command('workers').ended).stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^GROUP +WORKER +RUNNING +SLOTS +SPEED +LABELS +CPU +MEMORY +STATE +UP$/);
    expect(lines[1]).toMatch(/^- +\d+@\S+ +0 +100 +1 +- +- +- +live +[\d.]+ s$/);
    expect(lines[2]).toMatch(/^gpu +\d+@\S+ +0 +8 +2 +cuda +16 +64Gi +live, standby +[\d.]+ s$/);
    const json = JSON.parse((await processes.command('workers', '--json').ended).stdout) as unknown;
    expect(json).toEqual({ workers: await client.workers() });
    const refused = await processes.command('worker', '--speed', '2').ended;
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('--group') });
  });
});
