import { dirname, extname, resolve } from 'node:path';
import type { RegisteredFunction } from '../activities/function.js';
import type { Dag } from '../dag/dag.js';
import { DagwrightError } from '../dag/errors.js';
import { hasErrors, type Diagnostic } from '../spec/diagnostic.js';
import { loadDagFile } from '../spec/load.js';
import { printError } from './output.js';
import { formatDiagnostic } from '../spec/diagnostic.js';

/** What reading a dag file gives, be it data or a module. */
export interface ReadDag {
  /** Left out where a diagnostic is an error. */
  readonly dag?: Dag;
  readonly diagnostics: readonly Diagnostic[];
  /** The functions that a dag made in TypeScript brings along. */
  readonly functions: readonly RegisteredFunction[];
}

/** A dag file that has errors. */
export class DagFileError extends DagwrightError {
  readonly diagnostics: readonly Diagnostic[];

  constructor(file: string, diagnostics: readonly Diagnostic[]) {
    super('DAG_INVALID', `${file} has problems; nothing was run.`, { hint: 'Mend what the lines above say.' });
    this.diagnostics = diagnostics;
  }
}

const MODULE_EXTENSIONS = ['.js', '.mjs', '.ts', '.mts'];

/**
 * Reads a dag file: YAML, JSON, or a module that exports a dag.
 * @throws DagwrightError FUNCTIONS_INVALID where a module cannot be loaded, or exports no dag or several.
 */
export async function readDagFile(file: string): Promise<ReadDag> {
  if (!MODULE_EXTENSIONS.includes(extname(file).toLowerCase())) {
    return { ...(await loadDagFile(file)), functions: [] };
  }
  const [{ functionsIn, importUserModule, mergeFunctions }, { validateDag }] = await Promise.all([
    import('../worker/load-functions.js'),
    import('../spec/parse.js'),
  ]);
  const exported = await importUserModule(file);
  const found = exportedDag(file, exported);
  const dag = { directory: dirname(resolve(file)), ...found };
  const diagnostics = validateDag(dag).map((diagnostic) => ({ ...diagnostic, file }));
  const functions = mergeFunctions(functionsIn(Object.values(exported)));
  return hasErrors(diagnostics) ? { diagnostics, functions } : { dag, diagnostics, functions };
}

/**
 * Reads a dag file that must be good: warnings, and the problems of a bad one, go to stderr.
 * @throws DagFileError DAG_INVALID
 */
export async function loadDag(file: string): Promise<ReadDag & { readonly dag: Dag }> {
  const read = await readDagFile(file);
  for (const diagnostic of read.diagnostics) printError(formatDiagnostic(diagnostic));
  if (read.dag === undefined) throw new DagFileError(file, read.diagnostics);
  return { ...read, dag: read.dag };
}

function exportedDag(file: string, exported: Readonly<Record<string, unknown>>): Dag {
  const main = dagIn(exported['default']);
  if (main !== undefined) return main;
  const dags = [
    ...new Set(
      Object.values(exported)
        .map(dagIn)
        .filter((dag) => dag !== undefined),
    ),
  ];
  const [only] = dags;
  if (dags.length === 1 && only !== undefined) return only;
  throw new DagwrightError(
    'FUNCTIONS_INVALID',
    `The module ${file} exports ${dags.length === 0 ? 'no dag' : 'several dags'}.`,
    {
      hint: 'Export the one to run as default.',
    },
  );
}

/** The dag of what the typed builder `dag()` made. */
function dagIn(value: unknown): Dag | undefined {
  if (typeof value !== 'object' || value === null || !('dag' in value)) return undefined;
  const { dag } = value;
  return typeof dag === 'object' && dag !== null && 'tasks' in dag && Array.isArray(dag.tasks)
    ? (dag as Dag)
    : undefined;
}
