import { describe, expect, it } from 'vitest';
import type { Dag, Task } from '../dag/dag.js';
import { planOf } from './plan.js';
import { figuresOf } from './results.js';

function dagOf(tasks: readonly (Partial<Task> & { readonly name: string })[]): Dag {
  return {
    name: 'demo',
    params: {},
    tasks: tasks.map((task) => ({ uses: 'shell', with: { run: 'true' }, needs: [], ...task })),
  };
}

describe('planOf', () => {
  it('takes what is observed, else the estimate, else the median, else a second', () => {
    const dag = dagOf([
      { name: 'a', estimate: 10 },
      { name: 'b', estimate: 30 },
      { name: 'c' },
      { name: 'd', estimate: 5 },
    ]);
    expect(planOf('f', dag).durations).toEqual([10, 30, 10, 5]);
    expect(planOf('f', dag, { durations: new Map([['a', 90]]) }).durations).toEqual([90, 30, 30, 5]);
    expect(planOf('f', dagOf([{ name: 'a' }])).durations).toEqual([1_000]);
  });

  it('keeps estimates for policies to order by, and fills those that are missing', () => {
    const dag = dagOf([{ name: 'a', estimate: 10 }, { name: 'b' }]);
    const plan = planOf('f', dag, {
      durations: new Map([
        ['a', 90],
        ['b', 70],
      ]),
    });
    expect(plan.dag.tasks.map(({ estimate }) => estimate)).toEqual([10, 70]);
  });

  it('counts the items that the file itself tells, or that a run had', () => {
    const dag = dagOf([
      { name: 'list', estimate: 5, forEach: [1, 2, 3] },
      { name: 'range', estimate: 5, forEach: { range: { from: 2, to: 9, step: 3 } } },
      { name: 'matrix', estimate: 5, forEach: { matrix: { a: [1, 2], b: [1, 2, 3] } } },
      { name: 'text', estimate: 5, forEach: '${{ params.files }}' },
      { name: 'none', estimate: 5, forEach: [] },
    ]);
    const count = (plan: ReturnType<typeof planOf>): number[] => [...plan.items.values()].map(({ length }) => length);
    expect(count(planOf('f', dag))).toEqual([3, 3, 6, 1, 0]);
    const observed = new Map([
      ['text[0]', 7],
      ['text[1]', 8],
    ]);
    expect(planOf('f', dag, { durations: observed }).items.get(3)).toEqual([7, 8]);
  });

  it('lets waits take their time and no slot, and a sub-dag its longest path', () => {
    const sub = dagOf([
      { name: 'x', estimate: 10 },
      { name: 'y', estimate: 20, needs: [{ task: 'x' }] },
      { name: 'z', estimate: 25 },
    ]);
    const dag = dagOf([
      { name: 'wait', uses: 'wait', with: { for: 90 } },
      { name: 'event', uses: 'event', with: { name: 'go' } },
      { name: 'sub', uses: 'dag', with: { dag: sub as never } },
    ]);
    expect(planOf('f', dag).durations).toEqual([90, 0, 30]);
  });
});

describe('figuresOf', () => {
  it('gives what the texts of the field define', () => {
    const dag = dagOf([
      { name: 'a', estimate: 6_000 },
      { name: 'b', estimate: 2_000, needs: [{ task: 'a', weight: 3 }], retry: { maximumAttempts: 2 } },
    ]);
    expect(figuresOf(planOf('f', dag), [3, 1], 0.5)).toEqual({
      executionTime: 4,
      transferTime: 3,
      failureProbability: 1 - 0.5 * 0.75,
      load: 2,
    });
  });

  it('takes the share of attempts that failed from a run', () => {
    const dag = dagOf([{ name: 'a', retry: { maximumAttempts: 3 } }, { name: 'b' }]);
    const observed = { durations: new Map([['a', 10]]), failures: new Map([['a', 0.5]]) };
    expect(figuresOf(planOf('f', dag, observed), [1], 0.9).failureProbability).toBeCloseTo(0.125);
  });
});
