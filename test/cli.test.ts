import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DagClient } from '../src/client/dag-client.js';
import { loadConfig } from '../src/config.js';
import type { RunResult, RunDescription } from '../src/run/run.js';
import { isProcessAlive } from '../src/dev/lock-file.js';
import { readServer } from '../src/dev/server-file.js';
import { findTemporalCli } from '../src/dev/temporal-cli.js';
import { buildCli, CliProcess, type Outcome, type Place } from './support/cli-process.js';
import { TaskDoubles } from './support/task-doubles.js';
import { TestTemporal } from './support/temporal.js';

// No other server nearby has it, so that each test starts its own.
const NAMESPACE = 'cli-test';
const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string;

let temporalCli: string;
let folder: string;
let state: string;
let doubles: TaskDoubles;
let processes: CliProcess[] = [];

beforeAll(async () => {
  temporalCli = await findTemporalCli(loadConfig());
  await buildCli();
}, 900_000);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagwright cli '));
  state = join(folder, 'state');
  doubles = await TaskDoubles.start();
});

afterEach(async () => {
  for (const one of processes) one.signal('SIGKILL');
  await Promise.all(processes.map((one) => one.ended));
  processes = [];
  // Of a command that was killed, the server stays.
  const left = readServer(state);
  if (left !== undefined && isProcessAlive(left.pid)) process.kill(left.pid, 'SIGKILL');
  await doubles.stop();
  await rm(folder, { recursive: true, force: true });
});

function place(env: Readonly<Record<string, string>> = {}): Place {
  const own = { PATH: process.env['PATH'] ?? '', HOME: folder, TMPDIR: folder, DAGWRIGHT_STATE: state, CI: '1' };
  return { folder, env: { ...own, DAGWRIGHT_TEMPORAL_CLI: temporalCli, TEMPORAL_NAMESPACE: NAMESPACE, ...env } };
}

function start(...args: readonly string[]): CliProcess {
  const started = new CliProcess(args, place());
  processes.push(started);
  return started;
}

/** A command line as it stands in an advice, without `dagwright`. */
function startShellWords(line: string): CliProcess {
  return start(...[...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? ''));
}

function dagwright(...args: readonly string[]): Promise<Outcome> {
  return start(...args).ended;
}

async function json<T>(...args: readonly string[]): Promise<T> {
  const { stdout, stderr, code } = await dagwright(...args, '--json');
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as T;
}

/** Tasks one after the other, each of which the test releases. */
async function chain(file: string, names: readonly string[]): Promise<string> {
  const tasks = names.map((name, i) => {
    const { url } = doubles.task(name).with['input'] as { url: string };
    const request = JSON.stringify({ url: `${url}?task=${name}` });
    return `  ${name}: { needs: [${names.slice(i - 1, i).join()}], uses: http, with: ${request} }\n`;
  });
  await writeFile(
    join(folder, file),
    `name: chain\ndefaults: { timeout: { heartbeat: 3s } }\ntasks:\n${tasks.join('')}`,
  );
  return file;
}

function serverPid(): number {
  return readServer(state)?.pid ?? 0;
}

/** The end of a run on the server of the state folder. */
async function resultOf(runId: string): Promise<RunResult> {
  const client = await DagClient.connect({ address: readServer(state)?.address ?? '', namespace: NAMESPACE });
  try {
    return await client.get(runId).result();
  } finally {
    await client.close();
  }
}

