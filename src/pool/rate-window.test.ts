import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RateWindow } from './rate-window.js';

describe('a rate', () => {
  it('lets so many through in its time, and counts each until its time is over', () => {
    const window = new RateWindow({ count: 2, per: 100 });
    window.take(1, 0);
    window.take(1, 30);
    expect([window.sum, window.fits(1), window.opensAt(1), window.opensAt(2)]).toEqual([2, false, 100, 130]);
    window.pass(99);
    expect(window.fits(1)).toBe(false);
    window.pass(100);
    expect([window.sum, window.fits(1), window.fits(2)]).toEqual([1, true, false]);
    expect(window.emptyAt()).toBe(130);
    window.pass(130);
    expect([window.sum, window.emptyAt()]).toEqual([0, undefined]);
  });

  it('never lets through more than its count at once', () => {
    const window = new RateWindow({ count: 2, per: 100 });
    expect([window.allows(2), window.allows(3), window.opensAt(3)]).toEqual([true, false, undefined]);
  });

  it('can be changed: what was taken counts under the new one', () => {
    const window = new RateWindow({ count: 2, per: 100 });
    window.take(2, 0);
    window.change({ count: 3, per: 200 });
    window.pass(150);
    expect([window.fits(1), window.fits(2), window.opensAt(2)]).toEqual([true, false, 200]);
    window.change(undefined);
    expect([window.fits(9), window.sum]).toEqual([true, 0]);
  });

  it.each([[500], [100_000]])(
    'is not exceeded in any stretch of %d ms, and nobody waits longer than he must',
    (per) => {
      const gaps = fc.array(fc.tuple(fc.nat(per), fc.integer({ min: 1, max: 3 })), { maxLength: 60 });
      fc.assert(
        fc.property(fc.integer({ min: 3, max: 8 }), gaps, (count, wants) => {
          let window = new RateWindow({ count, per });
          const taken: { readonly at: number; readonly slots: number }[] = [];
          const within = (from: number, to: number): number =>
            taken.filter(({ at }) => at > from && at <= to).reduce((sum, { slots }) => sum + slots, 0);
          let now = 0;
          for (const [gap, slots] of wants) {
            now += gap;
            window.pass(now);
            const opensAt = window.opensAt(slots);
            expect(opensAt === undefined).toBe(window.fits(slots));
            // A thousandth of its time may be lost where much is remembered as one.
            const before = (opensAt ?? now) - 1 - per / 1_000;
            if (before >= now) expect(within(before - per, now) + slots).toBeGreaterThan(count);
            now = opensAt ?? now;
            window.pass(now);
            expect(window.fits(slots)).toBe(true);
            window.take(slots, now);
            taken.push({ at: now, slots });
            expect(within(now - per, now)).toBeLessThanOrEqual(count);
            window = new RateWindow({ count, per }, window.snapshot());
          }
        }),
      );
    },
  );

  it('remembers at most a thousand times, and is exact for up to a second', () => {
    const window = new RateWindow({ count: 1_000_000, per: 3_600_000 });
    for (let at = 0; at < 100_000; at++) window.take(1, at * 36);
    expect(window.snapshot().length).toBeLessThanOrEqual(1_001);
    expect(window.sum).toBe(100_000);
  });
});
