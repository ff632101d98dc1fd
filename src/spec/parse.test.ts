import { describe, expect, it } from 'vitest';
import type { Dag } from '../dag/dag.js';
import { DIAGNOSTIC_CODES, formatDiagnostic } from './diagnostic.js';
import { checkDag, parseDag, validateDag } from './parse.js';

/** The diagnostics of a text, as `line:column CODE`. */
function problems(text: string, options: Parameters<typeof parseDag>[1] = {}): string[] {
  return parseDag(text, options).diagnostics.map(({ line, column, code }) => `${line}:${column} ${code}`);
}

function only(text: string, options: Parameters<typeof parseDag>[1] = {}): string {
  const { diagnostics } = parseDag(text, options);
  expect(diagnostics).toHaveLength(1);
  return diagnostics[0] === undefined ? '' : formatDiagnostic(diagnostics[0]);
}

/** A dag of one task with these fields. */
function withTask(fields: string): string {
  return `name: d\ntasks:\n  t: { run: ls, ${fields} }\n`;
}

const WHOLE = `name: sales-report
description: All of it
params:
  date: "2026-11-01"
  limit: 3
  dry: false
  mode: { type: string, default: fast, enum: [fast, slow], description: How }
  rows: { type: integer }
defaults:
  retry: { maximumAttempts: 3, initialInterval: 1s, backoffCoefficient: 2, maximumInterval: 1m }
  timeout: { startToClose: 10m }
  env: { REGION: eu }
concurrency: 16
policy: [priority]
tags: [nightly, sales]
failFast: true
timeout: 2h
tasks:
  extract:
    description: Gets it
    run: ./extract.sh
    env: { DATE: "1", PORT: 8080, DEBUG: true }
    estimate: 1h30m
    priority: 2
  convert:
    needs: extract
    uses: function
    with: { name: convertCsv, input: { a: [1, null] } }
    timeout: 90s
    continueOnError: true
  charge:
    needs: [{ task: convert, weight: 2.5 }]
    uses: activity
    with: { type: ChargeCard, taskQueue: payments-go, args: [1] }
    retry: { maximumAttempts: 5 }
  notify:
    needs: [charge, convert]
    uses: http
    with: { method: POST, url: "https://example.com/hook", body: { a: 1 }, expectStatus: [200, "300-399"], timeout: 3s }
    timeout: { startToClose: 1m, scheduleToClose: 1h, scheduleToStart: 5m, heartbeat: 5s }
  tidy:
    needs: { task: notify }
    uses: shell
    with: { run: rm -r x, shell: bash, cwd: data }
`;

const WHOLE_DAG: Dag = {
  name: 'sales-report',
  description: 'All of it',
  params: {
    date: { type: 'string', default: '2026-11-01' },
    limit: { type: 'number', default: 3 },
    dry: { type: 'boolean', default: false },
    mode: { type: 'string', default: 'fast', enum: ['fast', 'slow'], description: 'How' },
    rows: { type: 'integer' },
  },
  defaults: {
    retry: { maximumAttempts: 3, initialInterval: 1_000, backoffCoefficient: 2, maximumInterval: 60_000 },
    timeout: { startToClose: 600_000 },
    env: { REGION: 'eu' },
  },
  concurrency: 16,
  policy: 'priority',
  tags: ['nightly', 'sales'],
  failFast: true,
  timeout: 7_200_000,
  tasks: [
    {
      name: 'extract',
      description: 'Gets it',
      uses: 'shell',
      with: { run: './extract.sh' },
      needs: [],
      env: { DATE: '1', PORT: '8080', DEBUG: 'true' },
      estimate: 5_400_000,
      priority: 2,
    },
    {
      name: 'convert',
      uses: 'function',
      with: { name: 'convertCsv', input: { a: [1, null] } },
      needs: [{ task: 'extract' }],
      timeout: { startToClose: 90_000 },
      continueOnError: true,
    },
    {
      name: 'charge',
      uses: 'activity',
      with: { type: 'ChargeCard', taskQueue: 'payments-go', args: [1] },
      needs: [{ task: 'convert', weight: 2.5 }],
      retry: { maximumAttempts: 5 },
    },
    {
      name: 'notify',
      uses: 'http',
      with: {
        method: 'POST',
        url: 'https://example.com/hook',
        body: { a: 1 },
        expectStatus: [
          [200, 200],
          [300, 399],
        ],
        timeout: 3_000,
      },
      needs: [{ task: 'charge' }, { task: 'convert' }],
      timeout: { startToClose: 60_000, scheduleToClose: 3_600_000, scheduleToStart: 300_000, heartbeat: 5_000 },
    },
    {
      name: 'tidy',
      uses: 'shell',
      with: { run: 'rm -r x', shell: 'bash', cwd: 'data' },
      needs: [{ task: 'notify' }],
    },
  ],
};

