import { describe, expect, it } from 'vitest';
import { checkTasks, parseTasks } from './added-tasks.js';
import { formatDiagnostic } from './diagnostic.js';

/** The diagnostics of a text, as `line:column CODE`. */
function problems(text: string, file?: string): string[] {
  return parseTasks(text, file).diagnostics.map(({ line, column, code }) => `${line}:${column} ${code}`);
}

describe('parseTasks', () => {
  it('gives canonical tasks, which may need tasks of the running dag', () => {
    const added = parseTasks(`# more of them
x-mine: 1
tasks:
  check:
    needs: load
    run: ./check.sh
    timeout: 5m
    priority: 3
  tell:
    needs: [check, { task: report, weight: 2 }]
    uses: http
    with: { url: "http://a.b" }
needs:
  publish: [check, tell]
  sweep: check
`);
    expect(added).toEqual({
      tasks: [
        {
          name: 'check',
          uses: 'shell',
          with: { run: './check.sh' },
          needs: [{ task: 'load' }],
          timeout: { startToClose: 300_000 },
          priority: 3,
        },
        {
          name: 'tell',
          uses: 'http',
          with: { url: 'http://a.b' },
          needs: [{ task: 'check' }, { task: 'report', weight: 2 }],
        },
      ],
      needs: { publish: ['check', 'tell'], sweep: ['check'] },
      diagnostics: [],
    });
    expect(parseTasks('tasks: { t: { run: ls } }')).toEqual({
      tasks: [{ name: 't', uses: 'shell', with: { run: 'ls' }, needs: [] }],
      diagnostics: [],
    });
  });

  it('reads JSON by the name of the file, and says which file is wrong', () => {
    expect(parseTasks('{"tasks": {"t": {"run": "ls"}}}', 'a.json').tasks).toHaveLength(1);
    const { diagnostics } = parseTasks('{"tasks": {"t": {"rum": "ls"}}}', 'a.json');
    expect(diagnostics.map(formatDiagnostic)).toContain(
      'a.json:1:18 error FIELD_UNKNOWN `tasks.t.rum` is not a field that is known here.\n  Did you mean `run`?',
    );
    expect(problems("tasks: { t: { run: 'x' } }", 'a.json')).toEqual(['1:1 SYNTAX']);
  });

  it('names every problem at its place', () => {
    const text = `tasks:
  a:
    needs: [load, a, load, b]
    run: echo \${{ params.x }}
  b:
    needs: a
    run: x
    env: { V: 1.10 }
  1c: { run: x }
  d: { run: x, retry: { initialInterval: 5s, maximumInterval: 1s } }
needs:
  a: [b]
  publish: [publish, d, d, 1]
concurrency: 3
`;
    expect(problems(text)).toEqual([
      '3:19 NEEDS_SELF',
      '3:22 NEEDS_DUPLICATE',
      '3:28 CYCLE',
      '4:10 EXPRESSION_IN_SCRIPT',
      '8:15 TYPE_WRONG',
      '9:3 NAME_INVALID',
      '12:3 FIELD_CONFLICT',
      '13:13 NEEDS_SELF',
      '13:25 NEEDS_DUPLICATE',
      '13:28 TYPE_WRONG',
      '14:1 FIELD_UNKNOWN',
    ]);
    expect(parseTasks(text)).not.toHaveProperty('tasks');
    expect(problems('tasks: { d: { run: x, retry: { initialInterval: 5s, maximumInterval: 1s } } }')).toEqual([
      '1:70 RETRY_INVALID',
    ]);
  });

  it('finds a circle that goes through a task of the running dag', () => {
    const { diagnostics } = parseTasks('tasks:\n  a: { run: x, needs: publish }\nneeds:\n  publish: a\n');
    expect(diagnostics.map(({ line, message }) => `${line} ${message}`)).toEqual([
      '2 Tasks need each other in a circle: a -> publish -> a.',
    ]);
  });

  it('leaves to the run what hangs on its defaults', () => {
    expect(problems('tasks: { t: { run: x, retry: { initialInterval: 5m } } }')).toEqual([]);
    expect(problems('tasks: { t: { run: x, retry: { maximumInterval: 10ms } } }')).toEqual([]);
  });

  it.each([
    ['', '1:1 FILE_EMPTY'],
    ['needs: { a: [b] }', '1:1 FIELD_MISSING'],
    ['tasks: {}', '1:1 DAG_EMPTY'],
    ['tasks: { t: { run: x } }\nneeds: [t]', '2:8 TYPE_WRONG'],
    ['[1]', '1:1 TYPE_WRONG'],
  ])('%j is one problem', (text, problem) => {
    expect(problems(text)).toEqual([problem]);
  });
});

describe('checkTasks', () => {
  it('takes canonical tasks as a list, and tasks of a dag file as a mapping', () => {
    const tasks = [
      { name: 'a', uses: 'shell', with: { run: 'x' }, needs: [{ task: 'load' }], timeout: { heartbeat: 5_000 } },
    ];
    expect(checkTasks({ tasks, needs: { publish: ['a'] } })).toEqual({
      tasks,
      needs: { publish: ['a'] },
      diagnostics: [],
    });
    const { tasks: read } = checkTasks({ tasks: { a: { run: 'x', needs: 'load', timeout: { heartbeat: '5s' } } } });
    expect(read).toEqual(tasks);
    expect(checkTasks({ tasks: read })).toEqual({ tasks, diagnostics: [] });
  });

  it('names the path of what is wrong', () => {
    const a = { name: 'a', uses: 'shell', with: { run: 'x' }, needs: [] };
    const messages = (value: unknown): string[] => checkTasks(value).diagnostics.map(({ message }) => message);
    expect(messages({ tasks: [a, a, { ...a, name: 'b', timeout: '5s' }], needs: { b: ['a'] } })).toEqual([
      '`tasks[2].timeout` must be a mapping, not `5s`.',
      '`tasks[1]` has the name of another task: `a`.',
      '`needs.b` is about a new task: `b`.',
    ]);
    expect(messages({ tasks: [] })).toEqual(['The dag has no tasks.']);
    expect(messages({ tasks: [{ ...a, with: { run: () => 1 } }] })[0]).toMatch('`run` is a function');
    expect(messages(undefined)).not.toEqual([]);
  });
});
