import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, mkdir, readFile, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryLog, type MemoryLog } from '../../test/doubles/memory-log.js';
import type { Json, JsonObject } from '../dag/json.js';
import { runAttempt } from './attempt.js';
import type { Progress } from '../dag/progress.js';
import type { TaskCall } from '../dag/task-call.js';
import { AttemptStop, TaskFailure, type TaskLog, type TaskReport } from './handler.js';
import { folderLogStore } from './folder-log-store.js';
import { MAXIMUM_OUTPUT_BYTES } from './output.js';
import type { SecretSource } from './secrets.js';
import { createShellHandler, type ShellOptions } from './shell.js';

let folder: string;
let log: MemoryLog;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'shell-test-')));
  log = memoryLog();
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

interface Options extends Partial<ShellOptions> {
  readonly call?: Partial<TaskCall>;
  readonly with?: JsonObject;
  readonly signal?: AbortSignal;
  readonly log?: TaskLog;
  readonly secrets?: SecretSource;
  readonly attempt?: number;
  readonly progress?: (progress: Progress) => void;
}

function run(script: string, options: Options = {}): Promise<TaskReport> {
  const { call, with: settings, signal, log: ownLog, attempt = 1, progress = () => undefined, ...rest } = options;
  const { secrets = () => undefined, ...shell } = rest;
  const handler = createShellHandler({ environment: { PATH: process.env['PATH'] }, workingFolder: folder, ...shell });
  const whole: TaskCall = {
    runId: 'run-1',
    dag: 'demo',
    task: 'only',
    uses: 'shell',
    with: { run: script, ...settings },
    env: {},
    params: {},
    needs: {},
    maximumAttempts: 1,
    startToClose: 60_000,
    ...call,
  };
  const host = { attempt, signal: signal ?? new AbortController().signal, log: ownLog ?? log, secrets, progress };
  return runAttempt(new Map([['shell', handler]]), whole, host);
}

async function failureOf(promise: Promise<unknown>): Promise<TaskFailure> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof TaskFailure)) throw new Error(`expected a TaskFailure, got ${String(thrown)}`);
  return thrown;
}

/** Processes whose environment or command line has the mark: whatever a script started, wherever it hides. */
async function processesWith(mark: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const [environment = '', stat = ''] = await Promise.all(
      ['environ', 'stat'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')),
    );
    const zombie = /^\d+ \(.*\) Z/.test(stat);
    if (environment.includes(mark) && !zombie) found.push(pid);
  }
  return found;
}

/** Waits until so many of the processes with the mark have become a `sleep`. */
async function untilAsleep(mark: string, times: number): Promise<void> {
  for (;;) {
    const pids = await processesWith(mark);
    const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
    if (lines.filter((line) => line.startsWith('sleep')).length >= times) return;
  }
}

function textOf(value: Json | undefined): string {
  if (typeof value !== 'string') throw new Error(`expected a text, got ${JSON.stringify(value)}`);
  return value;
}

