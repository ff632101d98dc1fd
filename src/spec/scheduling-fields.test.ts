import { describe, expect, it } from 'vitest';
import type { Json } from '../dag/json.js';
import { parseTasks } from './added-tasks.js';
import { dag as build } from './builder.js';
import { checkDag, parseDag, validateDag } from './parse.js';
import { task } from './task-definition.js';

/** A dag whose task `t`, on line 4, has these fields. */
function withTask(fields: string, dag = 'x-none: 1'): string {
  return `name: d\n${dag}\ntasks:\n  t: { ${fields} }\n  o: { run: x }\n  p-q: { run: x }\nparams: { n: 3, c: x }\n`;
}

function problemsOf(text: string): string[] {
  return parseDag(text).diagnostics.map(({ line, column, code }) => `${line}:${column} ${code}`);
}

const NEVER_STARTS = 'the task could never start';

describe('what a task says for its scheduling', () => {
  it.each<[fields: string, canonical: Record<string, Json>]>([
    ['run: x, requires: gpu', { requires: { labels: ['gpu'] } }],
    ['run: x, requires: [gpu, zone=eu-1]', { requires: { labels: ['gpu', 'zone=eu-1'] } }],
    ['run: x, requires: { labels: gpu, cpu: 500m }', { requires: { labels: ['gpu'], cpu: 0.5 } }],
    ['run: x, requires: { cpu: 2, memory: 4Gi }', { requires: { cpu: 2, memory: 4 * 2 ** 30 } }],
    ['run: x, requires: { cpu: "1.5", memory: 1G }', { requires: { cpu: 1.5, memory: 1e9 } }],
    ['run: x, requires: { memory: 1000 }', { requires: { memory: 1_000 } }],
    ['uses: function, with: { name: f }, requires: gpu', { requires: { labels: ['gpu'] } }],
    ['uses: http, with: { url: "http://a.b" }, affinity: a', { affinity: 'a' }],
    [
      'uses: poll, with: { run: x, until: "true", interval: 1s }, requires: gpu',
      { requires: { labels: ['gpu'] }, uses: 'shell' },
    ],
    ['run: x, affinity: "${{ params.c }}-${{ tasks.o.output.k }}"', { needs: [{ task: 'o' }] }],
    ['run: x, affinity: "${{ item }}", forEach: [a, b]', { affinity: '${{ item }}' }],
    ['run: x, preemptible: true', { preemptible: true }],
    ['uses: activity, with: { type: T }, preemptible: true, size: 3', { preemptible: true, size: '3' }],
    ['run: x, size: tasks.o.output.rows', { size: 'tasks.o.output.rows', needs: [{ task: 'o' }] }],
    [
      'run: x, size: "${{ size(tasks[\'p-q\'].output) + params.n }}"',
      { size: "size(tasks['p-q'].output) + params.n", needs: [{ task: 'p-q' }] },
    ],
    ['run: x, size: "item.bytes * (index + 1)", forEach: [{ bytes: 1 }]', { size: 'item.bytes * (index + 1)' }],
    ['run: x, size: 12.5', { size: '12.5' }],
    ['uses: dag, with: { dag: { name: i, tasks: { u: { run: x } } } }, size: params.n', { size: 'params.n' }],
  ])('%s', (fields, canonical) => {
    const { dag, diagnostics } = parseDag(withTask(fields));
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(dag?.tasks[0]).toMatchObject(canonical);
    const plain: unknown = JSON.parse(JSON.stringify(dag));
    expect(checkDag(plain).dag).toEqual(dag);
    expect(parseTasks(`tasks:\n  t: { ${fields} }`).tasks?.[0]).toMatchObject(canonical);
  });

  it('leaves `preemptible: false` out', () => {
    expect(parseDag(withTask('run: x, preemptible: false')).dag?.tasks[0]).not.toHaveProperty('preemptible');
  });

  it.each<[fields: string, problems: string[]]>([
    ['run: x, requires: "a b"', ['4:26 NAME_INVALID']],
    ['run: x, requires: []', ['4:26 VALUE_INVALID']],
    ['run: x, requires: {}', ['4:26 FIELD_MISSING']],
    ['run: x, requires: 3', ['4:26 TYPE_WRONG']],
    ['run: x, requires: [a, b, a]', ['4:33 VALUE_INVALID']],
    ['run: x, requires: ["${{ params.c }}"]', ['4:27 NAME_INVALID', '4:27 EXPRESSION_PLACE']],
    ['run: x, requires: { label: gpu }', ['4:28 FIELD_UNKNOWN']],
    ['run: x, requires: { labels: [a, a] }', ['4:40 VALUE_INVALID']],
    ['run: x, requires: { cpu: 0 }', ['4:33 VALUE_INVALID']],
    ['run: x, requires: { cpu: 0m }', ['4:33 VALUE_INVALID']],
    ['run: x, requires: { cpu: two }', ['4:33 VALUE_INVALID']],
    ['run: x, requires: { cpu: true }', ['4:33 TYPE_WRONG']],
    ['run: x, requires: { memory: 0 }', ['4:36 VALUE_INVALID']],
    ['run: x, requires: { memory: 4GB }', ['4:36 VALUE_INVALID']],
    ['run: x, requires: { memory: 1.5 }', ['4:36 TYPE_WRONG']],
    ['run: x, affinity: ""', ['4:26 VALUE_INVALID']],
    ['run: x, affinity: [a]', ['4:26 TYPE_WRONG']],
    ['run: x, affinity: "${{ params.nope }}"', ['4:31 EXPRESSION_PARAM']],
    ['run: x, affinity: "${{ secrets.S }}"', ['4:31 EXPRESSION_NAME']],
    ['run: x, affinity: "${{ item }}"', ['4:31 EXPRESSION_NAME']],
    ['run: x, preemptible: yes', ['4:29 TYPE_WRONG']],
    ['run: x, size: -1', ['4:22 VALUE_INVALID']],
    ['run: x, size: ""', ['4:22 VALUE_INVALID']],
    ['run: x, size: [1]', ['4:22 TYPE_WRONG']],
    ['run: x, size: params.nope', ['4:22 EXPRESSION_PARAM']],
    ['run: x, size: "\'many\'"', ['4:22 EXPRESSION_TYPE']],
    ['run: x, size: "${{ \'many\' }}"', ['4:27 EXPRESSION_TYPE']],
    ['run: x, size: "${{ params.n }} rows"', ['4:22 EXPRESSION_SYNTAX']],
    ['run: x, size: "${{ params.n"', ['4:22 EXPRESSION_SYNTAX']],
    ['run: x, size: "${{ \'${{\'.size() }}"', ['4:22 EXPRESSION_SYNTAX']],
    ['run: x, size: "${{ tasks.t.output }}"', ['4:27 EXPRESSION_TASK']],
    ['run: x, size: item', ['4:22 EXPRESSION_NAME']],
    ['run: x, workerGroup: gpu', ['4:16 FIELD_UNKNOWN']],
  ])('refuses %s', (fields, problems) => {
    expect(problemsOf(withTask(fields))).toEqual(problems);
  });

  it.each([
    ['wait: 1m', ['preemptible: true', 'size: 1', 'requires: gpu', 'affinity: a']],
    ['uses: wait, with: { for: 1m }', ['preemptible: true', 'size: 1', 'requires: gpu', 'affinity: a']],
    ['uses: event, with: { event: e }', ['preemptible: true', 'size: 1', 'requires: gpu', 'affinity: a']],
    ['uses: approval', ['preemptible: true', 'size: 1', 'requires: gpu', 'affinity: a']],
    ['switch: "1", cases: { a: o }', ['preemptible: true', 'size: 1', 'requires: gpu', 'affinity: a']],
    ['uses: dag, with: { dag: { name: i, tasks: { u: { run: x } } } }', ['preemptible: true', 'requires: gpu']],
    ['uses: activity, with: { type: T }', ['requires: gpu', 'affinity: a']],
  ])('is refused with its reason where it makes no sense: %s', (what, fields) => {
    for (const field of fields) {
      const { dag, diagnostics } = parseDag(withTask(`${what}, ${field}`));
      expect(dag).toBeUndefined();
      expect(diagnostics.map(({ code, line }) => `${line} ${code}`)).toEqual(['4 FIELD_CONFLICT']);
      expect(diagnostics[0]?.message).toMatch(/makes no sense here: .*\.$/);
    }
  });

  it('is checked in the canonical form too', () => {
    const codes = (fields: object): string[] => {
      const t = { name: 't', uses: 'shell', with: { run: 'x' }, needs: [], ...fields };
      const dag = { name: 'd', params: {}, policy: 'srtf', placement: 'consistent-hash', tasks: [t] };
      return validateDag(dag)
        .filter(({ severity }) => severity === 'error')
        .map(({ code }) => code);
    };
    expect(
      codes({ requires: { labels: ['a'], cpu: 1, memory: 1 }, affinity: 'x', size: '1', preemptible: true }),
    ).toEqual([]);
    expect(codes({ requires: ['a'] })).toEqual(['TYPE_WRONG']);
    expect(codes({ requires: { labels: 'a' } })).toEqual(['TYPE_WRONG']);
    expect(codes({ requires: { cpu: '500m' } })).toEqual(['TYPE_WRONG']);
    expect(codes({ requires: { memory: '1Gi' } })).toEqual(['TYPE_WRONG']);
    expect(codes({ size: '${{ 1 }}' })).toEqual(['EXPRESSION_SYNTAX']);
    expect(codes({ size: 1 })).toEqual(['TYPE_WRONG']);
    expect(codes({ preemptible: false })).toEqual(['VALUE_INVALID']);
  });
});

