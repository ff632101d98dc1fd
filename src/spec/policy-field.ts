import { z } from 'zod';
import { POLICY_NAMES, type PolicyName } from '../dag/policy.js';
import { pack, quote } from './problem.js';

/** Policies that later versions will have. */
const LATER: readonly unknown[] = ['critical-path', 'edf', 'sjf'];

const HINT = `Write ${POLICY_NAMES.map((name) => `\`${name}\``).join(' or ')}.`;

/** The name of a policy. */
export const policyName: z.ZodType<PolicyName, PolicyName> = z.enum(POLICY_NAMES, {
  error: ({ input }) =>
    LATER.includes(input) ? pack('NOT_SUPPORTED_YET', `is not supported yet: ${quote(input)}.`, HINT) : undefined,
});

/** The name, or a list of it alone: later versions will take several, each for the ties of those before it. */
export const filePolicy: z.ZodType<PolicyName, PolicyName | PolicyName[]> = z.union([
  policyName,
  z
    .array(policyName)
    .min(1)
    .max(1, { error: pack('NOT_SUPPORTED_YET', 'lists several policies, which is not supported yet.', 'Keep one.') })
    .transform((names) => names[0]!),
]);
