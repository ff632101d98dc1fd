import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAXIMUM_DURATION } from './duration.js';
import { formatRate, MAXIMUM_RATE, parseRate } from './rate.js';

describe('parseRate', () => {
  it.each([
    ['1/s', { count: 1, per: 1_000 }],
    ['20/m', { count: 20, per: 60_000 }],
    ['100/h', { count: 100, per: 3_600_000 }],
    ['1000/d', { count: 1_000, per: 86_400_000 }],
    ['5/10s', { count: 5, per: 10_000 }],
    ['3/250ms', { count: 3, per: 250 }],
    ['2/1m', { count: 2, per: 60_000 }],
    ['1000000/s', { count: 1_000_000, per: 1_000 }],
  ])('reads %s', (text, rate) => {
    expect(parseRate(text)).toEqual(rate);
  });

  it.each([
    '',
    '20',
    '20/',
    '/m',
    '0/m',
    '-1/m',
    '1.5/m',
    '20 /m',
    '20/min',
    '20/0s',
    '20/1h30m',
    '20/m ',
    '1000001/s',
    '1/366d',
    '20/w',
    '1e3/s',
  ])('refuses %j', (text) => {
    expect(parseRate(text)).toBeUndefined();
  });

  it('reads what formatRate writes', () => {
    const rates = fc.record({
      count: fc.integer({ min: 1, max: MAXIMUM_RATE }),
      per: fc.oneof(fc.integer({ min: 1, max: 4_000_000 }), fc.constant(MAXIMUM_DURATION)),
    });
    fc.assert(
      fc.property(rates, (rate) => {
        expect(parseRate(formatRate(rate))).toEqual(rate);
      }),
    );
  });

  it.each([
    [{ count: 20, per: 60_000 }, '20/m'],
    [{ count: 5, per: 10_000 }, '5/10s'],
    [{ count: 5, per: 61_000 }, '5/61000ms'],
  ])('writes %j as %s', (rate, text) => {
    expect(formatRate(rate)).toBe(text);
  });
});
