import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { policyFacts } from '../../test/support/policy-facts.js';
import type { Policy } from '../dag/policy.js';
import { createPolicy } from './policies.js';

/** Tasks 0, 1, 2... with these priorities, all waiting. */
function waiting(...priorities: number[]): { policy: Policy; setPriority: (task: number, to: number) => void } {
  const policy = createPolicy('priority', policyFacts({ priorityOf: (task) => priorities[task]! }));
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
    const policy = createPolicy('priority', policyFacts({ priorityOf: (task) => priorities[task]! }));
    policy.add(0, 0);
    policy.add(1, 1);
    priorities[0] = 3;
    expect(policy.order()).toEqual([1, 0]);
    expect(policy.next()).toBe(1);
  });

  it('with aging gives a task first that has waited as many intervals longer as its priority is lower', () => {
    const [priorities, ready] = [
      [0, 2, 2],
      [0, 1_000, 2_001],
    ];
    const facts = policyFacts({
      priorityOf: (task) => priorities[task]!,
      readyAt: (task) => ready[task]!,
      aging: 1_000,
    });
    const policy = createPolicy('priority', facts);
    for (const task of [0, 1, 2]) policy.add(task, task);
    expect(policy.order()).toEqual([1, 0, 2]);
  });

  it('with aging lets no task starve: only so many go first that came before it had aged past them', () => {
    const highest = 4;
    const runs = fc.record({
      aging: fc.integer({ min: 1, max: 20 }),
      // One slot, one task per millisecond out, and at least one of a priority above 0 in.
      coming: fc.array(fc.array(fc.integer({ min: 1, max: highest }), { minLength: 1, maxLength: 3 }), {
        minLength: 300,
        maxLength: 300,
      }),
    });
    fc.assert(
      fc.property(runs, ({ aging, coming }) => {
        const priorities = [0];
        const ready = [0];
        const facts = policyFacts({ priorityOf: (task) => priorities[task]!, readyAt: (task) => ready[task]!, aging });
        const policy = createPolicy('priority', facts);
        policy.add(0, 0);
        const ahead: number[] = [];
        let cameBefore = 0;
        coming.forEach((arrived, at) => {
          for (const one of arrived) {
            const task = priorities.push(one) - 1;
            ready.push(at);
            policy.add(task, task);
            if (at < highest * aging) cameBefore++;
          }
        });
        for (let task = policy.next(); task !== 0; task = policy.next()) ahead.push(task!);
        expect(ahead.length).toBeLessThanOrEqual(cameBefore);
        expect(ahead.every((task) => ready[task]! < priorities[task]! * aging)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('without aging lets a task wait for as long as higher ones come', () => {
    const priorities = [0, ...Array.from({ length: 100 }, () => 1)];
    const { policy } = waiting(...priorities);
    for (let given = 0; given < 100; given++) expect(policy.next()).not.toBe(0);
  });
});
