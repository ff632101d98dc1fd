import { dirname, extname, resolve } from 'node:path';
import type { RegisteredFunction } from '../activities/function.js';
import type { Dag } from '../dag/dag.js';
import { DagwrightError } from '../dag/errors.js';
import { DagInvalidError } from '../spec/dag-invalid.js';
import { formatDiagnostic, hasErrors, type Diagnostic } from '../spec/diagnostic.js';
import { loadDagFile } from '../spec/load.js';
import { printError } from './output.js';

/** What reading a dag file gives, be it data or a module. */
export interface ReadDag {
  /** Left out where a diagnostic is an error. */
  readonly dag?: Dag;
  readonly diagnostics: readonly Diagnostic[];
  /** The functions that a dag made in TypeScript brings along. */
  readonly functions: readonly RegisteredFunction[];
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
  let exported: Readonly<Record<string, unknown>>;
  try {
    exported = await importUserModule(file);
  } catch (error) {
    const diagnostics = diagnosticsOf(error);
    if (diagnostics === undefined) throw error;
    return { diagnostics: inFile(diagnostics, file), functions: [] };
  }
  const dag = { directory: dirname(resolve(file)), ...exportedDag(file, exported) };
  const diagnostics = inFile(validateDag(dag), file);
  const functions = mergeFunctions(functionsIn(Object.values(exported)));
  return hasErrors(diagnostics) ? { diagnostics, functions } : { dag, diagnostics, functions };
}

/**
 * Reads a dag file that must be good. Warnings go to stderr.
 * @throws DagInvalidError with every problem.
 */
export async function loadDag(file: string): Promise<ReadDag & { readonly dag: Dag }> {
  const read = await readDagFile(file);
  if (read.dag === undefined) throw new DagInvalidError(read.diagnostics);
  for (const warning of read.diagnostics) printError(formatDiagnostic(warning));
  return { ...read, dag: read.dag };
}

/** What `dag()` throws while the module is loaded; the module may have a Dagwright of its own, so no `instanceof`. */
function diagnosticsOf(error: unknown): readonly Diagnostic[] | undefined {
  if (!(error instanceof Error) || !('diagnostics' in error) || !Array.isArray(error.diagnostics)) return undefined;
  return error.diagnostics as Diagnostic[];
}

function inFile(diagnostics: readonly Diagnostic[], file: string): Diagnostic[] {
  return diagnostics.map((diagnostic) => ({ ...diagnostic, file }));
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
