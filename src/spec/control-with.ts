import { z } from 'zod';
import { hasExpression } from '../expression/template.js';
import { condition, expression, json, named, positive, strict, valueSchema, type DurationField } from './fields.js';
import { LIMITS } from './limits.js';
import { pack } from './problem.js';

const text = z.string().min(1, { error: pack('VALUE_INVALID', 'is empty.') });

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/;

/** A time with its zone, or text with `${{ }}` that gives one. */
export const instant = z
  .string()
  .refine((given) => hasExpression(given) || (INSTANT.test(given) && !Number.isNaN(Date.parse(given))), {
    error: pack('VALUE_INVALID', 'is not a time with its zone.', 'Write one like "2026-12-01T08:00:00Z".'),
  });

/** How long to wait: a duration, or one `${{ }}` that gives one, or a number of seconds. */
export function waitDuration(duration: DurationField): z.ZodType<number | string, string | number> {
  return z.union([duration as z.ZodType<number, string | number>, expression]);
}

/** The settings of `uses: wait`. */
export function waitWith(duration: DurationField) {
  return strict({
    for: waitDuration(duration)
      .exactOptional()
      .describe('How long, like 10m, or a `${{ }}` that gives that, or seconds.'),
    until: instant
      .exactOptional()
      .describe('Until when: a time with its zone, like "2026-12-01T08:00:00Z", or a `${{ }}`.'),
  }).superRefine((given, context) => {
    if ((given.for === undefined) !== (given.until === undefined)) return;
    const problem = given.for === undefined ? 'does not say how long.' : 'has both `for` and `until`.';
    context.addIssue(pack('FIELD_CONFLICT', problem, 'Write either `for:` or `until:`.'));
  });
}

/** The settings of `uses: event`. */
export function eventWith(duration: DurationField) {
  return strict({
    event: text.max(1_000).describe('The name of the event.'),
    filter: condition
      .exactOptional()
      .describe('A CEL expression over `event`, its payload: others of the name do not count. Default: any does.'),
    schema: valueSchema
      .exactOptional()
      .describe('The JSON Schema of the payload; an event that breaks it is refused. Default: any.'),
    timeout: positive(duration)
      .exactOptional()
      .describe('After it the task fails with EVENT_TIMEOUT. Default: no limit.'),
  });
}

/** The settings of `uses: approval`. */
export function approvalWith(duration: DurationField) {
  return strict({
    message: z.string().max(LIMITS.description).exactOptional().describe('What is asked. May hold `${{ }}`.'),
    approvers: z
      .array(text)
      .min(1)
      .exactOptional()
      .describe('Who may decide, by the name that comes with the decision. Default: anybody.'),
    form: valueSchema.exactOptional().describe('The JSON Schema of what the approver fills in. Default: any.'),
    reminder: positive(duration)
      .exactOptional()
      .describe("How often the run's history says that it still waits. Default: never."),
    timeout: positive(duration).exactOptional().describe('After it `default` is taken. Default: no limit.'),
    default: z
      .enum(['approve', 'reject'])
      .exactOptional()
      .describe('What counts after `timeout`. Left out, the task fails with APPROVAL_TIMEOUT.'),
  }).superRefine((given, context) => {
    if (given.default === undefined || given.timeout !== undefined) return;
    const message = pack('FIELD_CONFLICT', 'stands without `timeout`.', 'Add `timeout:`, or remove it.');
    context.addIssue({ code: 'custom', message, path: ['default'], params: { key: true } });
  });
}

/** The tasks of a branch: in a file, a name is short for a list of it. */
function branch(canonical: boolean): z.ZodType<string[], string | string[]> {
  const list = z.array(z.string()).min(1);
  if (canonical) return list as unknown as z.ZodType<string[], string | string[]>;
  return z.union([z.string().transform((task) => [task]), list]);
}

const caseName = z
  .string()
  .min(1, { error: pack('NAME_INVALID', 'is an empty case.') })
  .max(LIMITS.name, { error: pack('NAME_INVALID', `is longer than ${LIMITS.name} characters.`) })
  .refine((given) => given !== 'default', {
    error: pack('NAME_INVALID', 'is not the name of a case.', 'Write `default:` beside `cases:`.'),
  });

/** What a switch says, in `with` or as fields of its task. */
export function branchFields(canonical: boolean) {
  return {
    cases: named(caseName, branch(canonical))
      .refine((cases) => Object.keys(cases).length > 0, {
        error: pack('VALUE_INVALID', 'has no case.', 'Add one, like `small: fast`.'),
      })
      .describe('By the value: the task, or a list of the tasks, that run then.'),
    default: branch(canonical).exactOptional().describe('The tasks that run where no case fits.'),
  };
}

/** The settings of `uses: switch`. */
export function switchWith(canonical: boolean) {
  return strict({
    on: condition.describe('A CEL expression; its value, as text, is the name of the case.'),
    ...branchFields(canonical),
  });
}

const subParams = named(z.string(), json).exactOptional().describe('Its params. May hold `${{ }}`.');

/** The settings of `uses: dag` in a file. What they name is read when the dag is checked. */
export const fileDagWith = strict({
  file: text.exactOptional().describe("The dag's file, relative to the folder of this one."),
  name: text
    .exactOptional()
    .describe("The dag's file in the folder of this one, without its ending: .yaml, .yml or .json."),
  dag: json.exactOptional().meta({ $ref: '#', description: 'The dag itself, as a file has it.' }),
  params: subParams,
}).superRefine((given, context) => {
  const sources = [given.file, given.name, given.dag].filter((source) => source !== undefined);
  if (sources.length === 1) return;
  const problem = sources.length === 0 ? 'does not say which dag.' : 'names several dags.';
  context.addIssue(pack('FIELD_CONFLICT', problem, 'Write one of `file:`, `name:` and `dag:`.'));
});

/** The settings of `uses: dag` in the canonical dag, whose inner dag is checked apart. */
export const canonicalDagWith = strict({ dag: json, params: subParams });
