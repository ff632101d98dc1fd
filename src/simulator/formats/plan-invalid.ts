import { DagwrightError } from '../../dag/errors.js';

/**
 * A file that is not what its format says.
 * @param place Where, as an editor takes it: a line, or the path of a JSON value.
 */
export function planInvalid(file: string, place: number | string, problem: string, hint: string): DagwrightError {
  return new DagwrightError('PLAN_INVALID', `${file}:${place}: ${problem}`, { hint });
}

/** A piece of a file, for a message: cut, and without what a terminal would obey. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = String(value);
  const plain = shownWhole(text);
  return plain.length > 60 ? `${plain.slice(0, 59)}…` : plain;
}

/** A text without what a terminal would obey. */
export function shownWhole(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '?');
}
