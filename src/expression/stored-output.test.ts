import { describe, expect, it } from 'vitest';
import { storedValue } from '../dag/stored-value.js';
import { compileTemplate, evaluateTemplate } from './compile-template.js';
import { compile, evaluate } from './compile.js';
import type { ExpressionValues } from './evaluate.js';
import type { Json } from '../dag/json.js';

const STORED = storedValue({ sha256: 'a'.repeat(64), bytes: 50_000_000 });
const VALUES: ExpressionValues = { params: {}, tasks: { big: { output: STORED, status: 'succeeded' } } };

function valueOf(source: string): Json {
  const compiled = compile(source, {});
  if ('problems' in compiled) throw new Error(JSON.stringify(compiled.problems));
  return evaluate(compiled.expression, VALUES);
}

describe('a large output, which is kept in the store', () => {
  it.each(['tasks.big.output', '{"rows": tasks.big.output}.rows', 'true ? tasks.big.output : null'])(
    'is handed on whole: %s',
    (source) => {
      expect(valueOf(source)).toEqual(STORED);
    },
  );

  it('is there, and its task has ended', () => {
    expect(valueOf('has(tasks.big.output) && tasks.big.output != null && tasks.big.status == "succeeded"')).toBe(true);
  });

  it.each([
    'tasks.big.output.rows',
    'tasks.big.output[0]',
    'tasks.big.output.?rows',
    'has(tasks.big.output.rows)',
    'tasks.big.output.size()',
    'size(tasks.big.output)',
    'tasks.big.output == {"a": 1}',
    'tasks.big.output in [1, 2]',
    'tasks.big.output.map(x, x)',
    'string(tasks.big.output)',
    'tasks.big.output + 1',
  ])('cannot be looked into: %s', (source) => {
    expect(() => valueOf(source)).toThrow(expect.objectContaining({ code: 'EXPRESSION_FAILED' }) as Error);
  });

  it('cannot stand in a text', () => {
    const compiled = compileTemplate('rows: ${{ tasks.big.output }}', {});
    if ('problems' in compiled) throw new Error('It has problems.');
    expect(() => evaluateTemplate(compiled.template, VALUES)).toThrow('kept in the store');
  });
});
