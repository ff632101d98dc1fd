import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PlainPolicy } from '../../test/support/plain-policy.js';
import { policyFacts } from '../../test/support/policy-facts.js';
import type { Json } from '../dag/json.js';
import { POLICY_NAMES, type Policy, type PolicyName } from '../dag/policy.js';
import { createPolicy } from './policies.js';

const COMBINATIONS = [
  'priority,sjf',
  'priority,fcfs',
  'edf,priority,sjf',
  'critical-path,sjf',
  'sjf,critical-path',
  'round-robin,priority',
  'fair,sjf',
  'priority,round-robin',
  'priority,fair',
  'edf,fair,critical-path',
];

type Step = 'add' | 'next' | 'remove' | 'return' | 'change' | 'copy';

/** What is known of a task. */
interface Known {
  readonly priority: number;
  readonly estimate: number;
  readonly deadline: number | undefined;
  readonly rank: number;
  readonly group: number;
}

const NOTHING: Known = { priority: 0, estimate: 1, deadline: undefined, rank: 0, group: 0 };

const few = fc.integer({ min: 0, max: 2 });
const known: fc.Arbitrary<Known> = fc.record({
  priority: fc.integer({ min: -2, max: 2 }),
  estimate: few,
  deadline: fc.option(few, { nil: undefined }),
  rank: few,
  group: few,
});

/** What every policy must do: a new one is held to it by its name, and by a combination. */
describe.each([...POLICY_NAMES, ...COMBINATIONS])('policy %s', (name) => {
  const create = (facts = policyFacts()): Policy => createPolicy(name, facts);

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

  it('keeps its order through all that comes, as a copy of it does that remembers the same', () => {
    const steps = fc.array(
      fc.record({
        step: fc.constantFrom<Step>('add', 'add', 'add', 'next', 'next', 'remove', 'return', 'change', 'copy'),
        pick: fc.nat({ max: 30 }),
        is: known,
      }),
      { maxLength: 100 },
    );
    const settings = fc.record({
      quantum: fc.integer({ min: 1, max: 3 }),
      aging: fc.constantFrom(undefined, 1, 4),
      weights: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 3, maxLength: 3 }),
    });
    fc.assert(
      fc.property(steps, settings, (acts, { quantum, aging, weights }) => {
        const tasks = new Map<number, Known>();
        const of = (task: number): Known => tasks.get(task) ?? NOTHING;
        const sequences = new Map<number, number>();
        const facts = policyFacts({
          priorityOf: (task) => of(task).priority,
          readyAt: (task) => sequences.get(task)!,
          estimateOf: (task) => of(task).estimate,
          deadlineOf: (task) => of(task).deadline,
          rankOf: (task) => of(task).rank,
          dependentsOf: (task) => task % 2,
          groupOf: (task) => of(task).group,
          weightOf: (group) => weights[group]!,
          aging,
          quantum,
        });
        const plain = new PlainPolicy(name.split(',') as PolicyName[], facts);
        let policy = create(facts);
        const add = (task: number): void => {
          policy.add(task, sequences.get(task)!);
          plain.add(task, sequences.get(task)!);
        };
        const remove = (task: number): void => {
          policy.remove(task, sequences.get(task)!);
          plain.remove(task);
        };
        const copied = (): Policy => {
          const copy = create(facts);
          const memory = policy.memory();
          if (memory !== undefined) copy.recall(JSON.parse(JSON.stringify(memory)) as Json);
          for (const task of policy.waiting()) copy.add(task, sequences.get(task)!);
          return copy;
        };
        for (const { step, pick, is } of acts) {
          const waits = plain.waiting.some(({ task }) => task === pick);
          if (step === 'add' && !sequences.has(pick)) {
            sequences.set(pick, sequences.size);
            tasks.set(pick, is);
            add(pick);
          } else if (step === 'return' && sequences.has(pick) && !waits) add(pick);
          else if (step === 'next') expect(policy.next()).toBe(plain.next());
          else if (step === 'remove' && waits) remove(pick);
          else if (step === 'change' && waits) {
            remove(pick);
            tasks.set(pick, is);
            add(pick);
          } else if (step === 'copy') policy = copied();
          expect(policy.size).toBe(plain.waiting.length);
        }
        const bySequence = plain.waiting.toSorted((a, b) => a.sequence - b.sequence);
        expect(policy.waiting()).toEqual(bySequence.map(({ task }) => task));
        const order = plain.order();
        expect(policy.order()).toEqual(order);
        expect(drain(copied())).toEqual(order);
        expect(drain(policy)).toEqual(order);
      }),
    );
  });

  it('adds, takes out, adds again and gives 100,000 tasks: one that looked at all others each time took minutes', () => {
    const count = 100_000;
    const priorities = Array.from({ length: count }, (_, task) => (task * 7919) % 1_000);
    const facts = policyFacts({
      priorityOf: (task) => priorities[task]!,
      estimateOf: (task) => (task * 31) % 10_007,
      rankOf: (task) => (task * 17) % 1_009,
      deadlineOf: (task) => (task * 13) % 5_003,
      groupOf: (task) => task % 5_000,
    });
    const policy = create(facts);
    for (let task = 0; task < count; task++) policy.add(task, task);
    for (let task = 0; task < count; task++) {
      policy.remove(task, task);
      priorities[task] = (task * 104_729) % 1_000;
      policy.add(task, task);
    }
    expect(drain(policy).length).toBe(count);
  });
});

/** Everything that waits, in the order in which the policy gives it. */
function drain(policy: Policy): number[] {
  const order: number[] = [];
  for (let task = policy.next(); task !== undefined; task = policy.next()) order.push(task);
  return order;
}
