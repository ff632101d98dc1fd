import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { checkTasks, parseTasks } from './added-tasks.js';
import { DIAGNOSTIC_CODES } from './diagnostic.js';
import { checkDag, parseDag } from './parse.js';

const VALID = {
  name: 'd',
  params: { date: 'x', n: { type: 'integer', default: 3, enum: [3, 4] } },
  defaults: { retry: { maximumAttempts: 3, initialInterval: '1s' }, timeout: '10m', env: { A: 'b' } },
  concurrency: 4,
  policy: ['srtf', 'priority'],
  placement: 'consistent-hash',
  maxRuns: 3,
  pools: { g: 2, r: '20/m', s: { slots: 3, rate: '5/10s', scope: 'global' }, t: { scope: 'global' } },
  tags: ['x', 'y'],
  tasks: {
    a: { run: 'ls', env: { X: 1 }, estimate: '5m', requires: 'gpu', preemptible: true, size: 3 },
    b: { needs: ['a'], uses: 'function', with: { name: 'f', input: { deep: [1, { x: null }] } } },
    c: {
      needs: [{ task: 'b', weight: 1 }, 'a'],
      uses: 'http',
      with: { url: 'http://x.y', expectStatus: [200, '300-399'] },
    },
    d: {
      needs: 'c',
      uses: 'activity',
      with: { type: 'T', args: [1] },
      timeout: { startToClose: '1m', heartbeat: '5s' },
    },
    e: {
      run: 'x',
      forEach: { matrix: { os: ['x', 1], v: '${{ tasks.a.output }}' } },
      maxParallel: 2,
      tolerate: '10%',
      compensate: { run: 'x', retry: { maximumAttempts: 2 } },
      artifacts: { save: { f: 'out/f' } },
      retry: { rules: [{ exitCode: [2], status: '500-599', then: 'fail' }] },
    },
    pp: {
      run: 'x',
      pool: ['g', { name: 'r', slots: 2 }],
      requires: { labels: ['a', 'b'], cpu: '500m', memory: '4Gi' },
      affinity: 'k-${{ tasks.a.output.k }}',
      size: 'tasks.a.output.rows',
      preemptible: false,
    },
    f: { run: 'x', artifacts: { load: { 'in/f': 'g.f' } }, cache: { key: '${{ run.id }}', maxAge: '1d' } },
    g: { run: 'x', artifacts: { save: { f: 'f' } }, output: { type: 'object' }, compensate: 'undo' },
    h: { switch: 'params.date', cases: { x: 'i', y: ['i', 'j'] }, default: 'k', when: 'params.n > 1' },
    i: { wait: '1m', when: 'params.n > 2' },
    j: { until: '2026-12-01T08:00:00Z' },
    k: { uses: 'event', with: { event: 'e', filter: 'event.a > 1', schema: { type: 'object' } } },
    l: { uses: 'approval', with: { timeout: '1d', default: 'reject', form: {} } },
    m: { uses: 'poll', with: { run: 'x', until: 'output == 1', interval: '1s' } },
    n: {
      uses: 'dag',
      forEach: { range: { to: 3 } },
      with: {
        params: { p: '${{ item }}' },
        dag: { name: 'i', params: { p: 1 }, tasks: { t: { run: 'x', when: 'params.p > 1' } }, outputs: { o: 1 } },
      },
    },
  },
  outputs: { o: '${{ tasks.n.output }}' },
  compensateOn: ['failed'],
  finally: { y: { run: 'x', env: { S: '${{ tasks.a.status }}' } }, z: { needs: 'y', wait: '1s' } },
};

/** Whatever a text holds, reading it gives a dag that stands up to a second check, or an error at a place in it. */
function expectSound(text: string, format: 'yaml' | 'json'): void {
  const { dag, diagnostics } = parseDag(text, { format });
  const lines = text.split('\n').length;
  for (const { code, line, column, message } of diagnostics) {
    expect(DIAGNOSTIC_CODES).toHaveProperty(code);
    expect(line).toBeGreaterThanOrEqual(1);
    expect(line).toBeLessThanOrEqual(lines);
    expect(column).toBeGreaterThanOrEqual(1);
    expect(message).not.toMatch(/undefined|\u0001|\[object/);
  }
  const errors = diagnostics.filter((one) => one.severity === 'error');
  if (dag === undefined) expect(errors).not.toEqual([]);
  else {
    expect(errors).toEqual([]);
    expect(checkDag(JSON.parse(JSON.stringify(dag))).dag).toEqual(dag);
  }
}

type Path = (string | number)[];

function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, item]) => pathsOf(item, [...path, key]))];
}

