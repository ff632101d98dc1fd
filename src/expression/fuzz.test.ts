import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byteLength, type Json } from '../dag/json.js';
import { compile, evaluate } from './compile.js';
import { compileTemplate, evaluateTemplate } from './compile-template.js';
import { evaluateNode, type ExpressionValues } from './evaluate.js';
import { ExpressionError } from './expression-error.js';
import { FUNCTIONS, METHODS } from './functions.js';
import { EXPRESSION_LIMITS } from './limits.js';
import type { Scope } from './scope.js';
import { MACROS } from './syntax.js';

const SCOPE: Scope = {
  tasks: new Set(['a', 'b-c']),
  params: { n: { type: 'integer' }, s: { type: 'string' }, j: { type: 'json' } },
};

const WORDS = [
  ...FUNCTIONS.keys(),
  ...METHODS.keys(),
  ...MACROS,
  ...['has', 'params', 'params.n', 'params.s', 'params.j', 'tasks', 'tasks.a.output', 'tasks.b-c.output'],
  ...[
    'tasks["b-c"].status',
    'run.id',
    'item',
    'index',
    'error.code',
    'output',
    'event',
    'x',
    'y',
    'true',
    'false',
    'null',
    'in',
    'int',
    'type',
  ],
  ...['0', '1', '-1', '1.5', '1u', '9223372036854775807', '1e308', '"a"', "'b'", '""', 'r"\\d"', '"""c"""', 'b"d"'],
  ...['(', ')', '[', ']', '{', '}', ',', ':', '?', '.', '.?', '[?', '||', '&&', '!', '-', '+', '*', '/', '%'],
  ...[
    '==',
    '!=',
    '<',
    '<=',
    '>',
    '>=',
    '=',
    '&',
    '|',
    '"',
    "'",
    '\\',
    '//',
    '\n',
    '${{',
    '}}',
    '$',
    'é',
    '😀',
    '\u0000',
  ],
];

const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>;
const values: fc.Arbitrary<ExpressionValues> = fc.record({
  params: fc.record({ n: fc.integer(), s: fc.string(), j: json }),
  tasks: fc.record({ a: fc.record({ output: json, status: fc.constant('succeeded') }), 'b-c': json }),
  run: fc.constant({ id: 'r', dag: 'd' }),
  item: json,
  index: fc.nat(),
}) as fc.Arbitrary<ExpressionValues>;