describe('a shell task', () => {
  it('succeeds without an output where the script writes none', async () => {
    expect(await run('true')).toEqual({ attempt: 1 });
  });

  it('takes the JSON in $DAGWRIGHT_OUTPUT as its output', async () => {
    const report = await run(`echo '{"rows": [1, 2]}' > "$DAGWRIGHT_OUTPUT"`);
    expect(report.output).toEqual({ rows: [1, 2] });
  });

  it('refuses an output that is not JSON', async () => {
    const failure = await failureOf(run('echo rows=3 > "$DAGWRIGHT_OUTPUT"'));
    expect(failure.error.code).toBe('TASK_OUTPUT_INVALID');
    expect(failure.retryable).toBe(false);
  });

  it('refuses an output over the limit without reading it', async () => {
    const script = `head -c ${MAXIMUM_OUTPUT_BYTES + 1} /dev/zero > "$DAGWRIGHT_OUTPUT"`;
    expect((await failureOf(run(script))).error.code).toBe('TASK_OUTPUT_TOO_LARGE');
  });

  it('does not hang on an output that became a pipe', async () => {
    expect((await failureOf(run('mkfifo "$DAGWRIGHT_OUTPUT"'))).error.code).toBe('TASK_OUTPUT_INVALID');
  });

  it('fails with the exit code and the last lines of stderr', async () => {
    const failure = await failureOf(run('for i in $(seq 1 30); do echo "line $i" >&2; done; exit 3'));
    expect(failure.error.code).toBe('SHELL_EXIT');
    expect(failure.error.message).toBe('exit code 3: line 30');
    expect(failure.error.details?.['exitCode']).toBe(3);
    const lines = textOf(failure.error.details?.['stderr']).split('\n');
    expect([lines.length, lines[0], lines[19]]).toEqual([20, 'line 11', 'line 30']);
    expect(failure.retryable).toBe(true);
  });

  it('keeps at most 4 KiB of stderr', async () => {
    const failure = await failureOf(run('head -c 1000000 /dev/zero | tr "\\0" x >&2; echo >&2; exit 1'));
    expect(textOf(failure.error.details?.['stderr']).length).toBeLessThanOrEqual(4_096);
    expect(failure.error.message.length).toBeLessThan(600);
  });

  it('fails with the signal that ended the script', async () => {
    const failure = await failureOf(run('kill -9 $$'));
    expect(failure.error).toMatchObject({
      code: 'SHELL_EXIT',
      message: 'ended by SIGKILL',
      details: { signal: 'SIGKILL' },
    });
  });

  it('ends at the first command that fails', async () => {
    expect((await failureOf(run('false\necho on'))).error.details?.['exitCode']).toBe(1);
    const bash = failureOf(run('false | cat\necho on', { with: { shell: 'bash' } }));
    expect((await bash).error.details?.['exitCode']).toBe(1);
    expect(log.text()).not.toContain('on\n');
  });

  it('writes what the script prints to the log', async () => {
    await run('echo to stdout; echo to stderr >&2');
    expect(log.text()).toContain('to stdout\n');
    expect(log.text()).toContain('to stderr\n');
  });

  it('fails where the program or the folder is missing', async () => {
    const program = await failureOf(run('true', { environment: { PATH: '/nowhere' } }));
    expect(program.error.code).toBe('SHELL_SPAWN');
    const where = await failureOf(run('true', { with: { cwd: 'missing' } }));
    expect(where.error.code).toBe('SHELL_SPAWN');
    expect(where.error.message).toContain(join(folder, 'missing'));
  });

  it('fails plainly where its variables are too long for the system', async () => {
    const failure = await failureOf(run('true', { call: { params: { huge: 'x'.repeat(4_000_000) } } }));
    expect(failure.error).toMatchObject({
      code: 'SHELL_SPAWN',
      message: expect.stringContaining('too long') as string,
    });
    expect(failure.retryable).toBe(false);
  });

  it('runs in the folder of the dag, and `cwd` within it', async () => {
    await mkdir(join(folder, 'dag', 'sub'), { recursive: true });
    const pwd = 'printf \'"%s"\' "$PWD" > "$DAGWRIGHT_OUTPUT"';
    const directory = join(folder, 'dag');
    expect((await run(pwd, { call: { directory } })).output).toBe(directory);
    expect((await run(pwd, { call: { directory }, with: { cwd: 'sub' } })).output).toBe(join(directory, 'sub'));
    expect((await run(pwd, { call: { directory: join(folder, 'elsewhere') } })).output).toBe(folder);
  });
});

