import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, MAXIMUM_DURATION, parseDuration } from './duration.js';

describe('parseDuration', () => {
  it.each([
    ['500ms', 500],
    ['90s', 90_000],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['1h30m', 5_400_000],
    ['1d2h3m4s5ms', 93_784_005],
    ['1.5h', 5_400_000],
    ['0s', 0],
  ])('reads %s', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each([
    '',
    '90',
    's',
    '90 s',
    '-1s',
    '1m1h',
    '1e3s',
    '1.s',
    '.5s',
    'P1D',
    '1w',
    '1h1h',
    ' 1s',
    `${'9'.repeat(70)}s`,
  ])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it('reads what formatDuration writes', () => {
    fc.assert(
      fc.property(fc.nat(MAXIMUM_DURATION), (milliseconds) => {
        expect(parseDuration(formatDuration(milliseconds))).toBe(milliseconds);
      }),
    );
  });
});
