import { describe, expect, it } from 'vitest';
import { Silence } from './silence.js';

/** When a silent run is looked at, in seconds, within an hour. */
function looks(isAwaited: boolean): number[] {
  const silence = new Silence();
  silence.heard('r', 0);
  const times: number[] = [];
  for (let at = silence.nextAt(isAwaited)!; at <= 3_600_000; at = silence.nextAt(isAwaited)!) {
    expect(silence.take(at - 1, isAwaited)).toEqual([]);
    expect(silence.take(at, isAwaited)).toEqual(['r']);
    times.push(at / 1_000);
  }
  return times;
}

describe('a run that is silent', () => {
  it('is looked at after 10 seconds, then ever more seldom: each minute while somebody waits, else each ten', () => {
    expect(looks(true).slice(0, 6)).toEqual([10, 30, 70, 130, 190, 250]);
    expect(looks(false)).toEqual([10, 30, 70, 150, 310, 630, 1_230, 1_830, 2_430, 3_030]);
  });

  it('is looked at soon once somebody waits', () => {
    const silence = new Silence();
    silence.heard('r', 0);
    for (const at of [10_000, 30_000, 70_000, 150_000]) silence.take(at, false);
    expect([silence.nextAt(false), silence.nextAt(true)]).toEqual([310_000, 210_000]);
    expect(silence.take(250_000, true)).toEqual(['r']);
  });

  it('is looked at more seldom where there are thousands, a hundred at a time', () => {
    const silence = new Silence();
    for (let run = 0; run < 1_000; run++) silence.heard(`r${run}`, 0);
    expect(silence.nextAt(true)).toBe(100_000);
    const looked = new Set<string>();
    for (let look = 0; look < 10; look++) for (const run of silence.take(100_000, true)) looked.add(run);
    expect(looked.size).toBe(1_000);
    expect(silence.take(100_000, true)).toEqual([]);
  });

  it('that is heard again is left alone for as long as at first, and one that is forgotten for ever', () => {
    const silence = new Silence(1_000);
    silence.heard('a', 0);
    silence.heard('b', 500);
    expect(silence.take(1_500, true)).toEqual(['a', 'b']);
    silence.heard('a', 2_000);
    expect(silence.nextAt(true)).toBe(3_000);
    silence.forget('a');
    expect(silence.nextAt(true)).toBe(3_500);
    silence.forget('b');
    expect(silence.nextAt(true)).toBeUndefined();
  });
});
