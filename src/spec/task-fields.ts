import { z } from 'zod';
import type { Dependency } from '../dag/dag.js';
import { TRIGGER_RULES } from '../dag/trigger-rule.js';
import { compensateField } from './action.js';
import { condition, description, durationField, env, name, positive, strict, valueSchema } from './fields.js';
import { poolField } from './pool-field.js';
import { requiresField } from './requires-field.js';
import { retryField } from './retry-field.js';
import { sizeField } from './size-field.js';
import { timeoutField } from './timeout-field.js';

const dependency = strict({
  task: z.string().describe('The task that must succeed first.'),
  weight: z
    .number()
    .min(0)
    .max(31_536_000)
    .exactOptional()
    .describe('Seconds of transfer between the two tasks. Default: 0.'),
});

const fileDependency = z.union([z.string().transform((task) => ({ task })), dependency]);

const fileNeeds: z.ZodType<Dependency[], unknown> = z.union([
  z.string().transform((task) => [{ task }]),
  z.array(fileDependency),
  dependency.transform((one) => [one]),
]);

/** What every task may say. */
export function sharedFields(canonical: boolean) {
  return {
    description: description.exactOptional().describe('What the task is for. Shown to people.'),
    needs: canonical
      ? (z.array(dependency) as unknown as z.ZodExactOptional<typeof fileNeeds>)
      : fileNeeds
          .exactOptional()
          .describe('The tasks that must succeed first: a name, or a list of names or { task, weight }.'),
    triggerRule: z
      .enum(TRIGGER_RULES)
      .exactOptional()
      .describe('Which ends of the tasks that it needs let it start. Default: all_success.'),
    when: condition
      .exactOptional()
      .describe('A CEL expression: where it is false when the task could start, the task is skipped. Default: true.'),
    continueOnError: z
      .boolean()
      .exactOptional()
      .describe('The run goes on, and does not fail, though this task failed. Default: false.'),
    cancelRemaining: z
      .boolean()
      .exactOptional()
      .describe(
        'When the task may start, tasks that it needs and nobody else waits for are cancelled. Default: false.',
      ),
    priority: z
      .int()
      .min(-1_000_000_000)
      .max(1_000_000_000)
      .exactOptional()
      .describe('Higher goes first, for policies that look at it. Default: 0.'),
    estimate: (durationField(canonical) as z.ZodType<number, string | number>)
      .exactOptional()
      .describe(
        "How long the task is thought to take, like 5m; of a fan-out each item. Default: the median of the dag's.",
      ),
    deadline: positive(durationField(canonical))
      .exactOptional()
      .describe("By when the task should have ended, from the run's begin, for the policy `edf`. Default: none."),
    group: name
      .exactOptional()
      .describe('Who the task is for, for the policies `round-robin` and `fair`. Default: that of all that name none.'),
  };
}

/** What a task may say that leaves something: an output, files, or a need to undo it. */
export function workFields(canonical: boolean) {
  return {
    size: sizeField(canonical)
      .exactOptional()
      .describe(
        'How large its input is: a CEL expression that gives a number. A learned estimate grows with it. Default: it does not matter.',
      ),
    pool: poolField(canonical)
      .exactOptional()
      .describe(
        'What the task holds of `pools` while it runs: a name, { name, slots }, or a list; all, or it does not start.',
      ),
    output: valueSchema.exactOptional().describe('The JSON Schema of its output, checked when it comes. Default: any.'),
    compensate: compensateField(canonical)
      .exactOptional()
      .describe('What undoes the task where it has succeeded and its run does not: a script, or a handler.'),
  };
}

/** What a task may say that a worker does. */
export function handledFields(canonical: boolean) {
  return {
    env: env.exactOptional().describe('Environment variables of the task, over those of `defaults`.'),
    retry: retryField(canonical)
      .exactOptional()
      .describe('How often, and how far apart, a failed task is tried again.'),
    timeout: timeoutField(canonical)
      .exactOptional()
      .describe('Time limits: a duration for one attempt, or each limit by name.'),
    preemptible: (canonical ? (z.literal(true) as unknown as z.ZodBoolean) : z.boolean())
      .exactOptional()
      .describe('The policy `srtf` may stop the task for a shorter one; it goes on later. Default: false.'),
    ...workFields(canonical),
  };
}

/** What a task may say that a worker of Dagwright does: which one. */
export function placedFields(canonical: boolean) {
  return {
    requires: requiresField(canonical)
      .exactOptional()
      .describe(
        'What the worker group must have: a label, a list of them, or { labels, cpu, memory }. Default: nothing.',
      ),
    affinity: z
      .string()
      .min(1)
      .max(4_096)
      .exactOptional()
      .describe(
        'Tasks of one text go to the same worker group, under the placement `consistent-hash`. May hold `${{ }}`. Default: its name.',
      ),
  };
}
