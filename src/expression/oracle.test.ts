import { Environment } from '@marcbachmann/cel-js';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Json } from '../dag/json.js';
import { compile, evaluate } from './compile.js';
import { ExpressionError } from './expression-error.js';

// The evaluator is our own, for its bounds; the library's says whether it is CEL. See docs/expressions.md.
const library = new Environment({
  enableOptionalTypes: true,
  homogeneousAggregateLiterals: false,
  unlistedVariablesAreDyn: true,
});

const ITEM = {
  n: 3,
  big: 2 ** 40,
  s: 'abcab',
  l: [1, 2, 3],
  t: ['a', 'b'],
  m: { a: 1, b: { c: 'x' } },
  z: null,
  f: true,
};

type Kind = 'int' | 'double' | 'string' | 'bool' | 'list' | 'any';

const typed = fc.letrec<Record<Kind, string>>((tie) => {
  const one = (...sources: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
    fc.oneof({ depthSize: 'small', maxDepth: 4 }, ...sources);
  const join = (...pieces: (string | fc.Arbitrary<string>)[]): fc.Arbitrary<string> =>
    fc
      .tuple(...pieces.map((piece) => (typeof piece === 'string' ? fc.constant(piece) : piece)))
      .map((all) => all.join(''));
  const pick = (...words: string[]): fc.Arbitrary<string> => fc.constantFrom(...words);
  const [int, double, string, bool, list, any] = [
    tie('int'),
    tie('double'),
    tie('string'),
    tie('bool'),
    tie('list'),
    tie('any'),
  ];
  return {
    int: one(
      pick('0', '1', '-7', '12', 'item.n', 'item.big', 'item.l[1]', 'item.m.a', '9223372036854775807'),
      join('(', int, pick(' + ', ' - ', ' * ', ' / ', ' % '), int, ')'),
      join('-(', int, ')'),
      join('size(', string, ')'),
      join(list, '.size()'),
      join('int(', double, ')'),
      join('int(', pick('"12"', '"-3"', '"x"'), ')'),
      join(string, '.indexOf(', string, ')'),
      join(string, '.lastIndexOf(', string, ')'),
      join('(', bool, ' ? ', int, ' : ', int, ')'),
      join('item.m.?', pick('a', 'zz'), '.orValue(', int, ')'),
      join(
        'timestamp("2026-11-01T06:30:15.25Z").',
        pick(
          'getFullYear',
          'getMonth',
          'getDate',
          'getDayOfWeek',
          'getHours',
          'getMinutes',
          'getSeconds',
          'getMilliseconds',
          'getDayOfMonth',
        ),
        '()',
      ),
      join(
        'duration("',
        pick('90s', '1h30m', '1.5h', '250ms'),
        '").',
        pick('getHours', 'getMinutes', 'getSeconds', 'getMilliseconds'),
        '()',
      ),
    ),
    double: one(
      pick('0.5', '-1.25', '1e3', '2.0'),
      join('(', double, pick(' + ', ' - ', ' * ', ' / '), double, ')'),
      join('double(', int, ')'),
      join('double(', pick('"1.5"', '"1e3"', '"x"'), ')'),
    ),
    string: one(
      pick('""', '"a"', "'ab'", '"b,c"', 'r"\\n"', '"\\n\\u4e16"', 'item.s', 'item.m.b.c'),
      join('(', string, ' + ', string, ')'),
      join('string(', one(int, bool, string), ')'),
      join(string, '.substring(', pick('0', '1', '2'), ')'),
      join(string, '.substring(', pick('0', '1'), ', ', pick('1', '3'), ')'),
      join(string, '.', pick('trim', 'lowerAscii', 'upperAscii'), '()'),
      join('item.t.join(', pick('', '","'), ')'),
      join(string, '.split(', pick('","', '"a"', '""'), ').join("-")'),
      join(string, '.split("a", ', pick('-1', '0', '1', '2', '9'), ').join("-")'),
      join('string(duration("90s") + duration("', pick('1s', '1h'), '"))'),
    ),
    bool: one(
      pick('true', 'false', 'item.f'),
      join('(', bool, pick(' && ', ' || ', ' == ', ' != '), bool, ')'),
      join('!', bool),
      join('(', int, pick(' < ', ' <= ', ' > ', ' >= ', ' == ', ' != '), one(int, double), ')'),
      join('(', string, pick(' < ', ' >= ', ' == '), string, ')'),
      join('(', any, pick(' == ', ' != '), any, ')'),
      join('(', int, ' in ', list, ')'),
      join('(', string, ' in item.m)'),
      join(string, '.', pick('contains', 'startsWith', 'endsWith'), '(', string, ')'),
      join('has(item.', pick('n', 'zz', 'm.a', 'm.zz', 'm.b.c', 'z'), ')'),
      join(list, '.', pick('all', 'exists', 'exists_one'), '(x, x ', pick('<', '==', '>'), ' ', int, ')'),
      join('type(', any, ') == ', pick('int', 'string', 'list', 'map', 'bool', 'double')),
      join('optional.', pick('of(1)', 'none()'), '.hasValue()'),
    ),
    list: one(
      pick('[]', 'item.l', '[1, 2]'),
      join('[', int, ', ', int, ']'),
      join('(', list, ' + ', list, ')'),
      join(list, '.map(x, x + ', int, ')'),
      join(list, '.map(y, y > 1, y * 2)'),
      join(list, '.filter(x, x ', pick('<', '!='), ' ', int, ')'),
    ),
    any: one(
      int,
      double,
      string,
      bool,
      list,
      pick('null', 'item.z', 'item.m', '{"a": 1}', '{}', 'item.zz', 'item.l[9]'),
      join('{"k": ', int, '}'),
      join('dyn(', int, ')'),
    ),
  };
});

/** What the library gives, as JSON; undefined where it fails. */
function byLibrary(source: string): Json | undefined {
  try {
    return plain(library.evaluate(source, { item: withInts(ITEM) }));
  } catch {
    return undefined;
  }
}

function withInts(value: unknown): unknown {
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  if (Array.isArray(value)) return value.map(withInts);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, withInts(held)]));
}

function plain(value: unknown): Json | undefined {
  if (typeof value === 'bigint') return BigInt.asIntN(53, value) === value ? Number(value) : undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : undefined;
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.map((item) => plain(item) ?? 'too large');
  return Object.fromEntries(Object.entries(value as object).map(([key, held]) => [key, plain(held) ?? 'too large']));
}

it('means what the library means by an expression, wherever that gives a value', () => {
  let compared = 0;
  fc.assert(
    fc.property(fc.oneof(typed.int, typed.double, typed.string, typed.bool, typed.list, typed.any), (source) => {
      const expected = byLibrary(source);
      if (expected === undefined || JSON.stringify(expected).includes('too large')) return;
      const compiled = compile(source, {});
      // The check refuses what can never be true, where the library takes it for false.
      if ('problems' in compiled && compiled.problems.every(({ code }) => /TYPE|LARGE/.test(code))) return;
      if ('problems' in compiled) throw new Error(JSON.stringify(compiled.problems));
      try {
        expect(evaluate(compiled.expression, { item: ITEM })).toEqual(expected);
      } catch (error) {
        // The library lets `int(double)` and `-int` leave the range of 64 bits.
        if (error instanceof ExpressionError && error.message.includes('64 bits')) return;
        if (error instanceof ExpressionError) throw new Error(`${source}: ${error.message}`, { cause: error });
        throw error;
      }
      compared += 1;
    }),
    { numRuns: 4_000, seed: 11 },
  );
  expect(compared).toBeGreaterThan(1_500);
});
