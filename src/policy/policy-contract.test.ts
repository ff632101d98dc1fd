import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { POLICY_NAMES, createPolicy } from './policies.js';
import type { Policy } from '../dag/policy.js';

type Step = 'add' | 'next' | 'remove' | 'return' | 'copy';

/** What every policy must do, whatever its order: a new one is held to it by being in policies.ts. */
describe.each(POLICY_NAMES)('policy %s', (name) => {
  const create = (): Policy => createPolicy(name);

  it('bears its name and is made afresh for each run', () => {
    const policy = create();
    policy.add(0, 0);
    expect(policy.name).toBe(name);
    expect(create().size).toBe(0);
  });

  it('gives each task that was added once, then none', () => {
    const policy = create();
    expect(policy.next()).toBeUndefined();
    [4, 0, 7].forEach((task, sequence) => policy.add(task, sequence));
    expect(policy.size).toBe(3);
    expect([policy.next(), policy.next(), policy.next()].sort()).toEqual([0, 4, 7]);
    expect(policy.size).toBe(0);
    expect(policy.next()).toBeUndefined();
  });

  it('takes a task again once it was given or taken out', () => {
    const policy = create();
    policy.add(3, 0);
    policy.add(4, 1);
    expect([policy.next(), policy.next()].sort()).toEqual([3, 4]);
    policy.add(3, 0);
    policy.remove(3, 0);
    expect(policy.size).toBe(0);
    expect(policy.next()).toBeUndefined();
    policy.add(3, 0);
    expect(policy.waiting()).toEqual([3]);
    expect(policy.next()).toBe(3);
    expect(policy.next()).toBeUndefined();
  });

  it('takes out a waiting task', () => {
    const policy = create();
    policy.add(1, 0);
    policy.add(2, 1);
    policy.remove(1, 0);
    expect(policy.size).toBe(1);
    expect(policy.waiting()).toEqual([2]);
    expect(policy.next()).toBe(2);
    expect(policy.next()).toBeUndefined();
  });

  it('lists what waits in the order of the sequence numbers, and changes nothing by that', () => {
    const policy = create();
    policy.add(5, 2);
    policy.add(9, 0);
    policy.add(1, 1);
    expect(policy.waiting()).toEqual([9, 1, 5]);
    expect(policy.waiting()).toEqual([9, 1, 5]);
    expect(policy.size).toBe(3);
  });

  it('takes task numbers far apart', () => {
    const policy = create();
    policy.add(1_000_000, 0);
    policy.add(0, 1);
    expect(policy.size).toBe(2);
    expect(policy.waiting()).toEqual([1_000_000, 0]);
  });

  it('holds just the tasks added and neither given nor removed, and a copy of it gives the same order', () => {
    const steps = fc.array(
      fc.tuple(fc.constantFrom<Step>('add', 'add', 'next', 'remove', 'return', 'copy'), fc.nat({ max: 40 })),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(steps, (acts) => {
        let policy = create();
        const sequences = new Map<number, number>();
        const waiting = new Set<number>();
        for (const [act, pick] of acts) {
          const idle = [...sequences.keys()].filter((task) => !waiting.has(task));
          if (act === 'add' && !sequences.has(pick)) {
            sequences.set(pick, sequences.size);
            policy.add(pick, sequences.get(pick)!);
            waiting.add(pick);
          } else if (act === 'return' && idle.length > 0) {
            const task = idle[pick % idle.length]!;
            policy.add(task, sequences.get(task)!);
            waiting.add(task);
          } else if (act === 'next') {
            const task = policy.next();
            expect(task === undefined ? waiting.size === 0 : waiting.delete(task)).toBe(true);
          } else if (act === 'remove' && waiting.delete(pick)) {
            policy.remove(pick, sequences.get(pick)!);
          } else if (act === 'copy') {
            const copy = create();
            for (const task of policy.waiting()) copy.add(task, sequences.get(task)!);
            policy = copy;
          }
          expect(policy.size).toBe(waiting.size);
          const inOrder = [...waiting].sort((a, b) => sequences.get(a)! - sequences.get(b)!);
          expect(policy.waiting()).toEqual(inOrder);
        }
        const copy = create();
        for (const task of policy.waiting()) copy.add(task, sequences.get(task)!);
        expect(drain(copy)).toEqual(drain(policy));
      }),
    );
  });
});

/** Everything that waits, in the order in which the policy gives it. */
function drain(policy: Policy): number[] {
  const order: number[] = [];
  for (let task = policy.next(); task !== undefined; task = policy.next()) order.push(task);
  return order;
}