describe('the environment of a shell task', () => {
  const printAll = 'env | sort';

  it('has the named variables of the worker and no other', async () => {
    const environment = { PATH: process.env['PATH'], HOME: '/home/me', LC_ALL: 'C', AWS_SECRET: 'no', TOKEN: 'asked' };
    await run(printAll, { environment, inheritedVariables: ['TOKEN'] });
    expect(log.text()).toContain('HOME=/home/me\n');
    expect(log.text()).toContain('LC_ALL=C\n');
    expect(log.text()).toContain('TOKEN=asked\n');
    expect(log.text()).not.toContain('AWS_SECRET');
  });

  it('has the env of the task, the params and what the attempt is', async () => {
    const params = { 'start-day': 'it is "monday"', limits: { rows: 5 }, count: 2 };
    await run(printAll, { call: { env: { MINE: 'a b', DAGWRIGHT_TASK: 'forged' }, params } });
    for (const line of [
      'MINE=a b',
      'DAGWRIGHT_PARAM_START_DAY=it is "monday"',
      'DAGWRIGHT_PARAM_LIMITS={"rows":5}',
      'DAGWRIGHT_PARAM_COUNT=2',
      'DAGWRIGHT_RUN_ID=run-1',
      'DAGWRIGHT_DAG=demo',
      'DAGWRIGHT_TASK=only',
      'DAGWRIGHT_ATTEMPT=1',
      'DAGWRIGHT_IDEMPOTENCY_KEY=run-1/only',
    ]) {
      expect(log.text()).toContain(`${line}\n`);
    }
  });

  it.each([
    ['a b', 'a b'],
    [{ file: 'a b' }, '{"file":"a b"}'],
    [null, 'null'],
  ])('has the item of a fan-out: %j', async (item, text) => {
    await run(printAll, { call: { item, index: 2, task: 'convert[2]' } });
    expect(log.text()).toContain(`DAGWRIGHT_ITEM=${text}\n`);
    expect(log.text()).toContain('DAGWRIGHT_INDEX=2\n');
    expect(log.text()).toContain('DAGWRIGHT_IDEMPOTENCY_KEY=run-1/convert/2\n');
  });

  it("has none of the worker's secrets, whatever it inherits", async () => {
    const environment = { PATH: process.env['PATH'], DAGWRIGHT_SECRET_TOKEN: 'tok-12345' };
    await run(printAll, { environment, inheritedVariables: ['DAGWRIGHT_SECRET_TOKEN'] });
    expect(log.text()).not.toContain('tok-12345');
  });

  it('has the secrets that the task was handed, hidden in what it prints and gives', async () => {
    const call = {
      env: { TOKEN: '***', CODE: '***' },
      secrets: [
        { path: ['env', 'TOKEN'], parts: [{ secret: 'secrets.TOKEN' }] },
        { path: ['env', 'CODE'], parts: [{ text: 'c-' }, { secret: 'secrets.TOKEN' }] },
      ],
    };
    // Its two streams in turn: neither must tear the other one's secret apart.
    const script = `
      [ "$CODE" = "c-tok-12345" ]
      printf tok-; sleep 0.05; echo 'err' >&2; sleep 0.05; echo 12345
      echo "$CODE" | base64 >&2
      printf '{"token":"%s"}' "$TOKEN" > "$DAGWRIGHT_OUTPUT"
      [ "$FAIL" = "" ] || { echo "$TOKEN is wrong" >&2; exit 3; }`;
    const secrets = (name: string): string | undefined => (name === 'TOKEN' ? 'tok-12345' : undefined);
    expect((await run(script, { call, secrets })).output).toEqual({ token: '***' });
    expect(log.text()).toContain('err\n');
    expect(log.text()).not.toContain('12345');
    const failing = { ...call, env: { ...call.env, FAIL: 'yes' } };
    const failure = await failureOf(run(script, { call: failing, secrets }));
    expect(failure.error).toMatchObject({ message: 'exit code 3: *** is wrong', details: { exitCode: 3 } });
    expect(JSON.stringify(failure.error)).not.toContain('12345');
    const broken = await failureOf(run('printf "{$TOKEN" > "$DAGWRIGHT_OUTPUT"', { call, secrets }));
    expect(broken.error.message).toBe('$DAGWRIGHT_OUTPUT is not JSON.');
  });

  it('leads to the outputs of the tasks that it needs', async () => {
    const needs = { extract: { files: ['a.csv', 'ü.csv'] } };
    expect((await run('cat "$DAGWRIGHT_NEEDS" > "$DAGWRIGHT_OUTPUT"', { call: { needs } })).output).toEqual(needs);
  });

  it('names files that are gone when the attempt has ended', async () => {
    const { output } = await run('printf \'"%s"\' "$DAGWRIGHT_NEEDS" > "$DAGWRIGHT_OUTPUT"');
    await expect(readFile(textOf(output))).rejects.toThrow('ENOENT');
  });
});

