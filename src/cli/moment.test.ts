import { InvalidArgumentError } from 'commander';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseTime, timeAfter, timeToCome } from './moment.js';

const NOW = '2026-11-01T12:00:00.000Z';

beforeEach(() => {
  vi.useFakeTimers({ now: new Date(NOW), toFake: ['Date'] });
});

afterEach(() => {
  vi.useRealTimers();
});

describe('parseTime', () => {
  it.each([
    ['2026-11-22T08:00:00Z', '2026-11-22T08:00:00.000Z'],
    ['2026-11-22T08:00:00.123456z', '2026-11-22T08:00:00.123Z'],
    ['2026-11-22T08:00+01:00', '2026-11-22T07:00:00.000Z'],
    ['2026-11-22 08:00-0530', '2026-11-22T13:30:00.000Z'],
    ['2026-11-22T08:00+02', '2026-11-22T06:00:00.000Z'],
    ['2028-02-29T00:00Z', '2028-02-29T00:00:00.000Z'],
  ])('reads %s', (text, time) => {
    expect(parseTime(text)?.toISOString()).toBe(time);
  });

  it('takes a time without a zone for local, and a day for its beginning', () => {
    expect(parseTime('2026-11-22T08:30')).toEqual(new Date(2026, 10, 22, 8, 30));
    expect(parseTime('2026-11-22 08:30:15')).toEqual(new Date(2026, 10, 22, 8, 30, 15));
    expect(parseTime('2026-11-22')).toEqual(new Date(2026, 10, 22));
  });

  it.each([
    '',
    'soon',
    '10m',
    '1',
    '2026',
    '2026-02-30',
    '2026-13-01T00:00Z',
    '2026-11-22T25:00',
    '2026-11-22T08',
    '22.11.2026',
    ' 2026-11-22 ',
  ])('takes %j for none', (text) => {
    expect(parseTime(text)).toBeUndefined();
  });
});

describe('the times of flags', () => {
  it('are given in UTC', () => {
    expect(timeToCome('2026-11-01T14:00+01:00')).toBe('2026-11-01T13:00:00.000Z');
    expect(timeAfter('1h30m')).toBe('2026-11-01T13:30:00.000Z');
    expect(timeAfter('500ms')).toBe('2026-11-01T12:00:00.500Z');
  });

  it('must be to come, and make sense', () => {
    for (const value of ['tomorrow', NOW, '2026-10-31']) expect(() => timeToCome(value)).toThrow(InvalidArgumentError);
    for (const value of ['10', '0s', '-5m', '366d', '']) expect(() => timeAfter(value)).toThrow(InvalidArgumentError);
  });
});
