import type { Json } from '../dag/json.js';
import { checkedJson, type CheckedKind } from './checked-json.js';
import { TaskFailure } from './handler.js';

/** Bytes that a checkpoint may have as JSON: each heartbeat carries it. */
export const MAXIMUM_CHECKPOINT_BYTES = 64 * 1024;

/** What an attempt left, for one that follows. */
export interface Checkpoint {
  readonly value: Json;
  /** How much of the work it has, from 0 to 1: what the attempt had said when it left it. */
  readonly progress?: number;
}

const CHECKPOINT: CheckedKind = {
  name: 'checkpoint',
  maximumBytes: MAXIMUM_CHECKPOINT_BYTES,
  invalid: checkpointInvalid,
  tooLarge: () =>
    checkpointInvalid(`The checkpoint is over ${MAXIMUM_CHECKPOINT_BYTES} bytes. Leave the place of what is done.`),
};

/**
 * The checkpoint as it is kept: a copy that went through JSON.
 * @throws TaskFailure CHECKPOINT_INVALID where it is not JSON, or over {@link MAXIMUM_CHECKPOINT_BYTES}.
 */
export function checkCheckpoint(value: unknown): Json {
  return checkedJson(value, CHECKPOINT);
}

function checkpointInvalid(message: string): TaskFailure {
  return new TaskFailure({ code: 'CHECKPOINT_INVALID', message }, { retryable: false });
}
