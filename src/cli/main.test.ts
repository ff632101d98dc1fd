import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RunResult } from '../run/run.js';
import { hasErrors } from '../spec/diagnostic.js';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const LOADER = pathToFileURL(createRequire(import.meta.url).resolve('tsx/esm')).href;

const GREET = `
name: greet
params:
  who: { type: string, default: world }
tasks:
  ask:
    run: printf '"%s"' "$WHO" > "$DAGWRIGHT_OUTPUT"
    env: { WHO: nobody }
  greet:
    needs: [ask]
    uses: function
    with: { name: greet }
`;

const FAILING = `
name: failing
tasks:
  good: { run: 'true' }
  bad: { needs: [good], run: 'echo one >&2; echo two >&2; exit 3' }
  after: { needs: [bad], run: 'true' }
`;

const BROKEN = `
name: broken
tasks:
  a: { needs: [b], run: 'true' }
  b: { needs: [a], run: 'true', timeout: soon }
`;

const FUNCTIONS = `export const greet = { name: 'greet', run: (_, { params }) => 'Hello ' + params.who };\n`;

const MODULE = `
const hello = { name: 'hello', run: () => ({ hello: 'typed' }) };
const task = { name: 'only', uses: 'function', with: { name: 'hello' }, needs: [] };
export default { dag: { name: 'typed', params: {}, tasks: [task] }, functions: [hello] };
`;

const STRAY = `
const stray = { name: 'stray', run: async () => {
  Promise.reject(new Error('left behind'));
  await new Promise((resolve) => setImmediate(resolve));
  return 'done';
} };
const task = { name: 'only', uses: 'function', with: { name: 'stray' }, needs: [] };
export default { dag: { name: 'stray', params: {}, tasks: [task] }, functions: [stray] };
`;

const ENDLESS = `
name: endless
tasks:
  wait: { run: sleep 600 }
`;

// Each test starts processes, several at once, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000 });

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagwright-cli-'));
  const dags = { 'dag.yaml': GREET, 'failing.yaml': FAILING, 'broken.yaml': BROKEN, 'endless.yaml': ENDLESS };
  for (const [name, text] of Object.entries({
    ...dags,
    'functions.mjs': FUNCTIONS,
    'typed.mjs': MODULE,
    'stray.mjs': STRAY,
  })) {
    await writeFile(join(folder, name), text);
  }
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(args: readonly string[]): { child: ChildProcess; outcome: Promise<Outcome> } {
  const child = spawn(process.execPath, ['--import', LOADER, MAIN, ...args], {
    cwd: folder,
    // No server, profile or state folder of whoever runs the tests.
    env: { PATH: process.env['PATH'], HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { child, outcome };
}

function dagwright(...args: string[]): Promise<Outcome> {
  return start(args).outcome;
}

describe('dagwright', () => {
  it('tells its commands and exit codes with --help, and its version', async () => {
    const [help, version] = await Promise.all([dagwright('--help'), dagwright('--version')]);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    for (const verb of 'run worker dev validate test schema graph list status pause resume cancel'.split(' ')) {
      expect(help.stdout).toMatch(new RegExp(`^ {2}${verb} `, 'm'));
    }
    expect(help.stdout).toContain('Exit codes:');
    const { version: expected } = JSON.parse(
      await readFile(new URL('../../package.json', import.meta.url), 'utf8'),
    ) as { version: string };
    expect(version.stdout.trim()).toBe(expected);
  });

  it('exits with 2 where it is used wrongly, and says so in JSON where that was asked for', async () => {
    const [unknown, missing, nonsense] = await Promise.all([
      dagwright('rnu'),
      dagwright('run', '--json'),
      dagwright('run', 'dag.yaml', '--local', '--detach'),
    ]);
    expect(unknown).toMatchObject({ code: 2, stdout: '' });
    expect(unknown.stderr).toContain('Did you mean run?');
    expect(missing).toMatchObject({ code: 2, stderr: '' });
    expect(JSON.parse(missing.stdout)).toEqual({
      error: { code: 'USAGE', message: "missing required argument 'file'", hint: 'See `dagwright --help`.' },
    });
    expect(nonsense.code).toBe(2);
    expect(nonsense.stderr).toMatch(/^error USAGE: .*\nhint: .*\n$/);
  });

  it('exits with 2 where the priority of a run makes no sense, before it looks for a server', async () => {
    const run = (...flags: string[]) => dagwright('run', 'dag.yaml', '--address', '127.0.0.1:1', ...flags);
    const answers = await Promise.all([
      run('--priority', '6'),
      run('--priority', 'high'),
      run('--fairness-weight', '2'),
      run('--fairness-key', 'acme', '--fairness-weight', '0'),
      dagwright('run', 'dag.yaml', '--local', '--priority', '1'),
    ]);
    expect(answers.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2]);
    expect(answers.map(({ stderr }) => /^error (\w+)/.exec(stderr)?.[1])).toEqual([
      'PRIORITY_INVALID',
      'USAGE',
      'PRIORITY_INVALID',
      'PRIORITY_INVALID',
      'USAGE',
    ]);
  });

  it('exits with 3 where no server answers', async () => {
    const { code, stderr } = await dagwright('list', '--address', '127.0.0.1:1');
    expect(code).toBe(3);
    expect(stderr).toMatch(/^error SERVER_UNREACHABLE: .*\nhint: .*\n$/);
  });
});

describe('dagwright validate', () => {
  it('exits with 0 for good files, modules too', async () => {
    expect(await dagwright('validate', 'dag.yaml', 'typed.mjs')).toEqual({
      code: 0,
      stdout: 'dag.yaml: ok, 2 tasks\ntyped.mjs: ok, 1 task\n',
      stderr: '',
    });
  });

  it('exits with 1 for a bad one, and prints every problem with its place', async () => {
    const [plain, json] = await Promise.all([
      dagwright('validate', 'dag.yaml', 'broken.yaml'),
      dagwright('validate', '--json', 'dag.yaml', 'broken.yaml'),
    ]);
    expect(plain.code).toBe(1);
    expect(plain.stdout).toMatch(/^broken\.yaml:\d+:\d+ error CYCLE /m);
    expect(plain.stdout).toMatch(/^broken\.yaml:\d+:\d+ error DURATION_INVALID /m);
    expect(json.code).toBe(1);
    const { diagnostics } = JSON.parse(json.stdout) as { diagnostics: Parameters<typeof hasErrors>[0] };
    expect(hasErrors(diagnostics)).toBe(true);
    for (const diagnostic of diagnostics) {
      expect(diagnostic).toMatchObject({
        code: expect.any(String) as string,
        severity: 'error',
        message: expect.any(String) as string,
        file: 'broken.yaml',
        line: expect.any(Number) as number,
        column: expect.any(Number) as number,
      });
    }
  });
});

describe('dagwright test', () => {
  it('takes every file of tests of this folder, and needs one', async () => {
    expect(await dagwright('test')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error USAGE: /) as string,
    });
    const text = 'dag: dag.yaml\ntests:\n  - { name: first, expect: { run: succeeded } }\n';
    await writeFile(join(folder, 'b.test.yml'), text.replace('first', 'second'));
    await writeFile(join(folder, 'a.test.yaml'), text);
    const { code, stdout } = await dagwright('test');
    expect(stdout).toMatch(/^✔ first\n✔ second\n2 passed, 0 failed /);
    expect(code).toBe(0);
  });
});

