import { text } from 'node:stream/consumers';
import { DagwrightError } from '../dag/errors.js';
import type { Json } from '../dag/json.js';
import { readText } from './read-text.js';

/**
 * The JSON that a flag gives: itself, from a file (`@file`), or from stdin (`-`).
 * @param flag For the error: `--payload`.
 * @throws DagwrightError USAGE where it cannot be read, or is no JSON.
 */
export async function readJson(value: string, flag: string): Promise<Json> {
  if (value === '-') return parseJson(await text(process.stdin), 'What came on stdin', flag);
  if (!value.startsWith('@')) return parseJson(value, `The value of ${flag}`, flag);
  const file = value.slice(1);
  return parseJson(await readText(file), `The file ${file}`, flag);
}

/**
 * A text as JSON.
 * @param what What the text is, at the beginning of a sentence.
 * @param flag The flag whose value it is.
 * @throws DagwrightError USAGE where it is none.
 */
export function parseJson(source: string, what: string, flag: string): Json {
  try {
    return JSON.parse(source) as Json;
  } catch (cause) {
    throw new DagwrightError('USAGE', `${what} is not JSON: ${(cause as Error).message}`, {
      hint: `A text needs its quotes: ${flag} '"done"'.`,
      cause,
    });
  }
}