describe('parseDag', () => {
  it('gives the canonical dag, and nothing to say, for a file that uses every field', () => {
    expect(parseDag(WHOLE)).toEqual({ dag: WHOLE_DAG, diagnostics: [] });
  });

  it('reads JSON with the same meaning, tabs included', () => {
    const file = { $schema: 'x', name: 'd', tasks: { a: { run: 'x' }, b: { run: 'y', needs: ['a'], timeout: '1m' } } };
    const parsed = parseDag(JSON.stringify(file, null, '\t'), { file: 'dag.json' });
    expect(parsed.diagnostics).toEqual([]);
    expect(parsed.dag?.tasks.map((task) => task.name)).toEqual(['a', 'b']);
  });

  it('keeps the order of declaration, whatever the names', () => {
    const names = ['z', 'a', 'constructor', 'toString', 'm1'];
    const parsed = parseDag(`name: d\ntasks:\n${names.map((name) => `  ${name}: { run: x }\n`).join('')}`);
    expect(parsed.dag?.tasks.map((task) => task.name)).toEqual(names);
  });

  it('tells all problems of a file in one go, each at its place', () => {
    const text = `name: 9bad
concurency: 3
concurrency: 9999
timeout: 90
tasks:
  a:
    run: "echo \${{ params.x }}"
    needs: [c, zz, a, c]
    retry: { maximumAttempts: 0, initialInterval: five }
  b:
    needs: [a, covert]
    uses: htp
  c:
    needs: b
    forEach: x
  convert:
    uses: http
    run: x
    with: { url: foo, method: post }
  bad name: { run: 5 }
  e:
`;
    expect(problems(text)).toEqual([
      '1:7 NAME_INVALID',
      '2:1 FIELD_UNKNOWN',
      '3:14 VALUE_INVALID',
      '4:10 DURATION_INVALID',
      '7:10 EXPRESSION_IN_SCRIPT',
      '8:13 CYCLE',
      '8:16 NEEDS_UNKNOWN',
      '8:20 NEEDS_SELF',
      '8:23 NEEDS_DUPLICATE',
      '9:31 VALUE_INVALID',
      '9:51 DURATION_INVALID',
      '11:16 NEEDS_UNKNOWN',
      '12:11 VALUE_INVALID',
      '13:3 FIELD_MISSING',
      '15:14 VALUE_INVALID',
      '18:5 FIELD_CONFLICT',
      '19:18 VALUE_INVALID',
      '19:31 VALUE_INVALID',
      '20:3 NAME_INVALID',
      '20:20 TYPE_WRONG',
      '21:3 TYPE_WRONG',
    ]);
    expect(parseDag(text).dag).toBeUndefined();
  });

  it('prints place, code, sentence and fix', () => {
    expect(only(withTask('needs: [tt]') + '  tx: { run: x }\n', { file: 'a/dag.yaml' })).toBe(
      'a/dag.yaml:3:25 error NEEDS_UNKNOWN `tasks.t.needs[0]` names a task that is not in the dag: `tt`.\n  Did you mean `t` or `tx`?',
    );
  });
});

