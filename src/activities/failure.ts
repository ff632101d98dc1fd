import type { Json, JsonObject } from '../dag/json.js';
import type { TaskError } from '../dag/task-error.js';
import { TaskFailure } from './handler.js';
import type { Masks } from './masks.js';

const MAXIMUM_MESSAGE_BYTES = 2 * 1024;
/** Of an error's details and its causes together. */
const MAXIMUM_DETAILS_BYTES = 8 * 1024;
const MAXIMUM_CODE_LENGTH = 200;
const MAXIMUM_CAUSES = 5;
const MAXIMUM_CAUSE_BYTES = 500;
const MAXIMUM_CAUSE_CODE_LENGTH = 100;
/** Errors of an AggregateError that its message names. */
const NAMED_ERRORS = 3;

/**
 * What was thrown, as the failure of an attempt: a TaskFailure is kept, anything else becomes TASK_FAILED. Its message
 * has at most 2 KiB; its details and the chain of its causes together 8 KiB.
 * @param log the last lines of the task's log, kept in the details where these have no `stderr`.
 * @param masks what hides the task's secrets in all of it, before anything is cut off.
 */
export function boundedFailure(thrown: unknown, log: readonly string[] = [], masks?: Masks): TaskFailure {
  const failure =
    thrown instanceof TaskFailure
      ? thrown
      : new TaskFailure({ code: 'TASK_FAILED', message: messageOf(thrown) }, { cause: causeOf(thrown) });
  const mask = (text: string): string => masks?.text(text) ?? text;
  const { code, message } = failure.error;
  const cause = boundedCause(failure.error.cause ?? failure.cause, mask);
  const left = MAXIMUM_DETAILS_BYTES - (cause === undefined ? 0 : Buffer.byteLength(JSON.stringify(cause)));
  const details = boundedDetails(withLog(failure.error.details ?? {}, log), left, masks);
  return new TaskFailure(
    {
      code: mask(String(code)).slice(0, MAXIMUM_CODE_LENGTH),
      message: boundedText(mask(String(message)), MAXIMUM_MESSAGE_BYTES),
      ...(Object.keys(details).length === 0 ? {} : { details }),
      ...(cause === undefined ? {} : { cause }),
    },
    {
      retryable: failure.retryable,
      skip: failure.skip,
      cause: failure.cause,
      ...(failure.nextRetryDelay === undefined ? {} : { nextRetryDelay: failure.nextRetryDelay }),
    },
  );
}

/** The message of anything that was thrown; of an AggregateError, the first of its errors too. */
export function messageOf(thrown: unknown): string {
  try {
    if (thrown instanceof AggregateError && thrown.errors.length > 0) {
      const named = thrown.errors.slice(0, NAMED_ERRORS).map(ownMessageOf).join('; ');
      const more = thrown.errors.length - NAMED_ERRORS;
      return `${ownMessageOf(thrown)}: ${named}${more > 0 ? `; and ${more} more` : ''}`;
    }
    return ownMessageOf(thrown);
  } catch {
    return 'Something was thrown that has no text.';
  }
}

function ownMessageOf(thrown: unknown): string {
  return thrown instanceof Error ? String(thrown.message || thrown.name) : String(thrown);
}

/** The `cause` of anything that was thrown. */
export function causeOf(thrown: unknown): unknown {
  try {
    return thrown instanceof Error ? thrown.cause : undefined;
  } catch {
    return undefined;
  }
}

/** A cause with its own causes, each once. Whatever a function throws: reading it may throw again. */
function boundedCause(first: unknown, mask: (text: string) => string): TaskError | undefined {
  const chain: TaskError[] = [];
  const seen = new Set<unknown>();
  try {
    let cause = first;
    while (cause !== undefined && cause !== null && !seen.has(cause) && chain.length < MAXIMUM_CAUSES) {
      seen.add(cause);
      const isError = cause instanceof Error;
      const known = cause instanceof TaskFailure ? cause.error : isTaskError(cause) ? cause : undefined;
      chain.push({
        code: mask(codeOf(known ?? cause)).slice(0, MAXIMUM_CAUSE_CODE_LENGTH),
        message: boundedText(mask(known === undefined ? messageOf(cause) : String(known.message)), MAXIMUM_CAUSE_BYTES),
      });
      cause = known?.cause ?? (isError ? causeOf(cause) : undefined);
    }
  } catch {
    // What was read before it threw is kept.
  }
  return chain.reduceRight<TaskError | undefined>(
    (cause, error) => (cause === undefined ? error : { ...error, cause }),
    undefined,
  );
}

function isTaskError(value: unknown): value is TaskError {
  if (typeof value !== 'object' || value === null || value instanceof Error) return false;
  const { code, message } = value as Partial<TaskError>;
  return typeof code === 'string' && typeof message === 'string';
}

/** Its own `code` where that is a short text (`ENOENT`), else its name. */
function codeOf(value: unknown): string {
  const code: unknown = (value as { code?: unknown }).code;
  if (typeof code === 'string' && code !== '' && code.length <= MAXIMUM_CAUSE_CODE_LENGTH) return code;
  return value instanceof Error ? String(value.name || 'Error') : 'Error';
}

function withLog(details: JsonObject, log: readonly string[]): JsonObject {
  const stderr = details['stderr'];
  if (log.length === 0 || (stderr !== undefined && stderr !== '')) return details;
  return { ...details, log: log.join('\n') };
}

/** The entries that fit, in their order; `truncated` says that some did not. A function's own details may be no JSON. */
function boundedDetails(details: JsonObject, maximumBytes: number, masks?: Masks): JsonObject {
  const kept: Record<string, Json> = {};
  let left = maximumBytes - 32;
  for (const [key, value] of Object.entries(details)) {
    let text: string | undefined;
    try {
      text = JSON.stringify(value);
      if (masks !== undefined && text !== undefined) text = JSON.stringify(masks.json(JSON.parse(text) as Json));
    } catch {
      text = undefined;
    }
    const size = Buffer.byteLength(key) + Buffer.byteLength(text ?? '') + 8;
    if (text === undefined || size > left) {
      kept['truncated'] = true;
      continue;
    }
    left -= size;
    kept[masks?.text(key) ?? key] = JSON.parse(text) as Json;
  }
  return kept;
}

function boundedText(text: string, maximumBytes: number): string {
  if (Buffer.byteLength(text) <= maximumBytes) return text;
  const cut = Buffer.from(text.slice(0, maximumBytes)).subarray(0, maximumBytes - 3);
  return `${cut.toString().replace(/\uFFFD+$/, '')}...`;
}
