import { describe, expect, it } from 'vitest';
import type { Task } from '../dag/dag.js';
import type { Json } from '../dag/json.js';
import { parseTasks } from './added-tasks.js';
import { checkDag, parseDag } from './parse.js';

/** A dag whose task `t`, on line 4, has these fields. */
function withTask(fields: string): string {
  return `name: d\ntasks:\n  o: { run: x, artifacts: { save: { f: out/f } } }\n  t: { ${fields} }\n`;
}

function errorsOf(text: string): string[] {
  return parseDag(text)
    .diagnostics.filter(({ severity }) => severity === 'error')
    .map(({ line, column, code }) => `${line}:${column} ${code}`);
}

/** The canonical task, checked once more in that form. */
function taskOf(text: string, name = 't'): Task | undefined {
  const { dag, diagnostics } = parseDag(text);
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  const again = checkDag(structuredClone(dag));
  expect(again.dag).toEqual(dag);
  return dag?.tasks.find((task) => task.name === name);
}

const WHAT_IS_RIGHT: [fields: string, canonical: Record<string, Json>][] = [
  ['run: x, forEach: [1, a]', { forEach: [1, 'a'] }],
  ['run: x, forEach: []', { forEach: [] }],
  ['run: x, forEach: "${{ tasks.o.output }}"', { forEach: '${{ tasks.o.output }}', needs: [{ task: 'o' }] }],
  [
    'run: x, forEach: { matrix: { os: [a, b], v: "${{ tasks.o.output }}" } }',
    { forEach: { matrix: { os: ['a', 'b'], v: '${{ tasks.o.output }}' } } },
  ],
  ['run: x, forEach: { range: { from: 1, to: 10, step: 2 } }', { forEach: { range: { from: 1, to: 10, step: 2 } } }],
  ['run: x, forEach: { range: { to: "${{ 3 }}" } }', { forEach: { range: { to: '${{ 3 }}' } } }],
  ['run: x, forEach: [1], maxParallel: 2, tolerate: 3', { maxParallel: 2, tolerate: { count: 3 } }],
  ['run: x, forEach: [1], tolerate: 12.5%', { tolerate: { share: 0.125 } }],
  ['wait: 10m', { uses: 'wait', with: { for: 600_000 } }],
  ['wait: "${{ tasks.o.output.s }}"', { uses: 'wait', with: { for: '${{ tasks.o.output.s }}' } }],
  ['until: 2026-12-01T08:00:00+01:00', { uses: 'wait', with: { until: '2026-12-01T08:00:00+01:00' } }],
  ['until: "${{ tasks.o.output }}"', { uses: 'wait', with: { until: '${{ tasks.o.output }}' } }],
  ['uses: wait, with: { for: 1s }', { uses: 'wait', with: { for: 1_000 } }],
  [
    'uses: event, with: { event: e, filter: event.a > 1, schema: { type: object }, timeout: 1h }',
    { uses: 'event', with: { event: 'e', filter: 'event.a > 1', schema: { type: 'object' }, timeout: 3_600_000 } },
  ],
  [
    'uses: approval, with: { message: Go?, approvers: [a], form: {}, reminder: 1h, timeout: 1d, default: approve }',
    {
      uses: 'approval',
      with: {
        message: 'Go?',
        approvers: ['a'],
        form: {},
        reminder: 3_600_000,
        timeout: 86_400_000,
        default: 'approve',
      },
    },
  ],
  [
    'uses: poll, with: { run: x, until: output.done, interval: 1s, backoffCoefficient: 2, maximumInterval: 1m, timeout: 1h }, env: { A: b }',
    {
      uses: 'shell',
      with: { run: 'x' },
      env: { A: 'b' },
      poll: {
        until: 'output.done',
        interval: 1_000,
        backoffCoefficient: 2,
        maximumInterval: 60_000,
        timeout: 3_600_000,
      },
    },
  ],
  [
    'uses: poll, with: { uses: http, with: { url: "https://x.y", timeout: 1s }, until: output.status == 200, interval: 1s }',
    { uses: 'http', with: { url: 'https://x.y', timeout: 1_000 }, poll: { interval: 1_000 } },
  ],
  ['switch: 1 + 1, cases: { "2": o }', { uses: 'switch', with: { on: '1 + 1', cases: { 2: ['o'] } } }],
  [
    'uses: switch, with: { on: "true", cases: { "true": [o] }, default: o }',
    { with: { on: 'true', cases: { true: ['o'] }, default: ['o'] } },
  ],
  ['run: x, compensate: ./undo.sh', { compensate: { uses: 'shell', with: { run: './undo.sh' } } }],
  [
    'run: x, compensate: { run: y, env: { A: b }, retry: { maximumAttempts: 2 }, timeout: 1m }',
    {
      compensate: {
        uses: 'shell',
        with: { run: 'y' },
        env: { A: 'b' },
        retry: { maximumAttempts: 2 },
        timeout: { startToClose: 60_000 },
      },
    },
  ],
  [
    'run: x, compensate: { uses: function, with: { name: f } }',
    { compensate: { uses: 'function', with: { name: 'f' } } },
  ],
  ['run: x, cache: true', { cache: {} }],
  ['run: x, cache: { key: "${{ run.id }}", maxAge: 1d }', { cache: { key: '${{ run.id }}', maxAge: 86_400_000 } }],
  ['run: x, output: { type: object }, cancelRemaining: true', { output: { type: 'object' }, cancelRemaining: true }],
  [
    'run: x, artifacts: { save: { g: out/g }, load: { in/f: o.f } }',
    { needs: [{ task: 'o' }], artifacts: { save: { g: 'out/g' }, load: { 'in/f': { task: 'o', artifact: 'f' } } } },
  ],
  [
    'run: x, retry: { rules: [{ exitCode: 2, then: fail }, { code: X, status: 500-599 }, { when: "true", maximumAttempts: 3, initialInterval: 1s }] }',
    {
      retry: {
        rules: [
          { exitCode: [2], then: 'fail' },
          { code: ['X'], status: [[500, 599]] },
          { when: 'true', maximumAttempts: 3, initialInterval: 1_000 },
        ],
      },
    },
  ],
  ['uses: http, with: { url: "${{ tasks.o.output.url }}" }', { with: { url: '${{ tasks.o.output.url }}' } }],
];

