import { describe, expect, it } from 'vitest';
import { checkTasks } from './added-tasks.js';
import { checkDag, parseDag } from './parse.js';

function problems(tasks: string): string[] {
  const { diagnostics } = parseDag(`name: d\nparams: { mode: { type: string, default: x } }\ntasks:\n${tasks}`);
  return diagnostics.map(({ line, column, code, hint }) => `${line}:${column} ${code}${hint ? ` ${hint}` : ''}`);
}

function needsOf(tasks: string, name: string): string[] | undefined {
  const { dag } = parseDag(`name: d\ntasks:\n${tasks}`);
  return dag?.tasks.find((task) => task.name === name)?.needs.map((need) => need.task);
}

describe('a condition', () => {
  it('makes its task need the tasks that it names, each once', () => {
    const tasks = `  a: { run: x }
  b: { run: x }
  c: { run: x, needs: a, when: "tasks.a.status == 'failed' || tasks.b.output == 1 || tasks.b.attempts > 1" }
`;
    expect(needsOf(tasks, 'c')).toEqual(['a', 'b']);
  });

  it('is kept as it is, and comes through a second check unchanged', () => {
    const { dag } = parseDag(`name: d\ntasks:\n  a: { run: x }\n  b: { run: x, when: tasks.a.output.ok }\n`);
    expect(dag?.tasks[1]).toMatchObject({ when: 'tasks.a.output.ok', needs: [{ task: 'a' }] });
    expect(checkDag(JSON.parse(JSON.stringify(dag))).dag).toEqual(dag);
  });

  it.each([
    ['b: { run: x, when: tasks.aa.status == "failed" }', '5:22 EXPRESSION_TASK Did you mean `a`?'],
    ['b: { run: x, when: "true && params.mod == 1" }', expect.stringMatching(/^5:31 EXPRESSION_PARAM Did you mean/)],
    ["b: { run: x, when: 'nope' }", expect.stringMatching(/^5:22 EXPRESSION_NAME /)],
    ['b: { run: x, when: 1 + 2 }', expect.stringMatching(/^5:22 EXPRESSION_TYPE/)],
    ['b: { run: x, when: "${{ true }}" }', '5:22 EXPRESSION_SYNTAX Write it without `${{ }}`.'],
    ['b: { run: x, when: tasks.a.output. }', expect.stringMatching(/^5:\d+ EXPRESSION_SYNTAX/)],
    ['b: { run: x, when: secrets.token == "x" }', expect.stringMatching(/EXPRESSION_NAME/)],
    ['b: { run: x, when: true }', expect.stringMatching(/^5:22 TYPE_WRONG/)],
    ['b: { run: x, when: "" }', expect.stringMatching(/^5:22 /)],
  ])('that makes no sense is refused at its place: %s', (task, problem) => {
    expect(problems(`  a: { run: x }\n  ${task}\n`)).toEqual([problem]);
  });

  it('that would make a circle is refused', () => {
    const circle = problems('  a: { run: x, when: tasks.b.output }\n  b: { run: x, needs: a }\n');
    expect(circle).toEqual(['4:22 EXPRESSION_TASK Name a task that runs before this one, or remove that dependency.']);
  });

  it('of an added task may name tasks of the run, which it then needs', () => {
    const added = checkTasks({ tasks: { late: { run: 'x', when: "tasks.early.status == 'failed' && params.any" } } });
    expect(added.diagnostics).toEqual([]);
    expect(added.tasks?.[0]).toMatchObject({ needs: [{ task: 'early' }] });
  });
});

/** The errors of a dag file in short: where each stands, and its code. */
function problemsOf(file: string): string[] {
  const errors = parseDag(file).diagnostics.filter(({ severity }) => severity === 'error');
  return errors.map(({ line, column, code }) => `${line}:${column} ${code}`);
}

