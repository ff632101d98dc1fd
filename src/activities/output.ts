import type { Json, JsonObject } from '../dag/json.js';
import { violations } from '../json-schema/violations.js';
import { checkedJson, type CheckedKind } from './checked-json.js';
import { TaskFailure } from './handler.js';

/** Bytes that a task's output may have as JSON: whoever hands it on has all of it in memory. */
export const MAXIMUM_OUTPUT_BYTES = 64 * 1024 * 1024;

const OUTPUT: CheckedKind = {
  name: 'output',
  maximumBytes: MAXIMUM_OUTPUT_BYTES,
  invalid: outputInvalid,
  tooLarge: outputTooLarge,
};

/**
 * The output as every executor passes it on: a copy that went through JSON; undefined for none.
 * @throws TaskFailure TASK_OUTPUT_INVALID where it is not JSON, TASK_OUTPUT_TOO_LARGE over {@link MAXIMUM_OUTPUT_BYTES}.
 */
export function checkOutput(value: unknown): Json | undefined {
  return value === undefined ? undefined : checkedJson(value, OUTPUT);
}

/** Of an output that breaks its schema, in the message. */
const NAMED_VIOLATIONS = 5;

/**
 * Checks an output by the task's schema. No output counts as null.
 * @throws TaskFailure TASK_OUTPUT_INVALID, which names the first violations.
 */
export function checkOutputSchema(schema: JsonObject | undefined, output: Json | undefined): void {
  if (schema === undefined) return;
  const wrong = violations(schema, output ?? null, NAMED_VIOLATIONS);
  if (wrong.length === 0) return;
  throw outputInvalid(
    `The output${output === undefined ? ', which is missing,' : ''} breaks its schema: ${wrong.join('; ')}.`,
  );
}

/** The failure of an output over the limit. */
export function outputTooLarge(limit: number = MAXIMUM_OUTPUT_BYTES): TaskFailure {
  return new TaskFailure(
    {
      code: 'TASK_OUTPUT_TOO_LARGE',
      message: `The output is over ${limit} bytes. Leave it as an artifact, or give its place as the output.`,
      details: { limit },
    },
    { retryable: false },
  );
}

/** The failure of an output that does not fit. */
export function outputInvalid(message: string): TaskFailure {
  return new TaskFailure({ code: 'TASK_OUTPUT_INVALID', message }, { retryable: false });
}
