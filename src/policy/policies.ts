import { isPolicyName, type Policy, type PolicyFacts, type PolicyName } from '../dag/policy.js';
import { Fcfs } from './fcfs.js';
import { Priority } from './priority.js';

const POLICIES: Readonly<Record<PolicyName, (facts: PolicyFacts) => Policy>> = {
  fcfs: () => new Fcfs(),
  priority: (facts) => new Priority(facts),
};

/**
 * A new policy with no tasks; each run has its own.
 * @throws Error where there is no policy of that name (see `isPolicyName`).
 */
export function createPolicy(name: string, facts: PolicyFacts): Policy {
  if (!isPolicyName(name)) throw new Error(`There is no policy ${name}.`);
  return POLICIES[name](facts);
}