describe('dagwright run, with no server anywhere', () => {
  it('starts one, prints the result and where the Web UI is, and leaves nothing running', async () => {
    const file = await chain('dag.yaml', ['a', 'b']);
    const run = start('run', file, '--run-id', 'run-1');
    const [, page = ''] = await run.says(/^Web UI: (http:.*\/namespaces\/cli-test\/workflows\/run-1)$/m);
    expect((await fetch(page)).status).toBe(200);
    const pid = serverPid();
    expect(isProcessAlive(pid)).toBe(true);
    await doubles.release('a');
    await doubles.release('b');

    const { code, stdout, stderr } = await run.ended;
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^\d\d:\d\d:\d\d a succeeded \(.* s\)$/m);
    expect(stdout).toMatch(/^run run-1 succeeded in \d+\.\d s: 2 succeeded$/m);
    expect(stdout.slice(stdout.indexOf('run run-1 succeeded'))).toContain(`Web UI: ${page}\n`);
    expect(code).toBe(0);
    expect(isProcessAlive(pid)).toBe(false);
    expect(readServer(state)).toBeUndefined();
  });

  it('detaches at Ctrl-C, and the advice it gives then works', async () => {
    const file = await chain('dag.yaml', ['a', 'b']);
    const run = start('run', file, '--run-id', 'left');
    await doubles.release('a');
    await doubles.running('b');
    const pid = serverPid();
    run.signal('SIGINT');
    const { code, stderr } = await run.ended;
    expect(code).toBe(130);
    expect(isProcessAlive(pid)).toBe(false);

    const [, advice = ''] = /^ {2}dagwright (dev.*?) {4}brings them back/m.exec(stderr) ?? [];
    const dev = startShellWords(advice);
    await dev.says(/^Worker:/m);
    await doubles.begunTimes('b', 2);
    const [, statusAdvice = ''] = /^ {2}dagwright (status.*?) {4}/m.exec(stderr) ?? [];
    expect((await startShellWords(statusAdvice).ended).stdout).toMatch(/b +running/);
    await doubles.release('b');
    const result = await resultOf('left');
    expect(result.status).toBe('succeeded');
    expect(result.tasks['a']?.attempts).toBe(1);

    dev.signal('SIGINT');
    expect((await dev.ended).code).toBe(0);
    expect(readServer(state)).toBeUndefined();
  });

  it.each(['dev', 'worker'])('is brought to its end by `dagwright %s` where it was killed', async (command) => {
    const run = start('run', await chain('dag.yaml', ['a', 'b']), '--run-id', 'killed');
    await doubles.release('a');
    await doubles.running('b');
    run.signal('SIGKILL');
    await run.ended;
    expect(isProcessAlive(serverPid())).toBe(true);

    const next = start(command);
    await doubles.begunTimes('b', 2);
    await doubles.release('b');
    const result = await resultOf('killed');
    expect(result.status).toBe('succeeded');
    expect(result.tasks['a']?.attempts).toBe(1);
    next.signal('SIGTERM');
    expect((await next.ended).code).toBe(0);
    expect(readServer(state)).toBeUndefined();
  });

  it('is joined by a second `run` of its id where it was killed, which works on it', async () => {
    const file = await chain('dag.yaml', ['a', 'b']);
    const run = start('run', file, '--run-id', 'again');
    await doubles.release('a');
    await doubles.running('b');
    run.signal('SIGKILL');
    await run.ended;

    const second = start('run', file, '--run-id', 'again', '--json');
    await doubles.begunTimes('b', 2);
    await doubles.release('b');
    const { code, stdout } = await second.ended;
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as RunResult).tasks).toMatchObject({ a: { attempts: 1 }, b: { attempts: 2 } });
    expect(readServer(state)).toBeUndefined();
  });

  it('is not what the other commands start: they exit with 3 and say what helps', async () => {
    const commands = [['list'], ['status', 'x'], ['worker'], ['run', await chain('dag.yaml', ['a']), '--detach']];
    const ends = await Promise.all(commands.map((command) => dagwright(...command)));
    for (const { code, stdout, stderr } of ends) {
      expect(stderr).toMatch(/^error SERVER_UNREACHABLE: .*\nhint: Start one with `dagwright dev`.*\n$/);
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    }
  });

  it('needs none with --local', async () => {
    const run = start('run', await chain('dag.yaml', ['a']), '--local', '--json');
    await doubles.release('a', { output: 'free' });
    const { code, stdout } = await run.ended;
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as RunResult).tasks['a']?.output).toMatchObject({ body: '{"output":"free"}' });
    await expect(stat(join(state, 'temporal.db'))).rejects.toThrow('ENOENT');
  });
});

