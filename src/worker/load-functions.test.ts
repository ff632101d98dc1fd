import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { functionsBeside, loadFunctions, mergeFunctions } from './load-functions.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagwright-functions-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function moduleOf(name: string, text: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, text);
  return file;
}

describe('loadFunctions', () => {
  it('takes every exported function, alone, in an array, in a dag, or as default', async () => {
    const file = await moduleOf(
      'all.mjs',
      `export const one = { name: 'one', run: () => 1 };
       export const more = [{ name: 'two', run: () => 2 }, [{ name: 'three', run: () => 3 }]];
       export const nightly = { dag: { name: 'nightly', tasks: [] }, functions: [{ name: 'four', run: () => 4 }] };
       export default { name: 'five', run: () => 5 };
       export const limit = 3;
       export function helper() {}`,
    );
    const functions = await loadFunctions([file]);
    expect(functions.map(({ name }) => name).toSorted()).toEqual(['five', 'four', 'one', 'three', 'two']);
  });

  it('takes a function that is exported twice once', async () => {
    const file = await moduleOf('twice.mjs', `export const one = { name: 'one', run: () => 1 }; export default [one];`);
    expect(await loadFunctions([file])).toHaveLength(1);
  });

  it('refuses two functions of one name', async () => {
    const a = await moduleOf('a.mjs', `export const one = { name: 'one', run: () => 1 };`);
    const b = await moduleOf('b.mjs', `export const one = { name: 'one', run: () => 2 };`);
    await expect(loadFunctions([a, b])).rejects.toMatchObject({
      code: 'FUNCTIONS_INVALID',
      message: 'Two functions are named "one".',
    });
    expect(() => mergeFunctions([])).not.toThrow();
  });

  it('refuses a module that is missing, broken, or has no functions, and says which', async () => {
    const missing = join(folder, 'missing.mjs');
    await expect(loadFunctions([missing])).rejects.toMatchObject({
      code: 'FUNCTIONS_INVALID',
      message: `The module ${missing} does not exist.`,
    });
    const broken = await moduleOf('broken.mjs', `throw new Error('not today');`);
    await expect(loadFunctions([broken])).rejects.toMatchObject({
      code: 'FUNCTIONS_INVALID',
      message: `The module ${broken} cannot be loaded: not today`,
    });
    const empty = await moduleOf('empty.mjs', `export const limit = 3;`);
    await expect(loadFunctions([empty])).rejects.toMatchObject({
      code: 'FUNCTIONS_INVALID',
      message: `The module ${empty} exports no functions.`,
    });
  });
});

describe('functionsBeside', () => {
  it('finds functions.mjs before functions.js, in the folder of the dag file', async () => {
    const dagFile = join(folder, 'dag.yaml');
    expect(await functionsBeside(dagFile)).toBeUndefined();
    const js = await moduleOf('functions.js', '');
    expect(await functionsBeside(dagFile)).toBe(js);
    const mjs = await moduleOf('functions.mjs', '');
    expect(await functionsBeside(dagFile)).toBe(mjs);
  });
});
