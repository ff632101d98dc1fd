import { describe, expect, it } from 'vitest';
import { progressOf } from './progress.js';

describe('a report of progress', () => {
  it('keeps a fraction, held between 0 and 1', () => {
    expect(progressOf(0.25)).toEqual({ fraction: 0.25 });
    expect(progressOf(-1)).toEqual({ fraction: 0 });
    expect(progressOf(17)).toEqual({ fraction: 1 });
    expect(progressOf(Number.POSITIVE_INFINITY)).toEqual({ fraction: 1 });
  });

  it('works the fraction out of what is done', () => {
    expect(progressOf({ done: 3, total: 12 })).toEqual({ fraction: 0.25, done: 3, total: 12 });
    expect(progressOf({ done: 5, total: 4 })).toEqual({ fraction: 1, done: 5, total: 4 });
    expect(progressOf({ done: 0, total: 0 })).toEqual({ fraction: 1, done: 0, total: 0 });
  });

  it('leaves out what is no number, whatever a function passes', () => {
    for (const report of [
      Number.NaN,
      'half',
      null,
      undefined,
      {},
      [],
      { done: '1', total: 2 },
      { done: -1, total: 2 },
    ]) {
      expect(progressOf(report as number)).toEqual({});
    }
    expect(progressOf({ done: 1, total: Number.POSITIVE_INFINITY }, 'note')).toEqual({ note: 'note' });
  });

  it('keeps a note of 200 characters, on one line', () => {
    expect(progressOf(1, 'loading')).toEqual({ fraction: 1, note: 'loading' });
    expect(progressOf(1, 'x'.repeat(1_000)).note).toBe('x'.repeat(200));
    expect(progressOf(1, ' two\r\nlines \u001b[2J\u0007').note).toBe('two lines  [2J');
    expect(progressOf(1, ' \n')).toEqual({ fraction: 1 });
  });
});
