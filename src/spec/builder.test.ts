import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import type { TaskContext } from '../activities/handler.js';
import type { Json } from '../dag/json.js';
import { dag } from './builder.js';
import { DagInvalidError } from './dag-invalid.js';
import { defineFunction } from './function-definition.js';
import { task, type TaskDefinition } from './task-definition.js';

const count = defineFunction('count', {
  input: z.object({ text: z.string(), by: z.enum(['word', 'letter']).default('word') }),
  output: z.object({ total: z.number() }),
  run: (input) => ({ total: input.text.length + input.by.length }),
});

function problemsOf(build: () => unknown): string[] {
  try {
    build();
  } catch (error) {
    if (error instanceof DagInvalidError) return error.diagnostics.map((one) => `${one.code} ${one.message}`);
    throw error;
  }
  return [];
}

describe('dag', () => {
  it('turns every kind of task into a canonical task', () => {
    const extract = task('extract', { run: './extract.sh', env: { DAY: '1' }, estimate: '5m' });
    const script = task('script', { shell: { run: 'ls', shell: 'bash', cwd: 'data' }, needs: [extract] });
    const counted = task('counted', { uses: count, input: { text: 'abc' }, needs: [{ task: extract, weight: 2 }] });
    const page = task('page', { http: { url: 'https://example.com', expectStatus: [200, '300-399'], timeout: '3s' } });
    const charge = task('charge', {
      activity: { type: 'Charge', args: [1] },
      timeout: '10m',
      retry: { initialInterval: '2s' },
    });
    const built = dag('all', {
      tasks: [extract, script, counted, page, charge],
      params: { day: '2026-11-01' },
      timeout: '1h',
    });
    expect(built.dag).toEqual({
      name: 'all',
      timeout: 3_600_000,
      params: { day: { type: 'string', default: '2026-11-01' } },
      tasks: [
        {
          name: 'extract',
          uses: 'shell',
          with: { run: './extract.sh' },
          env: { DAY: '1' },
          estimate: 300_000,
          needs: [],
        },
        {
          name: 'script',
          uses: 'shell',
          with: { run: 'ls', shell: 'bash', cwd: 'data' },
          needs: [{ task: 'extract' }],
        },
        {
          name: 'counted',
          uses: 'function',
          with: { name: 'count', input: { text: 'abc' } },
          needs: [{ task: 'extract', weight: 2 }],
        },
        {
          name: 'page',
          uses: 'http',
          with: {
            url: 'https://example.com',
            expectStatus: [
              [200, 200],
              [300, 399],
            ],
            timeout: 3_000,
          },
          needs: [],
        },
        {
          name: 'charge',
          uses: 'activity',
          with: { type: 'Charge', args: [1] },
          timeout: { startToClose: 600_000 },
          retry: { initialInterval: 2_000 },
          needs: [],
        },
      ],
    });
    expect(built.functions).toEqual([count]);
  });

  it('adds the tasks that listed ones need, before the first that needs them', () => {
    const a = task('a', { run: 'a' });
    const b = task('b', { run: 'b', needs: [a] });
    const c = task('c', { run: 'c' });
    const d = task('d', { run: 'd', needs: [c, b, a] });
    expect(dag('closure', { tasks: [d, c] }).dag.tasks.map((one) => one.name)).toEqual(['a', 'b', 'd', 'c']);
  });

  it('adds a chain of 20,000 needed tasks', () => {
    let last: TaskDefinition = task('t0', { run: 'x' });
    for (let index = 1; index < 20_000; index += 1) last = task(`t${index}`, { run: 'x', needs: [last] });
    expect(dag('chain', { tasks: [last] }).dag.tasks).toHaveLength(20_000);
  });

  it('names a function written in place after its dag and task, and hands it the context', async () => {
    const first = task('first', { run: () => ({ rows: 3 }) });
    const second = task('second', { needs: [first], run: async ({ needs }) => needs.first.rows + 1 });
    const built = dag('inline', { tasks: [second] });
    expect(built.dag.tasks.map((one) => one.with)).toEqual([{ name: 'inline.first' }, { name: 'inline.second' }]);
    const context = { needs: { first: { rows: 3 } } } as unknown as TaskContext;
    await expect(built.functions[1]?.run(undefined, context)).resolves.toBe(4);
  });

  it('takes a policy and tags', () => {
    const tasks = [task('a', { run: 'x', priority: 1 })];
    const built = dag('d', { tasks, policy: 'priority', tags: ['nightly', 'sales'] });
    expect(built.dag).toMatchObject({ policy: 'priority', tags: ['nightly', 'sales'] });
    const several = { policy: ['priority', 'fair'], aging: '1m', quantum: 2, groups: { gold: 2 } } as const;
    const inGroup = task('a', { run: 'x', group: 'gold', deadline: '5m' });
    expect(dag('d', { tasks: [inGroup], ...several }).dag).toMatchObject({
      ...{ policy: 'priority,fair', aging: 60_000, quantum: 2, groups: { gold: 2 } },
      tasks: [{ group: 'gold', deadline: 300_000 }],
    });
    // @ts-expect-error no policy is called so
    expect(problemsOf(() => dag('d', { tasks, policy: 'lifo', tags: ['a', 'a'] }))).toEqual([
      'VALUE_INVALID `policy` cannot be `lifo`.',
      'VALUE_INVALID `tags[1]` is there twice.',
    ]);
  });

  it('refuses two tasks of one name, and two functions of one name', () => {
    const tasks = [task('a', { run: 'x' }), task('a', { run: 'y' })];
    expect(problemsOf(() => dag('twice', { tasks }))).toEqual(['TASK_DUPLICATE Two tasks are called `a`.']);
    const other = defineFunction('count', { run: () => 1 });
    const functions = [task('a', { uses: count, input: { text: '' } }), task('b', { uses: other })];
    expect(problemsOf(() => dag('twice', { tasks: functions }))).toEqual([
      'TASK_DUPLICATE Two functions are called `count`.',
    ]);
  });

  it('names all problems at once, by the rules of files', () => {
    const bad = task('a b', { run: 'echo ${{ x }}', timeout: '5 minutes' });
    expect(problemsOf(() => dag('bad', { tasks: [bad], concurrency: 0 }))).toEqual([
      'VALUE_INVALID `concurrency` must be at least 1, not `0`.',
      'DURATION_INVALID `tasks.a b.timeout` is no duration: `5 minutes`.',
      'NAME_INVALID `tasks.a b` is not a name that is allowed: `a b`.',
      'EXPRESSION_IN_SCRIPT `tasks.a b.run` takes no `${{ }}` expressions.',
    ]);
    expect(problemsOf(() => dag('empty', { tasks: [] }))).toEqual(['DAG_EMPTY The dag has no tasks.']);
  });

  it('refuses an input that JSON cannot hold', () => {
    const big = task('a', { uses: defineFunction('f', { run: (input: { n: bigint }) => input.n }), input: { n: 1n } });
    expect(problemsOf(() => dag('bad', { tasks: [big] }))).toEqual([
      'TYPE_WRONG The dag is not plain JSON: `n` is a bigint, which JSON cannot hold.',
    ]);
  });
});