describe('the graph of a file', () => {
  it('prints the whole path of every cycle, once each', () => {
    const text = `name: d
tasks:
  a: { run: x, needs: [c] }
  b: { run: x, needs: [a] }
  c: { run: x, needs: [b] }
  d: { run: x, needs: [e, a] }
  e: { run: x, needs: d }
`;
    const { diagnostics } = parseDag(text);
    expect(diagnostics.map(({ line, column, message }) => `${line}:${column} ${message}`)).toEqual([
      '3:24 Tasks need each other in a circle: a -> c -> b -> a.',
      '6:24 Tasks need each other in a circle: d -> e -> d.',
    ]);
  });

  it('suggests at most three near names, the nearest first', () => {
    const tasks = ['load1', 'load2', 'load3', 'load4', 'laod'].map((name) => `  ${name}: { run: x }\n`).join('');
    const { diagnostics } = parseDag(`name: d\ntasks:\n  t: { run: x, needs: load }\n${tasks}`);
    expect(diagnostics[0]?.hint).toBe('Did you mean `load1` or `load2` or `load3`?');
  });

  it('refuses a dag without tasks', () => {
    expect(problems('name: d\ntasks: {}')).toEqual(['2:1 DAG_EMPTY']);
    expect(problems('name: d')).toEqual(['1:1 FIELD_MISSING']);
    expect(problems('name: d\ntasks:')).toEqual(['2:1 TYPE_WRONG']);
  });
});

describe('the fields of a file', () => {
  it.each([
    ['timeout: 90', 'DURATION_INVALID', 'Write 90s for seconds.'],
    ['timeout: 0s', 'DURATION_INVALID', 'Write a duration like 90s, or leave the field out.'],
    ['timeout: 400d', 'DURATION_INVALID', 'Write one of 1ms to 365d.'],
    ['timeout: { startToClose: 1 h }', 'DURATION_INVALID', 'Write one like 500ms, 90s, 10m, 2h, 1d or 1h30m.'],
    ['retry: { maximumAtempts: 3 }', 'FIELD_UNKNOWN', 'Did you mean `maximumAttempts`?'],
    ['retry: { initialInterval: 5m }', 'RETRY_INVALID', 'Write `maximumInterval: 5m` or more.'],
    ['retry: { maximumInterval: 10ms }', 'RETRY_INVALID', 'Write `maximumInterval: 1s` or more.'],
    ['sla: x', 'NOT_SUPPORTED_YET', 'Remove it; the name is kept for a later version.'],
    ['workerGroup: x', 'FIELD_UNKNOWN', 'Write `requires:` with the labels of the group.'],
    ['env: { A: "${{ params.a }}" }', 'EXPRESSION_PARAM', undefined],
    ['env: { A: 1.10 }', 'TYPE_WRONG', 'Put it in quotes: "1.10".'],
    ['env: { A: null }', 'TYPE_WRONG', 'Put the value in quotes.'],
    ['uses: shell', 'FIELD_MISSING', 'Add `with:`.'],
    ['with: { a: 1 }', 'FIELD_CONFLICT', 'Add `uses:` with the handler that the settings are for.'],
    ['priority: 1.5', 'TYPE_WRONG', undefined],
    ['priority: .nan', 'NUMBER_INVALID', 'Put it in quotes to keep it as text.'],
    ['needs: { task: t2, weight: -1 }', 'VALUE_INVALID', undefined],
    ['continueOnError: yes', 'TYPE_WRONG', undefined],
  ])('%s is %s', (fields, code, hint) => {
    const { dag, diagnostics } = parseDag(withTask(fields));
    expect(dag).toBeUndefined();
    expect(diagnostics.map((one) => [one.code, one.hint])).toContainEqual([code, hint]);
  });

  it('allows expressions nowhere but in descriptions', () => {
    expect(problems(withTask('description: "not an ${{ expression }}"'))).toEqual([]);
  });

  it('warns of time limits that contradict each other, and gives the dag', () => {
    const parsed = parseDag(withTask('timeout: { startToClose: 1m, heartbeat: 2m, scheduleToClose: 30s }'));
    expect(parsed.diagnostics.map((one) => `${one.severity} ${one.code}`)).toEqual([
      'warning TIMEOUT_UNUSUAL',
      'warning TIMEOUT_UNUSUAL',
    ]);
    expect(parsed.dag?.tasks).toHaveLength(1);
    expect(problems(withTask('timeout: 5s'))).toEqual([]);
  });

  it('checks defaults and allowed values of params against their type', () => {
    const text = `name: d
params:
  a: { type: integer, default: 1.5 }
  b: { type: string, enum: [x, 1], default: y }
  c: { type: dat }
  d: [1]
tasks: { t: { run: x } }
`;
    expect(problems(text)).toEqual([
      '3:32 PARAM_DEFAULT',
      '4:32 PARAM_DEFAULT',
      '4:45 PARAM_DEFAULT',
      '5:14 VALUE_INVALID',
      '6:6 TYPE_WRONG',
    ]);
  });
});

