import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freshPage } from '../scripts/dag-field-tables.js';
import { createHandlers } from '../src/activities/handlers.js';
import { loadConfig } from '../src/config.js';
import { ERROR_CODES } from '../src/dag/errors.js';
import { TRIGGER_RULES, verdictOf } from '../src/dag/trigger-rule.js';
import { runLocally } from '../src/executor/local.js';
import type { Run } from '../src/run/run.js';
import { DIAGNOSTIC_CODES, formatDiagnostic, hasErrors } from '../src/spec/diagnostic.js';
import { loadDagFile } from '../src/spec/load.js';
import { resolveParams } from '../src/spec/params.js';
import { openStore } from '../src/store/open-store.js';
import { functionsBeside, loadFunctions } from '../src/worker/load-functions.js';
import { stand, states } from './support/executor-hosts.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Every page, by its path in the repository. */
const pages = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...['docs', 'examples'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.md'))
      .map((path) => `${folder}/${path}`),
  ),
];

/** A page for each concept: its example runs, and ends as the page says. What is sent to the run, where something is. */
const CONCEPTS: Readonly<Record<string, (run: Run) => Promise<void>>> = {
  'docs/branches.md': async () => undefined,
  'docs/checkpoints.md': async () => undefined,
  'docs/compensation.md': async () => undefined,
  'docs/estimates.md': async () => undefined,
  'docs/fan-out.md': async () => undefined,
  'docs/outputs.md': async () => undefined,
  'docs/placement.md': async () => undefined,
  'docs/policies.md': async () => undefined,
  'docs/pools.md': async () => undefined,
  'docs/sub-dags.md': async () => undefined,
  'docs/trigger-rules.md': async () => undefined,
  'docs/worker-groups.md': async () => undefined,
  'docs/waits.md': async (run) => {
    await run.sendEvent('payment', { payload: { amount: 120 } });
    await stand(run, { approve: 'waiting' });
    await run.approve('approve', { by: 'ann', form: { region: 'eu' } });
  },
};

/** Other dags that need no files but their own, by page and name. */
const RUNNABLE = [
  ['README.md', 'report'],
  ['docs/dag-file.md', 'report'],
  ['docs/artifacts-and-cache.md', 'film'],
  ['docs/artifacts-and-cache.md', 'prices'],
  ['docs/retries.md', 'flaky'],
] as const;

/** Where the dags of a page are files. */
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dagwright-docs-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/**
 * Writes the whole dags of a page as files side by side: `# name.yaml` at the top of a block says which file it is. Beside
 * them its functions, where a block is `// functions.mjs`.
 */
function dagFilesOf(text: string): string[] {
  const functions = /^```js\n(\/\/ functions\.mjs\n.*?)^```/ms.exec(text)?.[1];
  if (functions !== undefined) writeFileSync(join(folder, 'functions.mjs'), functions);
  const blocks = [...text.matchAll(/^```yaml\n((?:# ([\w-]+\.yaml)\n)?name:.*?)^```/gms)];
  return blocks.map(([, block = '', name], index) => {
    const file = join(folder, name ?? `dag-${index}.yaml`);
    writeFileSync(file, block);
    return file;
  });
}

/** Runs a dag of a page, of which nothing must be warned, in its folder. */
async function start(file: string): Promise<Run> {
  const { dag, diagnostics } = await loadDagFile(file);
  expect(diagnostics.map(formatDiagnostic)).toEqual([]);
  const beside = await functionsBeside(file);
  const functions = await loadFunctions(beside === undefined ? [] : [beside]);
  const handlers = createHandlers({ environment: loadConfig().environment, functions });
  const store = openStore({ folder: join(folder, 'store') });
  return runLocally(dag!, {
    ...resolveParams(dag!, {}),
    handlers,
    store,
    logFolder: join(folder, 'logs'),
    validate: true,
  });
}

/** The first two columns of the rows, below this heading, whose first column is a code. */
function codesBelow(page: string, ...headings: readonly string[]): Record<string, string> {
  const rows = headings.flatMap((heading) => {
    const section = page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0];
    expect(section, heading).toBeDefined();
    return [...(section ?? '').matchAll(/^\| `(\w+)` +\| (.*?) +\|/gm)];
  });
  const codes = rows.map(([, code = '']) => code);
  expect(new Set(codes).size, 'a code is listed twice').toBe(codes.length);
  return Object.fromEntries(rows.map(([, code = '', meaning = '']) => [code, meaning]));
}

