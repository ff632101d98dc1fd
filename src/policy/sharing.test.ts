import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { policyFacts } from '../../test/support/policy-facts.js';
import type { PolicyFacts } from '../dag/policy.js';
import { createPolicy } from './policies.js';

/** Which groups are served, one after the other, where so many tasks of each wait; tasks come in any order. */
function served(policy: string, waiting: readonly number[], facts: Partial<PolicyFacts>, count: number): number[] {
  const groups = waiting.flatMap((tasks, group) => Array.from({ length: tasks }, () => group));
  groups.sort((a, b) => ((a * 31 + 7) % 11) - ((b * 31 + 7) % 11));
  const queue = createPolicy(policy, policyFacts({ groupOf: (task) => groups[task]!, ...facts }));
  groups.forEach((_, task) => queue.add(task, task));
  return Array.from({ length: count }, () => groups[queue.next()!]!);
}

function countOf(groups: readonly number[], group: number): number {
  return groups.filter((one) => one === group).length;
}

describe('fair', () => {
  const weights = fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 6 });

  it('keeps each group within one task of its share, at every moment since they began to wait', () => {
    fc.assert(
      fc.property(weights, (shares) => {
        const total = shares.reduce((a, b) => a + b);
        const all = served(
          'fair',
          shares.map(() => 200),
          { weightOf: (group) => shares[group]! },
          200,
        );
        for (let given = 1; given <= all.length; given++) {
          shares.forEach((share, group) => {
            const ahead = countOf(all.slice(0, given), group) - (given * share) / total;
            expect(Math.abs(ahead)).toBeLessThan(1 + 1e-6);
          });
        }
      }),
      { numRuns: 40 },
    );
  });

  it('keeps each group within two tasks of its share in any stretch of that', () => {
    fc.assert(
      fc.property(weights, fc.nat({ max: 100 }), fc.nat({ max: 100 }), (shares, from, length) => {
        const total = shares.reduce((a, b) => a + b);
        const all = served(
          'fair',
          shares.map(() => 200),
          { weightOf: (group) => shares[group]! },
          200,
        );
        const stretch = all.slice(from, from + length);
        shares.forEach((share, group) => {
          const ahead = countOf(stretch, group) - (stretch.length * share) / total;
          expect(Math.abs(ahead)).toBeLessThan(2 + 1e-6);
        });
      }),
    );
  });

  it('spreads the tasks of a group with a large share over those of the others', () => {
    const shares = [4, 1, 1];
    expect(served('fair', [8, 8, 8], { weightOf: (group) => shares[group]! }, 12)).toEqual([
      0, 1, 0, 0, 2, 0, 0, 1, 0, 0, 2, 0,
    ]);
  });

  it('lets no group save up for later', () => {
    const groups = [0, 0, 0, 0, 0, 0, 1, 1, 1, 1];
    const queue = createPolicy('fair', policyFacts({ groupOf: (task) => groups[task]! }));
    const next = (count: number): number[] => Array.from({ length: count }, () => groups[queue.next()!]!);
    for (const task of [0, 1, 2, 3, 4, 5]) queue.add(task, task);
    expect(next(3)).toEqual([0, 0, 0]);
    for (const task of [6, 7, 8, 9]) queue.add(task, task);
    expect(next(6).filter((group) => group === 1)).toHaveLength(3);
  });
});

describe('round-robin', () => {
  it('serves no group twice in a row while another waits, whatever comes when', () => {
    const acts = fc.array(fc.option(fc.nat({ max: 4 }), { nil: undefined, freq: 2 }), { maxLength: 100 });
    fc.assert(
      fc.property(acts, (coming) => {
        const groups: number[] = [];
        const queue = createPolicy('round-robin', policyFacts({ groupOf: (task) => groups[task]! }));
        let last = -1;
        for (const group of coming) {
          if (group !== undefined) {
            const task = groups.push(group) - 1;
            queue.add(task, task);
            continue;
          }
          const waits = queue.waiting().map((task) => groups[task]!);
          const task = queue.next();
          if (task === undefined) continue;
          const others = waits.some((one) => one !== last);
          if (others) expect(groups[task]).not.toBe(last);
          last = groups[task]!;
        }
      }),
    );
  });

  it('gives each group as many tasks in a turn as the quantum says, and begins with the one declared first', () => {
    expect(served('round-robin', [5, 2, 3], { quantum: 2 }, 10)).toEqual([0, 0, 1, 1, 2, 2, 0, 0, 2, 0]);
  });

  it('lets a group that waits have a turn before any other has two', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 2, maxLength: 6 }), (waiting) => {
        const total = waiting.reduce((a, b) => a + b);
        const all = served('round-robin', waiting, {}, total);
        const rounds = Math.max(...waiting);
        const expected = Array.from({ length: rounds }, (_, round) =>
          waiting.flatMap((tasks, group) => (tasks > round ? [group] : [])),
        ).flat();
        expect(all).toEqual(expected);
      }),
    );
  });
});