describe('the text of a file', () => {
  it('says how to write a text with a colon in it', () => {
    const { diagnostics } = parseDag('tasks:\n  a:\n    run: echo hello: world\n');
    expect(diagnostics.map(({ code, line, hint }) => [code, line, hint])).toEqual([
      ['SYNTAX', 3, 'A text with `: ` in it must be quoted, or stand as a block after `|`.'],
    ]);
  });

  it.each([
    ['', '1:1 FILE_EMPTY'],
    ['# only a comment\n', '1:1 FILE_EMPTY'],
    ['[1]', '1:1 TYPE_WRONG'],
    ['just text', '1:1 TYPE_WRONG'],
    ['a: [', '1:5 SYNTAX'],
    ['\t- a\n', '1:1 TAB_INDENT'],
    ['a: 1\n---\nb: 2', '2:1 MULTIPLE_DOCUMENTS'],
    ['['.repeat(100_000), '1:301 TOO_DEEP'],
    ['- '.repeat(100_000), '1:600 TOO_DEEP'],
    [`name: ${'x'.repeat(8 * 1024 * 1024)}`, '1:1 FILE_TOO_LARGE'],
  ])('%#: is one problem', (text, problem) => {
    expect(problems(text)).toEqual([problem]);
  });

  it.each([
    ['{"a": 1,}', '1:9 SYNTAX'],
    ["{'a': 1}", '1:2 SYNTAX'],
    ['{"a": 1} x', '1:10 SYNTAX'],
    ['{"a" 1}', '1:6 SYNTAX'],
    ['{\n"a": [1 2]}', '2:9 SYNTAX'],
    ['{"a": tru}', '1:7 SYNTAX'],
    ['{"a": 1', '1:8 SYNTAX'],
    ['name: d', '1:1 SYNTAX'],
    ['', '1:1 FILE_EMPTY'],
  ])('as JSON, %j is one problem', (text, problem) => {
    expect(problems(text, { format: 'json' })).toEqual([problem]);
  });

  it('refuses a key given twice, in YAML and JSON', () => {
    expect(problems(`${withTask('')}  t: { run: y }\n`)).toEqual(['4:3 DUPLICATE_KEY']);
    expect(problems('{"name":"d","name":"e","tasks":{"t":{"run":"x"}}}', { format: 'json' })).toEqual([
      '1:13 DUPLICATE_KEY',
    ]);
  });

  it('refuses keys that are not text, and `__proto__`', () => {
    expect(problems(withTask('env: { 1: x, [a]: y, __proto__: z }'))).toEqual([
      '3:24 KEY_INVALID',
      '3:30 KEY_INVALID',
      '3:38 KEY_INVALID',
    ]);
  });

  it('refuses numbers that cannot be kept, and unknown tags', () => {
    const text =
      'name: d\ntasks:\n  t: { uses: function, with: { name: f, input: [12345678901234567890, .inf, !date x] } }';
    expect(problems(text)).toEqual(['3:49 NUMBER_INVALID', '3:71 NUMBER_INVALID', '3:83 TAG_UNSUPPORTED']);
  });

  it('takes anchors and merge keys, with a place for them under `x-`', () => {
    const text = `x-base: &base { run: make, timeout: 1m }
name: d
tasks:
  a: *base
  b: { <<: *base, needs: a, timeout: 2m }
  c: { <<: [{ run: own }, *base] }
`;
    const { dag, diagnostics } = parseDag(text);
    expect(diagnostics).toEqual([]);
    expect(dag?.tasks.map((task) => [task.with, task.timeout?.startToClose])).toEqual([
      [{ run: 'make' }, 60_000],
      [{ run: 'make' }, 120_000],
      [{ run: 'own' }, 60_000],
    ]);
  });

  it('refuses aliases of nothing, of themselves, and bombs', () => {
    expect(problems(withTask('env: *none'))).toContain('3:22 ALIAS_INVALID');
    expect(problems('x-a: &a [*a]\nname: d\ntasks: { t: { run: x } }')).toEqual(['1:10 ALIAS_INVALID']);
    const letters = 'abcdefghi'.split('');
    const bomb = letters.map((letter, index) => {
      const inner = index === 0 ? 'x' : `*${letters[index - 1]}`;
      return `x-${letter}: &${letter} [${Array.from({ length: 9 }, () => inner).join(', ')}]`;
    });
    const found = parseDag(`${bomb.join('\n')}\n${withTask('')}`).diagnostics.map((one) => one.code);
    expect(found).toEqual(['ALIAS_BOMB']);
    const long = `x-a: &a ${'x'.repeat(1_000_000)}\nx-b: [${'*a,'.repeat(10_000)}]\n${withTask('')}`;
    expect(parseDag(long).diagnostics.map((one) => one.code)).toEqual(['ALIAS_BOMB']);
  });

  it('refuses absurd sizes', () => {
    expect(problems(`name: d\ntasks:\n  t:\n    run: "${'x'.repeat(65_537)}"`)).toEqual(['4:10 TOO_LARGE']);
    expect(problems(`name: ${'x'.repeat(121)}\ntasks: { t: { run: x } }`)).toEqual(['1:7 NAME_INVALID']);
    expect(
      problems(`name: d\ntasks: { t: { uses: function, with: { name: f, input: "${'x'.repeat(600_000)}" } } }`),
    ).toEqual(['2:37 TOO_LARGE']);
    const tasks = Object.fromEntries(Array.from({ length: 100_001 }, (_, index) => [`t${index}`, null]));
    expect(problems(JSON.stringify({ name: 'd', tasks }), { format: 'json' })).toEqual(['1:13 TOO_MANY_TASKS']);
  });

  it('lists a thousand problems, and says how many more there are', () => {
    const { diagnostics } = parseDag(
      `name: d\ntasks:\n${Array.from({ length: 1_500 }, (_, index) => `  t${index}: {}\n`).join('')}`,
    );
    expect(diagnostics).toHaveLength(1_001);
    expect(diagnostics.at(-1)?.message).toBe('There are 500 more problems.');
  });
});

