import { describe, expect, it } from 'vitest';
import { elapsedOf, formatDuration } from './duration.js';
import { cut, cutName, oneLine, pad, widthOf, wrap } from './text.js';

describe('text', () => {
  it('counts columns: wide characters as two, combining marks as none', () => {
    expect(['abc', '日本', 'e\u0301', '✔ ✖', '🚀'].map(widthOf)).toEqual([3, 4, 1, 3, 2]);
  });

  it('cuts names where that leaves what tells them apart', () => {
    expect(cutName('convert[12]', 11)).toBe('convert[12]');
    expect(cutName('convert[12]', 10)).toBe('conve…[12]');
    expect(cutName('convert-all[12]~undo', 14)).toBe('conv…[12]~undo');
    expect(cutName('convert-all~undo', 12)).toBe('conver…~undo');
    expect(cutName('convert[12]', 6)).toBe('conve…');
    expect(cutName('convert-all', 6)).toBe('conve…');
  });

  it('cuts to columns, and says that it did', () => {
    expect(cut('abcdef', 6)).toBe('abcdef');
    expect(cut('abcdef', 5)).toBe('abcd…');
    expect(cut('日本語', 5)).toBe('日本…');
    expect(cut('日本語', 4)).toBe('日…');
    expect(cut('abc', 0)).toBe('');
  });

  it('pads by columns', () => {
    expect(pad('日本', 6)).toBe('日本  ');
  });

  it('breaks lines between words, and words that are too long anywhere', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('a abcdefgh b', 4)).toEqual(['a', 'abcd', 'efgh', 'b']);
    expect(wrap('日本語', 4)).toEqual(['日本', '語']);
    expect(wrap('', 4)).toEqual([]);
    expect(wrap('ab', 0)).toEqual(['a', 'b']);
  });

  it('makes one line of any text', () => {
    expect(oneLine(' a\r\n\tb\u001b[31mc\u001b[0m\u0000 ')).toBe('a bc');
  });
});

describe('formatDuration', () => {
  it('is precise for short times, and short for long ones', () => {
    expect([0, 49, 1_234, 59_940, 59_960, 125_000, 3_599_600, 7_380_000].map(formatDuration)).toEqual([
      '0.0 s',
      '0.0 s',
      '1.2 s',
      '59.9 s',
      '1 m 00 s',
      '2 m 05 s',
      '1 h 00 m',
      '2 h 03 m',
    ]);
  });
});

describe('elapsedOf', () => {
  it('is measured until now where nothing has ended, and is never negative', () => {
    const startedAt = '2026-11-01T12:00:00.000Z';
    expect(elapsedOf({ startedAt }, Date.parse(startedAt) + 5)).toBe(5);
    expect(elapsedOf({ startedAt }, Date.parse(startedAt) - 5)).toBe(0);
    expect(elapsedOf({}, 0)).toBeUndefined();
  });
});
