import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { formatDiagnostic } from './diagnostic.js';
import { loadDagFile } from './load.js';

const page = readFileSync(new URL('../../docs/dag-file.md', import.meta.url), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'dagwright-documentation-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const examples = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)]
  .map(([, text = '']) => text)
  .filter((text) => /^tasks:/m.test(text))
  .map((text, index) => {
    const named = /^# (\S+\.yaml)$/m.exec(text)?.[1] ?? `example-${index}.yaml`;
    const file = join(folder, named);
    writeFileSync(file, /^name:/m.test(text) ? text : `name: example\n${text}`);
    return [named, file] as const;
  });

describe('docs/dag-file.md', () => {
  it.each(examples)('has an example that is right: %s', async (_, file) => {
    const { diagnostics } = await loadDagFile(file);
    expect(diagnostics.filter(({ severity }) => severity === 'error').map(formatDiagnostic)).toEqual([]);
  });
});
