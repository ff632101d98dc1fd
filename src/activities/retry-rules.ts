import type { RetryPolicy, RetryRule } from '../dag/dag.js';
import type { JsonObject } from '../dag/json.js';
import { nextAttempt } from '../dag/retry.js';
import type { TaskCall } from '../dag/task-call.js';
import type { TaskError } from '../dag/task-error.js';
import { evaluate, recompile } from '../expression/compile.js';
import type { TaskFailure } from './handler.js';

/**
 * What follows a failed attempt. `delay`: milliseconds before the next one; left out, it is the policy's own. `skip`: the
 * task ends skipped.
 */
export type AfterFailure = { readonly then: 'retry'; readonly delay?: number } | { readonly then: 'fail' | 'skip' };

/**
 * What becomes of a task whose attempt failed: by the first of its rules that fits the error; where none does, by the
 * failure and the policy. A rule with `then: retry` also has errors tried again that would not be by themselves. A delay
 * that the failure names (`Retry-After`) counts before those of rules and policy.
 * @param attempt the attempt that failed; the first is 1.
 */
export function afterFailure(
  call: Pick<TaskCall, 'retry' | 'retryRules' | 'maximumAttempts'>,
  attempt: number,
  failure: Pick<TaskFailure, 'error' | 'retryable' | 'nextRetryDelay' | 'skip'>,
): AfterFailure {
  const rule = call.retryRules?.find((one) => fits(one, failure.error));
  if (rule?.then === 'fail' || rule?.then === 'skip') return { then: rule.then };
  const maximumAttempts = rule?.maximumAttempts ?? call.maximumAttempts;
  if ((rule === undefined && !failure.retryable) || attempt >= maximumAttempts) {
    return { then: failure.skip ? 'skip' : 'fail' };
  }
  const delay = failure.nextRetryDelay ?? (rule === undefined ? undefined : delayOf(rule, call, attempt));
  return { then: 'retry', ...(delay === undefined ? {} : { delay }) };
}

/**
 * Milliseconds before the attempt that follows, by whatever has a word in it; undefined where none follows.
 * @param attempt the attempt that failed; the first is 1.
 */
export function waitAfter(next: AfterFailure, policy: RetryPolicy, attempt: number): number | undefined {
  return next.then === 'retry' ? (next.delay ?? ownDelay(policy, attempt)) : undefined;
}

/** The wait that the policy itself has after this attempt. */
function ownDelay(policy: RetryPolicy, attempt: number): number {
  const next = nextAttempt({ ...policy, maximumAttempts: attempt + 1 }, attempt, { retryable: true });
  return next.retry ? next.delay : 0;
}

/** Undefined where the rule says nothing about waits. */
function delayOf(rule: RetryRule, { retry }: Pick<TaskCall, 'retry'>, attempt: number): number | undefined {
  const { initialInterval, backoffCoefficient, maximumInterval } = rule;
  if (retry === undefined || [initialInterval, backoffCoefficient, maximumInterval].every((one) => one === undefined)) {
    return undefined;
  }
  const policy = {
    ...retry,
    initialInterval: initialInterval ?? retry.initialInterval,
    backoffCoefficient: backoffCoefficient ?? retry.backoffCoefficient,
    // A first wait that the rule itself names is not cut by the task's own limit.
    maximumInterval: maximumInterval ?? Math.max(retry.maximumInterval, initialInterval ?? 0),
  };
  return ownDelay(policy, attempt);
}

/** Whether all that the rule names fits. */
function fits({ exitCode, code, status, when }: RetryRule, error: TaskError): boolean {
  const { exitCode: ended, status: answered } = error.details ?? {};
  if (exitCode !== undefined && !exitCode.includes(ended as number)) return false;
  if (code !== undefined && !code.includes(error.code)) return false;
  if (status !== undefined) {
    if (typeof answered !== 'number' || !status.some(([from, to]) => answered >= from && answered <= to)) return false;
  }
  return when === undefined || holds(when, error);
}

/** A condition that cannot be evaluated, for a field that this error has not, does not hold. */
function holds(when: string, error: TaskError): boolean {
  const shown = { details: {}, ...error } as unknown as JsonObject;
  try {
    return evaluate(recompile(when), { error: shown }) === true;
  } catch {
    return false;
  }
}