describe('checkDag', () => {
  it('takes every canonical dag that the reader gives', () => {
    expect(checkDag(WHOLE_DAG)).toEqual({ dag: WHOLE_DAG, diagnostics: [] });
  });

  it('tells what a program got wrong, by path', () => {
    const dag = {
      name: 'd',
      params: {},
      tasks: [
        { name: 'a', uses: 'shell', with: { run: 'x' }, needs: [{ task: 'b' }], timeout: { startToClose: '5m' } },
        { name: 'b', uses: 'http', with: { url: 'ftp://x' }, needs: [{ task: 'a' }] },
        { name: 'b', uses: 'shell', with: { run: 'x' }, needs: [{ task: 'zz' }] },
      ],
    };
    expect(validateDag(dag).map((one) => `${one.code} ${one.message}`)).toEqual([
      'TYPE_WRONG `tasks[0].timeout.startToClose` must be a number, not `5m`.',
      'VALUE_INVALID `tasks[1].with.url` is not a URL.',
      'TASK_DUPLICATE `tasks[2]` has the name of another task: `b`.',
      'NEEDS_UNKNOWN `tasks[2].needs[0].task` names a task that is not in the dag: `zz`.',
      'CYCLE Tasks need each other in a circle: a -> b -> a.',
    ]);
  });

  it.each([
    [undefined],
    [null],
    [5],
    [[]],
    [{}],
    [{ tasks: 5 }],
    [{ tasks: [null, 5, { needs: 5 }] }],
    [{ name: 1n }],
    [{ name: Number.NaN }],
  ])('refuses %s without a throw', (value) => {
    expect(validateDag(value).length).toBeGreaterThan(0);
  });

  it('refuses a circular value', () => {
    const value: Record<string, unknown> = {};
    value['self'] = value;
    expect(validateDag(value).map((one) => one.code)).toEqual(['TYPE_WRONG']);
  });
});

describe('DIAGNOSTIC_CODES', () => {
  it('has a sentence for each code', () => {
    for (const meaning of Object.values(DIAGNOSTIC_CODES)) expect(meaning).toMatch(/^[A-Z].*\.$/);
  });
});
