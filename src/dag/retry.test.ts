import { describe, expect, it } from 'vitest';
import type { Dag, RetryPolicy, Task } from './dag.js';
import { mostAttempts, nextAttempt, nonRetryableTypes } from './retry.js';

const POLICY: RetryPolicy = {
  maximumAttempts: 6,
  initialInterval: 1_000,
  backoffCoefficient: 2,
  maximumInterval: 5_000,
};

describe('nextAttempt', () => {
  it('waits longer before each attempt, up to the maximum interval', () => {
    const delays = [1, 2, 3, 4, 5].map((attempt) => nextAttempt(POLICY, attempt, { retryable: true }));
    expect(delays).toEqual([1_000, 2_000, 4_000, 5_000, 5_000].map((delay) => ({ retry: true, delay })));
  });

  it('gives up after the last attempt', () => {
    expect(nextAttempt(POLICY, 6, { retryable: true })).toEqual({ retry: false });
    expect(nextAttempt({ ...POLICY, maximumAttempts: 1 }, 1, { retryable: true })).toEqual({ retry: false });
  });

  it('gives up at once where the failure says that another attempt makes no sense', () => {
    expect(nextAttempt(POLICY, 1, { retryable: false, nextRetryDelay: 5 })).toEqual({ retry: false });
  });

  it('takes the delay that the failure names, even over the maximum interval, but no further attempt', () => {
    expect(nextAttempt(POLICY, 3, { retryable: true, nextRetryDelay: 60_000 })).toEqual({ retry: true, delay: 60_000 });
    expect(nextAttempt(POLICY, 1, { retryable: true, nextRetryDelay: 0 })).toEqual({ retry: true, delay: 0 });
    expect(nextAttempt(POLICY, 6, { retryable: true, nextRetryDelay: 10 })).toEqual({ retry: false });
  });

  it('stays at the maximum interval where the attempts are so many that the power overflows', () => {
    const policy = { ...POLICY, maximumAttempts: 10_000 };
    expect(nextAttempt(policy, 5_000, { retryable: true })).toEqual({ retry: true, delay: 5_000 });
  });

  it('keeps one interval where the coefficient is 1', () => {
    const policy = { ...POLICY, backoffCoefficient: 1, initialInterval: 300 };
    expect(nextAttempt(policy, 4, { retryable: true })).toEqual({ retry: true, delay: 300 });
  });
});

describe('the rules of a task', () => {
  const task: Task = { name: 'only', uses: 'shell', with: { run: 'true' }, needs: [] };
  const dag: Dag = { name: 'demo', params: {}, tasks: [task] };

  it('may allow more attempts than its policy', () => {
    expect(mostAttempts(dag, task)).toBe(1);
    const rules = [
      { code: ['A'], maximumAttempts: 9 },
      { code: ['B'], maximumAttempts: 20, then: 'fail' as const },
    ];
    expect(mostAttempts(dag, { ...task, retry: { maximumAttempts: 3, rules } })).toBe(9);
    expect(mostAttempts(dag, { ...task, retry: { maximumAttempts: 12, rules } })).toBe(12);
    expect(mostAttempts({ ...dag, defaults: { retry: { rules } } }, task)).toBe(9);
  });

  it('name what a foreign activity is not tried again after', () => {
    const rules = [
      { code: ['A', 'B'], then: 'fail' as const },
      { code: ['C'] },
      { code: ['B'], then: 'fail' as const },
    ];
    expect(nonRetryableTypes(dag, { ...task, retry: { rules } })).toEqual(['A', 'B']);
    expect(nonRetryableTypes(dag, task)).toEqual([]);
  });
});