/** Sources that are near to being right, made of the parts of the language. */
const source: fc.Arbitrary<string> = fc.letrec<{ source: string }>((tie) => {
  const inner = tie('source');
  const leaf = fc.constantFrom(
    'params.n',
    'params.s',
    'params.j',
    'tasks.a.output',
    'item',
    'index',
    'x',
    'y',
    '1',
    '2.5',
    '"a"',
    '[]',
    '{}',
    'true',
    'null',
    '3u',
  );
  return {
    source: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc
        .tuple(inner, fc.constantFrom('+', '-', '*', '/', '%', '==', '!=', '<', '>=', 'in', '&&', '||'), inner)
        .map(([l, o, r]) => `(${l} ${o} ${r})`),
      fc.tuple(fc.constantFrom('!', '-'), inner).map(([o, x]) => `${o}${x}`),
      fc.tuple(inner, inner, inner).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
      fc.array(inner, { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
      fc.tuple(inner, inner).map(([k, v]) => `{${k}: ${v}}`),
      fc.tuple(inner, fc.constantFrom('.a', '.?a', '[0]', '[?0]', '["a"]', '.output')).map(([x, f]) => x + f),
      fc.tuple(inner, inner).map(([x, y]) => `${x}[${y}]`),
      fc
        .tuple(inner, fc.constantFrom(...MACROS), fc.constantFrom('x', 'y', 'item'), inner)
        .map(([l, m, v, b]) => `${l}.${m}(${v}, ${b})`),
      fc.tuple(fc.constantFrom(...FUNCTIONS.keys()), inner).map(([f, x]) => `${f}(${x})`),
      fc
        .tuple(inner, fc.constantFrom(...METHODS.keys()), fc.array(inner, { maxLength: 2 }))
        .map(([x, m, a]) => `${x}.${m}(${a.join(', ')})`),
      fc.tuple(inner, inner).map(([x, y]) => `${x}.orValue(${y})`),
      inner.map((x) => `has(${x}.a)`),
    ),
  };
}).source;

/** The value, or the sentence of the failure; what else is thrown is a bug. */
function outcome(text: string, given: ExpressionValues): string | undefined {
  const compiled = compile(text, SCOPE);
  if ('problems' in compiled) {
    expect(compiled.problems.length).toBeGreaterThan(0);
    for (const { from, to, message } of compiled.problems) {
      expect(from).toBeGreaterThanOrEqual(0);
      expect(to).toBeGreaterThanOrEqual(from);
      expect(to).toBeLessThanOrEqual(text.length);
      expect(message).toMatch(/[.]$/);
    }
    return undefined;
  }
  try {
    const { value, steps } = evaluateNode(text, compiled.expression.root, given);
    expect(steps).toBeLessThanOrEqual(EXPRESSION_LIMITS.steps);
    expect(byteLength(value)).toBeLessThanOrEqual(2 * EXPRESSION_LIMITS.result);
    const written = JSON.stringify(value);
    expect(JSON.parse(written)).toEqual(value);
    expect(JSON.stringify(evaluate(compiled.expression, given))).toBe(written);
    return written;
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    expect(error.code).toBe('EXPRESSION_FAILED');
    expect(error.from).toBeGreaterThanOrEqual(0);
    expect(error.to).toBeLessThanOrEqual(text.length);
    return `failed: ${error.message} ${error.hint} ${error.from} ${error.to}`;
  }
}

describe('any text', () => {
  it('is read or refused, never a crash', () => {
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.string({ maxLength: 200 }));
    fc.assert(
      fc.property(text, values, (given, known) => void outcome(given, known)),
      { numRuns: 2_000 },
    );
  });

  it('made of words of the language is read or refused, never a crash', () => {
    const soup = fc.array(fc.constantFrom(...WORDS), { maxLength: 30 });
    fc.assert(
      fc.property(soup, fc.constantFrom('', ' '), values, (words, by, known) => void outcome(words.join(by), known)),
      { numRuns: 5_000 },
    );
  });

  it('that is almost an expression has a value or a coded failure, the same each time', () => {
    let evaluated = 0;
    fc.assert(
      fc.property(source, values, (text, known) => {
        const first = outcome(text, known);
        if (first === undefined) return;
        evaluated += 1;
        // The order of keys in an object of the input must not matter beyond the result's own order.
        expect(outcome(text, JSON.parse(JSON.stringify(known)) as ExpressionValues)).toBe(first);
      }),
      { numRuns: 5_000, seed: 5 },
    );
    expect(evaluated).toBeGreaterThan(500);
  });

  it('with ${{ }} is read or refused, never a crash', () => {
    const piece = fc.oneof(fc.constantFrom('${{', '}}', ' '), fc.constantFrom(...WORDS), source);
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), values, (pieces, known) => {
        const text = pieces.join('');
        const compiled = compileTemplate(text, SCOPE);
        if ('problems' in compiled) {
          for (const { from, to } of compiled.problems) {
            expect(from).toBeGreaterThanOrEqual(0);
            expect(to).toBeLessThanOrEqual(text.length);
          }
          return;
        }
        try {
          const value = evaluateTemplate(compiled.template, known);
          if (!text.includes('${{')) expect(value).toBe(text);
        } catch (error) {
          if (!(error instanceof ExpressionError)) throw error;
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it('that repeats one word as often as it may is read or refused, never a crash', () => {
    for (const word of WORDS) {
      for (const by of ['', ' ']) {
        const text = Array(Math.floor(EXPRESSION_LIMITS.source / (word.length + by.length)))
          .fill(word)
          .join(by);
        outcome(text, { params: {}, tasks: {}, run: {}, item: 1, index: 1 });
        outcome(`${text} 1`.slice(-EXPRESSION_LIMITS.source), {});
      }
    }
  });
});
