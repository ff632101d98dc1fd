import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Diagnostic, DiagnosticCode } from './diagnostic.js';
import { LIMITS } from './limits.js';
import { parseDag, type ParsedDag } from './parse.js';
import { sealDag } from './sealed-dag.js';

/**
 * Reads a dag from a YAML file, or from a JSON file where the name ends in `.json`. The dag's `directory` is the
 * file's folder. A file that cannot be read is a diagnostic too, never an error thrown.
 */
export async function loadDagFile(path: string): Promise<ParsedDag> {
  let text: string;
  try {
    const { size } = await stat(path);
    if (size > LIMITS.file) {
      return refuse(
        path,
        'FILE_TOO_LARGE',
        `The file is over ${LIMITS.file / 1024 ** 2} MiB.`,
        'Split the dag into several.',
      );
    }
    const bytes = await readFile(path);
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reason = REASONS[code ?? ''] ?? (error instanceof Error ? error.message : String(error));
    return refuse(path, 'FILE_UNREADABLE', `The file cannot be read: ${reason}.`, 'Check the path.');
  }
  const parsed = parseDag(text, { file: path });
  return parsed.dag === undefined
    ? parsed
    : { ...parsed, dag: sealDag({ ...parsed.dag, directory: dirname(resolve(path)) }) };
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EACCES: 'this user may not read it',
  EISDIR: 'it is a folder',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'it is not UTF-8 text',
};

function refuse(file: string, code: DiagnosticCode, message: string, hint: string): ParsedDag {
  const diagnostic: Diagnostic = { code, severity: 'error', message, file, line: 1, column: 1, hint };
  return { diagnostics: [diagnostic] };
}
