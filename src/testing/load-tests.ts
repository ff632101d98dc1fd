import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { Dag } from '../dag/dag.js';
import { checkFile } from '../spec/check-dag.js';
import { checkSource, withoutExtensions, type Checked } from '../spec/check.js';
import { readDagFiles } from '../spec/dag-files.js';
import type { Diagnostic } from '../spec/diagnostic.js';
import { findingsOf, valueAt } from '../spec/issues.js';
import { loadDagFile } from '../spec/load.js';
import { movedTo } from '../spec/moved-finding.js';
import type { ParsedDag } from '../spec/parse.js';
import { sealDag } from '../spec/sealed-dag.js';
import { nowhere } from '../spec/sub-dags.js';
import type { DagTest } from './dag-test.js';
import { checkTestNames } from './test-names.js';
import { testFileSchema, type TestFile } from './test-schema.js';

/** What reading a file of tests gives: the tests and their dag where nothing is wrong, and all that is. */
export interface LoadedTests {
  /** Left out where a diagnostic is an error. */
  readonly loaded?: { readonly dag: Dag; readonly tests: readonly DagTest[] };
  /** Those of the dag's file come first. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads a file of tests, YAML or JSON, and the dag that it names. A file that cannot be read is a diagnostic too, never
 * an error thrown.
 * @param readDag How a dag file is read. Default: as `loadDagFile` does.
 */
export async function loadTestFile(
  path: string,
  readDag: (path: string) => Promise<ParsedDag> = loadDagFile,
): Promise<LoadedTests> {
  const { source, problem } = (await readDagFiles(path)).get(resolve(path))!;
  if (source === undefined) {
    return { diagnostics: [{ ...problem!, severity: 'error', file: path, line: 1, column: 1 }] };
  }
  const named = valueAt(source.value, ['dag']);
  const read =
    typeof named === 'string' ? await readDag(isAbsolute(named) ? named : join(dirname(path), named)) : undefined;
  const { value, diagnostics } = checkSource(source, (given) => checkTests(given, read));
  const all = [...(read?.diagnostics ?? []), ...diagnostics];
  if (value === undefined || value.dag === undefined) return { diagnostics: all };
  return { loaded: { dag: sealDag(value.dag), tests: value.tests }, diagnostics: all };
}

/** @param read The dag, where it is of another file. */
function checkTests(
  given: unknown,
  read: ParsedDag | undefined,
): Checked<Pick<TestFile, 'tests'> & { readonly dag: Dag | undefined }> {
  const parsed = testFileSchema.safeParse(given);
  const inline = read === undefined && typeof valueAt(given, ['dag']) === 'object';
  const written = inline ? checkFile(withoutExtensions(valueAt(given, ['dag'])), nowhere()) : undefined;
  const ofDag = (written?.findings ?? []).map((found) => movedTo(found, ['dag', ...found.path]));
  if (!parsed.success) return { findings: [...ofDag, ...findingsOf(parsed.error.issues, given)] };
  const { tests } = parsed.data;
  const dag = read === undefined ? written?.value : read.dag;
  const findings = dag === undefined ? [] : checkTestNames(tests, dag);
  return { value: { dag, tests }, findings: [...ofDag, ...findings] };
}
