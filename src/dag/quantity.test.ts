import { describe, expect, it } from 'vitest';
import { parseBytes, parseCores } from './quantity.js';

describe('parseCores', () => {
  it.each([
    ['2', 2],
    ['0.5', 0.5],
    ['500m', 0.5],
    ['1m', 0.001],
    ['100000', 100_000],
  ])('reads %s', (text, cores) => {
    expect(parseCores(text)).toBe(cores);
  });

  it.each(['', '0', '0m', '-1', '1.5m', '2 cores', '100001', '1e3', 'm', 'NaN', '.5'])('refuses %j', (text) => {
    expect(parseCores(text)).toBeUndefined();
  });
});

describe('parseBytes', () => {
  it.each([
    ['1', 1],
    ['4096', 4_096],
    ['512Mi', 536_870_912],
    ['4Gi', 4_294_967_296],
    ['1.5Gi', 1_610_612_736],
    ['1G', 1_000_000_000],
    ['10k', 10_000],
    ['1Ti', 1_099_511_627_776],
    ['0.1k', 100],
  ])('reads %s', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  it.each(['', '0', '0Gi', '-1', '4GB', '4gi', '4 Gi', 'Gi', '9007199254740993', '9Pi2', '1e9', '99999Pi'])(
    'refuses %j',
    (text) => {
      expect(parseBytes(text)).toBeUndefined();
    },
  );
});
