import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { POLICY_NAMES, type Policy, type PolicyFacts, type PolicyName } from '../dag/policy.js';
import { createPolicy } from './policies.js';

type Step = 'add' | 'next' | 'remove' | 'return' | 'change' | 'copy';

/** A waiting task as the slow, plain policy of the tests has it. */
interface Waiting {
  readonly task: number;
  readonly sequence: number;
  readonly priority: number;
}

/** What each policy promises, told without its means. */
const ORDERS: Readonly<Record<PolicyName, (a: Waiting, b: Waiting) => number>> = {
  fcfs: (a, b) => a.sequence - b.sequence,
  priority: (a, b) => b.priority - a.priority || a.sequence - b.sequence,
};

const NO_FACTS: PolicyFacts = { priorityOf: () => 0 };

/** What every policy must do: a new one is held to it by its name. */
describe.each(POLICY_NAMES)('policy %s', (name) => {
  const create = (facts = NO_FACTS): Policy => createPolicy(name, facts);

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

  it('keeps its order through all that comes, as a copy of it does', () => {
    const steps = fc.array(
      fc.record({
        step: fc.constantFrom<Step>('add', 'add', 'add', 'next', 'remove', 'return', 'change', 'copy'),
        pick: fc.nat({ max: 40 }),
        priority: fc.integer({ min: -2, max: 2 }),
      }),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(steps, (acts) => {
        const priorities = new Map<number, number>();
        const facts: PolicyFacts = { priorityOf: (task) => priorities.get(task) ?? 0 };
        const sequences = new Map<number, number>();
        let waiting: Waiting[] = [];
        let policy = create(facts);
        const add = (task: number): void => {
          const sequence = sequences.get(task)!;
          policy.add(task, sequence);
          waiting.push({ task, sequence, priority: facts.priorityOf(task) });
        };
        const remove = (task: number): void => {
          policy.remove(task, sequences.get(task)!);
          waiting = waiting.filter((one) => one.task !== task);
        };
        const copied = (): Policy => {
          const copy = create(facts);
          for (const task of policy.waiting()) copy.add(task, sequences.get(task)!);
          return copy;
        };
        for (const { step, pick, priority } of acts) {
          const waits = waiting.some(({ task }) => task === pick);
          if (step === 'add' && !sequences.has(pick)) {
            sequences.set(pick, sequences.size);
            priorities.set(pick, priority);
            add(pick);
          } else if (step === 'return' && sequences.has(pick) && !waits) add(pick);
          else if (step === 'next') {
            const first = waiting.toSorted(ORDERS[name])[0]?.task;
            expect(policy.next()).toBe(first);
            waiting = waiting.filter(({ task }) => task !== first);
          } else if (step === 'remove' && waits) remove(pick);
          else if (step === 'change' && waits) {
            remove(pick);
            priorities.set(pick, priority);
            add(pick);
          } else if (step === 'copy') policy = copied();
          expect(policy.size).toBe(waiting.length);
          expect(policy.waiting()).toEqual(waiting.toSorted(ORDERS.fcfs).map(({ task }) => task));
          expect(policy.order()).toEqual(waiting.toSorted(ORDERS[name]).map(({ task }) => task));
        }
        const order = waiting.toSorted(ORDERS[name]).map(({ task }) => task);
        expect(drain(copied())).toEqual(order);
        expect(drain(policy)).toEqual(order);
      }),
    );
  });

  it('adds, takes out, adds again and gives 100,000 tasks in no time', () => {
    const count = 100_000;
    const priorities = Array.from({ length: count }, (_, task) => (task * 7919) % 1_000);
    const policy = create({ priorityOf: (task) => priorities[task]! });
    const began = performance.now();
    for (let task = 0; task < count; task++) policy.add(task, task);
    for (let task = 0; task < count; task++) {
      policy.remove(task, task);
      priorities[task] = (task * 104_729) % 1_000;
      policy.add(task, task);
    }
    const readded = performance.now() - began;
    expect(drain(policy).length).toBe(count);
    // Some 100 ms; one that looks at all others per task takes minutes.
    expect(readded).toBeLessThan(2_000);
  });
});

/** Everything that waits, in the order in which the policy gives it. */
function drain(policy: Policy): number[] {
  const order: number[] = [];
  for (let task = policy.next(); task !== undefined; task = policy.next()) order.push(task);
  return order;
}
