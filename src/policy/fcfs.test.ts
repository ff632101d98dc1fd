import { describe, expect, it } from 'vitest';
import { Fcfs } from './fcfs.js';
import type { Policy } from '../dag/policy.js';

describe('fcfs', () => {
  it('gives the task that became ready first', () => {
    const policy = new Fcfs();
    [8, 3, 5].forEach((task, sequence) => policy.add(task, sequence));
    expect(drain(policy)).toEqual([8, 3, 5]);
  });

  it('gives a task that comes back its old place', () => {
    const policy = new Fcfs();
    for (let task = 0; task < 6; task++) policy.add(task, task);
    expect([policy.next(), policy.next(), policy.next()]).toEqual([0, 1, 2]);
    policy.add(2, 2);
    policy.add(0, 0);
    policy.remove(3, 3);
    policy.add(3, 3);
    policy.add(6, 6);
    expect(policy.waiting()).toEqual([0, 2, 3, 4, 5, 6]);
    expect(drain(policy)).toEqual([0, 2, 3, 4, 5, 6]);
  });

  it('keeps the order over so many tasks that it must clear up behind itself', () => {
    const policy = new Fcfs();
    const given: number[] = [];
    for (let task = 0; task < 20_000; task++) {
      policy.add(task, task);
      if (task % 3 === 0) given.push(policy.next()!);
    }
    given.push(...drain(policy));
    expect(given).toEqual(Array.from({ length: 20_000 }, (_, task) => task));
  });
});

/** Everything that waits, in the order in which the policy gives it. */
function drain(policy: Policy): number[] {
  const order: number[] = [];
  for (let task = policy.next(); task !== undefined; task = policy.next()) order.push(task);
  return order;
}
