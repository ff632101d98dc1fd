import type { Dag } from '../dag/dag.js';
import { checkText, checkValue, type Checked } from './check.js';
import type { Diagnostic } from './diagnostic.js';
import { findingsOf } from './issues.js';
import { readExpressions } from './expressions.js';
import { checkGraph, checkLimits, checkSize } from './rules.js';
import { dagFileSchema, dagSchema } from './schema.js';
import { sealDag } from './sealed-dag.js';
import type { Path } from './source.js';

/** What reading a dag gives: the dag where nothing is wrong with it, and all that is. */
export interface ParsedDag {
  /** Left out where a diagnostic is an error. */
  readonly dag?: Dag;
  /** In the order of the file. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads the text of a dag file. Never throws on bad input: every problem comes back, in one go, at its place.
 * @param options.file The name to put into diagnostics.
 * @param options.format Default: `json` where `file` ends so, else `yaml`.
 */
export function parseDag(text: string, options: { file?: string; format?: 'yaml' | 'json' } = {}): ParsedDag {
  return parsed(checkText(text, options, checkFile));
}

/**
 * Checks what a dag file would hold, made by a program (the builder). Diagnostics stand at 1:1; their messages name the
 * path.
 */
export function checkDagFile(value: unknown): ParsedDag {
  return parsed(checkValue(value, checkFile));
}

/**
 * Checks a canonical dag that a program made, by the rules of dag files. Diagnostics stand at 1:1; their messages name
 * the path.
 */
export function checkDag(value: unknown): ParsedDag {
  return parsed(checkValue(value, checkCanonical));
}

/** The diagnostics of {@link checkDag}. */
export function validateDag(dag: unknown): readonly Diagnostic[] {
  return checkDag(dag).diagnostics;
}

function parsed({ value, diagnostics }: { value?: Dag; diagnostics: readonly Diagnostic[] }): ParsedDag {
  return value === undefined ? { diagnostics } : { dag: sealDag(value), diagnostics };
}

function checkFile(given: unknown): Checked<Dag> {
  const absurd = checkSize(given);
  if (absurd.length > 0) return { findings: absurd };
  const { value, findings: inExpressions } = readExpressions(given);
  const result = dagFileSchema().safeParse(value);
  const findings = [...checkGraph(value), ...inExpressions];
  if (!result.success) return { findings: [...findingsOf(result.error.issues, value), ...findings] };
  const dag = result.data;
  const pathOf = (index: number): Path => ['tasks', dag.tasks[index]!.name];
  return { value: dag, findings: [...findings, ...checkLimits(dag, pathOf)] };
}

function checkCanonical(given: unknown): Checked<Dag> {
  const absurd = checkSize(given);
  if (absurd.length > 0) return { findings: absurd };
  const { value, findings: inExpressions } = readExpressions(given);
  const result = dagSchema().safeParse(value);
  const findings = [...checkGraph(value), ...inExpressions];
  if (!result.success) return { findings: [...findingsOf(result.error.issues, value), ...findings] };
  const dag = result.data;
  const pathOf = (index: number): Path => ['tasks', index];
  return { value: dag, findings: [...findings, ...checkLimits(dag, pathOf)] };
}
