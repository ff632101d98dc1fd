import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ticksOf } from './axis.js';

const labels = (length: number, most: number): string[] => ticksOf(length, most).map(({ label }) => label);

describe('ticksOf', () => {
  it('counts in steps that people count in', () => {
    expect(labels(40, 5)).toEqual(['0', '0.01s', '0.02s', '0.03s', '0.04s']);
    expect(labels(31_000, 5)).toEqual(['0', '10s', '20s', '30s']);
    expect(labels(130_000, 4)).toEqual(['0', '1m', '2m']);
    expect(labels(100_000, 5)).toEqual(['0', '30s', '1m', '1m30s']);
    expect(labels(5_400_000, 4)).toEqual(['0', '30m', '1h', '1h30m']);
    expect(labels(3 * 86_400_000, 4)).toEqual(['0', '1d', '2d', '3d']);
  });

  it('has at least the start, whatever the length', () => {
    expect(labels(0, 5)).toEqual(['0']);
    expect(labels(1e15, 1)).toEqual(['0']);
  });

  it('never has more than there may be, and none beyond the end', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e14 }), fc.integer({ min: 1, max: 30 }), (length, most) => {
        const ticks = ticksOf(length, most);
        expect(ticks.length).toBeGreaterThanOrEqual(1);
        expect(ticks.length).toBeLessThanOrEqual(most);
        expect(ticks.at(-1)?.at).toBeLessThanOrEqual(length);
        expect(new Set(ticks.map(({ label }) => label)).size).toBe(ticks.length);
      }),
    );
  });
});