const WHAT_IS_WRONG: [fields: string, problems: string[]][] = [
  ['run: x, forEach: abc', ['4:25 VALUE_INVALID']],
  ['run: x, forEach: "a ${{ tasks.o.output }}"', ['4:25 VALUE_INVALID']],
  ['run: x, forEach: 5', ['4:25 TYPE_WRONG']],
  ['run: x, forEach: {}', ['4:25 FIELD_CONFLICT']],
  ['run: x, forEach: { matrix: { a: [1] }, range: { to: 1 } }', ['4:25 FIELD_CONFLICT']],
  ['run: x, forEach: { matrix: {} }', ['4:25 VALUE_INVALID']],
  ['run: x, forEach: { matrix: { a: 5 } }', ['4:40 TYPE_WRONG']],
  ['run: x, forEach: { range: { from: 1 } }', ['4:27 FIELD_MISSING']],
  ['run: x, forEach: { range: { to: 10000 } }', ['4:34 TOO_LARGE']],
  ['run: x, forEach: { range: { to: 5, step: 0 } }', ['4:49 VALUE_INVALID']],
  ['run: x, maxParallel: 2, tolerate: 10%', ['4:16 FIELD_CONFLICT', '4:32 FIELD_CONFLICT']],
  ['run: x, forEach: [1], tolerate: 101%', ['4:40 VALUE_INVALID']],
  ['run: x, forEach: [1], maxParallel: 0', ['4:43 VALUE_INVALID']],
  ['wait: 90', ['4:14 DURATION_INVALID']],
  ['wait: soon', ['4:14 DURATION_INVALID']],
  ['until: tomorrow', ['4:15 VALUE_INVALID']],
  ['until: 2026-12-01T08:00:00', ['4:15 VALUE_INVALID']],
  ['until: 2026-13-41T08:00:00Z', ['4:15 VALUE_INVALID']],
  ['wait: 10m, run: x', ['4:8 FIELD_CONFLICT']],
  ['wait: 10m, uses: wait', ['4:3 FIELD_MISSING', '4:8 FIELD_CONFLICT']],
  ['wait: 10m, retry: { maximumAttempts: 2 }', ['4:19 FIELD_CONFLICT']],
  ['uses: wait, with: {}', ['4:26 FIELD_CONFLICT']],
  ['uses: event, with: { event: e }, timeout: 1m', ['4:41 FIELD_CONFLICT']],
  ['uses: event, with: { event: e, schema: { type: objec } }', ['4:47 VALUE_INVALID']],
  ['uses: approval, with: { default: approve }', ['4:32 FIELD_CONFLICT']],
  ['uses: approval, with: {}, env: { A: b }, retry: {}', ['4:34 FIELD_CONFLICT', '4:49 FIELD_CONFLICT']],
  ['uses: dag, with: { dag: { name: i, tasks: { a: { run: x } } } }, timeout: 1m', ['4:73 FIELD_CONFLICT']],
  ['uses: poll, with: { run: x, interval: 1s }', ['4:20 FIELD_MISSING']],
  ['uses: poll, with: { until: "true", interval: 1s }', ['4:20 FIELD_MISSING']],
  ['uses: poll, with: { run: x, until: "true", interval: 1s }, cache: true', ['4:67 FIELD_CONFLICT']],
  ['switch: 1 + 1', ['4:6 FIELD_MISSING']],
  ['switch: 1 + 1, cases: {}', ['4:30 VALUE_INVALID']],
  ['switch: 1 + 1, cases: { a: O }', ['4:35 BRANCH_UNKNOWN']],
  ['switch: 1 + 1, cases: { a: [o, zz], b: t }', ['4:39 BRANCH_UNKNOWN', '4:47 BRANCH_UNKNOWN']],
  ['switch: 1 + 1, cases: { default: o }', ['4:32 NAME_INVALID']],
  ['switch: 1 + 1, cases: { a: o }, forEach: [1]', ['3:3 EXPRESSION_TYPE', '4:40 FIELD_CONFLICT']],
  ['run: x, cases: { a: o }', ['4:16 FIELD_CONFLICT']],
  ['uses: switch, with: { on: "1", cases: { a: zz } }', ['4:51 BRANCH_UNKNOWN']],
  ['wait: 1m, compensate: x', ['4:18 FIELD_CONFLICT']],
  ['run: x, compensate: { env: { A: b } }', ['4:16 FIELD_MISSING']],
  ['run: x, compensate: { uses: wait, with: { for: 1m } }', ['4:36 VALUE_INVALID']],
  ['run: x, cache: false', ['4:23 VALUE_INVALID']],
  ['uses: activity, with: { type: A }, cache: true', ['4:43 FIELD_CONFLICT']],
  ['uses: http, with: { url: "https://x.y" }, artifacts: {}', ['4:50 FIELD_CONFLICT']],
  ['run: x, artifacts: { save: { a: /etc/x, b: a/../../b } }', ['4:40 VALUE_INVALID', '4:51 VALUE_INVALID']],
  [
    'run: x, artifacts: { load: { a: o.g, b: q.f, c: o } }',
    ['4:40 ARTIFACT_UNKNOWN', '4:48 ARTIFACT_UNKNOWN', '4:56 VALUE_INVALID'],
  ],
  ['run: x, output: 5', ['4:24 TYPE_WRONG']],
  ['run: x, output: { type: strin }', ['4:24 VALUE_INVALID']],
  ['run: x, retry: { rules: [{ then: fail }] }', ['4:33 FIELD_MISSING']],
  ['run: x, retry: { rules: [{ exitCode: 256, then: never }] }', ['4:45 VALUE_INVALID', '4:56 VALUE_INVALID']],
  ['run: x, retry: { rules: [{ status: 999 }] }', ['4:43 VALUE_INVALID']],
  ['run: x, finally: true', ['4:16 FIELD_CONFLICT']],
  ['uses: dag, with: {}', ['4:25 FIELD_CONFLICT']],
  ['uses: dag, with: { file: a.yaml, name: a }', ['4:25 FIELD_CONFLICT']],
  ['uses: dag, with: { file: a.yaml }', ['4:33 FILE_UNREADABLE']],
];

