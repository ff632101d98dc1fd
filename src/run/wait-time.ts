import type { Json } from '../dag/json.js';
import { parseDuration } from '../dag/duration.js';

/** Further ahead no server's clock can count, in milliseconds. */
const LATEST = 100 * 31_536_000_000;

/**
 * When a wait ends, in milliseconds; undefined where that cannot be told.
 * @param from the time from which a duration counts; undefined: the value is a time itself.
 * @param isEvaluated a number is seconds where an expression gave it, milliseconds where the dag's reader did.
 */
export function timeOf(value: Json, from: number | undefined, isEvaluated: boolean): number | undefined {
  if (from === undefined) {
    // A time without a zone would be another one on each machine.
    const isTime = typeof value === 'string' && /T.*(?:Z|[+-]\d\d:?\d\d)$/.test(value);
    const at = isTime ? Date.parse(value) : NaN;
    return Number.isNaN(at) ? undefined : at;
  }
  const length = typeof value === 'string' ? parseDuration(value) : typeof value === 'number' ? value : undefined;
  if (length === undefined) return undefined;
  const milliseconds = typeof value === 'number' && isEvaluated ? length * 1_000 : length;
  return milliseconds >= 0 && milliseconds <= LATEST ? from + Math.round(milliseconds) : undefined;
}
