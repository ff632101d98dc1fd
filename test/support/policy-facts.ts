import type { PolicyFacts } from '../../src/dag/policy.js';

/** What a policy may ask: nothing special of any task, but what `over` says. */
export function policyFacts(over: Partial<PolicyFacts> = {}): PolicyFacts {
  return {
    priorityOf: () => 0,
    readyAt: () => 0,
    estimateOf: () => 1,
    remainingOf: () => 1,
    deadlineOf: () => undefined,
    rankOf: () => 0,
    dependentsOf: () => 0,
    groupOf: () => 0,
    weightOf: () => 1,
    aging: undefined,
    quantum: 1,
    ...over,
  };
}
