import { describe, expect, it } from 'vitest';
import type { Json } from '../dag/json.js';
import { compile, evaluate, recompile } from './compile.js';
import { compileTemplate, evaluateTemplate, recompileTemplate } from './compile-template.js';
import corpus from './corpus.json' with { type: 'json' };
import type { ExpressionValues } from './evaluate.js';
import { ExpressionError } from './expression-error.js';
import { FUNCTIONS, METHODS } from './functions.js';
import { BINARY } from './operators.js';
import { MACROS } from './syntax.js';

// What these give must never change: a live run that replays evaluates its expressions again, and must go the same way.
// New cases are added; old ones stay as they are.
interface Case {
  readonly expression?: string;
  readonly text?: string;
  readonly value?: Json;
  /** The part of the expression that has no value. */
  readonly failsAt?: string;
}
const cases: readonly Case[] = corpus.cases;
const values: ExpressionValues = corpus.values;

function outcomeOf(given: Case, run: () => Json): Case {
  const { expression, text } = given;
  const of = expression === undefined ? { text: text ?? '' } : { expression };
  try {
    return { ...of, value: run() };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return { ...of, failsAt: error.source.slice(error.from, error.to) };
  }
}

function checked({ expression, text = '' }: Case): Json {
  const compiled = expression === undefined ? compileTemplate(text, {}) : compile(expression, {});
  if ('problems' in compiled) throw new Error(compiled.problems.map((problem) => problem.message).join(' '));
  return 'template' in compiled ? evaluateTemplate(compiled.template, values) : evaluate(compiled.expression, values);
}

function unchecked({ expression, text = '' }: Case): Json {
  if (expression === undefined) return evaluateTemplate(recompileTemplate(text), values);
  return evaluate(recompile(expression), values);
}

describe('the corpus', () => {
  it.each(cases)('%j', (given) => {
    expect(outcomeOf(given, () => checked(given))).toEqual(given);
    expect(outcomeOf(given, () => unchecked(given))).toEqual(given);
  });

  it('has every function, method, macro and operator', () => {
    const all = cases.map(({ expression }) => expression ?? '').join('\n');
    const names = [...FUNCTIONS.keys(), ...[...METHODS.keys(), ...MACROS].map((name) => `.${name}`), '.orValue', '.or'];
    for (const name of names) expect(all).toContain(`${name}(`);
    for (const operator of BINARY) expect(all).toContain(` ${operator} `);
  });
});

describe('recompile', () => {
  it('takes what a later check would refuse, and fails only when it is evaluated', () => {
    expect(() => recompile('1 +')).toThrow(ExpressionError);
    expect(() => recompileTemplate('${{ 1')).toThrow(ExpressionError);
    expect(evaluate(recompile('true || nope(1)'), {})).toBe(true);
    expect(() => evaluate(recompile('nope(1)'), {})).toThrow(ExpressionError);
  });
});