describe('types', () => {
  const first = task('first', { run: () => ({ rows: 3 }) });
  const shell = task('shell', { run: 'ls' });
  const counted = task('counted', { uses: count, input: { text: 'x' } });

  it('carry the outputs of needed tasks into the function that needs them', () => {
    const last = task('last', {
      needs: [first, shell, { task: counted, weight: 1 }],
      run: async (context) => {
        expectTypeOf(context.needs.first).toEqualTypeOf<{ rows: number }>();
        expectTypeOf(context.needs.shell).toEqualTypeOf<Json>();
        expectTypeOf(context.needs.counted).toEqualTypeOf<{ total: number }>();
        expectTypeOf(context.signal).toEqualTypeOf<AbortSignal>();
        return 'done';
      },
    });
    expectTypeOf(last).toEqualTypeOf<TaskDefinition<'last', string>>();
  });

  it('refuse a typo in a needed task or its output', () => {
    task('typo', {
      needs: [first],
      run: ({ needs }) => {
        // @ts-expect-error -- no such task is needed
        void needs.frist;
        // @ts-expect-error -- the output has no such field
        void needs.first.row;
      },
    });
    // @ts-expect-error -- `needs` takes tasks, not names
    task('names', { needs: ['first'], run: 'ls' });
    expect(() => task('undeclared', { run: 'ls' })).not.toThrow();
  });

  it('refuse an input that is not what the function takes', () => {
    task('defaulted', { uses: count, input: { text: 'x', by: 'letter' } });
    // @ts-expect-error -- text must be a string
    task('wrong', { uses: count, input: { text: 5 } });
    // @ts-expect-error -- input is missing
    task('missing', { uses: count });
    task('none', { uses: defineFunction('none', { run: () => 1 }) });
    const typed = defineFunction('typed', { run: (input: { a: number }) => input.a });
    expectTypeOf(task('typed', { uses: typed, input: { a: 1 } })).toEqualTypeOf<TaskDefinition<'typed', number>>();
    // @ts-expect-error -- a must be a number
    task('wrong', { uses: typed, input: { a: 'x' } });
  });

  it('refuse a function whose result is not what its output schema takes', () => {
    // @ts-expect-error -- total must be a number
    defineFunction('wrong', { output: z.object({ total: z.number() }), run: () => ({ total: 'x' }) });
  });

  it('refuse two actions, or an unknown field', () => {
    // @ts-expect-error -- run excludes http
    task('two', { run: 'ls', http: { url: 'https://example.com' } });
    // @ts-expect-error -- retrys is not a field
    task('unknown', { run: 'ls', retrys: {} });
  });
});
