import { describe, expect, it } from 'vitest';
import { pastTime, port, positiveInteger } from './options.js';

describe('pastTime', () => {
  it('takes ISO 8601 times and days', () => {
    expect(pastTime('2026-11-01T12:00:00Z').toISOString()).toBe('2026-11-01T12:00:00.000Z');
    expect(pastTime('2026-11-01')).toEqual(new Date(2026, 10, 1));
  });

  it('takes how long ago', () => {
    const before = Date.now();
    const time = pastTime('1d2h').getTime() + 26 * 3_600_000;
    expect(time).toBeGreaterThanOrEqual(before);
    expect(time).toBeLessThanOrEqual(Date.now());
  });

  it.each(['', 'yesterday', '5', '2026-13-01', '2026-11-01Tx', '-2h'])('refuses "%s"', (text) => {
    expect(() => pastTime(text)).toThrow('It must be a time like');
  });
});

describe('numbers', () => {
  it.each(['0', '-1', '1.5', 'x', '', '1e3'])('refuse "%s"', (text) => {
    expect(() => positiveInteger(text)).toThrow('whole number');
  });

  it('know how many ports there are', () => {
    expect(port('65535')).toBe(65_535);
    expect(() => port('65536')).toThrow('at most');
  });
});
