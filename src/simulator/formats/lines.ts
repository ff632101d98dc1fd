import { planInvalid, shown } from './plan-invalid.js';

/** A line of a file of numbers. */
export interface Line {
  /** From 1. */
  readonly number: number;
  readonly words: readonly string[];
}

/** The lines of a text, without those that are empty. */
export function linesOf(text: string): Line[] {
  return text
    .split(/\r\n|\n|\r/)
    .map((line, index) => ({ number: index + 1, words: line.split(/\s+/).filter((word) => word !== '') }))
    .filter(({ words }) => words.length > 0);
}

/**
 * A word as a whole number.
 * @param what What the number is: `the number of tasks`.
 * @throws DagwrightError PLAN_INVALID where it is none, or not within the range.
 */
export function wholeNumber(
  file: string,
  { number, words }: Line,
  position: number,
  what: string,
  { least = 0, most = 1e12 }: { readonly least?: number; readonly most?: number } = {},
): number {
  const word = words[position];
  if (word === undefined) {
    throw planInvalid(file, number, `The line ends where ${what} should stand.`, 'See whether the file is whole.');
  }
  const value = /^\d{1,13}$/.test(word) ? Number(word) : NaN;
  if (value >= least && value <= most) return value;
  throw planInvalid(
    file,
    number,
    `"${shown(word)}" stands where ${what} should: a whole number from ${least} to ${most}.`,
    'Correct the number.',
  );
}
