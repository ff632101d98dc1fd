import type { JsonObject } from './json.js';

/** Why a task failed: plain JSON, the same on every executor. */
export interface TaskError {
  /** One of the codes of docs/errors.md, or the type of the failure that a foreign activity threw. */
  readonly code: string;
  /** One sentence for a person. */
  readonly message: string;
  /** What a program may want: `exitCode`, `signal`, `stderr` (last lines), `status`, `timeout`... */
  readonly details?: JsonObject;
  /** What caused it, and what caused that: at most 5 deep. */
  readonly cause?: TaskError;
}
