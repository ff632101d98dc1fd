import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calendar, formatDuration, formatTimestamp, parseDuration, parseTimestamp } from './time.js';

const EARLIEST = Date.UTC(1970, 0, 1) - 62_135_596_800_000;
const LATEST = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

describe('times', () => {
  it('agree with those of JavaScript, in UTC', () => {
    fc.assert(
      fc.property(fc.integer({ min: EARLIEST, max: LATEST }), (milliseconds) => {
        const date = new Date(milliseconds);
        const nanos = BigInt(milliseconds) * 1_000_000n;
        expect(parseTimestamp(date.toISOString())).toBe(nanos);
        expect(Date.parse(formatTimestamp(nanos))).toBe(milliseconds);
        expect(calendar(nanos)).toEqual({
          year: date.getUTCFullYear(),
          month: date.getUTCMonth() + 1,
          day: date.getUTCDate(),
          hours: date.getUTCHours(),
          minutes: date.getUTCMinutes(),
          seconds: date.getUTCSeconds(),
          milliseconds: date.getUTCMilliseconds(),
          dayOfWeek: date.getUTCDay(),
          dayOfYear: Math.floor((milliseconds - new Date(milliseconds).setUTCMonth(0, 1)) / 86_400_000),
        });
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['2026-11-01T06:30:00+02:00', '2026-11-01T04:30:00Z'],
    ['2026-11-01T06:30:00.123456789-00:30', '2026-11-01T07:00:00.123456789Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00Z'],
    ['1969-12-31T23:59:59.5Z', '1969-12-31T23:59:59.5Z'],
  ])('reads %s', (text, written) => {
    expect(formatTimestamp(parseTimestamp(text))).toBe(written);
  });

  it.each([
    '',
    '2026-11-01',
    '2026-11-01T06:30:00',
    '2026-11-01 06:30:00Z',
    '2026-13-01T00:00:00Z',
    '2026-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2026-11-01T24:00:00Z',
    '2026-11-01T00:00:60Z',
    '0000-01-01T00:00:00Z',
    '2026-11-01T00:00:00+24:00',
    'Nov 1 2026 00:00:00 UTC',
  ])('refuses %j', (text) => {
    expect(() => parseTimestamp(text)).toThrow('is not a time');
  });

  it.each([
    ['90s', '90s'],
    ['1h30m', '5400s'],
    ['1.5h', '5400s'],
    ['-1m1s', '-61s'],
    ['+250ms', '0.25s'],
    ['1ns', '0.000000001s'],
    ['1us', '0.000001s'],
    ['0s', '0s'],
  ])('reads the length %s', (text, written) => {
    expect(formatDuration(parseDuration(text))).toBe(written);
  });

  it.each(['', '-', '5', 's', '1d', '1 s', '1.s', '.5s', '1s-1s', 'x1s'])('refuses the length %j', (text) => {
    expect(() => parseDuration(text)).toThrow('is not a length of time');
  });
});