describe('dagwright, on a server', () => {
  let temporal: TestTemporal;
  let server: readonly string[];

  beforeAll(async () => {
    temporal = await TestTemporal.start();
    server = ['--address', temporal.address, '--namespace', 'default'];
  });

  afterAll(() => temporal.stop());

  it('prints exactly one JSON object for `run --json`, whatever the functions print', async () => {
    await writeFile(
      join(folder, 'functions.mjs'),
      `export const shout = { name: 'shout', run: (input) => { console.log('noise'); return input.toUpperCase(); } };\n`,
    );
    await writeFile(
      join(folder, 'mixed.yaml'),
      `
name: mixed
params: { who: { type: string, default: nobody } }
tasks:
  ask: { run: 'printf %s "$DAGWRIGHT_PARAM_WHO" | sed "s/.*/{\\"who\\": \\"&\\"}/" > "$DAGWRIGHT_OUTPUT"' }
  shout: { needs: [ask], uses: function, with: { name: shout, input: hey } }
  quiet: { run: 'true' }
  bad: { needs: [quiet], run: 'exit 7', retry: { maximumAttempts: 2, initialInterval: 10ms } }
  after: { needs: [bad], run: 'true' }
`,
    );
    const { code, stdout } = await dagwright('run', 'mixed.yaml', ...server, '--json', '--param', 'who=you');
    const worker = expect.stringMatching(/^\d+@./) as string;
    const succeeded = { status: 'succeeded', attempts: 1, startedAt: TIME, endedAt: TIME, worker };
    const result = JSON.parse(stdout) as RunResult;
    expect(result).toEqual({
      runId: expect.stringMatching(/^mixed-/) as string,
      dag: 'mixed',
      status: 'failed',
      startedAt: TIME,
      endedAt: TIME,
      tasks: {
        ask: { ...succeeded, output: { who: 'you' } },
        shout: { ...succeeded, output: 'HEY' },
        quiet: succeeded,
        bad: {
          status: 'failed',
          attempts: 2,
          startedAt: TIME,
          endedAt: TIME,
          error: expect.objectContaining({ code: 'SHELL_EXIT' }) as object,
          worker,
        },
        after: { status: 'upstream_failed', attempts: 0, endedAt: TIME },
      },
    });
    expect(code).toBe(1);
  });

  it('exits with 1 where the run fails, and shows why, the last lines of stderr, and the log', async () => {
    await writeFile(
      join(folder, 'failing.yaml'),
      `name: failing\ntasks:\n  bad: { run: 'echo first >&2; echo second >&2; exit 3' }\n`,
    );
    const { code, stdout } = await dagwright('run', 'failing.yaml', ...server, '--run-id', 'failing');
    expect(stdout).toMatch(/^run failing failed in .*: 1 failed\n {2}bad SHELL_EXIT: .*3.*\n/m);
    expect(stdout).toContain('    │ first\n    │ second\n');
    const [, log = ''] = /^ {4}log: (.*)$/m.exec(stdout) ?? [];
    expect(await readFile(log, 'utf8')).toContain('first\nsecond\n');
    expect(code).toBe(1);
  });

  it('exits with 1 for a broken file, before it asks any server, and lists every problem with its place', async () => {
    const text = `name: broken
tasks:
  a: { needs: [b], run: 'true' }
  b: { needs: [a], run: 'true', timeout: soon }
  c: { needs: [aa], runn: 'true' }
`;
    await writeFile(join(folder, 'broken.yaml'), text);
    const { code, stdout, stderr } = await dagwright('run', 'broken.yaml', '--address', '127.0.0.1:1');
    const places = [...stderr.matchAll(/broken\.yaml:(\d+):\d+ error (\w+) /g)].map(
      ([, line, what]) => `${line} ${what}`,
    );
    expect(places).toEqual(expect.arrayContaining(['4 DURATION_INVALID', '5 NEEDS_UNKNOWN', '5 FIELD_UNKNOWN']));
    expect(places.filter((at) => at.endsWith(' CYCLE'))).toHaveLength(1);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });

  it('exits with 2 for what makes no sense', async () => {
    const file = await chain('dag.yaml', ['a']);
    const lines = [
      ['run'],
      ['run', file, '--nonsense'],
      ['run', file, '--param', 'unknown=1'],
      ['run', file, '--local', ...server],
      ['run', file, '--run-id', 'not an id', ...server],
      ['worker', '--slots', '0', ...server],
    ];
    for (const { code, stdout, stderr } of await Promise.all(lines.map((line) => dagwright(...line)))) {
      expect(stderr).toMatch(/^error \w+: /);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    }
  });

  it('exits with 3 where nothing answers at the address', async () => {
    const file = await chain('dag.yaml', ['a']);
    const commands = [['run', file], ['worker'], ['list'], ['cancel', 'x']];
    const ends = await Promise.all(commands.map((command) => dagwright(...command, '--address', '127.0.0.1:1')));
    for (const { code, stdout, stderr } of ends) {
      expect(stderr).toMatch(/^error SERVER_UNREACHABLE: No Temporal server answers at 127\.0\.0\.1:1\.\nhint: .*\n$/);
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    }
  });

  it('exits with 2 where the server has no such namespace', async () => {
    const file = await chain('dag.yaml', ['a']);
    const commands = [['run', file], ['worker'], ['list'], ['status', 'x']];
    const nowhere = ['--address', temporal.address, '--namespace', 'nowhere'];
    const ends = await Promise.all(commands.map((command) => dagwright(...command, ...nowhere)));
    for (const { code, stdout, stderr } of ends) {
      expect(stderr).toMatch(/^error NAMESPACE_NOT_FOUND: The Temporal server has no namespace nowhere\.\nhint: .*\n$/);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    }
  });

  it('shows and steers a live run from other processes', async () => {
    const run = start('run', await chain('dag.yaml', ['a', 'b', 'c']), '--run-id', 'steered', ...server);
    await doubles.running('a');

    const [described, shown] = await Promise.all([
      json<RunDescription>('status', 'steered', ...server),
      dagwright('status', 'steered', ...server),
    ]);
    expect(described).toMatchObject({
      runId: 'steered',
      dag: 'chain',
      state: 'running',
      startedAt: TIME,
      tasks: [{ name: 'a', state: 'running', attempts: 1, startedAt: TIME }, { name: 'b' }, { name: 'c' }],
    });
    expect(shown.stdout).toMatch(/steered.*running[^]*a +running/);
    const listed = async (): Promise<unknown> => (await json<{ runs: unknown[] }>('list', ...server)).runs;
    const listing = { runId: 'steered', dag: 'chain', state: 'running', startedAt: TIME, tags: [], failedTasks: 0 };
    await expect.poll(listed, { timeout: 20_000 }).toContainEqual(listing);
    expect((await dagwright('list', '--dag', 'chain', ...server)).stdout).toMatch(/^steered +chain +running /m);

    const paused = await dagwright('pause', 'steered', ...server);
    const [, advice = ''] = /`dagwright (resume .*)` goes on/.exec(paused.stdout) ?? [];
    await doubles.release('a');
    await run.says(/run steered is paused/);
    await run.says(/a succeeded/);
    const { state: pausedState, tasks } = await json<RunDescription>('status', 'steered', ...server);
    expect([pausedState, ...tasks.map((task) => task.state)]).toEqual(['paused', 'succeeded', 'ready', 'pending']);
    expect(doubles.begun).toHaveLength(1);

    expect((await startShellWords(advice).ended).code).toBe(0);
    await doubles.running('b');
    expect(await json('cancel', 'steered', ...server)).toEqual({
      runId: 'steered',
      act: 'cancel',
      changed: true,
      message: 'The run is cancelled: 1 running task told to stop.',
      state: 'cancelling',
      tasks: [{ name: 'c', from: 'pending', to: 'cancelled' }],
      tasksChanged: 1,
    });
    await doubles.cutOff('b');
    const { code, stdout } = await run.ended;
    expect(stdout).toMatch(/^run steered cancelled in .*: 1 succeeded, 2 cancelled$/m);
    expect(code).toBe(1);

    const [late, nowhere] = await Promise.all([
      dagwright('pause', 'steered', ...server),
      dagwright('status', 'nowhere', ...server),
    ]);
    expect(late.stderr).toMatch(/^error RUN_ENDED: /);
    expect(late.code).toBe(1);
    expect(nowhere.stderr).toMatch(/^error RUN_NOT_FOUND: /);
  });

  it('obeys the bare signals of Temporal’s own command', async () => {
    const signal = async (name: string): Promise<unknown> => {
      const at = [...server, '--workflow-id', 'bare', '--name', name];
      return promisify(execFile)(temporalCli, ['workflow', 'signal', ...at], { env: place().env });
    };
    const run = start('run', await chain('dag.yaml', ['a', 'b', 'c']), '--run-id', 'bare', ...server);
    await doubles.running('a');
    await signal('pause');
    await run.says(/run bare is paused/);
    await doubles.release('a');
    await run.says(/a succeeded/);
    expect(doubles.begun).toHaveLength(1);
    await signal('resume');
    await doubles.running('b');
    await signal('cancel');
    await doubles.cutOff('b');
    const { code, stdout } = await run.ended;
    expect(stdout).toMatch(/^run bare cancelled in /m);
    expect(code).toBe(1);
  });

  it('detaches at Ctrl-C, and its advice finds the server, the functions and the run again', async () => {
    await chain('dag.yaml', ['a']);
    await writeFile(join(folder, 'functions.mjs'), `export const shout = { name: 'shout', run: () => 'HEY' };\n`);
    const text = await readFile(join(folder, 'dag.yaml'), 'utf8');
    await writeFile(
      join(folder, 'dag.yaml'),
      `${text}  shout: { needs: [a], uses: function, with: { name: shout } }\n`,
    );
    const queue = ['--task-queue', 'of my own'];
    const run = start('run', 'dag.yaml', '--run-id', 'left', '--json', ...server, ...queue);
    await doubles.running('a');
    run.signal('SIGINT');
    const { code, stdout, stderr } = await run.ended;
    expect(code).toBe(130);
    expect(JSON.parse(stdout)).toEqual({ runId: 'left', dag: 'chain', status: 'running', taskQueue: 'of my own' });

    const [, advice = ''] = /^ {2}dagwright (worker.*?) {4}starts one/m.exec(stderr) ?? [];
    const worker = startShellWords(advice);
    await doubles.begunTimes('a', 2);
    await doubles.release('a');
    const result = await json<RunResult>('run', 'dag.yaml', '--run-id', 'left', ...server, ...queue, '--no-worker');
    expect(result.tasks).toMatchObject({ a: { status: 'succeeded' }, shout: { output: 'HEY' } });
    worker.signal('SIGINT');
    expect((await worker.ended).code).toBe(0);
  });

  it('cancels at Ctrl-C where that was asked for', async () => {
    const file = await chain('dag.yaml', ['a']);
    const run = start('run', file, '--json', '--on-interrupt', 'cancel', ...server);
    await doubles.running('a');
    run.signal('SIGINT');
    const { code, stdout, stderr } = await run.ended;
    expect(stderr).toContain('Cancelling the run; Ctrl-C again quits at once.');
    expect(JSON.parse(stdout)).toMatchObject({ status: 'cancelled', tasks: { a: { status: 'cancelled' } } });
    expect(code).toBe(1);
  });

  it('lets running tasks end at SIGTERM to the worker, and starts none', async () => {
    const queue = ['--task-queue', 'drained'];
    const first = start('worker', ...server, ...queue);
    await first.says(/^Worker ready: /m);
    const file = await chain('dag.yaml', ['a', 'b']);
    const detached = await dagwright('run', file, '--run-id', 'drained', '--detach', ...server, ...queue);
    expect(detached).toMatchObject({ code: 0, stderr: '' });
    await doubles.running('a');
    first.signal('SIGTERM');
    await first.says(/takes no more tasks/);
    await doubles.release('a');
    expect((await first.ended).code).toBe(0);
    expect(doubles.begun.map(({ task }) => task)).toEqual(['a']);

    start('worker', ...server, ...queue);
    await doubles.release('b');
    const result = await json<RunResult>('run', file, '--run-id', 'drained', '--no-worker', ...server, ...queue);
    expect(result.tasks).toMatchObject({ a: { attempts: 1 }, b: { attempts: 1 } });
  });

  it('joins the run of the same id instead of starting it twice', async () => {
    const file = await chain('dag.yaml', ['a']);
    const first = start('run', file, '--run-id', 'twice', '--json', ...server);
    await doubles.running('a');
    const second = start('run', file, '--run-id', 'twice', ...server);
    await second.says(/a running/);
    await doubles.release('a');
    const ends = await Promise.all([first.ended, second.ended]);
    expect(ends.map(({ code }) => code)).toEqual([0, 0]);
    expect(doubles.begun).toHaveLength(1);
    expect(await json('run', file, '--run-id', 'twice', ...server)).toEqual(JSON.parse(ends[0].stdout));
    expect(doubles.begun).toHaveLength(1);

    await writeFile(join(folder, 'other.yaml'), `name: other\ntasks: { x: { run: 'true' } }\n`);
    const taken = await dagwright('run', 'other.yaml', '--run-id', 'twice', ...server);
    expect(taken.stderr).toMatch(/^error RUN_ID_TAKEN: /);
    expect(taken.code).toBe(1);
  });

  it('starts a worker for each of two runs in a row, though the server still lists the first one’s', async () => {
    await writeFile(join(folder, 'short.yaml'), `name: short\ntasks: { x: { run: 'true' } }\n`);
    for (const runId of ['row-1', 'row-2']) {
      const { code } = await dagwright('run', 'short.yaml', '--run-id', runId, ...server, '--task-queue', 'row');
      expect(code).toBe(0);
    }
  });
});