describe('stopping a shell task', () => {
  /** Marks the environment of everything that the script starts. */
  const MARK = `mark-${process.pid}-${Math.random()}`;
  const call = { env: { MARK } };

  afterEach(async () => {
    const left = await processesWith(MARK);
    if (left.length > 0) throw new Error(`The script left processes behind: ${left.join(', ')}`);
  });

  it('ends the whole process group', async () => {
    const host = new AbortController();
    const failure = failureOf(
      run('sleep 600 & (sleep 600; true) & sh -c "sleep 600; true" & echo up; wait', { call, signal: host.signal }),
    );
    await log.until('up\n');
    expect((await processesWith(MARK)).length).toBeGreaterThan(3);
    host.abort(new AttemptStop('cancelled'));
    expect((await failure).error.code).toBe('TASK_CANCELLED');
  });

  it('lets a script that traps SIGTERM clean up', async () => {
    const host = new AbortController();
    const script = 'trap "echo cleaned; exit 0" TERM; echo up; while true; do sleep 0.05; done';
    const failure = failureOf(run(script, { call, signal: host.signal }));
    await log.until('up\n');
    host.abort(new AttemptStop('cancelled'));
    expect((await failure).error.code).toBe('TASK_CANCELLED');
    expect(log.text()).toContain('cleaned\n');
  });

  it('lets a grandchild that traps SIGTERM clean up', async () => {
    const host = new AbortController();
    const script = 'sh -c \'trap "echo cleaned; exit 0" TERM; echo up; while true; do sleep 0.05; done\' & wait';
    const failure = failureOf(run(script, { call, signal: host.signal }));
    await log.until('up\n');
    host.abort(new AttemptStop('cancelled'));
    expect((await failure).error.code).toBe('TASK_CANCELLED');
    expect(log.text()).toContain('cleaned\n');
  });

  it('kills what ignores SIGTERM, after the grace', async () => {
    const host = new AbortController();
    const script = 'trap "" TERM; sleep 600 & echo up; while true; do sleep 1; done';
    const failure = failureOf(run(script, { call, signal: host.signal, killGrace: 50 }));
    await log.until('up\n');
    host.abort(new AttemptStop('cancelled'));
    expect((await failure).error).toMatchObject({ code: 'TASK_CANCELLED', details: { signal: 'SIGKILL' } });
  });

  it('kills a grandchild that ignores SIGTERM and holds the pipes after the script has gone', async () => {
    const host = new AbortController();
    const script = '(trap "" TERM; echo up; while true; do sleep 1; done) & wait';
    const failure = failureOf(run(script, { call, signal: host.signal, killGrace: 50 }));
    await log.until('up\n');
    host.abort(new AttemptStop('cancelled'));
    expect((await failure).error.code).toBe('TASK_CANCELLED');
  });

  it('happens when the attempt is over its time', async () => {
    const failure = await failureOf(run('echo before >&2; sleep 600', { call: { ...call, startToClose: 200 } }));
    expect(failure.error).toMatchObject({ code: 'TASK_TIMEOUT', details: { timeout: 'startToClose', limit: 200 } });
  });

  it('leaves no background process behind when the script succeeds', async () => {
    await run('sleep 600 & sleep 600 >/dev/null 2>&1 & echo done', { call });
    expect(log.text()).toBe('done\n');
  });

  it('does not wait for a process that left the group and holds the pipes', async () => {
    const script = "setsid sh -c 'echo $$ > pid; exec sleep 600' & while [ ! -s pid ]; do sleep 0.01; done";
    expect(await run(script, { call })).toEqual({ attempt: 1 });
    process.kill(Number(await readFile(join(folder, 'pid'), 'utf8')), 'SIGKILL');
    while ((await processesWith(MARK)).length > 0);
  }, 20_000);

  it('ends what left the group, by a new session or by a double fork', async () => {
    const host = new AbortController();
    const script = 'setsid sleep 600 & (setsid sh -c "(sleep 600 &) ; exec sleep 600" &) ; sleep 600 & echo up; wait';
    const failure = failureOf(run(script, { call, signal: host.signal }));
    await log.until('up\n');
    await untilAsleep(MARK, 4);
    host.abort(new AttemptStop('cancelled'));
    expect((await failure).error.code).toBe('TASK_CANCELLED');
  });

  it('lets what left the group clean up, tells it once, and kills it after the grace', async () => {
    const host = new AbortController();
    const polite =
      'told=0; trap "told=\\$((told + 1))" TERM; echo up; while [ $told = 0 ]; do sleep 0.01; done; sleep 0.3; echo told $told';
    const stubborn = 'trap "" TERM; echo up; while true; do sleep 1; done';
    await writeFile(join(folder, 'polite.sh'), polite);
    await writeFile(join(folder, 'stubborn.sh'), stubborn);
    const script = 'setsid sh polite.sh & setsid sh stubborn.sh & echo up; wait';
    const failure = failureOf(run(script, { call, signal: host.signal, killGrace: 4_000 }));
    await log.until('up\nup\nup\n');
    host.abort(new AttemptStop('cancelled'));
    expect((await failure).error.code).toBe('TASK_CANCELLED');
    expect(log.text()).toContain('told 1\n');
  });

  it('ends what left the group when the attempt is over its time, too', async () => {
    const settings = { call: { ...call, startToClose: 3_000 } };
    const failure = await failureOf(run('setsid sleep 600 & echo up; sleep 600', settings));
    expect(failure.error).toMatchObject({ code: 'TASK_TIMEOUT', details: { log: 'up' } });
  });

  it('lets a process that ends by itself write its last lines', async () => {
    await run('(sleep 0.05; echo last) &', { call });
    expect(log.text()).toBe('last\n');
  });
});