describe('what a dag says for its scheduling', () => {
  it('has pools by slots, by a rate, by both, and of all runs', () => {
    const { dag, diagnostics } = parseDag(`name: d
pools: { gpu: 2, api: 20/m, db: { slots: 5, scope: global }, crm: { rate: 100/h, slots: 4 }, far: { scope: global }, own: { slots: 1, scope: run } }
placement: consistent-hash
maxRuns: 3
tasks: { t: { run: x, pool: [far, { name: api, slots: 20 }] } }`);
    expect(diagnostics).toEqual([]);
    expect(dag?.pools).toEqual({
      gpu: 2,
      api: { rate: { count: 20, per: 60_000 } },
      db: { slots: 5, scope: 'global' },
      crm: { rate: { count: 100, per: 3_600_000 }, slots: 4 },
      far: { scope: 'global' },
      own: 1,
    });
    expect(dag).toMatchObject({ placement: 'consistent-hash', maxRuns: 3 });
    expect(checkDag(JSON.parse(JSON.stringify(dag))).dag).toEqual(dag);
  });

  it.each([
    ['pools: { a: 20/m }', 'a, slots: 21', NEVER_STARTS],
    ['pools: { a: { slots: 30, rate: 20/m } }', 'a, slots: 21', NEVER_STARTS],
    ['pools: { a: { slots: 3, rate: 20/m } }', 'a, slots: 4', NEVER_STARTS],
    ['pools: { a: { slots: 3, scope: global } }', 'a, slots: 4', NEVER_STARTS],
    ['pools: { a: { scope: global } }', 'a, slots: 900', undefined],
    ['pools: { a: { scope: global } }', 'aa', 'names a pool that the dag does not have'],
  ])('%s is held against what a task needs: %s', (dag, needed, problem) => {
    const { diagnostics } = parseDag(withTask(`run: x, pool: { name: ${needed} }`, dag));
    expect(diagnostics.map(({ message }) => message)).toEqual(
      problem === undefined ? [] : [expect.stringContaining(problem)],
    );
  });

  it('is checked in the canonical form too', () => {
    const codes = (fields: object): string[] => {
      const tasks = [{ name: 't', uses: 'shell', with: { run: 'x' }, needs: [] }];
      return validateDag({ name: 'd', params: {}, tasks, ...fields }).map(({ code }) => code);
    };
    expect(codes({ pools: { a: 1, b: { rate: { count: 1, per: 1 } }, c: { slots: 1, scope: 'run' } } })).toEqual([]);
    expect(codes({ pools: { a: '20/m' } })).toEqual(['TYPE_WRONG']);
    expect(codes({ pools: { a: { rate: '20/m' } } })).toEqual(['TYPE_WRONG']);
    expect(codes({ pools: { a: {} } })).toEqual(['FIELD_MISSING']);
    expect(codes({ pools: { a: { rate: { count: 0, per: 1 } } } })).toEqual(['VALUE_INVALID']);
    expect(codes({ placement: 'nearest', maxRuns: 0 })).toEqual(['VALUE_INVALID', 'VALUE_INVALID']);
  });
});

