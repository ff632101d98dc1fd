import { dirname, resolve } from 'node:path';
import { checkSource } from './check.js';
import { checkFile } from './check-dag.js';
import { readDagFiles } from './dag-files.js';
import type { ParsedDag } from './parse.js';
import { sealDag } from './sealed-dag.js';
import { inFile } from './sub-dags.js';

/**
 * Reads a dag from a YAML file, or from a JSON file where the name ends in `.json`, and the dags of other files that its
 * tasks are. The dag's `directory` is the file's folder. A file that cannot be read is a diagnostic too, never an error
 * thrown.
 */
export async function loadDagFile(path: string): Promise<ParsedDag> {
  const files = await readDagFiles(path);
  const file = files.get(resolve(path))!;
  if (file.source === undefined) {
    return { diagnostics: [{ ...file.problem!, severity: 'error', file: path, line: 1, column: 1 }] };
  }
  const { value, diagnostics } = checkSource(file.source, (given) => checkFile(given, inFile(files, file)));
  return value === undefined
    ? { diagnostics }
    : { dag: sealDag({ ...value, directory: dirname(resolve(path)) }), diagnostics };
}