describe('each place of a task takes its roots', () => {
  const head =
    'name: d\nparams: { p: x, n: 3, l: { type: json } }\ndefaults: { env: { E: e } }\ntasks:\n  a: { run: x }\n';
  const text = 'params.p + tasks.a.status + run.id + env.E';
  const PLACES: readonly [string, string][] = [
    ['env', `b: { run: x, env: { A: "\${{ X }}" } }`],
    ['a function', `b: { uses: function, with: { name: f, input: { deep: ["\${{ X }}"] } } }`],
    ['a url', `b: { uses: http, with: { url: "https://x/\${{ X }}" } }`],
    ['a header', `b: { uses: http, with: { url: "https://x", headers: { A: "b \${{ X }}" } } }`],
    ['a body', `b: { uses: http, with: { url: "https://x", body: "\${{ X }}" } }`],
    ['an activity', `b: { uses: activity, with: { type: T, args: ["\${{ X }}"] } }`],
    ['a cache key', `b: { run: x, cache: { key: "\${{ X }}" } }`],
    ['what undoes it', `b: { run: x, compensate: { run: y, env: { A: "\${{ X }}" } } }`],
    ['a message', `b: { uses: approval, with: { message: "\${{ X }}" } }`],
    ['a wait', `b: { wait: "\${{ X }}" }`],
    ['a time', `b: { until: "\${{ X }}" }`],
    ['a switch', `b: { switch: X, cases: { x: a2 } }\n  a2: { run: x }`],
    [
      'params of a dag',
      `b: { uses: dag, with: { dag: { name: x, params: { q: { type: json } }, tasks: { t: { run: ls } } }, params: { q: "\${{ X }}" } } }`,
    ],
    [
      'a handler that is polled',
      `b: { uses: poll, with: { uses: http, with: { url: "https://x/\${{ X }}" }, until: output.ok, interval: 1s } }`,
    ],
  ];
  const holding = (task: string, expression: string): string[] =>
    problemsOf(`${head}  ${task.replace('X', () => expression)}\n`);

  it.each(PLACES)('%s takes params, tasks, run and env', (_, task) => {
    expect(holding(task, text)).toEqual([]);
  });

  it.each(PLACES)('%s takes no item without `forEach`, and no other root', (_, task) => {
    for (const root of ['item', 'index', 'error', 'event', 'nope']) {
      const [problem, ...more] = holding(task, root);
      expect(problem).toMatch(/EXPRESSION_NAME$/);
      expect(more).toEqual([]);
      expect(Number(problem?.split(/[: ]/)[1])).toBe(task.indexOf('X') + 3);
    }
  });

  it.each(PLACES)('%s takes secrets where a worker of ours reads them, alone', (what, task) => {
    const takes = ['env', 'a function', 'a url', 'a header', 'a body', 'what undoes it', 'a handler that is polled'];
    const expected = takes.includes(what) ? [] : [expect.stringMatching(/EXPRESSION_NAME$/)];
    expect(holding(task, 'secrets.A')).toEqual(expected);
    if (takes.includes(what)) expect(holding(task, 'secrets.A + secrets.B')).toEqual([]);
    expect(holding(task, 'secrets.A + params.p')).toEqual([expect.stringMatching(/EXPRESSION_NAME$/)]);
  });

  it.each(PLACES.filter(([what]) => what !== 'a switch'))('%s takes the item of a fan-out', (_, task) => {
    const fanned = task.replace('b: { ', 'b: { forEach: "${{ params.l }}", ');
    expect(holding(fanned, 'item.x + string(index)')).toEqual([]);
  });
});

