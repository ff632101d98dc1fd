import { z } from 'zod';
import type { RunEndState } from '../dag/run-state.js';
import type { Json } from '../dag/json.js';
import type { TaskEndState } from '../dag/task-state.js';
import { fileDuration, json, strict } from '../spec/fields.js';
import { pack } from '../spec/problem.js';
import type { DagTest, DoubleEnding } from './dag-test.js';

/** A file of tests, as it is written; its dag is read elsewhere. */
export interface TestFile {
  /** The path of the dag's file, or the dag itself. */
  readonly dag: unknown;
  readonly tests: readonly DagTest[];
}

const text = z.string().min(1, { error: pack('VALUE_INVALID', 'is empty.') });
const values = z.record(z.string(), json);

const failure = z.union([
  z.string(),
  strict({
    code: text.exactOptional(),
    message: z.string().exactOptional(),
    details: values.exactOptional(),
    retryable: z.boolean().exactOptional(),
  }),
]);

const ending: z.ZodType<DoubleEnding> = strict({
  output: json.exactOptional(),
  fail: failure.exactOptional(),
  takes: fileDuration.exactOptional(),
}).superRefine((given, context) => {
  if (given.fail === undefined || given.output === undefined) return;
  context.addIssue(pack('FIELD_CONFLICT', 'has both `output` and `fail`.', 'An attempt that fails gives nothing.'));
}) as unknown as z.ZodType<DoubleEnding>;

const decision = strict({
  approve: z.literal(true).exactOptional(),
  reject: z.string().exactOptional(),
  by: text.exactOptional(),
  form: json.exactOptional(),
}).superRefine((given, context) => {
  if ((given.approve === undefined) !== (given.reject === undefined)) return;
  const problem = given.approve === undefined ? 'does not decide.' : 'has both `approve` and `reject`.';
  context.addIssue(pack('FIELD_CONFLICT', problem, 'Write either `approve: true` or `reject: "why"`.'));
});

const RUN_ENDS = ['succeeded', 'failed', 'cancelled', 'timed_out'] as const satisfies readonly RunEndState[];
const TASK_ENDS = [
  'succeeded',
  'failed',
  'skipped',
  'upstream_failed',
  'cancelled',
] as const satisfies readonly TaskEndState[];

const expectations = strict({
  run: z.enum(RUN_ENDS).exactOptional(),
  tasks: z.record(z.string(), z.enum(TASK_ENDS)).exactOptional(),
  outputs: values.exactOptional(),
  output: values.exactOptional(),
  attempts: z.record(z.string(), z.number().int().min(0)).exactOptional(),
  errors: z.record(z.string(), text).exactOptional(),
  order: z.array(text).exactOptional(),
  inputs: z
    .record(
      z.string(),
      strict({
        with: values.exactOptional(),
        env: values.exactOptional(),
        item: json.exactOptional(),
        index: z.number().int().min(0).exactOptional(),
      }),
    )
    .exactOptional(),
}).refine((given) => Object.keys(given).length > 0, {
  error: pack('VALUE_INVALID', 'expects nothing.', 'Say at least `run: succeeded`.'),
});

/** How a time is written. */
const moment = z
  .string()
  .refine((given) => /^\d{4}-\d\d-\d\dT.*(?:Z|[+-]\d\d:\d\d)$/.test(given) && !Number.isNaN(Date.parse(given)), {
    error: pack('VALUE_INVALID', 'is not a time with its zone.', 'Write one like "2026-12-01T08:00:00Z".'),
  });

const test = strict({
  name: text,
  now: moment.exactOptional(),
  params: values.exactOptional(),
  tasks: z.record(z.string(), z.union([ending, z.array(ending).min(1)])).exactOptional(),
  events: z.union([values, z.array(values)]).exactOptional(),
  approvals: z.record(z.string(), decision).exactOptional(),
  cancelAt: text.exactOptional(),
  expect: expectations,
});

/** The schema of test files. */
export const testFileSchema: z.ZodType<TestFile> = strict({
  dag: z.custom<Json>((given) => typeof given === 'string' || (typeof given === 'object' && given !== null), {
    error: ({ input }) =>
      input === undefined ? undefined : pack('TYPE_WRONG', 'must be the path of a dag file, or a dag.'),
  }),
  tests: z.array(test).min(1),
}) as unknown as z.ZodType<TestFile>;
