import { readFile } from 'node:fs/promises';
import { DagwrightError } from '../dag/errors.js';

/**
 * The text of a file that the command line names.
 * @throws DagwrightError USAGE where it cannot be read.
 */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new DagwrightError('USAGE', `The file ${file} cannot be read: ${(cause as Error).message}`, {
      hint: 'Check the path, and the rights.',
      cause,
    });
  }
}
