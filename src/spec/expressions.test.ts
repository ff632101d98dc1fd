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
