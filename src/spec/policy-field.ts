import { z } from 'zod';
import {
  combinationProblem,
  isPolicyName,
  OPTIMIZED,
  POLICY_NAMES,
  readPolicy,
  type PolicyName,
} from '../dag/policy.js';
import { pack, quote } from './problem.js';

type FilePolicyName = PolicyName | typeof OPTIMIZED;

/** What is wrong with several names in one text, where it is that. */
function severalIn(input: unknown): string | undefined {
  const names = typeof input === 'string' ? input.split(',').map((name) => name.trim()) : [];
  if (names.length < 2 || !names.every(isPolicyName)) return undefined;
  return pack('VALUE_INVALID', 'names several policies in one text.', `Write a list: \`[${names.join(', ')}]\`.`);
}

/** The name of a policy. */
const policyName: z.ZodType<PolicyName, PolicyName> = z.enum(POLICY_NAMES, { error: ({ input }) => severalIn(input) });

/** What stands alone: a policy, or the search for the best order before the run. */
const filePolicyName: z.ZodType<FilePolicyName, FilePolicyName> = z.enum([...POLICY_NAMES, OPTIMIZED], {
  error: ({ input }) => severalIn(input),
});

/** A policy, or several in order, each for what those before it leave open. Gives the canonical text. */
export const filePolicy: z.ZodType<string, FilePolicyName | PolicyName[]> = z.union([
  filePolicyName,
  z
    .array(policyName)
    .min(1)
    .superRefine((names, context) => {
      const problem = combinationProblem(names);
      if (problem !== undefined) context.addIssue(pack('VALUE_INVALID', `makes no sense. ${problem}`));
    })
    .meta({ uniqueItems: true })
    .transform((names) => names.join(',')),
]);

/** The canonical text: names, with commas between them. */
export const canonicalPolicy: z.ZodType<string, string> = z.string().superRefine((text, context) => {
  if (text === OPTIMIZED) return;
  const read = readPolicy(text);
  if ('problem' in read) context.addIssue(pack('VALUE_INVALID', `makes no sense. ${read.problem}`));
  else if (read.names.join(',') !== text) {
    context.addIssue(pack('VALUE_INVALID', `is not in the canonical form: ${quote(text)}.`, 'Leave out the blanks.'));
  }
});