describe('dagwright validate, of a module', () => {
  it('lists the problems that `dag()` found while the module was loaded', async () => {
    const builder = new URL('../spec/builder.ts', import.meta.url).href;
    const taskDefinition = new URL('../spec/task-definition.ts', import.meta.url).href;
    const tasks = `[task('a', { run: 'true', timeout: 'soon' })]`;
    await writeFile(
      join(folder, 'bad.mjs'),
      `import { dag } from '${builder}';\nimport { task } from '${taskDefinition}';\nexport default dag('bad', { tasks: ${tasks} });\n`,
    );
    const { code, stdout } = await dagwright('validate', 'bad.mjs');
    expect(stdout).toMatch(/^bad\.mjs:1:1 error DURATION_INVALID .*\n.*\nbad\.mjs: 1 error\n$/);
    expect(code).toBe(1);
  });

  it('refuses a module without a dag', async () => {
    const { code, stdout, stderr } = await dagwright('validate', 'functions.mjs');
    expect(stderr).toMatch(/^error FUNCTIONS_INVALID: The module functions\.mjs exports no dag\.\nhint: /);
    expect(stdout).toBe('');
    expect(code).toBe(1);
  });
});

describe('dagwright schema and graph', () => {
  it('print a JSON Schema, and the dag in three formats', async () => {
    const [schema, mermaid, dot, terminal] = await Promise.all([
      dagwright('schema'),
      dagwright('graph', 'dag.yaml', '--format', 'mermaid'),
      dagwright('graph', 'dag.yaml', '--format', 'dot'),
      dagwright('graph', 'dag.yaml'),
    ]);
    expect(JSON.parse(schema.stdout)).toMatchObject({ $schema: expect.stringContaining('json-schema') as string });
    expect(mermaid.stdout).toMatch(/^(flowchart|graph) /m);
    expect(dot.stdout).toMatch(/^(strict )?digraph /m);
    for (const { stdout, code } of [mermaid, dot, terminal]) {
      expect(code).toBe(0);
      expect(stdout).toContain('ask');
      expect(stdout).toContain('greet');
    }
    // oxlint-disable-next-line no-control-regex -- a pipe gets no colours
    expect(terminal.stdout).not.toMatch(/\u001b/);
  });
});

