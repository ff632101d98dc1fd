import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCli } from '../program.js';

let folder: string;
let stdout: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-test-'));
  stdout = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  await write('a.yaml', 'name: demo\ntasks:\n  a: { run: exit 1 }\n');
});

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});

async function write(name: string, text: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, text);
  return file;
}

const GOOD = 'dag: a.yaml\ntests:\n  - { name: it runs, expect: { run: succeeded } }\n';
const BAD = `${GOOD}  - { name: it fails, tasks: { a: { fail: no more disk } }, expect: { run: succeeded, attempts: { a: 2 } } }\n`;

describe('dagwright test', () => {
  it('says which tests passed, and what of others is not as expected', async () => {
    expect(await runCli(['test', await write('good.test.yaml', GOOD), await write('bad.test.yaml', BAD)])).toBe(1);
    expect(stdout.replace(/\(\d+\.\d\d s\)/, '(0.01 s)')).toBe(
      `✔ it runs
✔ it runs
✖ it fails
    run: expected succeeded, was failed (a: TASK_FAILED: no more disk)
    attempts.a: expected 2, was 1
2 passed, 1 failed (0.01 s)
`,
    );
  });

  it('succeeds where all passed', async () => {
    expect(await runCli(['test', await write('good.test.yaml', GOOD)])).toBe(0);
    expect(stdout).toMatch(/^✔ it runs\n1 passed, 0 failed \(\d+\.\d\d s\)\n$/);
  });

  it('prints one object for a program', async () => {
    const file = await write('bad.test.yaml', BAD);
    expect(await runCli(['test', '--json', file])).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      passed: 1,
      failed: 1,
      seconds: expect.any(Number),
      files: [
        {
          file,
          diagnostics: [],
          tests: [
            { name: 'it runs', failures: [] },
            {
              name: 'it fails',
              failures: [
                { at: 'run', expected: 'succeeded', actual: 'failed', why: 'a: TASK_FAILED: no more disk' },
                { at: 'attempts.a', expected: 2, actual: 1 },
              ],
            },
          ],
        },
      ],
    });
  });

  it('fails where a file, or its dag, has errors, which come first', async () => {
    const file = await write('good.test.yaml', GOOD);
    await write('a.yaml', 'name: demo\ntasks:\n  a: { run: exit 1, needs: [b] }\n');
    expect(await runCli(['test', file])).toBe(1);
    expect(stdout).toMatch(/^\S+a\.yaml:3:\d+ error NEEDS_UNKNOWN [^]*\n0 passed, 0 failed, 1 file has errors \(/);
  });

  it('tests dags that are made in TypeScript', async () => {
    const task = "{ name: 'only', uses: 'function', with: { name: 'hello' }, needs: [] }";
    const dag = `{ name: 'typed', params: {}, tasks: [${task}] }`;
    await write('typed.mjs', `export default { dag: ${dag}, functions: [] };\n`);
    expect(await runCli(['test', await write('typed.test.yaml', GOOD.replace('a.yaml', 'typed.mjs'))])).toBe(0);
  });
});
