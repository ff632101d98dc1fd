import { readdir, readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunHandle } from '../src/client/run-handle.js';
import type { ActAnswer } from '../src/run/act.js';
import type { Dag } from '../src/dag/dag.js';
import { TestTemporal } from './support/temporal.js';

let temporal: TestTemporal;
/** Marks the environment of everything that the scripts start. */
let mark: string;

beforeEach(async () => {
  mark = `mark-${process.pid}-${Math.random()}`;
  temporal = await TestTemporal.start();
}, 900_000);

afterEach(async () => {
  await temporal.stop();
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

async function sleepers(): Promise<number> {
  return [...(await marked()).values()].filter((command) => command.startsWith('sleep 600')).length;
}

function dagOf(script: string, more: Partial<Dag['tasks'][number]> = {}): Dag {
  const task = { name: 'only', uses: 'shell', with: { run: script }, needs: [], env: { MARK: mark }, ...more } as const;
  return { name: 'processes', params: {}, tasks: [task] };
}

const POLL = { timeout: 30_000, interval: 100 };

describe('the processes of a shell task', () => {
  it('are gone when its run is cancelled, those that left its process group too', async () => {
    await temporal.startWorker();
    const run = await (await temporal.client()).start(dagOf('setsid sleep 600 & sleep 600'), { runId: 'cancelled' });
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
    await temporal.startWorker();
    const script = '(setsid sleep 600 & sleep 600) & sleep 600';
    const run = await (await temporal.client()).start(dagOf(script), { runId: 'stopped' });
    await expect.poll(sleepers, POLL).toBe(3);
    expect(await act(run)).toMatchObject({ changed: true });
    await expect.poll(async () => (await marked()).size, POLL).toBe(0);
    await run.cancel().catch(() => undefined);
    await run.result();
    expect(await sleepers()).toBe(0);
  });

  it('say how far they are while they run, and who runs them', async () => {
    await temporal.startWorker();
    const script = 'echo "3/10 loading" >> "$DAGWRIGHT_PROGRESS"; sleep 600';
    const run = await (await temporal.client()).start(dagOf(script), { runId: 'progress' });
    const task = async () => (await run.describe()).tasks[0];
    await expect.poll(task, POLL).toMatchObject({
      state: 'running',
      progress: { fraction: 0.3, done: 3, total: 10, note: 'loading' },
      worker: expect.stringMatching(`^${process.pid}@`),
    });
    await run.cancel();
    await run.result();
  });

  it('are ended by the next attempt where their worker was killed', async () => {
    const first = await temporal.spawnWorker();
    const script = 'if [ "$DAGWRIGHT_ATTEMPT" = 1 ]; then setsid sleep 600 & sleep 600; fi';
    const dag = dagOf(script, { timeout: { heartbeat: 2_000 } });
    const run = await (await temporal.client()).start(dag, { runId: 'killed' });
    await expect.poll(sleepers, POLL).toBe(2);
    await first.kill();
    expect(await sleepers()).toBe(2);

    await temporal.spawnWorker();
    const result = await run.result();
    expect(result.tasks['only']).toMatchObject({ status: 'succeeded', attempts: 2 });
    expect((await marked()).size).toBe(0);
  });
});
