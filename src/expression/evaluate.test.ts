import { describe, expect, it } from 'vitest';
import type { Json } from '../dag/json.js';
import { compile, evaluate } from './compile.js';
import { evaluateNode, type ExpressionValues } from './evaluate.js';
import { ExpressionError } from './expression-error.js';
import { EXPRESSION_LIMITS } from './limits.js';
import { parse } from './syntax.js';

const VALUES: ExpressionValues = {
  params: { date: '2026-11-01', count: 3, rate: 2.5, list: [1, 2, 3.5], none: null },
  tasks: {
    load: { output: { rows: [{ n: 1 }, { n: 2 }], 'odd key': 7 }, status: 'succeeded', attempts: 1 },
    charge: { status: 'failed', error: { code: 'SHELL_EXIT', details: { exitCode: 3 } } },
  },
  run: { id: 'r-1', dag: 'sales' },
  item: 'é😀',
  index: 0,
};

function valueOf(source: string, values = VALUES): Json {
  const compiled = compile(source, {});
  if ('problems' in compiled) throw new Error(compiled.problems.map((problem) => problem.message).join(' '));
  return evaluate(compiled.expression, values);
}

function failureOf(source: string, values = VALUES): ExpressionError {
  try {
    valueOf(source, values);
  } catch (error) {
    if (error instanceof ExpressionError) return error;
    throw error;
  }
  throw new Error(`${source} did not fail`);
}

/** Steps, without the checks of compile. */
function stepsOf(source: string, values = VALUES): number {
  const parsed = parse(source);
  if ('problem' in parsed) throw new Error(parsed.problem.message);
  return evaluateNode(source, parsed.root, values).steps;
}

