import { readdir, readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunHandle } from '../src/client/run-handle.js';
import type { ActAnswer } from '../src/run/act.js';
import type { Task } from '../src/dag/dag.js';
import { TestTemporal } from './support/temporal.js';

let temporal: TestTemporal;
/** Marks the environment of everything that the scripts start. */
let mark: string;

beforeAll(async () => {
  temporal = await TestTemporal.start();
}, 900_000);

afterAll(async () => {
  await temporal.stop();
});

beforeEach(() => {
  mark = `mark-${process.pid}-${Math.random()}`;
});

afterEach(async () => {
  for (const pid of (await marked()).keys()) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has just ended.
    }
  }
});

/** The command lines of the processes with the mark, wherever they went. */
async function marked(): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const read = (file: string) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
    if ((await read('environ')).includes(mark)) found.set(Number(pid), (await read('cmdline')).replaceAll('\0', ' '));
  }
  return found;
}

async function start(script: string, more: Partial<Task> = {}): Promise<RunHandle> {
  const task = { name: 'only', uses: 'shell', with: { run: script }, needs: [], env: { MARK: mark }, ...more } as const;
  return (await temporal.client()).start({ name: 'processes', params: {}, tasks: [task] });
}

async function sleepers(): Promise<number> {
  return [...(await marked()).values()].filter((command) => command.startsWith('sleep 600')).length;
}

const POLL = { timeout: 30_000, interval: 100 };

describe('the processes of a shell task', () => {
  it('are ended by the next attempt where their worker was killed', async () => {
    const first = await temporal.spawnWorker();
    const script = 'if [ "$DAGWRIGHT_ATTEMPT" = 1 ]; then setsid sleep 600 & sleep 600; fi';
    const run = await start(script, { timeout: { heartbeat: 2_000 } });
    await expect.poll(sleepers, POLL).toBe(2);
    await first.kill();
    expect(await sleepers()).toBe(2);

    const second = await temporal.spawnWorker();
    const result = await run.result();
    expect(result.tasks['only']).toMatchObject({ status: 'succeeded', attempts: 2 });
    expect((await marked()).size).toBe(0);
    await second.kill();
  });
});

describe('the processes of a shell task, with one worker', () => {
  beforeAll(async () => {
    await temporal.startWorker();
  });

  it('are gone when its run is cancelled, those that left its process group too', async () => {
    const run = await start('setsid sleep 600 & sleep 600');
    await expect.poll(sleepers, POLL).toBe(2);
    await run.cancel();
    expect((await run.result()).status).toBe('cancelled');
    await expect.poll(async () => (await marked()).size, POLL).toBe(0);
  });

  it.each<[string, (run: RunHandle) => Promise<ActAnswer>]>([
    ['cancelled', (run) => run.cancelTask('only')],
    ['skipped', (run) => run.skipTask('only')],
    ['marked as done', (run) => run.completeTask('only')],
    ['interrupted', (run) => run.pauseTask('only', { mode: 'interrupt' })],
    ['interrupted with its run', (run) => run.pause({ mode: 'interrupt' })],
  ])('are gone when the task is %s', async (_how, act) => {
    const script = '(setsid sleep 600 & sleep 600) & sleep 600';
    const run = await start(script);
    await expect.poll(sleepers, POLL).toBe(3);
    expect(await act(run)).toMatchObject({ changed: true });
    await expect.poll(async () => (await marked()).size, POLL).toBe(0);
    await run.cancel().catch(() => undefined);
    await run.result();
    expect(await sleepers()).toBe(0);
  });

  it('say how far they are while they run, and who runs them', async () => {
    const script = 'echo "3/10 loading" >> "$DAGWRIGHT_PROGRESS"; sleep 600';
    const run = await start(script);
    const task = async () => (await run.describe()).tasks[0];
    await expect.poll(task, POLL).toMatchObject({
      state: 'running',
      progress: { fraction: 0.3, done: 3, total: 10, note: 'loading' },
      worker: expect.stringMatching(`^${process.pid}@`),
    });
    await run.cancel();
    await run.result();
  });
});