describe('the typed builder', () => {
  it('takes them all', () => {
    const list = task('list', { run: 'x' });
    const each = task('each', {
      needs: [list],
      forEach: '${{ tasks.list.output }}',
      run: 'x',
      preemptible: true,
      size: 'item.bytes',
      requires: { labels: 'gpu', cpu: '500m', memory: '1Gi' },
      affinity: '${{ item.customer }}',
      pool: ['gpu', 'api'],
    });
    const { dag } = build('d', {
      tasks: [list, each, task('last', { run: 'x', requires: ['big'], size: 3 })],
      policy: 'srtf',
      placement: 'consistent-hash',
      maxRuns: 2,
      pools: { gpu: 1, api: '20/m', crm: { rate: '1/s', slots: 3, scope: 'global' } },
    });
    expect(dag).toMatchObject({
      policy: 'srtf',
      placement: 'consistent-hash',
      maxRuns: 2,
      pools: {
        gpu: 1,
        api: { rate: { count: 20, per: 60_000 } },
        crm: { slots: 3, rate: { count: 1, per: 1_000 }, scope: 'global' },
      },
      tasks: [
        { name: 'list' },
        {
          name: 'each',
          preemptible: true,
          size: 'item.bytes',
          requires: { labels: ['gpu'], cpu: 0.5, memory: 2 ** 30 },
          affinity: '${{ item.customer }}',
        },
        { name: 'last', requires: { labels: ['big'] }, size: '3' },
      ],
    });
  });
});