describe('other places', () => {
  const tasks = (rest: string): string[] =>
    problemsOf(`name: d\nparams: { p: x, n: 3, l: { type: json } }\ntasks:\n  a: { run: x }\n  ${rest}\n`);

  it.each([
    ['b: { run: x, forEach: "${{ params.l }}", when: item.ok && index > 0 }', []],
    ['b: { run: x, forEach: "${{ params.p }}" }', ['5:30 EXPRESSION_TYPE']],
    ['b: { run: x, forEach: "${{ item }}" }', ['5:30 EXPRESSION_NAME']],
    ['b: { run: x, forEach: { matrix: { a: [1], c: "${{ tasks.a.output }}" } } }', []],
    ['b: { run: x, forEach: { matrix: { a: [1], c: "${{ 1 }}" } } }', ['5:53 EXPRESSION_TYPE']],
    ['b: { run: x, forEach: { range: { to: "${{ tasks.a.output.n }}" } } }', []],
    ['b: { run: x, forEach: { range: { from: "${{ \'x\' }}", to: 3 } } }', ['5:47 EXPRESSION_TYPE']],
    ['b: { uses: event, with: { event: e, filter: event.id == params.n } }', []],
    ['b: { uses: event, with: { event: e, filter: event.id == output } }', ['5:59 EXPRESSION_NAME']],
    ['b: { uses: event, with: { event: e, filter: "\'x\'" } }', ['5:47 EXPRESSION_TYPE']],
    ['b: { uses: poll, with: { run: x, until: output.done, interval: 1s } }', []],
    ['b: { uses: poll, with: { run: x, until: event.done, interval: 1s } }', ['5:43 EXPRESSION_NAME']],
    ['b: { run: x, retry: { rules: [{ when: "error.code == \'X\'", then: fail }] } }', []],
    ['b: { run: x, retry: { rules: [{ when: "error.kode == \'X\'", then: fail }] } }', ['5:41 EXPRESSION_FIELD']],
    ['b: { run: x, retry: { rules: [{ when: params.n > 2 }] } }', ['5:41 EXPRESSION_NAME']],
    ['b: { run: x, compensate: { run: y, env: { A: "${{ tasks.b.output }}" } } }', []],
    ['b: { run: x, env: { A: "${{ tasks.b.output }}" } }', ['5:31 EXPRESSION_TASK']],
    ['b: { run: x, env: { "${{ 1 }}": a } }', ['5:23 NAME_INVALID', '5:23 EXPRESSION_PLACE']],
    ['b: { uses: function, with: { name: "${{ params.p }}" } }', ['5:38 NAME_INVALID', '5:38 EXPRESSION_PLACE']],
    [
      'b: { uses: http, with: { url: "https://x", headers: { "${{ 1 }}": a } } }',
      ['5:57 NAME_INVALID', '5:57 EXPRESSION_PLACE'],
    ],
    ['b: { run: "echo ${{ params.p }}" }', ['5:13 EXPRESSION_IN_SCRIPT']],
    ['b: { run: x, compensate: "echo ${{ params.p }}" }', ['5:28 EXPRESSION_IN_SCRIPT']],
    ['b: { run: x, description: "${{ any text" }', []],
    ['b: { run: x, env: { A: "${{ params.p" } }', ['5:26 EXPRESSION_SYNTAX']],
    ['b: { run: x, env: { A: "${{ env.A }}" } }', ['5:31 EXPRESSION_NAME']],
  ])('%s', (task, problems) => {
    expect(tasks(task)).toEqual(problems);
  });

  it.each([
    ['outputs: { a: "${{ tasks.a.output }}", b: [{ c: "x ${{ run.id }}" }] }', []],
    ['outputs: { a: "${{ tasks.b.output }}" }', ['3:20 EXPRESSION_TASK']],
    ['outputs: { a: "${{ secrets.A }}" }', ['3:20 EXPRESSION_NAME']],
    ['defaults: { env: { A: "${{ params.p }} ${{ secrets.A }}" } }', []],
    ['defaults: { env: { A: "${{ tasks.a.output }}" } }', ['3:28 EXPRESSION_NAME']],
    ['defaults: { env: { A: "${{ params.p }}" } }\noutputs: { a: "${{ env.A }}" }', ['4:20 EXPRESSION_NAME']],
    ['description: "${{ any text"', []],
    ['tags: ["${{ params.p }}"]', ['3:8 EXPRESSION_PLACE']],
  ])('of the dag: %s', (field, problems) => {
    expect(problemsOf(`name: d\nparams: { p: x }\n${field}\ntasks: { a: { run: x } }\n`)).toEqual(problems);
  });

  it('a secret has no place in the call of a foreign activity, and why is said', () => {
    const { diagnostics } = parseDag(
      'name: d\ntasks: { a: { uses: activity, with: { type: T, args: ["${{ secrets.A }}"] } } }\n',
    );
    expect(diagnostics.map(({ hint }) => hint)).toEqual([expect.stringContaining('nobody would put the secret in')]);
  });
});

