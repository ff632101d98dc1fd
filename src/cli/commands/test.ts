import { readdir } from 'node:fs/promises';
import { DagwrightError } from '../../dag/errors.js';
import { formatDiagnostic, hasErrors, type Diagnostic } from '../../spec/diagnostic.js';
import { loadTestFile } from '../../testing/load-tests.js';
import { testDag, type DagTestResult } from '../../testing/test-dag.js';
import { EXIT } from '../exit-code.js';
import { readDagFile } from '../load-dag.js';
import { outputHasColors, print, printError, printJson } from '../output.js';
import { paintFor } from '../progress/paint.js';
import { renderTest } from '../render-test.js';
import { takeStrayOutput } from '../stray-output.js';

export interface TestOptions {
  readonly json?: true;
}

interface TestedFile {
  readonly file: string;
  readonly diagnostics: readonly Diagnostic[];
  readonly tests: readonly Omit<DagTestResult, 'run'>[];
}

/** `dagwright test [FILE...]` */
export async function test(given: readonly string[], options: TestOptions): Promise<number> {
  const files = given.length > 0 ? given : await testFilesHere();
  // Modules of dags may print: stdout is for the one object.
  const release = options.json ? takeStrayOutput([process.stdout], printError) : () => undefined;
  const began = performance.now();
  const tested: TestedFile[] = [];
  try {
    for (const file of files) tested.push(await testFile(file, options.json !== true));
  } finally {
    release();
  }
  const all = tested.flatMap(({ tests }) => tests);
  const failed = all.filter(({ failures }) => failures.length > 0).length;
  const passed = all.length - failed;
  const broken = tested.filter(({ diagnostics }) => hasErrors(diagnostics)).length;
  const seconds = Math.round(performance.now() - began) / 1_000;
  if (options.json) printJson({ passed, failed, seconds, files: tested });
  else {
    const unread = broken === 0 ? '' : `, ${broken} ${broken === 1 ? 'file has' : 'files have'} errors`;
    print(`${passed} passed, ${failed} failed${unread} (${seconds.toFixed(2)} s)`);
  }
  return failed > 0 || broken > 0 ? EXIT.failed : EXIT.succeeded;
}

async function testFile(file: string, isShown: boolean): Promise<TestedFile> {
  const { loaded, diagnostics } = await loadTestFile(file, readDagFile);
  const paint = paintFor(outputHasColors());
  if (isShown) for (const diagnostic of diagnostics) print(formatDiagnostic(diagnostic));
  const tests: Omit<DagTestResult, 'run'>[] = [];
  for (const one of loaded?.tests ?? []) {
    const { name, failures } = await testDag(loaded!.dag, one);
    tests.push({ name, failures });
    if (isShown) print(renderTest({ name, failures }, paint));
  }
  return { file, diagnostics, tests };
}

/** @throws DagwrightError USAGE where there are none. */
async function testFilesHere(): Promise<string[]> {
  const files = (await readdir('.')).filter((name) => /\.test\.(?:ya?ml|json)$/.test(name));
  if (files.length > 0) return files.toSorted();
  throw new DagwrightError('USAGE', 'There is no `*.test.yaml`, `*.test.yml` or `*.test.json` here.', {
    hint: 'Name a file of tests: `dagwright test tests/sales.test.yaml`.',
  });
}
