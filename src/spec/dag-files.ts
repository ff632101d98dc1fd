import { readFile, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { DiagnosticCode } from './diagnostic.js';
import { valueAt } from './issues.js';
import { LIMITS } from './limits.js';
import { rawEntries } from './raw-entries.js';
import { readSource, type Source } from './source.js';

/** A dag file, read or not. */
export interface DagFile {
  /** As it is shown: relative to where the first file's path is. */
  readonly path: string;
  /** Its text, read. Left out where it cannot be. */
  readonly source?: Source;
  readonly problem?: { readonly code: DiagnosticCode; readonly message: string; readonly hint: string };
  /** Whether there is no such file. */
  readonly isMissing?: boolean;
}

/** Files by their absolute paths. */
export type DagFiles = ReadonlyMap<string, DagFile>;

/** How a task names the file of its dag. */
export interface DagReference {
  readonly file?: unknown;
  readonly name?: unknown;
}

/** Where the file of a reference may lie, the likeliest first. Relative to where `folder` is. */
export function candidatesOf({ file, name }: DagReference, folder: string): string[] {
  if (typeof file === 'string') return [isAbsolute(file) ? file : join(folder, file)];
  if (typeof name !== 'string') return [];
  return ['.yaml', '.yml', '.json'].map((ending) => join(folder, name + ending));
}

/** Reads a dag file, and all that it includes. Never throws. */
export async function readDagFiles(path: string): Promise<DagFiles> {
  const files = new Map<string, DagFile>();
  const queue = [path];
  let room: number = LIMITS.file;
  let count = 0;
  for (const next of queue) {
    const key = resolve(next);
    if (files.has(key)) continue;
    if (count >= LIMITS.files) break;
    const { bytes, ...file } = await readDagFile(next, room);
    files.set(key, file);
    room -= bytes;
    if (file.isMissing !== true) count += 1;
    for (const reference of referencesIn(file.source?.value)) queue.push(...candidatesOf(reference, dirname(next)));
  }
  return files;
}

async function readDagFile(path: string, room: number): Promise<DagFile & { readonly bytes: number }> {
  const refused = (code: DiagnosticCode, message: string, hint: string) => ({
    path,
    bytes: 0,
    problem: { code, message, hint },
  });
  try {
    const { size } = await stat(path);
    if (size > LIMITS.file || size > room) {
      const what = size > LIMITS.file ? 'The file is' : 'The file and those read before it are';
      const hint = 'Split the dag into several.';
      return refused('FILE_TOO_LARGE', `${what} over ${LIMITS.file / 1024 ** 2} MiB.`, hint);
    }
    const bytes = await readFile(path);
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const format = path.toLowerCase().endsWith('.json') ? 'json' : 'yaml';
    return { path, bytes: bytes.length, source: readSource(text.replace(/^\uFEFF/, ''), format, path) };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reason = REASONS[code ?? ''] ?? (error instanceof Error ? error.message : String(error));
    const { problem } = refused('FILE_UNREADABLE', `The file cannot be read: ${reason}.`, 'Check the path.');
    return { path, bytes: 0, problem, isMissing: code === 'ENOENT' };
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EACCES: 'this user may not read it',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is no folder',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'it is not UTF-8 text',
};

/** The files that the tasks of a dag name, and those of the dags that stand in it. */
function referencesIn(value: unknown): DagReference[] {
  return rawEntries(value).flatMap(({ task }): DagReference[] => {
    if (valueAt(task, ['uses']) !== 'dag') return [];
    const settings = valueAt(task, ['with']);
    const own = { file: valueAt(settings, ['file']), name: valueAt(settings, ['name']) };
    return [own, ...referencesIn(valueAt(settings, ['dag']))];
  });
}
