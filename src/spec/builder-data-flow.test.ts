import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import type { Json } from '../dag/json.js';
import { dag } from './builder.js';
import { DagInvalidError } from './dag-invalid.js';
import { defineFunction } from './function-definition.js';
import { checkDag } from './parse.js';
import type { ApprovalOutput } from './task-action.js';
import { task, type TaskDefinition } from './task-definition.js';

const convert = defineFunction('convert', {
  input: z.object({ file: z.string(), width: z.number().optional() }),
  output: z.object({ rows: z.number() }),
  run: ({ file }) => ({ rows: file.length }),
});

const list = task('list', { run: 'ls' });
const converted = task('converted', {
  needs: [list],
  uses: convert,
  input: { file: '${{ item.name }}', width: '${{ index }}' },
  forEach: '${{ tasks.list.output }}',
  maxParallel: 4,
  tolerate: '10%',
});

describe('the builder', () => {
  it('gives the output of a fan-out as a list, to types and to functions', () => {
    expectTypeOf(converted).toEqualTypeOf<TaskDefinition<'converted', ({ rows: number } | null)[]>>();
    expectTypeOf(task('a', { run: 'x', forEach: [1, 2] })).toEqualTypeOf<TaskDefinition<'a', (Json | null)[]>>();
    expectTypeOf(task('a', { approval: {} })).toEqualTypeOf<TaskDefinition<'a', ApprovalOutput>>();
    expectTypeOf(task('a', { switch: 'params.a', cases: { b: 'c' } })).toEqualTypeOf<TaskDefinition<'a', string>>();
    const sum = task('sum', {
      needs: [converted],
      run: ({ needs }) => {
        expectTypeOf(needs.converted).toEqualTypeOf<({ rows: number } | null)[]>();
        return 1;
      },
    });
    expectTypeOf(sum).toEqualTypeOf<TaskDefinition<'sum', number>>();
    // @ts-expect-error -- a field of the input has another type, and is no expression
    task('bad', { uses: convert, input: { file: 5 } });
    // @ts-expect-error -- text that is no expression gives no list
    task('bad', { run: 'x', forEach: 'abc' });
  });

  it('writes every kind of task, with what undoes it and what it leaves', () => {
    const small = task('small', { run: 'x', artifacts: { save: { out: 'out/x' } } });
    const large = task('large', { wait: '10m' });
    const built = dag('flow', {
      params: { size: 'small' },
      outputs: { rows: '${{ tasks.converted.output }}' },
      compensateOn: ['failed'],
      tasks: [
        list,
        converted,
        task('pick', { switch: 'params.size', cases: { small, large: [large, 'late'] }, default: 'late' }),
        task('late', { until: '2026-12-01T08:00:00Z' }),
        task('paid', { event: { event: 'paid', timeout: '1h' } }),
        task('ask', { approval: { message: 'Go on?', timeout: '1h', default: 'reject' } }),
        task('asked', {
          http: { url: 'https://x.y/${{ params.size }}' },
          poll: { until: 'output.ok', interval: '5s' },
        }),
        task('charge', {
          run: () => 1,
          compensate: { run: () => 2, retry: { maximumAttempts: 3 } },
          retry: { maximumAttempts: 5, rules: [{ code: 'NO_MONEY', then: 'fail' }, { when: "error.message == 'x'" }] },
        }),
        task('view', { run: 'x', artifacts: { load: { 'in/x': { task: small, artifact: 'out' } } }, cache: true }),
      ],
      finally: [task('tidy', { run: 'rm' })],
    });
    const byName = Object.fromEntries(built.dag.tasks.map((one) => [one.name, one]));
    expect(byName['converted']).toMatchObject({ maxParallel: 4, tolerate: { share: 0.1 }, needs: [{ task: 'list' }] });
    expect(byName['pick']?.with).toEqual({
      on: 'params.size',
      cases: { small: ['small'], large: ['large', 'late'] },
      default: ['late'],
    });
    expect(byName['small']).toMatchObject({ needs: [{ task: 'pick' }], when: "tasks.pick.output == 'small'" });
    expect(byName['late']?.when).toBe("tasks.pick.output in ['large', 'default']");
    expect(byName['asked']).toMatchObject({ uses: 'http', poll: { until: 'output.ok', interval: 5_000 } });
    expect(byName['charge']).toMatchObject({
      with: { name: 'flow.charge' },
      compensate: { uses: 'function', with: { name: 'flow.charge.undo' }, retry: { maximumAttempts: 3 } },
      retry: { rules: [{ code: ['NO_MONEY'], then: 'fail' }, { when: "error.message == 'x'" }] },
    });
    expect(byName['view']).toMatchObject({ needs: [{ task: 'small' }], cache: {} });
    expect(byName['tidy']?.finally).toBe(true);
    expect(built.dag.tasks.at(-1)?.name).toBe('tidy');
    expect(built.functions.map(({ name }) => name)).toEqual(['convert', 'flow.charge.undo', 'flow.charge']);
    expect(checkDag(structuredClone(built.dag)).dag).toEqual(built.dag);
  });

  it('takes a dag as a task, with its functions', () => {
    const inner = dag('inner', { params: { n: { type: 'integer' } }, tasks: [task('work', { run: () => 1 })] });
    const outer = dag('outer', {
      tasks: [task('each', { subDag: inner, params: { n: '${{ item }}' }, forEach: { range: { to: 3 } } })],
    });
    expect(outer.dag.tasks[0]).toMatchObject({
      uses: 'dag',
      with: { dag: inner.dag, params: { n: '${{ item }}' } },
      forEach: { range: { to: 3 } },
    });
    expect(outer.functions.map(({ name }) => name)).toEqual(['inner.work']);
    const bad = (): unknown => dag('outer', { tasks: [task('one', { subDag: inner, params: { n: 'x' } })] });
    expect(bad).toThrow(DagInvalidError);
    expect(bad).toThrow(/SUBDAG_PARAM|one\.with\.params\.n/);
  });
});