describe('dagwright run --local', () => {
  it('runs a dag with its params and the functions beside it, a line for each change', async () => {
    const { code, stdout, stderr } = await dagwright('run', 'dag.yaml', '--local', '--param', 'who=you');
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^\d\d:\d\d:\d\d ask succeeded \(\d+\.\d s\)$/m);
    expect(stdout).toMatch(/^run greet-\S+ succeeded in \d+\.\d s: 2 succeeded\n {2}greet → Hello you$/m);
    expect(code).toBe(0);
  });

  it('ends with one JSON object on stdout where that was asked for', async () => {
    const { code, stdout } = await dagwright('run', 'dag.yaml', '--local', '--json', '--run-id', 'greet-1');
    const time = expect.stringMatching(/^\d{4}-.*Z$/) as string;
    const worker = expect.stringMatching(/^\d+@/) as string;
    const ended = { status: 'succeeded', attempts: 1, startedAt: time, endedAt: time, worker };
    expect(JSON.parse(stdout)).toEqual({
      runId: 'greet-1',
      dag: 'greet',
      status: 'succeeded',
      startedAt: time,
      endedAt: time,
      tasks: { ask: { ...ended, output: 'nobody' }, greet: { ...ended, output: 'Hello world' } },
    });
    expect(code).toBe(0);
  });

  it('exits with 1 where the run fails, and tells why and where the log is', async () => {
    const [plain, json] = await Promise.all([
      dagwright('run', 'failing.yaml', '--local', '--run-id', 'failing-1'),
      dagwright('run', 'failing.yaml', '--local', '--json'),
    ]);
    expect(plain.code).toBe(1);
    expect(plain.stdout).toContain(': 1 succeeded, 1 failed, 1 upstream_failed\n  bad SHELL_EXIT: ');
    expect(plain.stdout).toContain('    │ one\n    │ two\n');
    const log = /^ {4}log: (.*)$/m.exec(plain.stdout)?.[1] ?? '';
    expect(await readFile(log, 'utf8')).toContain('one\ntwo\n');
    expect(json.code).toBe(1);
    const result = JSON.parse(json.stdout) as RunResult;
    expect(result.status).toBe('failed');
    expect(result.tasks['bad']).toMatchObject({ status: 'failed', error: { code: 'SHELL_EXIT' } });
    expect(result.tasks['after']).toMatchObject({ status: 'upstream_failed', attempts: 0 });
  });

  it('lives on where a function leaves a rejected promise behind, and says so', async () => {
    const { code, stdout, stderr } = await dagwright('run', 'stray.mjs', '--local');
    expect(stderr).toMatch(/^warning: a promise was rejected that nobody waits for: Error: left behind$/m);
    expect(stdout).toMatch(/only → done$/m);
    expect(code).toBe(0);
  });

  it('runs a dag that a module exports, with the functions it brings', async () => {
    const { code, stdout } = await dagwright('run', 'typed.mjs', '--local', '--json');
    expect((JSON.parse(stdout) as RunResult).tasks['only']?.output).toEqual({ hello: 'typed' });
    expect(code).toBe(0);
  });

  it('runs nothing of a broken file: the problems go out, and it exits with 1', async () => {
    const [plain, json] = await Promise.all([
      dagwright('run', 'broken.yaml', '--local'),
      dagwright('run', 'broken.yaml', '--local', '--json'),
    ]);
    expect(plain).toMatchObject({ code: 1, stdout: '' });
    expect(plain.stderr).toMatch(/^error DAG_INVALID: [^]*broken\.yaml:\d+:\d+ error CYCLE /);
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({
      error: { code: 'DAG_INVALID', diagnostics: expect.arrayContaining([]) as unknown[] },
    });
  });

  it('exits with 2 where a param makes no sense', async () => {
    const { code, stderr } = await dagwright('run', 'dag.yaml', '--local', '--param', 'whom=x');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error PARAM_INVALID: .*Did you mean `who`\?\nhint: /);
  });

  it('cancels the run at Ctrl-C, and exits with 1', async () => {
    const { child, outcome } = start(['run', 'endless.yaml', '--local', '--json']);
    child.stderr?.on('data', (data: Buffer) => {
      if (data.toString().includes('wait running')) child.kill('SIGINT');
    });
    const { code, stdout, stderr } = await outcome;
    expect(stderr).toContain('Cancelling the run');
    expect((JSON.parse(stdout) as RunResult).status).toBe('cancelled');
    expect(code).toBe(1);
  });
});
