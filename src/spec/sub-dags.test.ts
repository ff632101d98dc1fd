import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Dag } from '../dag/dag.js';
import { loadDagFile } from './load.js';
import { checkDag, parseDag, type ParsedDag } from './parse.js';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagwright-sub-dags-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function load(files: Readonly<Record<string, string>>): Promise<ParsedDag> {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  return loadDagFile(join(folder, Object.keys(files)[0] ?? ''));
}

function problemsOf({ diagnostics }: ParsedDag): string[] {
  return diagnostics
    .filter(({ severity }) => severity === 'error')
    .map(({ file, line, column, code }) => `${relative(folder, file ?? '')}:${line}:${column} ${code}`);
}

const LEAF = 'name: leaf\nparams: { n: { type: integer }, s: x }\ntasks: { t: { run: ls } }\noutputs: { o: 1 }\n';

function including(...withs: string[]): string {
  const tasks = withs.map((settings, index) => `  t${index}: { uses: dag, with: { ${settings} } }\n`);
  return `name: d\ntasks:\n${tasks.join('')}`;
}

describe('sub-dags', () => {
  it('are read from files and names, and stand in the dag with their own folders', async () => {
    const parsed = await load({
      'main.yaml': including(
        'file: ./sub/leaf.yaml, params: { n: 1 }',
        'name: other',
        'dag: { name: i, tasks: { t: { run: x } } }',
      ),
      'sub/leaf.yaml': LEAF,
      'other.yml': including('name: third'),
      'third.json': '{ "name": "third", "tasks": { "t": { "run": "x" } } }',
    });
    expect(problemsOf(parsed)).toEqual([]);
    const [first, second, third] = parsed.dag!.tasks.map((task) => task.with['dag'] as unknown as Dag);
    expect(first).toMatchObject({ name: 'leaf', directory: join(folder, 'sub'), outputs: { o: 1 } });
    expect(second).toMatchObject({
      directory: folder,
      tasks: [{ with: { dag: { name: 'third', directory: folder } } }],
    });
    expect(third).toMatchObject({ name: 'i', directory: folder });
    expect(parsed.dag!.tasks[0]?.with['params']).toEqual({ n: 1 });
    expect(checkDag(structuredClone(parsed.dag)).dag).toEqual(parsed.dag);
  });

  it('tell their problems in their own file, once each, and those of inline dags in place', async () => {
    const parsed = await load({
      'main.yaml': including(
        'file: bad.yaml',
        'name: bad',
        'dag: { name: i, tasks: { t: { rum: x } } }',
        'file: none.yaml',
      ),
      'bad.yaml': 'name: bad\ntasks:\n  t: { run: x, needs: [zz] }\n',
    });
    expect(problemsOf(parsed)).toEqual([
      'main.yaml:5:53 FIELD_MISSING',
      'main.yaml:5:58 FIELD_UNKNOWN',
      'main.yaml:6:34 FILE_UNREADABLE',
      'bad.yaml:3:24 NEEDS_UNKNOWN',
    ]);
    expect(parsed.diagnostics.map(({ message }) => message)).toContain(
      '`tasks.t2.with.dag.tasks.t.rum` is not a field that is known here.',
    );
  });

  it('check the params that they are handed', async () => {
    const parsed = await load({
      'main.yaml': including(
        'name: leaf',
        'name: leaf, params: { n: x, s: 1 }',
        'name: leaf, params: { n: "${{ run.id }}", S: a }',
        'name: leaf, params: { n: 1, s: "${{ run.id }}" }',
      ),
      'leaf.yaml': LEAF,
    });
    expect(problemsOf(parsed)).toEqual([
      'main.yaml:3:20 SUBDAG_PARAM',
      'main.yaml:4:53 SUBDAG_PARAM',
      'main.yaml:4:59 SUBDAG_PARAM',
      'main.yaml:5:73 SUBDAG_PARAM',
    ]);
    expect(parsed.diagnostics.map(({ hint }) => hint)).toEqual([
      'Add it to `params`: a whole number.',
      'Write a whole number.',
      'Write text.',
      'Did you mean `s` or `n`?',
    ]);
  });

  it('are refused where files include each other in a circle', async () => {
    const parsed = await load({
      'a.yaml': including('file: sub/b.yaml'),
      'sub/b.yaml': including('name: c'),
      'sub/c.yaml': including('dag: { name: i, tasks: { t: { uses: dag, with: { file: ../a.yaml } } } }'),
    });
    expect(problemsOf(parsed)).toEqual(['sub/c.yaml:3:83 SUBDAG_CYCLE']);
    const [message] = parsed.diagnostics.map((one) => one.message.replaceAll(`${folder}/`, ''));
    expect(message).toMatch(/circle: a\.yaml -> sub\/b\.yaml -> sub\/c\.yaml -> a\.yaml\.$/);
  });

  it('may be 8 levels deep', async () => {
    const chain = (length: number): Record<string, string> =>
      Object.fromEntries(
        Array.from({ length: length + 1 }, (_, index) => [
          `f${index}.yaml`,
          index === length ? 'name: z\ntasks: { t: { run: x } }\n' : including(`name: f${index + 1}`),
        ]),
      );
    expect(problemsOf(await load(chain(8)))).toEqual([]);
    expect(problemsOf(await load(chain(9)))).toEqual(['f8.yaml:3:34 SUBDAG_TOO_DEEP']);
    // Read first at a place where it may stand, then at one where it is too deep.
    const reused = { 'main.yaml': including('name: f2', 'name: f0'), ...chain(8) };
    expect(problemsOf(await load(reused))).toEqual(['f1.yaml:3:34 SUBDAG_TOO_DEEP']);
  });

  it('are counted, so that a few files do not blow up', async () => {
    const ten = (name: string): string => including(...Array.from({ length: 50 }, () => `name: ${name}`));
    const parsed = await load({
      'a.yaml': ten('b'),
      'b.yaml': ten('c'),
      'c.yaml': ten('e'),
      'e.yaml': 'name: e\ntasks: { t: { run: x }, u: { run: x } }\n',
    });
    expect(new Set(problemsOf(parsed).map((one) => one.replace(/:\d+:\d+/, '')))).toEqual(
      new Set(['a.yaml TOO_MANY_TASKS']),
    );
  });

  it('need a file to be looked for beside', () => {
    for (const reference of ['file: x.yaml', 'name: x']) {
      const { diagnostics } = parseDag(including(reference));
      expect(diagnostics.map(({ code, hint }) => `${code} ${hint}`)).toEqual([
        'FILE_UNREADABLE Load the dag from its file, or write the sub-dag here as `dag:`.',
      ]);
    }
  });

  it('have no `${{ }}` in their file', async () => {
    const parsed = await load({ 'main.yaml': including('file: "${{ run.id }}.yaml"') });
    expect(problemsOf(parsed)).toEqual(['main.yaml:3:34 EXPRESSION_PLACE']);
  });

  it('run in the folder of the dag that they stand in, where they have none', () => {
    const { dag } = parseDag(
      including('dag: { name: i, tasks: { t: { uses: dag, with: { dag: { name: j, tasks: { t: { run: x } } } } } } }'),
    );
    const placed = checkDag({ ...dag, directory: '/dags' }).dag?.tasks[0]?.with['dag'];
    expect(placed).toMatchObject({ directory: '/dags', tasks: [{ with: { dag: { directory: '/dags' } } }] });
  });

  it('are checked in a canonical dag, too', () => {
    const { dag } = parseDag(including('dag: { name: i, tasks: { t: { run: x } } }'));
    const bad = structuredClone(dag) as unknown as { tasks: { with: { dag: { tasks: { needs: unknown }[] } } }[] };
    bad.tasks[0]!.with.dag.tasks[0]!.needs = [{ task: 'zz' }];
    expect(checkDag(bad).diagnostics.map(({ code, message }) => `${code} ${message}`)).toEqual([
      'NEEDS_UNKNOWN `tasks[0].with.dag.tasks[0].needs[0].task` names a task that is not in the dag: `zz`.',
    ]);
  });
});