describe('a shell task whose earlier attempt lost its worker', () => {
  const MARK = `orphan-${process.pid}-${Math.random()}`;
  const sleeper = `setsid sleep 600 & trap "" TERM; echo up; sleep 600; sleep 600`;

  afterEach(async () => {
    for (const pid of await processesWith(MARK)) process.kill(Number(pid), 'SIGKILL');
  });

  /** A process that runs the script as an attempt of the run, up to its first line. */
  async function startWorker(runId: string): Promise<ChildProcess> {
    const code = `
      const { createShellHandler } = await import(${JSON.stringify(new URL('shell.ts', import.meta.url).href)});
      const log = { path: '', write() {}, append: async (bytes) => void process.stdout.write(bytes) };
      const context = { runId: ${JSON.stringify(runId)}, task: 'only', attempt: 1, params: {}, needs: {}, log,
        idempotencyKey: ${JSON.stringify(`${runId}/only`)}, signal: new AbortController().signal, progress() {} };
      const call = { runId: context.runId, dag: 'demo', task: 'only', env: { MARK: ${JSON.stringify(MARK)} },
        with: { run: ${JSON.stringify(sleeper)} } };
      await createShellHandler({ environment: process.env }).run(call, context);`;
    const worker = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(worker.stdout, 'data');
    await untilAsleep(MARK, 2);
    return worker;
  }

  async function kill(worker: ChildProcess): Promise<void> {
    const exit = once(worker, 'exit');
    worker.kill('SIGKILL');
    await exit;
  }

  it.each([1, 2])('ends what that left running before it starts, as attempt %i', async (attempt) => {
    const runId = `orphaned-${MARK}-${attempt}`;
    const worker = await startWorker(runId);
    await kill(worker);
    expect((await processesWith(MARK)).length).toBeGreaterThanOrEqual(3);
    // Another run on the same machine is none of its business; a look at all processes may serve for a second.
    await run('true', { call: { runId: `${runId}-other` }, attempt: 2 });
    expect((await processesWith(MARK)).length).toBeGreaterThanOrEqual(3);
    await run('echo mine', { call: { runId }, attempt, killGrace: 100 });
    expect(await processesWith(MARK)).toEqual([]);
    expect(log.text()).toMatch(
      /\[dagwright\] Ended \d+ processes of an earlier attempt whose worker had died\.\nmine\n/,
    );
  });

  it('leaves alone what a live worker looks after', async () => {
    const runId = `alive-${MARK}`;
    const worker = await startWorker(runId);
    try {
      await run('echo mine', { call: { runId }, attempt: 2, killGrace: 100 });
      expect((await processesWith(MARK)).length).toBeGreaterThanOrEqual(3);
      expect(log.text()).toBe('mine\n');
    } finally {
      await kill(worker);
    }
  });
});

