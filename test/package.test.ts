import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunResult } from '../src/run/run.js';
import { loadConfig } from '../src/config.js';
import { findTemporalCli } from '../src/dev/temporal-cli.js';
import { TestTemporal } from './support/temporal.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');

const DAG = `
name: answer
tasks:
  half: { run: 'echo 21 > "$DAGWRIGHT_OUTPUT"' }
  whole: { needs: [half], run: 'echo 42 > "$DAGWRIGHT_OUTPUT"' }
`;

const SUMS = `
import { dag, defineFunction, task, type DagDefinition } from 'dagwright';

const double = defineFunction('double', { run: (value: number) => value * 2 });
const numbers = task('numbers', { run: () => [1, 2, 3] });
const sum = task('sum', { needs: [numbers], run: ({ needs }) => needs.numbers.reduce((a, b) => a + b, 0) });
const six: number = 6;
const doubled = task('doubled', { needs: [sum], uses: double, input: six });
export const sums: DagDefinition = dag('sums', { tasks: [doubled] });
`;

const MAIN = `
import { DagClient, DagWorker } from 'dagwright';
import { sums } from './sums.js';

const at = { address: process.argv[2], namespace: 'default' };
const worker = await DagWorker.start({ ...at, functions: sums.functions });
const client = await DagClient.connect(at);
const run = await client.start(sums);
console.log(JSON.stringify(await run.result()));
await client.close();
await worker.shutdown();
`;

const WRONG = `
import { defineFunction, task } from 'dagwright';

const double = defineFunction('double', { run: (value: number) => value * 2 });
const numbers = task('numbers', { run: () => [1, 2, 3] });
export const misspelt = task('misspelt', { needs: [nmbers], run: 'true' });
export const unknown = task('unknown', { needs: [numbers], run: ({ needs }) => needs.nmbers });
export const unneeded = task('unneeded', { run: ({ needs }) => needs.numbers });
export const mistyped = task('mistyped', { needs: [numbers], run: ({ needs }) => needs.numbers.toUpperCase() });
export const wrongInput = task('wrong-input', { uses: double, input: 'six' });
`;

let folder: string;
let project: string;
let installed: string;
let temporalCli: string;

beforeAll(async () => {
  temporalCli = await findTemporalCli(loadConfig());
  folder = await mkdtemp(join(tmpdir(), 'dagwright-package-'));
  project = join(folder, 'project');
  installed = join(project, 'node_modules/dagwright');
  await mkdir(project);
  await run('npm', ['pack', '--pack-destination', folder], ROOT);
  const [tarball = ''] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
  const files = { 'package.json': '{ "name": "elsewhere", "private": true, "type": "module" }', 'dag.yaml': DAG };
  for (const [name, text] of Object.entries({ ...files, 'sums.ts': SUMS, 'main.js': MAIN, 'wrong.ts': WRONG })) {
    await writeFile(join(project, name), text);
  }
  await run('npm', ['install', join(folder, tarball), '--prefer-offline', '--no-audit', '--no-fund']);
}, 900_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function attempt(program: string, args: readonly string[], cwd = project): Promise<Outcome> {
  // A namespace that no other server nearby has, so that one is started.
  const own = { DAGWRIGHT_TEMPORAL_CLI: temporalCli, TEMPORAL_NAMESPACE: 'package-test' };
  const env = { ...process.env, DAGWRIGHT_STATE: join(folder, 'state'), ...own };
  try {
    return { code: 0, ...(await promisify(execFile)(program, args, { cwd, env })) };
  } catch (error) {
    return error as Outcome;
  }
}

async function run(program: string, args: readonly string[], cwd = project): Promise<string> {
  const { code, stdout, stderr } = await attempt(program, args, cwd);
  expect(code, `${stdout}\n${stderr}`).toBe(0);
  return stdout;
}

/** What the compiler says of a file of the project, a line for each error. */
async function typeErrors(file: string, ...options: readonly string[]): Promise<string[]> {
  const strict = ['--strict', '--module', 'nodenext', '--moduleResolution', 'nodenext', '--target', 'es2023'];
  const { stdout } = await attempt(process.execPath, [TSC, file, '--ignoreConfig', ...strict, ...options]);
  return stdout.split('\n').filter((line) => / error TS\d+: /.test(line));
}

async function packedFiles(): Promise<string[]> {
  const entries = await readdir(installed, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(installed, join(entry.parentPath, entry.name)))
    .filter((name) => !name.startsWith('node_modules'));
}

describe('the package, installed in an empty folder elsewhere', () => {
  it('holds what it needs and nothing else, and tells nothing of the machine that made it', async () => {
    const files = await packedFiles();
    const compiled = files.filter((file) => /^dist\/.*\.(js|d\.ts)$/.test(file));
    const rest = ['LICENSE', 'README.md', 'package.json', 'schema/dag.schema.json'];
    expect(files.filter((file) => !compiled.includes(file)).sort()).toEqual(rest);
    expect(compiled).toEqual(
      expect.arrayContaining(['dist/index.js', 'dist/index.d.ts', 'dist/cli/main.js', 'dist/workflow-bundle.js']),
    );
    expect(compiled.filter((file) => /\.test\.|^dist\/(?:test|bench)\//.test(file))).toEqual([]);
    const machine = [ROOT, homedir() === '/' ? ROOT : `${homedir()}/`];
    for (const file of files) {
      const text = await readFile(join(installed, file), 'utf8');
      const map = /sourceMappingURL=data:[^,]*,([\w+/=]*)/.exec(text)?.[1] ?? '';
      const all = text + Buffer.from(map, 'base64').toString();
      expect(machine.filter((path) => all.includes(path))).toEqual([]);
    }
  });

  it('runs a dag file with `npx dagwright run`, on a server of its own', async () => {
    const stdout = await run('npx', ['--no', 'dagwright', 'run', 'dag.yaml', '--json']);
    const { status, tasks } = JSON.parse(stdout) as RunResult;
    expect(status).toBe('succeeded');
    expect(tasks).toMatchObject({ half: { output: 21 }, whole: { output: 42 } });
  });

  it('gives its types to a typed dag, which then runs in a module of the user', async () => {
    expect(await typeErrors('sums.ts', '--skipLibCheck')).toEqual([]);
    // Of Temporal's own declarations, some do not hold.
    const all = await typeErrors('sums.ts', '--noEmit');
    expect(all.filter((line) => !line.startsWith('node_modules/@temporalio/'))).toEqual([]);

    const temporal = await TestTemporal.start();
    try {
      const { status, tasks } = JSON.parse(await run(process.execPath, ['main.js', temporal.address])) as RunResult;
      expect(status).toBe('succeeded');
      expect(tasks).toMatchObject({ numbers: { output: [1, 2, 3] }, sum: { output: 6 }, doubled: { output: 12 } });
    } finally {
      await temporal.stop();
    }
  });

  it('makes a typo in `needs`, and a use of outputs that does not fit them, an error of the compiler', async () => {
    const lines = (await typeErrors('wrong.ts', '--skipLibCheck', '--noEmit')).map(
      (error) => /\((\d+),/.exec(error)?.[1],
    );
    expect(lines).toEqual(['6', '7', '8', '9', '10']);
  });

  it('exports its JSON Schema', async () => {
    const code = `import schema from 'dagwright/schema.json' with { type: 'json' }; console.log(schema.$schema);`;
    expect(await run(process.execPath, ['--input-type=module', '-e', code])).toContain('json-schema.org');
  });
});
