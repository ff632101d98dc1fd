import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { freshPage } from '../scripts/dag-field-tables.js';
import { ERROR_CODES } from '../src/dag/errors.js';
import { DIAGNOSTIC_CODES, hasErrors } from '../src/spec/diagnostic.js';
import { parseDag } from '../src/spec/parse.js';

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
    // What a run of the example writes.
    const written = 'examples/flights/out';
    expect(
      [...named].map(([name]) => name).filter((name) => name !== written && !existsSync(join(root, name))),
    ).toEqual([]);
  });

  it('shows dags that are sound', () => {
    const blocks = [...text.matchAll(/^```yaml\n(name:.*?)^```/gms)].map(([, block = '']) => block);
    for (const block of blocks) {
      const { diagnostics } = parseDag(block, { file: path });
      expect(diagnostics.filter((diagnostic) => hasErrors([diagnostic]))).toEqual([]);
    }
  });
});
