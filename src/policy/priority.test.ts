import { describe, expect, it } from 'vitest';
import { Priority } from './priority.js';

/** Tasks 0, 1, 2... with these priorities, all waiting. */
function waiting(...priorities: number[]): { policy: Priority; setPriority: (task: number, to: number) => void } {
  const policy = new Priority({ priorityOf: (task) => priorities[task]! });
  for (const task of priorities.keys()) policy.add(task, task);
  const setPriority = (task: number, to: number): void => {
    policy.remove(task, task);
    priorities[task] = to;
    policy.add(task, task);
  };
  return { policy, setPriority };
}

describe('priority', () => {
  it('gives the highest priority first, and among equals the task that became ready first', () => {
    const { policy } = waiting(0, 5, -3, 5, 0, 1_000_000_000);
    expect(policy.order()).toEqual([5, 1, 3, 0, 4, 2]);
    expect([policy.next(), policy.next(), policy.next()]).toEqual([5, 1, 3]);
    expect(policy.order()).toEqual([0, 4, 2]);
  });

  it('moves a task whose priority changed, up and down', () => {
    const { policy, setPriority } = waiting(3, 2, 1, 0);
    setPriority(3, 9);
    expect(policy.order()).toEqual([3, 0, 1, 2]);
    setPriority(0, -1);
    expect(policy.order()).toEqual([3, 1, 2, 0]);
    setPriority(3, 0);
    expect(policy.order()).toEqual([1, 2, 3, 0]);
    expect(policy.waiting()).toEqual([0, 1, 2, 3]);
    expect(policy.size).toBe(4);
  });

  it('reads a priority when the task is added, and not later', () => {
    const priorities = [1, 2];
    const policy = new Priority({ priorityOf: (task) => priorities[task]! });
    policy.add(0, 0);
    policy.add(1, 1);
    priorities[0] = 3;
    expect(policy.order()).toEqual([1, 0]);
    expect(policy.next()).toBe(1);
  });
});
