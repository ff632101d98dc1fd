import type { Json, JsonObject } from '../dag/json.js';
import { storedRef } from '../dag/stored-value.js';
import { violations } from '../json-schema/violations.js';
import { TaskFailure } from './handler.js';

/** Bytes that a task's output may have as JSON: whoever hands it on has all of it in memory. */
export const MAXIMUM_OUTPUT_BYTES = 64 * 1024 * 1024;

/** Deeper values overflow the stack of what reads them. */
const MAXIMUM_DEPTH = 500;

/**
 * The output as every executor passes it on: a copy that went through JSON; undefined for none.
 * @throws TaskFailure TASK_OUTPUT_INVALID where it is not JSON, TASK_OUTPUT_TOO_LARGE over {@link MAXIMUM_OUTPUT_BYTES}.
 */
export function checkOutput(value: unknown): Json | undefined {
  if (value === undefined) return undefined;
  checkJson(value, 'output', 0, { left: MAXIMUM_OUTPUT_BYTES });
  const text = JSON.stringify(value);
  if (Buffer.byteLength(text) > MAXIMUM_OUTPUT_BYTES) throw outputTooLarge();
  return JSON.parse(text) as Json;
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

/** `budget` counts down a lower bound of the size, so that a huge or endlessly shared value is never written out. */
function checkJson(value: unknown, path: string, depth: number, budget: { left: number }): void {
  // Each member has a comma or a bracket beside it.
  budget.left -= typeof value === 'string' ? value.length + 1 : depth === 0 ? 1 : 2;
  if (budget.left < 0) throw outputTooLarge();
  if (depth > MAXIMUM_DEPTH) throw outputInvalid(`The output is nested more than ${MAXIMUM_DEPTH} deep, or in itself.`);
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return;
    case 'number':
      if (!Number.isFinite(value)) throw outputInvalid(`${shown(path)} is ${value}, which JSON has no word for.`);
      return;
    case 'object':
      if (value === null) return;
      if (Array.isArray(value)) {
        for (let index = 0; index < value.length; index++) {
          checkJson(value[index], `${path}[${index}]`, depth + 1, budget);
        }
        return;
      }
      if (isPlain(value)) {
        // What stands for a stored value is Dagwright's to write: whoever is handed it gets what it stands for.
        if (storedRef(value as JsonObject) !== undefined)
          throw outputInvalid(`${shown(path)} stands for a stored value.`);
        for (const [key, member] of Object.entries(value)) {
          // As JSON.stringify does: an optional property that is not there.
          if (member !== undefined) checkJson(member, `${path}.${key}`, depth + 1, budget);
        }
        return;
      }
      break;
    default:
      break;
  }
  throw outputInvalid(`${shown(path)} is ${kindOf(value)}, which is not JSON.`);
}

/** Whether it is an object literal, of whatever realm, that JSON.stringify takes as it is. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return (
    (prototype === null || Object.getPrototypeOf(prototype) === null) &&
    typeof (value as { toJSON?: unknown }).toJSON !== 'function'
  );
}

function kindOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return `of type ${typeof value}`;
  const name = value.constructor?.name || 'Object';
  return name === 'Object' ? 'an object with a `toJSON` of its own' : `a ${name}`;
}

function shown(path: string): string {
  return path.length > 200 ? `${path.slice(0, 200)}...` : path;
}
