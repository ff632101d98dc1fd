import { describe, expect, it } from 'vitest';
import type { Json } from '../dag/json.js';
import { compileTemplate, evaluateTemplate } from './compile-template.js';
import type { Scope } from './scope.js';

function valueOf(text: string, item: Json): Json {
  const compiled = compileTemplate(text, {});
  if ('problems' in compiled) throw new Error(compiled.problems.map((problem) => problem.message).join(' '));
  return evaluateTemplate(compiled.template, { item });
}

describe('a text with expressions', () => {
  it.each<[string, Json, Json]>([
    ['plain', 1, 'plain'],
    ['', 1, ''],
    ['${{ item }}', 1, 1],
    ['${{ item }}', null, null],
    ['${{ item }}', { a: [1] }, { a: [1] }],
    ['${{ item + 1 }}', 1, 2],
    [' ${{ item }}', 1, ' 1'],
    ['<${{ item }}>', null, '<>'],
    ['<${{ item }}>', true, '<true>'],
    ['<${{ item }}>', 1e21, '<1000000000000000000000>'],
    ['<${{ item }}>', 1.5e-7, '<0.00000015>'],
    ['<${{ item }}>', -1.25e22, '<-12500000000000000000000>'],
    ['<${{ item }}>', -2.5e-9, '<-0.0000000025>'],
    ['<${{ item }}>', 123456789.125, '<123456789.125>'],
    ['<${{ 2.0 * item }}>', 3, '<6>'],
    ['<${{ item }}>', { a: [1, null] }, '<{"a":[1,null]}>'],
    ['<${{ item }}>', [], '<[]>'],
    ['${{ item }}${{ item }}', 'a', 'aa'],
    ["${{ '${{' }}x", 1, '${{x'],
  ])('%j of %j', (text, item, value) => {
    expect(valueOf(text, item)).toEqual(value);
  });

  it('has the problems of all its expressions at their offsets', () => {
    const scope: Scope = { tasks: new Set(['a']), params: {} };
    const text = 'x ${{ params.b }} y ${{ tasks.c.output }} ${{ tasks.a.status }}';
    const compiled = compileTemplate(text, scope);
    if (!('problems' in compiled)) throw new Error('no problems');
    expect(compiled.problems.map(({ from, to }) => text.slice(from, to))).toEqual(['params.b', 'tasks.c']);
  });

  it('has the references of all its expressions at their offsets', () => {
    const text = '${{ tasks.a.output }} ${{ params.p }} ${{ tasks["b-c"].status }}';
    const compiled = compileTemplate(text, {});
    if ('problems' in compiled) throw new Error('problems');
    const { tasks, params, roots } = compiled.template.references;
    expect(tasks.map(({ from, to }) => text.slice(from, to))).toEqual(['tasks.a.output', 'tasks["b-c"].status']);
    expect({ params, roots }).toEqual({ params: ['p'], roots: ['params', 'tasks'] });
  });

  it('wants the type of the place only of a text that is one expression', () => {
    const scope: Scope = { result: 'list' };
    expect('problems' in compileTemplate('${{ [1] }}', scope)).toBe(false);
    expect('problems' in compileTemplate('${{ 1 }}', scope)).toBe(true);
    expect('problems' in compileTemplate('a${{ 1 }}', scope)).toBe(false);
  });

  it('is no longer than a result may be', () => {
    expect(() => valueOf('${{ item }}${{ item }}', 'a'.repeat(200_000))).toThrow(/too long/);
  });
});
