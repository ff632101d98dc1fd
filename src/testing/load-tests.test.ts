import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatDiagnostic } from '../spec/diagnostic.js';
import { loadTestFile } from './load-tests.js';
import { testDag } from './test-dag.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dagwright-tests-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

async function problems(text: string): Promise<string[]> {
  const { diagnostics } = await loadTestFile(write('some.test.yaml', text));
  return diagnostics.map((one) => formatDiagnostic(one).replaceAll(`${folder}/`, ''));
}

const DAG = `name: demo
params: { n: { type: integer, default: 1 } }
outputs: { total: 1 }
tasks:
  extract: { run: x }
  convert: { forEach: [1], run: x, needs: [extract] }
  pause: { wait: 1h }
  sign: { uses: approval, with: {} }
  paid: { uses: event, with: { event: paid } }
`;

describe('a file of tests', () => {
  it('has its dag in another file, or in itself', async () => {
    write('demo.yaml', DAG);
    const tests = 'tests:\n  - { name: one, expect: { run: succeeded } }\n';
    for (const text of [`dag: ./demo.yaml\n${tests}`, `dag:\n  name: demo\n  tasks: { a: { run: x } }\n${tests}`]) {
      const { loaded, diagnostics } = await loadTestFile(write('some.test.yaml', text));
      expect(diagnostics).toEqual([]);
      expect(loaded).toMatchObject({ dag: { name: 'demo' }, tests: [{ name: 'one', expect: { run: 'succeeded' } }] });
    }
    const json = write(
      'some.test.json',
      JSON.stringify({ dag: 'demo.yaml', tests: [{ name: 'one', expect: { run: 'failed' } }] }),
    );
    expect((await loadTestFile(json)).loaded?.tests).toHaveLength(1);
  });

  it('may be missing, or its dag', async () => {
    expect((await loadTestFile(join(folder, 'none.test.yaml'))).diagnostics).toMatchObject([
      { code: 'FILE_UNREADABLE' },
    ]);
    expect(await problems('dag: none.yaml\ntests:\n  - { name: one, expects: {} }\n')).toEqual([
      'none.yaml:1:1 error FILE_UNREADABLE The file cannot be read: it does not exist.\n  Check the path.',
      expect.stringMatching(/^some\.test\.yaml:3:.* FIELD_MISSING `tests\[0\]\.expect` is missing\./),
      expect.stringMatching(/^some\.test\.yaml:3:18 error FIELD_UNKNOWN [^]*Did you mean `expect`\?$/),
    ]);
  });

  it('shows what is wrong with a dag in it at its place', async () => {
    const [first] = await problems('dag:\n  name: demo\n  tasks:\n    a: { run: x, needs: [b] }\ntests: []\n');
    expect(first).toMatch(/^some\.test\.yaml:4:\d+ error NEEDS_UNKNOWN `dag\.tasks\.a\.needs/);
  });

  it('names what is in the dag, or is told the near name', async () => {
    write('demo.yaml', DAG);
    const found = await problems(`dag: demo.yaml
tests:
  - name: one
    params: { m: 1 }
    tasks: { extrakt: {}, "extract[1]": {}, pause: {}, sign: {}, paid: {}, "convert[0]": {} }
    events: [{ paied: 1 }]
    approvals: { pause: { approve: true } }
    cancelAt: nothing
    expect:
      tasks: { convertt: succeeded }
      order: [extract, convret]
      outputs: { totel: 1 }
      inputs: { pause: {} }
`);
    expect(found.map((text) => text.replace(/^some\.test\.yaml:/, '').replaceAll('\n  ', ' '))).toEqual([
      '4:18 error VALUE_INVALID `tests[0].params.m` is not a param of the dag `demo`. Did you mean `n`?',
      '5:14 error TEST_NAME_UNKNOWN `tests[0].tasks.extrakt` is no task of the dag. Did you mean `extract`?',
      '5:27 error TEST_NAME_UNKNOWN `tests[0].tasks.extract[1]` is an item of `extract`, which does not fan out. Write it without `[...]`.',
      '5:45 error VALUE_INVALID `tests[0].tasks.pause` has no double: it is a `wait`, which takes no time in a test.',
      '5:56 error VALUE_INVALID `tests[0].tasks.sign` has no double: it waits for a person. Decide by `approvals`.',
      '5:66 error VALUE_INVALID `tests[0].tasks.paid` has no double: it waits for an event. Send it by `events`.',
      '6:16 error TEST_NAME_UNKNOWN `tests[0].events[0].paied` is no event of the dag. Did you mean `paid`?',
      '7:18 error VALUE_INVALID `tests[0].approvals.pause` is no approval.',
      '8:15 error TEST_NAME_UNKNOWN `tests[0].cancelAt` is no task of the dag. It has `extract`, `convert`, `pause`, `sign`, `paid`.',
      '10:16 error TEST_NAME_UNKNOWN `tests[0].expect.tasks.convertt` is no task of the dag. Did you mean `convert`?',
      '11:24 error TEST_NAME_UNKNOWN `tests[0].expect.order[1]` is no task of the dag. Did you mean `convert`?',
      '12:18 error TEST_NAME_UNKNOWN `tests[0].expect.outputs.totel` is no output of the dag. Did you mean `total`?',
      '13:17 error VALUE_INVALID `tests[0].expect.inputs.pause` is a task that is handed nothing: it uses `wait`.',
    ]);
  });

  it.each([
    ['tasks: { extract: { output: 1, fail: no } }', /FIELD_CONFLICT `tests\[0\]\.tasks\.extract` has both/],
    ['tasks: { extract: { fails: no } }', /FIELD_UNKNOWN .*\n.*Did you mean `fail`\?/],
    ['tasks: { extract: [] }', /`tests\[0\]\.tasks\.extract` must/],
    ['tasks: { extract: { takes: long } }', /DURATION_INVALID/],
    ['approvals: { sign: {} }', /does not decide/],
    ['approvals: { sign: { approve: true, reject: no } }', /has both `approve` and `reject`/],
    ['now: yesterday', /is not a time with its zone/],
    ['events: paid', /TYPE_WRONG `tests\[0\]\.events`/],
  ])('is refused with a position: %s', async (line, problem) => {
    write('demo.yaml', DAG);
    const found = await problems(`dag: demo.yaml\ntests:\n  - name: one\n    ${line}\n    expect: { run: failed }\n`);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(problem);
    expect(found[0]).toMatch(/^some\.test\.yaml:4:\d+ /);
  });

  it('expects something', async () => {
    write('demo.yaml', DAG);
    expect(await problems('dag: demo.yaml\ntests:\n  - { name: one, expect: {} }\n')).toEqual([
      expect.stringContaining('expects nothing'),
    ]);
    expect(await problems('dag: demo.yaml\ntests:\n  - { name: one, expect: { run: done } }\n')).toEqual([
      expect.stringContaining('`tests[0].expect.run` cannot be `done`'),
    ]);
  });
});

describe('docs/testing.md', () => {
  it('has an example that passes', async () => {
    const page = readFileSync(new URL('../../docs/testing.md', import.meta.url), 'utf8');
    const files = [...page.matchAll(/^```yaml\n# (\S+)\n(.*?)^```$/gms)].map(([, name = '', text = '']) =>
      write(name, text),
    );
    expect(files).toHaveLength(2);
    const { loaded, diagnostics } = await loadTestFile(files[1]!);
    expect(diagnostics).toEqual([]);
    for (const test of loaded!.tests) expect((await testDag(loaded!.dag, test)).failures).toEqual([]);
  });
});
