import { z } from 'zod';
import type { RetryPolicy, RetryRule, TaskRetry } from '../dag/dag.js';
import { condition, durationField, listOf, perForm, positive, strict, type DurationField } from './fields.js';
import { pack } from './problem.js';
import { canonicalStatuses, fileStatus, type StatusRange } from './status-field.js';

function policyFields(duration: DurationField) {
  return {
    maximumAttempts: z
      .int()
      .min(1)
      .max(10_000)
      .exactOptional()
      .describe('Attempts in all, the first included. Default: 1, no retry.'),
    initialInterval: positive(duration)
      .exactOptional()
      .describe('The wait before the second attempt, like 1s. Default: 1s.'),
    backoffCoefficient: z
      .number()
      .min(1)
      .max(1_000)
      .exactOptional()
      .describe('Each wait is the one before times this. Default: 2.'),
    maximumInterval: positive(duration).exactOptional().describe('No wait is longer, like 1m. Default: 1m.'),
  } satisfies Record<keyof RetryPolicy, z.ZodType>;
}

const CONDITIONS = ['exitCode', 'code', 'status', 'when'] as const;

function rule(duration: DurationField, canonical: boolean) {
  const list = <Output, Input>(one: z.ZodType<Output, Input>): z.ZodType<Output[], Input | Input[]> =>
    canonical ? (z.array(one).min(1) as unknown as z.ZodType<Output[], Input | Input[]>) : listOf(one);
  const statuses = canonical ? (canonicalStatuses as unknown as ReturnType<typeof fileStatuses>) : fileStatuses();
  return strict({
    exitCode: list(z.int().min(0).max(255)).exactOptional().describe('Exit codes of a shell task, like 2 or [2, 3].'),
    code: list(z.string().min(1).max(1_000))
      .exactOptional()
      .describe('Codes of errors, like TASK_TIMEOUT, or types of the failures of activities.'),
    status: statuses.exactOptional().describe('Statuses of an HTTP answer, like 503 or "500-599".'),
    when: condition.exactOptional().describe("A CEL expression over `error`, like error.message.contains('locked')."),
    // oxlint-disable-next-line unicorn/no-thenable -- its name in dag files; nobody awaits a rule
    then: z
      .enum(['retry', 'fail', 'skip'])
      .exactOptional()
      .describe('What becomes of the task: another attempt, none, or it ends skipped. Default: retry.'),
    ...policyFields(duration),
  }).superRefine((given, context) => {
    if (CONDITIONS.some((name) => name in given)) return;
    const hint = 'Add `exitCode`, `code`, `status` or `when`.';
    context.addIssue(pack('FIELD_MISSING', 'does not say which errors it is for.', hint));
  });
}

function fileStatuses(): z.ZodType<StatusRange[], number | string | (number | string)[]> {
  return listOf(fileStatus);
}

/** How often, and how far apart, a failed task is tried again, and what differs by the kind of error. */
export const retryField = perForm('retry', (canonical): z.ZodType<TaskRetry, unknown> => {
  const duration = durationField(canonical);
  return strict({
    ...policyFields(duration),
    rules: (z.array(rule(duration, canonical)) as unknown as z.ZodType<RetryRule[], unknown>)
      .exactOptional()
      .describe('What differs by the kind of error: the first rule that fits counts.'),
  }) as z.ZodType<TaskRetry, unknown>;
});