describe('the fields of data flow', () => {
  it.each(WHAT_IS_RIGHT)('%s', (fields, canonical) => {
    expect(taskOf(withTask(fields))).toMatchObject(canonical);
  });

  it.each(WHAT_IS_WRONG)('%s: is refused at its place', (fields, problems) => {
    expect(errorsOf(withTask(fields))).toEqual(problems);
  });

  it('refuses lists and matrices of over 10,000 items', () => {
    const list = `[${'1, '.repeat(10_000)}1]`;
    expect(errorsOf(withTask(`run: x, forEach: ${list}`))).toEqual(['4:25 TOO_LARGE']);
    const hundred = `[${'1, '.repeat(100)}1]`;
    expect(errorsOf(withTask(`run: x, forEach: { matrix: { a: ${hundred}, b: ${hundred} } }`))).toEqual([
      '4:35 TOO_LARGE',
    ]);
  });
});

describe('switch', () => {
  const text = (when: string): string => `name: d
params: { p: a }
tasks:
  pick-one: { switch: params.p, cases: { a: x, "it's": [x, y] }, default: z }
  x: { run: x${when} }
  y: { run: x, needs: [pick-one] }
  z: { wait: 1m }
`;

  it('gives each task of a branch its condition, joined to its own', () => {
    const own = taskOf(text(', when: params.p != "q" // why'), 'x');
    expect(own?.when).toBe(`(params.p != "q" // why\n) && (tasks["pick-one"].output in ['a', "it's"])`);
    expect(own?.needs).toEqual([{ task: 'pick-one' }]);
    expect(taskOf(text(''), 'y')).toMatchObject({
      when: `tasks["pick-one"].output == "it's"`,
      needs: [{ task: 'pick-one' }],
    });
    expect(taskOf(text(''), 'z')?.when).toBe(`tasks["pick-one"].output == 'default'`);
  });

  it('tells of a condition of its own that is wrong at its place', () => {
    expect(errorsOf(text(', when: params.q == "a"'))).toEqual(['5:22 EXPRESSION_PARAM']);
    expect(errorsOf(text(', when: "true) || (true"'))).toEqual(['5:27 EXPRESSION_SYNTAX']);
  });

  it('gives a task of two switches both conditions', () => {
    const two = `name: d\ntasks:\n  a: { switch: "1", cases: { k: x } }\n  b: { switch: "2", cases: { k: x } }\n  x: { run: x }\n`;
    expect(taskOf(two, 'x')?.when).toBe(`(tasks.a.output == 'k') && (tasks.b.output == 'k')`);
  });
});