describe('the progress of a shell task', () => {
  it('is what the last line in $DAGWRIGHT_PROGRESS says', async () => {
    const told: Progress[] = [];
    await run('echo 1/4 > "$DAGWRIGHT_PROGRESS"; echo "75% nearly there" >> "$DAGWRIGHT_PROGRESS"', {
      progress: (progress) => told.push(progress),
    });
    expect(told).toEqual([{ fraction: 0.75, note: 'nearly there' }]);
  });

  it('is told while the script runs', async () => {
    const host = new AbortController();
    let progress: (progress: Progress) => void = () => undefined;
    const told = new Promise<Progress>((resolve) => (progress = resolve));
    const failure = failureOf(
      run('echo 3/10 rows > "$DAGWRIGHT_PROGRESS"; sleep 600', { progress, signal: host.signal }),
    );
    expect(await told).toEqual({ fraction: 0.3, done: 3, total: 10, note: 'rows' });
    host.abort(new AttemptStop('cancelled'));
    await failure;
  });

  it('does not hang on a file that became a pipe', async () => {
    expect(await run('mkfifo "$DAGWRIGHT_PROGRESS"')).toEqual({ attempt: 1 });
  });
});

describe('a shell task that prints much', () => {
  it('takes little memory for 100 MB', async () => {
    const file = folderLogStore(folder).open({ runId: 'r', task: 't', attempt: 1 });
    let most = 0;
    const watched: TaskLog = {
      path: file.path,
      write: (line) => file.write(line),
      append: async (bytes) => {
        await file.append(bytes);
        most = Math.max(most, process.memoryUsage.rss());
      },
    };
    const before = process.memoryUsage.rss();
    await run('head -c 100000000 /dev/zero | tr "\\0" "\\n"', { log: watched });
    await file.close();
    expect(most).toBeGreaterThan(0);
    expect(most - before).toBeLessThan(60 * 1024 * 1024);
    const [log] = await folderLogStore(folder).attempts('r', 't');
    expect(log?.end).toBe(100_000_000);
    expect(100_000_000 - (log?.begin ?? 0)).toBeGreaterThan(47 * 1024 * 1024);
    expect(100_000_000 - (log?.begin ?? 0)).toBeLessThanOrEqual(64 * 1024 * 1024);
  }, 30_000);
});
