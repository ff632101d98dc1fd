import type { Dag } from '../dag/dag.js';
import { checkText, checkValue } from './check.js';
import { checkCanonical, checkFile } from './check-dag.js';
import type { Diagnostic } from './diagnostic.js';
import { sealDag } from './sealed-dag.js';
import { nowhere } from './sub-dags.js';

/** What reading a dag gives: the dag where nothing is wrong with it, and all that is. */
export interface ParsedDag {
  /** Left out where a diagnostic is an error. */
  readonly dag?: Dag;
  /** In the order of the file. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads the text of a dag file. Never throws on bad input: every problem comes back, in one go, at its place. A sub-dag must
 * stand in it: one of another file is for `loadDagFile`.
 * @param options.file The name to put into diagnostics.
 * @param options.format Default: `json` where `file` ends so, else `yaml`.
 */
export function parseDag(text: string, options: { file?: string; format?: 'yaml' | 'json' } = {}): ParsedDag {
  return parsed(checkText(text, options, (given) => checkFile(given, nowhere())));
}

/**
 * Checks what a dag file would hold, made by a program (the builder). Diagnostics stand at 1:1; their messages name the
 * path.
 */
export function checkDagFile(value: unknown): ParsedDag {
  return parsed(checkValue(value, (given) => checkFile(given, nowhere({ mayBeCanonical: true }))));
}

/**
 * Checks a canonical dag that a program made, by the rules of dag files. Diagnostics stand at 1:1; their messages name
 * the path.
 */
export function checkDag(value: unknown): ParsedDag {
  return parsed(checkValue(value, (given) => checkCanonical(given, nowhere())));
}

/** The diagnostics of {@link checkDag}. */
export function validateDag(dag: unknown): readonly Diagnostic[] {
  return checkDag(dag).diagnostics;
}

function parsed({ value, diagnostics }: { value?: Dag; diagnostics: readonly Diagnostic[] }): ParsedDag {
  return value === undefined ? { diagnostics } : { dag: sealDag(value), diagnostics };
}
