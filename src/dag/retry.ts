import { retryOf, retryRulesOf, type Dag, type RetryPolicy, type Task } from './dag.js';

/** What becomes of a task whose attempt failed. `delay` is in milliseconds. */
export type NextAttempt = { readonly retry: false } | { readonly retry: true; readonly delay: number };

/** What the rule must know of a failed attempt. */
export interface AttemptFailure {
  /** Whether another attempt makes sense. */
  readonly retryable: boolean;
  /** Milliseconds before the next attempt, where the failure knows better than the policy. */
  readonly nextRetryDelay?: number;
}

/**
 * Whether and when a task is tried again: the rule of Temporal's server, for hosts that have no server. A delay that the
 * failure itself names is taken as it is: neither the coefficient nor the maximum interval applies to it.
 *
 * @param attempt the attempt that failed; the first is 1.
 */
export function nextAttempt(policy: RetryPolicy, attempt: number, failure: AttemptFailure): NextAttempt {
  if (!failure.retryable || attempt >= policy.maximumAttempts) return { retry: false };
  if (failure.nextRetryDelay !== undefined) return { retry: true, delay: Math.max(0, failure.nextRetryDelay) };
  const interval = policy.initialInterval * policy.backoffCoefficient ** (attempt - 1);
  return { retry: true, delay: Math.min(interval, policy.maximumInterval) };
}

/** The most attempts that any error lets the task have: by its policy, or by a rule. */
export function mostAttempts(dag: Dag, task: Task): number {
  const { maximumAttempts } = retryOf(dag, task);
  return retryRulesOf(dag, task).reduce(
    (most, rule) => ((rule.then ?? 'retry') === 'retry' ? Math.max(most, rule.maximumAttempts ?? 0) : most),
    maximumAttempts,
  );
}

/**
 * The types of failures after which a foreign activity is not tried again: the codes of its rules with `then: fail`.
 * Temporal's server decides by them, so no other kind of rule is possible there.
 */
export function nonRetryableTypes(dag: Dag, task: Task): string[] {
  const types = retryRulesOf(dag, task).flatMap((rule) => (rule.then === 'fail' ? (rule.code ?? []) : []));
  return [...new Set(types)];
}
