import { describe, expect, it } from 'vitest';
import { VirtualClock } from './virtual-clock.js';

describe('a virtual clock', () => {
  it('goes on from timer to timer, in the order of their times, and of their setting', () => {
    const clock = new VirtualClock(1_000);
    const fired: string[] = [];
    const set = (delay: number, name: string) =>
      clock.startTimer(delay, () => {
        fired.push(`${name} at ${clock.now()}`);
      });
    set(50, 'c');
    set(10, 'a');
    set(50, 'd');
    set(20, 'dropped')();
    set(10, 'b');
    for (let more = true; more;) more = clock.jump();
    expect(fired).toEqual(['a at 1010', 'b at 1010', 'c at 1050', 'd at 1050']);
    expect(clock.now()).toBe(1_050);
  });

  it('takes timers that are set, or dropped, while one fires', () => {
    const clock = new VirtualClock(0);
    const fired: string[] = [];
    const drop = clock.startTimer(20, () => fired.push('dropped'));
    clock.startTimer(10, () => {
      drop();
      clock.startTimer(5, () => fired.push(`second at ${clock.now()}`));
    });
    expect([clock.jump(), clock.jump(), clock.jump()]).toEqual([true, true, false]);
    drop();
    expect(fired).toEqual(['second at 15']);
  });

  it('keeps thousands of timers in order', () => {
    const clock = new VirtualClock(0);
    const delays = Array.from({ length: 5_000 }, (_, i) => (i * 7_919) % 5_003);
    const fired: number[] = [];
    for (const delay of delays) clock.startTimer(delay, () => fired.push(delay));
    while (clock.jump());
    expect(fired).toEqual(delays.toSorted((a, b) => a - b));
  });
});
