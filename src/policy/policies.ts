import { Fcfs } from './fcfs.js';
import type { Policy } from '../dag/policy.js';

const POLICIES = { fcfs: () => new Fcfs() } satisfies Record<string, () => Policy>;

/** The name of a policy, as a dag says it. */
export type PolicyName = keyof typeof POLICIES;

/** Every policy there is. */
export const POLICY_NAMES = Object.keys(POLICIES) as readonly PolicyName[];

/** A new policy with no tasks; each run has its own. */
export function createPolicy(name: PolicyName): Policy {
  return POLICIES[name]();
}