describe('finally', () => {
  it('lets tasks stand behind the others, and need each other', () => {
    const text = `name: d
tasks: { a: { run: x } }
finally:
  b: { run: x, env: { S: "\${{ tasks.a.status }}" } }
  c: { run: x, env: { S: "\${{ tasks.b.status }}" } }
`;
    expect(taskOf(text, 'b')).toMatchObject({ needs: [], finally: true });
    expect(taskOf(text, 'c')).toMatchObject({ needs: [{ task: 'b' }], finally: true });
  });

  it('tells what is wrong, each at its place', () => {
    const text = `name: d
tasks:
  a: { run: x, needs: b }
  e: { run: x }
finally:
  b: { run: x, needs: [e] }
  c: { run: x, needs: [zz, c], nope: 1 }
  e: { run: x }
  f: { run: x, compensate: y }
  g: { run: x, retry: { initialInterval: 5m } }
  h: { run: x, env: { A: 1.10 } }
`;
    expect(errorsOf(text)).toEqual([
      '3:23 NEEDS_FINALLY',
      '6:24 NEEDS_FINALLY',
      '7:24 NEEDS_UNKNOWN',
      '7:28 NEEDS_SELF',
      '7:32 FIELD_UNKNOWN',
      '8:3 TASK_DUPLICATE',
      '9:16 FIELD_CONFLICT',
      '11:26 TYPE_WRONG',
    ]);
    expect(
      errorsOf('name: d\ntasks: { a: { run: x } }\nfinally: { g: { run: x, retry: { initialInterval: 5m } } }'),
    ).toEqual(['3:51 RETRY_INVALID']);
    const message = parseDag(text).diagnostics.find(({ code }) => code === 'NEEDS_SELF')?.message;
    expect(message).toBe('`finally.c.needs[1]` is the task itself.');
  });
});

describe('tasks that are added to a running dag', () => {
  it('take the new fields, but are no switches and not finally', () => {
    const added = parseTasks(
      'tasks:\n  a: { run: x, forEach: [1], compensate: y }\n  b: { wait: 1m }\n  c: { uses: dag, with: { dag: { name: i, tasks: { t: { run: x } } } } }\n  d: { run: x, artifacts: { load: { f: old.f } } }\n',
    );
    expect(added.diagnostics).toEqual([]);
    expect(added.tasks?.map(({ name, uses }) => `${name} ${uses}`)).toEqual(['a shell', 'b wait', 'c dag', 'd shell']);
    expect(added.tasks?.[3]?.needs).toEqual([{ task: 'old' }]);
    const refused = parseTasks('tasks:\n  a: { switch: "1", cases: { k: a } }\nfinally: { b: { run: x } }\n');
    expect(refused.diagnostics.map(({ line, column, message }) => `${line}:${column} ${message}`)).toEqual([
      '2:3 `tasks.a` is a switch, which cannot be added to a running dag.',
      '3:1 `finally` cannot be added to a running dag.',
    ]);
  });
});