describe('what a task names, it needs', () => {
  it.each([
    ['b: { run: x, env: { A: "${{ tasks.a.output }} ${{ tasks.a.status }}" } }', ['a']],
    ['b: { run: x, forEach: "${{ tasks.a.output }}" }', ['a']],
    ['b: { switch: tasks.a.output, cases: { x: c } }\n  c: { run: x }', ['a']],
    ['b: { wait: "${{ tasks.a.output }}" }', ['a']],
    ['b: { run: x, needs: c, when: tasks.a.output.ok }\n  c: { run: x, needs: a }', ['c']],
    ['b: { run: x, needs: c, when: tasks.a.output.ok }\n  c: { run: x, when: tasks.a.output.ok }', ['c']],
    ['b: { run: x, compensate: { run: y, env: { A: "${{ tasks.a.output }} ${{ tasks.b.output }}" } } }', ['a']],
  ])('%s', (tasks, needs) => {
    expect(needsOf(`  a: { run: x }\n  ${tasks}\n`, 'b')).toEqual(needs);
  });

  it('unless it runs at the end anyway', () => {
    const file = 'name: d\ntasks: { a: { run: x } }\nfinally: { f: { run: x, env: { A: "${{ tasks.a.status }}" } } }\n';
    const { dag, diagnostics } = parseDag(file);
    expect(diagnostics).toEqual([]);
    expect(dag?.tasks[1]).toMatchObject({ name: 'f', needs: [] });
  });

  it.each([
    [
      'a: { run: x, env: { A: "${{ tasks.c.output }}" } }\n  b: { run: x, needs: a }\n  c: { run: x, needs: b }',
      '3:31',
    ],
    ['a: { run: x, when: tasks.f.output }\nfinally:\n  f: { run: x }', '3:22'],
    ['a: { run: x, when: tasks.b.output }\n  b: { run: x, when: tasks.a.output }', '3:22', '4:22'],
  ])('but not what comes after: %s', (tasks, ...places) => {
    expect(problemsOf(`name: d\ntasks:\n  ${tasks}\n`)).toEqual(places.map((place) => `${place} EXPRESSION_TASK`));
  });
});

describe('what the schema of an output says', () => {
  const schema =
    '{ type: object, additionalProperties: false, properties: { rows: { type: integer }, files: { type: array, items: { type: object, additionalProperties: false, properties: { path: { type: string } } } } } }';
  const problems = (expression: string, more = ''): string[] =>
    problemsOf(`name: d\ntasks:\n  a: { run: x, output: ${schema}${more} }\n  b: { run: x, when: "${expression}" }\n`);

  it.each([
    ['tasks.a.output.rows > 1', []],
    ["tasks.a.output.files[0].path == 'x'", []],
    ['tasks.a.output.row > 1', ['4:22 EXPRESSION_FIELD']],
    ['has(tasks.a.output.row)', ['4:22 EXPRESSION_FIELD']],
    ['tasks.a.output.?row.orValue(1) > 1', []],
    ["tasks.a.output.rows == 'x'", ['4:22 EXPRESSION_TYPE']],
    ["tasks.a.output['rows'].startsWith('x')", ['4:22 EXPRESSION_TYPE']],
    ['tasks.a.output.files[0].size > 1', ['4:22 EXPRESSION_FIELD']],
    ['tasks.a.output.files.rows', ['4:22 EXPRESSION_TYPE']],
  ])('%s', (expression, expected) => {
    expect(problems(expression)).toEqual(expected);
  });

  it('leaves other fields open where it does', () => {
    const open = '{ type: object, properties: { rows: { type: integer } } }';
    const file = `name: d\ntasks:\n  a: { run: x, output: ${open} }\n  b: { run: x, when: tasks.a.output.row > tasks.a.output.rows }\n`;
    expect(problemsOf(file)).toEqual([]);
  });

  it('is of each item of a fan-out', () => {
    expect(problems('tasks.a.output[0].rows > 1', ', forEach: [1, 2]')).toEqual([]);
    expect(problems('tasks.a.output.rows > 1', ', forEach: [1, 2]')).toEqual(['4:22 EXPRESSION_TYPE']);
    expect(problems('tasks.a.output[0].row > 1', ', forEach: [1, 2]')).toEqual(['4:22 EXPRESSION_FIELD']);
  });
});

describe('a problem within a text stands at its column', () => {
  it.each([
    ["    env: { A: 'x ${{ params.p }}' }", '5:22'],
    ['    env: { A: "x ${{ params.p }}" }', '5:22'],
    ['    env:\n      A: x ${{ params.p }}', '6:16'],
    ['    env:\n      A: |\n        one\n\n          two ${{ params.p }}\n', '9:19'],
    ['    env:\n      A: |2-\n          two ${{ params.p }}\n', '7:19'],
    ['    env:\n      A: >\n        one\n        ${{ params.p }}\n', '6:10'],
    ['    env: { A: "x\\ty ${{ params.p }}" }', '5:15'],
  ])('%j', (env, place) => {
    const file = `name: d\ntasks:\n  a:\n    run: x\n${env}\n`;
    expect(problemsOf(file)).toEqual([`${place} EXPRESSION_PARAM`]);
    expect(problemsOf(file.replaceAll('\n', '\r\n'))).toEqual([`${place} EXPRESSION_PARAM`]);
  });
});