function changed(value: unknown, path: Path, change: (old: unknown) => unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return change(value);
  const copy = structuredClone(value) as Record<string, unknown>;
  const item = changed(copy[key], rest, change);
  if (item === undefined) delete copy[key];
  else Object.defineProperty(copy, key, { value: item, enumerable: true, writable: true, configurable: true });
  return copy;
}

const mutation = fc.record({
  path: fc.constantFrom(...pathsOf(VALID)),
  value: fc.oneof(
    fc.jsonValue(),
    fc.constantFrom<unknown>(
      undefined,
      null,
      'a',
      'd',
      '${{ x }}',
      '5m',
      '20/m',
      '4Gi',
      { slots: 1 },
      { scope: 'global' },
      90,
      -1,
      1e300,
      [],
      {},
      ['a', 'a'],
      { task: 'd' },
      VALID.tasks,
    ),
  ),
  key: fc.option(
    fc.oneof(
      fc.string(),
      fc.constantFrom(
        ...['needs', 'run', 'uses', 'with', '__proto__', 'constructor', '<<', 'forEach', 'switch', 'cases', 'wait'],
        ...['finally', 'dag', 'file', 'compensate', 'cache', 'artifacts', 'load', 'tasks'],
        ...['requires', 'affinity', 'size', 'preemptible', 'pools', 'placement', 'maxRuns', 'labels', 'rate'],
      ),
    ),
  ),
});

const mutated = fc.array(mutation, { minLength: 1, maxLength: 4 }).map((mutations) => {
  let dag: unknown = VALID;
  for (const { path, value, key } of mutations) {
    if (!pathsOf(dag).some((known) => known.join('\0') === path.join('\0'))) continue;
    dag = changed(dag, path, (old) => {
      if (key === null || typeof old !== 'object' || old === null) return value;
      return Object.fromEntries([...Object.entries(old), [key, value]]);
    });
  }
  return dag;
});

const yamlish = fc
  .array(
    fc.constantFrom(
      ...[
        'name: d',
        '\n',
        ' ',
        '  ',
        'tasks:',
        't: ',
        '- ',
        '[',
        ']',
        '{',
        '}',
        ',',
        ': ',
        '&a ',
        '*a',
        '<<: ',
        '"',
        "'",
        '|',
        '>',
        '#',
        '!x ',
        '---\n',
        '? ',
        '%',
        '\t',
        'run: ls',
        'needs: ',
        '1',
        '~',
        '${{',
        '\\',
        '\u0000',
        '\uFEFF',
        '\r',
      ],
    ),
    { maxLength: 40 },
  )
  .map((pieces) => pieces.join(''));

describe('parseDag never throws', () => {
  it('on random text', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.string(), yamlish),
        fc.constantFrom('yaml' as const, 'json' as const),
        expectSound,
      ),
      { numRuns: 600 },
    );
  });

  it('on a valid dag with pieces of text put in', () => {
    const text = stringify(VALID);
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(20), yamlish, (at, cut, piece) => {
        expectSound(text.slice(0, at) + piece + text.slice(at + cut), 'yaml');
      }),
      { numRuns: 250 },
    );
  });

  it('on a valid dag with random values put in', () => {
    fc.assert(
      fc.property(mutated, (dag) => {
        const json = JSON.stringify(dag) ?? '';
        expectSound(json, 'json');
        expectSound(json, 'yaml');
        checkDag(dag);
      }),
      { numRuns: 250 },
    );
  });

  it('says the same of a dag in YAML and in JSON', () => {
    fc.assert(
      fc.property(mutated, (dag) => {
        const json = JSON.stringify(dag) ?? '';
        const codes = (format: 'yaml' | 'json'): string[] =>
          parseDag(json, { format }).diagnostics.map((one) => one.code);
        expect(codes('json')).toEqual(codes('yaml'));
      }),
      { numRuns: 100 },
    );
  });
});

describe('parseTasks never throws', () => {
  it('on tasks with random values put in; what it gives stands up to a second check', () => {
    fc.assert(
      fc.property(mutated, fc.oneof(fc.jsonValue(), fc.constant({ z: ['a'] })), (dag, needs) => {
        const { tasks } = Object(dag) as { tasks?: unknown };
        const { diagnostics, ...added } = parseTasks(JSON.stringify({ tasks, needs }), 'tasks.json');
        if (added.tasks !== undefined) expect(checkTasks(added)).toMatchObject(added);
        else expect(diagnostics).not.toEqual([]);
      }),
      { numRuns: 250 },
    );
  });
});

describe('checkDag never throws', () => {
  it('on any value', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withMap: true, withDate: true, withNullPrototype: true }),
        (value) => void checkDag(value),
      ),
    );
  });
});