/** The anchors that GitHub gives a page's headings. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe('docs/errors.md', () => {
  const page = read('docs/errors.md');

  it('lists every code of an error, with its meaning, and no other', () => {
    expect(codesBelow(page, 'Errors of commands and of the client', 'Errors of tasks')).toEqual(ERROR_CODES);
  });

  it('lists every code of a diagnostic, with its meaning, and no other', () => {
    expect(codesBelow(page, 'Diagnostics of dag files')).toEqual(DIAGNOSTIC_CODES);
  });
});

describe('docs/dag-file.md', () => {
  it('has the fields of the JSON Schema: else run `npx tsx scripts/dag-field-tables.ts`', async () => {
    expect(read('docs/dag-file.md')).toBe(await freshPage());
  });
});

describe('docs/trigger-rules.md', () => {
  it('says of each rule what the scheduler does', () => {
    const ends = ['ss', 'sf', 'sk', 'ff', 'kk', 'fk'];
    const rows = [...read('docs/trigger-rules.md').matchAll(/^\| `(\w+)`.*?\|(.*)\|$/gm)].map(
      ([, rule, cells = '']) => [rule, cells.split('|').map((cell) => cell.trim().replaceAll('`', ''))],
    );
    const count = (of: string, sign: string): number => of.split(sign).length - 1;
    const verdicts = TRIGGER_RULES.map((rule) => [
      rule,
      ends.map((end) =>
        verdictOf(rule, {
          total: 2,
          done: 2,
          succeeded: count(end, 's'),
          failed: count(end, 'f'),
          upstreamFailed: 0,
          skipped: count(end, 'k'),
        }),
      ),
    ]);
    expect(rows).toEqual(verdicts);
  });
});

describe.each(Object.entries(CONCEPTS))('the example of %s', (page, act) => {
  it('runs, and ends as the page says', async () => {
    const text = read(page);
    const [file = ''] = dagFilesOf(text);
    const run = await start(file);
    await act(run);

    const result = await run.result();
    const said = /^```text\n((?:\S+ +\w+\n)+)```/m.exec(text)?.[1]?.trim().split('\n') ?? [];
    expect({ ...states(result), run: result.status }).toEqual(Object.fromEntries(said.map((line) => line.split(/ +/))));
  });
});

describe.each(RUNNABLE)('the dag %s', (page, name) => {
  it('runs as it stands there', async () => {
    const file = dagFilesOf(read(page)).find((one) => readFileSync(one, 'utf8').includes(`name: ${name}\n`));
    expect((await (await start(file ?? '')).result()).status).toBe('succeeded');
  });
});

describe('docs/cli.md', () => {
  const page = read('docs/cli.md');

  it('lists every command, and no other', () => {
    const commands = readdirSync(join(root, 'src/cli/commands')).map((file) => file.replace(/(\.test)?\.ts$/, ''));
    const table = page.split('\n## ')[0] ?? '';
    const listed = [...table.matchAll(/^\| `(\w+)[^`]*` +\|/gm)].map(([, command]) => command);
    expect(listed.toSorted()).toEqual([...new Set(commands)].toSorted());
  });

  it('names every variable that the configuration reads', () => {
    const names = [...read('src/config.ts').matchAll(/environment\['(\w+)'\]/g)].map(([, name = '']) => name);
    expect(names).toContain('DAGWRIGHT_STATE');
    expect(names.filter((name) => name !== 'TERM' && !page.includes(`\`${name}\``))).toEqual([]);
  });
});

describe.each(pages)('%s', (path) => {
  const text = read(path);

  it('links to what exists', () => {
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    const dead = links.filter((link) => {
      if (/^[a-z]+:/.test(link)) return false;
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : relative(root, resolve(root, dirname(path), file));
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !anchorsOf(read(target)).includes(anchor);
    });
    expect(dead).toEqual([]);
  });

  it('names paths of the repository that exist', () => {
    const named = text.matchAll(/(?<![\w./-])(?:src|test|docs|examples|scripts|schema|deploy|bench|\.ci)\/[\w./-]*\w/g);
    // What runs of the examples write.
    const isWritten = (name: string): boolean => /^examples\/[\w-]+\/out\b/.test(name);
    expect(
      [...named].map(([name]) => name).filter((name) => !isWritten(name) && !existsSync(join(root, name))),
    ).toEqual([]);
  });

  it('shows dags that are sound', async () => {
    for (const file of dagFilesOf(text)) {
      const { diagnostics } = await loadDagFile(file);
      expect(diagnostics.filter((diagnostic) => hasErrors([diagnostic]))).toEqual([]);
    }
  });
});