describe('evaluate', () => {
  it('gives values of JSON as they are', () => {
    const output = { a: [1, 1.5, -0, 1e300, 'x', null, true, { b: {} }], __proto__x: 1 };
    const values = { item: output };
    expect(valueOf('item', values)).toEqual(output);
    const odd = JSON.parse('{"__proto__": {"a": 1}, "constructor": 2}') as Json;
    const kept = valueOf('item', { item: odd });
    expect(JSON.stringify(kept)).toBe('{"__proto__":{"a":1},"constructor":2}');
    expect(failureOf('item.toString', { item: {} }).code).toBe('EXPRESSION_FAILED');
    expect(failureOf('item.__proto__', { item: {} }).code).toBe('EXPRESSION_FAILED');
    expect(failureOf('item.length', { item: [] }).code).toBe('EXPRESSION_FAILED');
  });

  it('takes whole numbers of JSON for ints, others for doubles, and mixes them', () => {
    expect(valueOf('type(params.count) == int && type(params.rate) == double')).toBe(true);
    expect(valueOf('params.list.map(x, x * 2)')).toEqual([2, 4, 7]);
    expect(valueOf('params.count / 2')).toBe(1);
    expect(valueOf('params.count / 2.0')).toBe(1.5);
    expect(valueOf('[1.0][0]')).toBe(1);
    expect(valueOf('type([1.0][0]) == double')).toBe(true);
  });

  it.each<[string, string, RegExp]>([
    ['tasks.load.output.row', 'tasks.load.output.row', /`tasks\.load\.output` has no `row`/],
    ['tasks.load.output.rows[2].n', 'tasks.load.output.rows[2]', /has 2 items, so none at 2/],
    ['tasks.load.output.rows[-1]', 'tasks.load.output.rows[-1]', /none at -1/],
    ['params.none.x + 1', 'params.none.x', /is null/],
    ['params.date + params.count', 'params.date + params.count', /does not take/],
    ['params.list[0] == 1 && params.date', 'params.date', /true or false/],
    ['1 / 0', '1 / 0', /divided by 0/],
    ['9223372036854775807 + 1', '9223372036854775807 + 1', /64 bits/],
    ['9007199254740992', '9007199254740992', /JSON/],
    ['-9007199254740992', '-9007199254740992', /JSON/],
    ['18446744073709551615u', '18446744073709551615u', /JSON/],
    ['0u - 1u', '0u - 1u', /uint/],
    ['1.0 / 0.0', '1.0 / 0.0', /Infinity/],
    ['type(1)', 'type(1)', /type/],
    ['int("1x")', 'int("1x")', /whole number/],
    ['int("")', 'int("")', /whole number/],
    ['double("0x10")', 'double("0x10")', /number/],
    ['bool("yes")', 'bool("yes")', /`true` or `false`/],
    ['timestamp("2026-11-01")', 'timestamp("2026-11-01")', /not a time/],
    ['timestamp("2026-02-30T00:00:00Z")', 'timestamp("2026-02-30T00:00:00Z")', /not a time/],
    ['duration("5")', 'duration("5")', /length of time/],
    ['{"a": 1, "a": 2}', '{"a": 1, "a": 2}', /twice/],
    ['[1, "a"].join(",")', '[1, "a"].join(",")', /texts/],
    ['item.substring(3)', 'item.substring(3)', /outside/],
    ['optional.none().value()', 'optional.none().value()', /absent/],
    ['params.list.exists(x, x == "a" || x.y)', 'x.y', /so it has no `y`/],
  ])('tells where %j failed', (source, place, message) => {
    const parsed = parse(source);
    if ('problem' in parsed) throw new Error(parsed.problem.message);
    let error: unknown;
    try {
      evaluateNode(source, parsed.root, VALUES);
    } catch (thrown) {
      error = thrown;
    }
    if (!(error instanceof ExpressionError)) throw new Error('not a coded failure');
    expect(error.code).toBe('EXPRESSION_FAILED');
    expect(error.message).toMatch(message);
    expect(source.slice(error.from, error.to)).toBe(place);
  });

  it('does not tell what went wrong where a secret could be in it', () => {
    const error = failureOf('int(secrets.TOKEN)', { secrets: { TOKEN: 'hunter2' } });
    expect(`${error.message} ${error.hint}`).not.toContain('hunter2');
  });

  it('lets the side that decides win over a failure, as CEL does', () => {
    expect(valueOf('params.none.x == 1 || true')).toBe(true);
    expect(valueOf('true || params.none.x == 1')).toBe(true);
    expect(valueOf('params.none.x == 1 && false')).toBe(false);
    expect(valueOf('params.list.exists(x, x.y == 1 || x == 2)')).toBe(true);
    expect(valueOf('[params.list[0], 0].all(x, 1 / x == 1 && false)')).toBe(false);
    expect(failureOf('params.none.x == 1 || false').message).toMatch(/is null/);
    expect(failureOf('[params, item].all(x, x.none2)').message).toMatch(/`x` has no `none2`/);
  });

  it('stops work over its steps, which nothing swallows', () => {
    const list = Array.from({ length: 2_000 }, (_, i) => i);
    const values = { item: list };
    expect(valueOf('item.filter(x, x % 2 == 0).size()', values)).toBe(1_000);
    expect(failureOf('item.exists(x, item.exists(y, y == -1))', values).message).toMatch(/too much work/);
    expect(failureOf('item.map(x, item.map(y, y)).size() == 0 || true', values).message).toMatch(/too much work/);
    expect(failureOf('item.exists(x, item.all(y, y.z)) || true', values).message).toMatch(/too much work/);
  });

  it('counts what a text or a list costs', () => {
    const text = 'a'.repeat(64_000);
    const values = { item: text, env: { part: `b${'a'.repeat(999)}` } };
    expect(stepsOf('item', values)).toBeLessThan(5);
    expect(stepsOf('item.contains("b")', values)).toBeGreaterThanOrEqual(64_000 / 256);
    expect(stepsOf('item.contains(env.part)', values)).toBeGreaterThanOrEqual(64_000);
    expect(stepsOf('size(item)', values)).toBeGreaterThanOrEqual(1_000);
    expect(stepsOf('size(item + item)', values)).toBeGreaterThanOrEqual(2_000);
    expect(stepsOf('(item + "") == item', values)).toBeGreaterThanOrEqual(2_000);
    expect(stepsOf('size(item.split(""))', values)).toBeGreaterThanOrEqual(64_000);
    const list = { item: Array(10_000).fill(0) as number[] };
    expect(stepsOf('size(item + item)', list)).toBeGreaterThanOrEqual(20_000);
    expect(stepsOf('item == item.map(x, x)', list)).toBeGreaterThanOrEqual(30_000);
    expect(stepsOf('1 in item', list)).toBeGreaterThanOrEqual(10_000);
    const map = { item: Object.fromEntries(list.item.map((_, i) => [`k${i}`, i])) };
    expect(stepsOf('size(item)', map)).toBeGreaterThanOrEqual(10_000);
    expect(stepsOf('item.exists(k, k == "k1")', map)).toBeGreaterThanOrEqual(10_000);
  });

  it('never makes a huge value on the way', () => {
    const double = (levels: number): string =>
      Array.from({ length: levels }, (_, i) => `.map(v${i}, v${i} + v${i})`).join('');
    expect(failureOf(`["abcdefgh"]${double(60)}[0]`).message).toMatch(/too long a text/);
    expect(failureOf(`[[1, 2, 3, 4]]${double(60)}[0]`).message).toMatch(/too much work/);
    const nested = Array.from({ length: 60 }, (_, i) => `.map(v${i}, [v${i}, v${i}])`).join('');
    expect(failureOf(`[1]${nested}`).message).toMatch(/result|too much work/);
    expect(failureOf(`[1]${nested} == [1]${nested}`).message).toMatch(/too much work/);
    const text = 'a'.repeat(200_000);
    expect(failureOf('item.replace("a", item)', { item: text }).message).toMatch(/too long a text/);
    expect(failureOf('[1,2].map(x, item).join(item)', { item: text }).message).toMatch(/too long a text/);
    expect(failureOf('item + item', { item: text }).message).toMatch(/too long a text/);
    expect(failureOf('item + item == "" || true', { item: text }).message).toMatch(/too long a text/);
    expect(failureOf('[item].exists(x, x + x == "") || true', { item: text }).message).toMatch(/too long a text/);
  });

  it('bounds the result, in bytes and in depth', () => {
    const values = { item: 'a'.repeat(200_000) };
    expect(valueOf('[item]', values)).toHaveLength(1);
    expect(failureOf('[item, item]', values).message).toMatch(/256 KiB/);
    expect(failureOf('item', { item: 'é'.repeat(100_000) }).message).toMatch(/256 KiB/);
    const compiled = compile('[item, item]', {});
    if ('problems' in compiled) throw new Error('does not compile');
    expect(evaluate(compiled.expression, values, 1024 * 1024)).toHaveLength(2);
    let deep: Json = 1;
    for (let i = 0; i <= EXPRESSION_LIMITS.resultDepth; i++) deep = [deep];
    expect(failureOf('item', { item: deep }).message).toMatch(/too deep/);
  });

  it('compares deep values within its steps, and without overflowing the stack', () => {
    let deep: Json = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(valueOf('item == params', { item: deep, params: [1] })).toBe(false);
    let other: Json = 1;
    for (let i = 0; i < 100_000; i++) other = [other];
    expect(failureOf('item == params', { item: deep, params: other }).message).toMatch(/too deep/);
  });

  it('keeps a text in whole characters', () => {
    expect(valueOf('size(item)')).toBe(2);
    expect(valueOf('item.substring(1)')).toBe('😀');
    expect(valueOf('item.substring(1, 2)')).toBe('😀');
    expect(valueOf('item.indexOf("😀")')).toBe(1);
    expect(valueOf('(item + "b").indexOf("b") + (item + "b").lastIndexOf("b")')).toBe(4);
    expect(valueOf('item.split("")')).toEqual(['é', '😀']);
    expect(valueOf('"ÀÉa".lowerAscii() + "ß".upperAscii()')).toBe('ÀÉaß');
  });
});
