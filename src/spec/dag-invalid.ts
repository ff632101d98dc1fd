import type { Dag } from '../dag/dag.js';
import { DagwrightError } from '../dag/errors.js';
import { formatDiagnostic, type Diagnostic } from './diagnostic.js';
import type { ParsedDag } from './parse.js';

/** A dag with problems (`DAG_INVALID`). The message lists them all; `diagnostics` has them for programs. */
export class DagInvalidError extends DagwrightError {
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error');
    const count = errors.length === 1 ? 'a problem' : `${errors.length} problems`;
    super('DAG_INVALID', `The dag has ${count}:\n${errors.map(formatDiagnostic).join('\n')}`);
    this.diagnostics = diagnostics;
  }
}

/**
 * The dag of what was read.
 * @throws DagInvalidError where it has errors.
 */
export function requireDag(parsed: ParsedDag): Dag {
  if (parsed.dag === undefined) throw new DagInvalidError(parsed.diagnostics);
  return parsed.dag;
}
