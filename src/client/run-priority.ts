import { DagwrightError } from '../dag/errors.js';

/** Between runs whose tasks wait for the same workers: which goes first. Temporal's own, where the server has it. */
export interface RunPriority {
  /** 1 to 5; 1 goes first, whatever else waits. Default 3. */
  readonly priorityKey?: number;
  /** Who the run is for: among runs of one priority, the keys share the workers. At most 64 bytes. Default: one for all that say none. */
  readonly fairnessKey?: string;
  /** The share of the key: one of weight 2 gets twice as much. 0.001 to 1,000. Default 1. */
  readonly fairnessWeight?: number;
}

/** The lowest priority there is. */
const LOWEST_PRIORITY = 5;
const MAXIMUM_KEY_BYTES = 64;
const WEIGHTS = { least: 0.001, most: 1_000 };

/**
 * The priority, checked.
 * @throws DagwrightError PRIORITY_INVALID.
 */
export function requirePriority(priority: RunPriority): RunPriority {
  const { priorityKey = 1, fairnessKey, fairnessWeight = 1 } = priority;
  if (!Number.isInteger(priorityKey) || priorityKey < 1 || priorityKey > LOWEST_PRIORITY) {
    throw invalid(`The priority of a run is a whole number from 1 (first) to ${LOWEST_PRIORITY}, not ${priorityKey}.`);
  }
  if (fairnessKey !== undefined && (fairnessKey === '' || Buffer.byteLength(fairnessKey) > MAXIMUM_KEY_BYTES)) {
    throw invalid(`A fairness key is text of 1 to ${MAXIMUM_KEY_BYTES} bytes.`);
  }
  if (!(fairnessWeight >= WEIGHTS.least && fairnessWeight <= WEIGHTS.most)) {
    throw invalid(`A fairness weight is a number from ${WEIGHTS.least} to 1,000, not ${fairnessWeight}.`);
  }
  if (priority.fairnessWeight !== undefined && fairnessKey === undefined) {
    throw invalid('A fairness weight is that of a key, and there is none.', 'Give the fairness key, too.');
  }
  return priority;
}

function invalid(message: string, hint?: string): DagwrightError {
  return new DagwrightError('PRIORITY_INVALID', message, hint === undefined ? {} : { hint });
}
