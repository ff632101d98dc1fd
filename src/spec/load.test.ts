import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadDagFile } from './load.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagwright-load-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function codesOf(path: string): Promise<string[]> {
  return (await loadDagFile(path)).diagnostics.map(({ code, file }) => `${code} ${file === path}`);
}

describe('loadDagFile', () => {
  it("sets the dag's folder to an absolute path, for YAML and JSON", async () => {
    const yaml = join(folder, 'dag.yaml');
    await writeFile(yaml, '\uFEFFname: d\ntasks: { t: { run: x } }\n');
    const loaded = await loadDagFile(relative(process.cwd(), yaml));
    expect(loaded.diagnostics).toEqual([]);
    expect(loaded.dag?.directory).toBe(folder);
    const json = join(folder, 'dag.json');
    await writeFile(json, '{"name":"d","tasks":{"t":{"run":"x",}}}');
    expect(await codesOf(json)).toEqual(['SYNTAX true']);
  });

  it('tells of files that cannot be read, with their name', async () => {
    const binary = join(folder, 'binary.yaml');
    await writeFile(binary, Uint8Array.of(0x6e, 0xff, 0xfe));
    const large = join(folder, 'large.yaml');
    await writeFile(large, '');
    await truncate(large, 9 * 1024 * 1024);
    expect(await codesOf(join(folder, 'none.yaml'))).toEqual(['FILE_UNREADABLE true']);
    expect(await codesOf(folder)).toEqual(['FILE_UNREADABLE true']);
    expect(await codesOf(binary)).toEqual(['FILE_UNREADABLE true']);
    expect(await codesOf(large)).toEqual(['FILE_TOO_LARGE true']);
  });
});
