import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Rerun } from '../../client/rerun.js';
import type { RerunOptions } from '../../run/rerun.js';
import { runCli } from '../program.js';

const asked: { readonly runId: string; readonly options: RerunOptions }[] = [];
const started: object[] = [];
const watched: string[] = [];
let hasWorker: boolean;
let prepared: Rerun;

// In the place of a server: who notes what was asked, and gives the answer above.
vi.mock('../server.js', () => ({
  withClient: (_flags: object, work: (connected: object) => unknown): unknown =>
    work({
      client: {
        prepareRerun: async (runId: string, options: RerunOptions) => {
          asked.push({ runId, options });
          return prepared;
        },
        hasWorker: async () => hasWorker,
        rerun: async (_: Rerun, options: { readonly runId?: string }) => {
          started.push(options);
          return { runId: options.runId ?? 'new' };
        },
      },
    }),
}));

vi.mock('./watch.js', () => ({
  watch: async (runId: string): Promise<number> => {
    watched.push(runId);
    return 1;
  },
}));

const tasks = ['a', 'b', 'c'].map((name) => ({ name, uses: 'shell' as const, with: { run: 'true' }, needs: [] }));

let stdout: string;
let stderr: string;

beforeEach(() => {
  for (const list of [asked, started, watched]) list.length = 0;
  hasWorker = true;
  prepared = {
    rerunOf: 'old',
    dag: { name: 'test', params: {}, tasks },
    params: {},
    taskQueue: 'queue',
    takeOver: { runId: 'old', tasks: [[0, 1]], omitted: [] },
    runs: ['b', 'c'],
    again: [],
  };
  stdout = '';
  stderr = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
});

function rerun(...args: string[]): Promise<number> {
  return runCli(['rerun', 'old', ...args]);
}

describe('dagwright rerun', () => {
  it.each<[flags: string, options: RerunOptions]>([
    ['', { from: [], all: false, upstream: false, downstream: true }],
    ['--failed --downstream', { from: [], all: false, upstream: false, downstream: true }],
    ['--from a --from b', { from: ['a', 'b'], all: false, upstream: false, downstream: true }],
    ['--from a --upstream --no-downstream', { from: ['a'], all: false, upstream: true, downstream: false }],
    ['--all', { from: [], all: true, upstream: false, downstream: true }],
  ])('asks for tasks: %s', async (flags, options) => {
    expect(await rerun(...flags.split(' ').filter(Boolean))).toBe(1);
    expect(asked).toEqual([{ runId: 'old', options }]);
  });

  it('says what runs, watches the new run to its end, and exits with what that exits with', async () => {
    expect(await rerun()).toBe(1);
    expect(watched).toEqual(['new']);
    expect([stdout, stderr]).toEqual(['Run new is a rerun of old: 2 of 3 tasks run; 1 is taken over.\n', '']);
  });

  it('uses the queue of the old run, where its workers are, unless another is given', async () => {
    await rerun('--run-id', 'again');
    await rerun('--task-queue', 'other');
    expect(started).toEqual([{ taskQueue: 'queue', runId: 'again' }, { taskQueue: 'other' }]);
  });

  it('names the tasks that run only because an output was not kept', async () => {
    prepared = { ...prepared, again: Array.from({ length: 12 }, (_, i) => `t${i}`) };
    await rerun();
    expect(stdout).toContain('Only because an output was too large to be kept, these run: t0, t1,');
    expect(stdout).toContain(', t9, and 2 more.\n');
  });

  it('leaves with --detach', async () => {
    expect(await rerun('--detach')).toBe(0);
    expect(stdout).toMatch(/\n`dagwright watch new` shows it\.\n$/);
    expect(watched).toEqual([]);
  });

  it('keeps stdout for one object with --json', async () => {
    expect(await rerun('--detach', '--json')).toBe(0);
    const ids = { runId: 'new', dag: 'test', rerunOf: 'old' };
    expect(JSON.parse(stdout)).toEqual({ ...ids, status: 'running', taskQueue: 'queue', runs: ['b', 'c'], again: [] });
    expect(stderr).toContain('Run new is a rerun of old');
  });

  it('warns where no worker is there', async () => {
    hasWorker = false;
    await rerun();
    expect(stderr).toMatch(/^warning NO_WORKER: .*`dagwright worker --task-queue queue`/);
  });

  it('refuses the id of the old run for the new one: it would only be found again', async () => {
    expect(await rerun('--all', '--run-id', 'old')).toBe(1);
    expect(stderr).toMatch(/^error RUN_ID_TAKEN: /);
    expect(asked).toEqual([]);
  });

  it.each(['--all --failed', '--all --from a', '--from'])('refuses %s', async (flags) => {
    expect(await rerun(...flags.split(' '))).toBe(2);
    expect(stderr).toMatch(/^error USAGE: /);
    expect(asked).toEqual([]);
  });
});
