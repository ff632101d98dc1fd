import { z } from 'zod';
import { LABEL_PATTERN } from '../dag/label.js';
import { BYTES_PATTERN, CORES_PATTERN, MAXIMUM_CORES, parseBytes, parseCores } from '../dag/quantity.js';
import type { Requirements } from '../dag/worker-group.js';
import { listOf, perForm, strict } from './fields.js';
import { pack, quote } from './problem.js';

const label = z.string().regex(LABEL_PATTERN, {
  error: ({ input }) =>
    pack(
      'NAME_INVALID',
      `is no label: ${quote(input)}.`,
      'Begin with a letter or digit; go on with letters, digits and `_.:=/-`, to at most 120.',
    ),
});

function refuseTwice(labels: readonly string[], context: z.RefinementCtx): void {
  for (const [index, one] of labels.entries()) {
    if (labels.indexOf(one) === index) continue;
    const message = pack('VALUE_INVALID', 'is there twice.', 'Remove it.');
    context.addIssue({ code: 'custom', message, path: [index] });
  }
}

/** A number of something, or a text with a unit. */
function quantity(
  number: z.ZodType<number, number>,
  pattern: RegExp,
  parse: (text: string) => number | undefined,
  hint: string,
): z.ZodType<number, number | string> {
  const text = z
    .string()
    .regex(pattern, {
      error: ({ input }) => pack('VALUE_INVALID', `is not an amount: ${quote(input)}.`, hint),
      abort: true,
    })
    .transform((given, context) => {
      const amount = parse(given);
      if (amount !== undefined) return amount;
      context.addIssue(pack('VALUE_INVALID', `is out of range: ${quote(given)}.`, hint));
      return z.NEVER;
    });
  return z.union([number, text]);
}

const cores = z.number().min(0.001).max(MAXIMUM_CORES);
const bytes = z.int().min(1);

function long(canonical: boolean) {
  const fileCores = quantity(cores, CORES_PATTERN, parseCores, 'Write a number of cores above 0, like 2, 0.5 or 500m.');
  const fileBytes = quantity(bytes, BYTES_PATTERN, parseBytes, 'Write bytes, or an amount like 512Mi, 4Gi or 1G.');
  const labels = (canonical ? z.array(label).min(1) : listOf(label)) as ReturnType<typeof listOf<string, string>>;
  return strict({
    labels: labels
      .superRefine(refuseTwice)
      .exactOptional()
      .describe('Labels that the worker group must have: one, or a list of which it must have all. Default: none.'),
    cpu: (canonical ? (cores as typeof fileCores) : fileCores)
      .exactOptional()
      .describe('Cores that the task takes while it runs, like 2, 0.5 or 500m. Default: none are counted.'),
    memory: (canonical ? (bytes as typeof fileBytes) : fileBytes)
      .exactOptional()
      .describe('Memory that the task takes while it runs: bytes, or like 512Mi or 4Gi. Default: none is counted.'),
  }).refine((given) => Object.keys(given).length > 0, {
    error: pack('FIELD_MISSING', 'asks for nothing.', 'Add `labels:`, `cpu:` or `memory:`.'),
    when: ({ issues }) => issues.length === 0,
  });
}

/** What the worker group that runs a task must have. In a file, a label or a list of labels is short for `{ labels }`. */
export const requiresField = perForm('requires', (canonical): z.ZodType<Requirements, unknown> => {
  if (canonical) return long(true) as z.ZodType<Requirements, unknown>;
  const short = label.transform((one) => ({ labels: [one] }));
  const list = z
    .array(label)
    .min(1)
    .superRefine(refuseTwice)
    .transform((labels) => ({ labels }));
  return z.union([short, list, long(false)]) as z.ZodType<Requirements, unknown>;
});
