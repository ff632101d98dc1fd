import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { POLICY_NAMES } from '../../dag/policy.js';
import { runCli } from '../program.js';

let folder: string;
let stdout: string;
let stderr: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'simulate-'));
  stdout = stderr = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
});

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});

async function write(name: string, content: string | Uint8Array): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, content);
  return file;
}

const DAG = `name: demo
tasks:
  a: { run: echo, estimate: 4s }
  b: { run: echo, estimate: 1s, priority: 1 }
  c: { run: echo, estimate: 3s, needs: [{ task: b, weight: 2 }] }
`;

const TRACE = JSON.stringify({
  schemaVersion: '1.5',
  workflow: {
    specification: { tasks: [{ id: 'a', parents: [], children: ['b'] }, { id: 'b' }] },
    execution: {
      tasks: [
        { id: 'a', runtimeInSeconds: 1 },
        { id: 'b', runtimeInSeconds: 2.5 },
      ],
    },
  },
});

interface Results {
  readonly results: readonly Record<string, unknown>[];
}

describe('dagwright simulate', () => {
  it('prints one result for each policy and file', async () => {
    const file = await write('dag.yaml', DAG);
    expect(await runCli(['simulate', file, '--policy', 'fcfs,priority', '--workers', '1', '--json'])).toBe(0);
    const common = { file, placement: null, workers: 1, makespan: 8, lowerBound: 8, utilisation: 1 };
    expect(JSON.parse(stdout)).toEqual({
      results: [
        { ...common, policy: 'fcfs', meanFlowTime: 5.666667 },
        { ...common, policy: 'priority', meanFlowTime: 4.666667 },
      ],
      figures: [
        {
          file,
          T: { name: 'execution time', formula: 'C / P', unit: 's', value: 8 },
          R: { name: 'transfer time', formula: 'D / S', unit: 's', value: 2 },
          'P(f)': { name: 'probability of failure', formula: '1 - prod(1 - P_i)', unit: '1', value: 0 },
          L: { name: 'load', formula: 'sum T / sum P', unit: 's', value: 8 },
        },
      ],
    });
    expect(stderr).toBe('');
  });

  it('compares every policy on as many slots as the dag says, and tells the figures', async () => {
    const file = await write('dag.yaml', DAG.replace('tasks:', 'concurrency: 2\ntasks:'));
    expect(await runCli(['simulate', file, '--failures', '0.5'])).toBe(0);
    for (const policy of POLICY_NAMES) expect(stdout).toMatch(new RegExp(`^${policy} +[0-9.]+ s`, 'm'));
    expect(stdout).toContain('dag.yaml on 2 slots\n');
    expect(stdout).toMatch(/T = C \/ P +8\.0 s\n/);
    expect(stdout).toMatch(/R = D \/ S +2\.0 s\n/);
    expect(stdout).toMatch(/P\(f\) = 1 - prod\(1 - P_i\) +0\.8750\n/);
    expect(stdout).toMatch(/L = sum T \/ sum P +4\.0 s/);
  });

  it('reads traces, gzipped too, and lets files share the slots', async () => {
    const trace = await write('trace.json.gz', gzipSync(TRACE));
    const graph = await write('graph.stg', '1\n0 0 0\n1 4 1 0\n2 0 1 1\n');
    const args = ['simulate', graph, trace, '--policy', 'fcfs', '--workers', '1', '--json'];
    expect(await runCli(args)).toBe(0);
    const { results } = JSON.parse(stdout) as Results;
    expect(results.map(({ makespan, lowerBound }) => [makespan, lowerBound])).toEqual([
      [7.5, 4],
      [7.5, 3.5],
    ]);
    stdout = '';
    expect(await runCli([...args, '--between', 'srtf'])).toBe(0);
    expect((JSON.parse(stdout) as Results).results.map(({ makespan }) => makespan)).toEqual([7.5, 3.5]);
  });

  it('lets files share pools, and refuses one that is too small for them', async () => {
    const sharing = (name: string, size: number, slots: number): string =>
      `name: ${name}\npools: { db: { slots: ${size}, scope: global } }\n` +
      `tasks: { t: { run: 'true', estimate: 2s, pool: { name: db, slots: ${slots} } } }\n`;
    const a = await write('a.yaml', sharing('a', 2, 2));
    const b = await write('b.yaml', sharing('b', 2, 1));
    const args = ['simulate', a, b, '--policy', 'fcfs', '--workers', '8'];
    expect(await runCli([...args, '--json'])).toBe(0);
    expect((JSON.parse(stdout) as Results).results.map(({ makespan }) => makespan)).toEqual([2, 4]);
    await write('b.yaml', sharing('b', 1, 1));
    expect(await runCli(args)).toBe(2);
    expect(stderr).toContain('needs 2 slots of the pool db, which the files share; it has 1.');
  });

  it('draws charts, on the terminal and as files', async () => {
    const file = await write('dag.yaml', DAG);
    const svg = join(folder, 'plan.svg');
    const args = ['--policy', 'fcfs,priority', '--workers', '1', '--gantt', '--svg', svg];
    expect(await runCli(['simulate', file, ...args])).toBe(0);
    expect(stdout).toMatch(/dag\.yaml by fcfs {2}succeeded {2}8\.0 s\n/);
    expect(stdout).toMatch(/✔ a +█+/);
    expect(await readFile(join(folder, 'plan.fcfs.svg'), 'utf8')).toContain('<svg');
    expect(await readFile(join(folder, 'plan.priority.svg'), 'utf8')).toContain('<svg');
  });

  it('compares placements in groups, or in one group for each slot', async () => {
    const file = await write('dag.yaml', DAG);
    const groups = ['--group', 'fast:slots=1,speed=2,label=gpu', '--group', 'slow:slots=2'];
    const args = ['simulate', file, '--policy', 'critical-path', '--placement', 'heft,round-robin', '--json'];
    expect(await runCli([...args, ...groups])).toBe(0);
    const shown = (): unknown[][] =>
      (JSON.parse(stdout) as Results).results.map((one) => [one['placement'], one['workers'], one['makespan']]);
    expect(shown()).toEqual([
      ['heft', 3, 4],
      ['round-robin', 3, 4],
    ]);
    stdout = '';
    expect(await runCli([...args, '--workers', '2'])).toBe(0);
    expect(shown().map(([, workers]) => workers)).toEqual([2, 2]);
    stdout = '';
    expect(await runCli(['simulate', file, '--policy', 'fcfs,sjf', ...groups])).toBe(0);
    expect(stdout).toContain('dag.yaml on 3 slots in 2 groups\n');
    expect(stdout).toMatch(/^sjf +least-loaded +[0-9.]+ s/m);
  });

  it('writes a chart for each policy and placement', async () => {
    const file = await write('dag.yaml', DAG);
    const args = [
      '--policy',
      'fcfs,sjf',
      '--placement',
      'heft,random',
      '--workers',
      '2',
      '--svg',
      join(folder, 'p.svg'),
    ];
    expect(await runCli(['simulate', file, ...args])).toBe(0);
    for (const name of ['fcfs.heft', 'fcfs.random', 'sjf.heft', 'sjf.random']) {
      expect(await readFile(join(folder, `p.${name}.svg`), 'utf8')).toContain('<svg');
    }
  });

  it('prints what its page says', async () => {
    const page = await readFile(new URL('../../../docs/simulator.md', import.meta.url), 'utf8');
    const dag = /^```yaml\n# train\.yaml\n(.*?)^```/ms.exec(page)?.[1] ?? '';
    const [, args = '', printed = ''] = /^\$ npx dagwright simulate train\.yaml (.*?)\n(.*?)^```/ms.exec(page) ?? [];
    const file = await write('train.yaml', dag);
    expect(await runCli(['simulate', file, ...args.split(' ')])).toBe(0);
    expect(printed.length).toBeGreaterThan(100);
    expect(stdout.replace(file, 'train.yaml').slice(0, printed.length)).toBe(printed);
  });

  it('warns where nothing says how long the tasks take', async () => {
    const file = await write('dag.yaml', 'name: demo\ntasks:\n  a: { run: echo }\n');
    expect(await runCli(['simulate', file, '--json'])).toBe(0);
    expect((JSON.parse(stdout) as Results).results[0]?.['makespan']).toBe(1);
    expect(stderr).toContain('has an estimate; each counts as one second');
  });

  it.each([
    [['--policy', 'fastest'], 2, 'There is no policy "fastest"; there are fcfs, '],
    [['--workers', '0'], 2, 'whole number from 1'],
    [['--failures', '2'], 2, 'from 0 to 1'],
    [['--speeds', '2..1'], 2, 'a range like 0.5..2'],
    [['--placement', 'best'], 2, 'There is no placement "best"; there are random, '],
    [['--group', 'a:slots=x'], 2, 'slots=x: It must be a whole number from 1.'],
    [['--group', 'a', '--workers', '2'], 2, 'Groups say their slots and speeds themselves.'],
    [['--group', 'a', '--speeds', '1..2'], 2, 'Groups say their slots and speeds themselves.'],
    [['--format', 'stg'], 1, 'dag.yaml:1: The first line is not one number.'],
  ])('refuses %j', async (flags, code, message) => {
    const file = await write('dag.yaml', DAG);
    expect(await runCli(['simulate', file, ...flags])).toBe(code);
    expect(stderr).toContain(message);
  });

  it('refuses a file that is broken, is not there, or comes twice', async () => {
    const broken = await write('t.json.gz', gzipSync(TRACE).subarray(0, 40));
    expect(await runCli(['simulate', broken])).toBe(1);
    expect(stderr).toContain('error PLAN_INVALID: ');
    expect(await runCli(['simulate', join(folder, 'none.stg')])).toBe(2);
    expect(await runCli(['simulate', broken, broken])).toBe(2);
    expect(await runCli(['simulate'])).toBe(2);
  });
});
