import { describe, expect, it } from 'vitest';
import { differences } from './difference.js';

describe('the differences of two values', () => {
  it('are told at their innermost places', () => {
    expect(differences({ a: [1, { b: 2 }], c: 'x' }, { a: [1, { b: 3 }], d: null }, 'output')).toEqual([
      { at: 'output.a[1].b', expected: 2, actual: 3 },
      { at: 'output.c', expected: 'x' },
      { at: 'output.d', actual: null },
    ]);
  });

  it('are those of whole lists where their lengths differ', () => {
    expect(differences([1, 2], [1], 'output')).toEqual([{ at: 'output', expected: [1, 2], actual: [1] }]);
    expect(differences([], [], 'output')).toEqual([]);
    expect(differences({}, [], 'output')).toEqual([{ at: 'output', expected: {}, actual: [] }]);
  });

  it('may leave out what is not expected', () => {
    expect(differences({ a: { b: 1 } }, { a: { b: 1, c: 2 }, d: 3 }, 'env', { atLeast: true })).toEqual([]);
  });

  it('are told up to ten', () => {
    expect(
      differences(
        Array.from({ length: 20 }, () => 1),
        Array.from({ length: 20 }, () => 2),
        'list',
      ),
    ).toHaveLength(10);
  });
});
