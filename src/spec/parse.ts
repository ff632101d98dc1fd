import type { Dag } from '../dag/dag.js';
import { hasErrors, type Diagnostic } from './diagnostic.js';
import { findingsOf, type Finding } from './issues.js';
import { checkEnvNumbers, checkExpressions, checkGraph, checkLimits, checkSize } from './rules.js';
import { dagFileSchema, dagSchema } from './schema.js';
import { sealDag } from './sealed-dag.js';
import { readSource } from './source.js';

/** What reading a dag gives: the dag where nothing is wrong with it, and all that is. */
export interface ParsedDag {
  /** Left out where a diagnostic is an error. */
  readonly dag?: Dag;
  /** In the order of the file. */
  readonly diagnostics: readonly Diagnostic[];
}

const MOST = 1_000;

/**
 * Reads the text of a dag file. Never throws on bad input: every problem comes back, in one go, at its place.
 * @param options.file The name to put into diagnostics.
 * @param options.format Default: `json` where `file` ends so, else `yaml`.
 */
export function parseDag(text: string, options: { file?: string; format?: 'yaml' | 'json' } = {}): ParsedDag {
  const format = options.format ?? (options.file?.toLowerCase().endsWith('.json') === true ? 'json' : 'yaml');
  const source = readSource(text.replace(/^\uFEFF/, ''), format, options.file);
  const diagnostics = [...source.diagnostics];
  if (source.value === undefined) return { diagnostics: inOrder(diagnostics) };
  const value = withoutExtensions(source.value);
  const { dag, findings } = check(value);
  const limits = dag === undefined ? [] : checkLimits(dag, (index) => ['tasks', dag.tasks[index]?.name ?? '']);
  for (const { problem, ...at } of [...findings, ...checkEnvNumbers(value, source.written), ...limits]) {
    diagnostics.push(source.report(at, problem));
  }
  return dag === undefined || hasErrors(diagnostics)
    ? { diagnostics: inOrder(diagnostics) }
    : { dag: sealDag(dag), diagnostics: inOrder(diagnostics) };
}

/** Fields that begin with `x-` are the user's own, a place for YAML anchors; `$schema` is for editors. */
function withoutExtensions(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => !key.startsWith('x-') && key !== '$schema'));
}

function check(value: unknown): { dag?: Dag; findings: Finding[] } {
  const absurd = checkSize(value);
  if (absurd.length > 0) return { findings: absurd };
  const result = dagFileSchema().safeParse(value);
  const findings = [...checkGraph(value), ...checkExpressions(value)];
  return result.success
    ? { dag: result.data, findings }
    : { findings: [...findingsOf(result.error.issues, value), ...findings] };
}

/**
 * Checks what a dag file would hold, made by a program (the builder). Diagnostics stand at 1:1; their messages name the
 * path.
 */
export function checkDagFile(value: unknown): ParsedDag {
  const plain = plainJson(value);
  if ('finding' in plain) return { diagnostics: [atStart(plain.finding)] };
  const { dag, findings } = check(plain.value);
  if (dag !== undefined) findings.push(...checkLimits(dag, (index) => ['tasks', dag.tasks[index]?.name ?? '']));
  return withoutPlaces(dag, findings);
}

/**
 * Checks a canonical dag that a program made, by the rules of dag files. Diagnostics stand at 1:1; their messages name
 * the path.
 */
export function checkDag(value: unknown): ParsedDag {
  const plain = plainJson(value);
  if ('finding' in plain) return { diagnostics: [atStart(plain.finding)] };
  const absurd = checkSize(plain.value);
  if (absurd.length > 0) return withoutPlaces(undefined, absurd);
  const result = dagSchema().safeParse(plain.value);
  const issues = result.success ? [] : findingsOf(result.error.issues, plain.value);
  const findings = [...issues, ...checkGraph(plain.value), ...checkExpressions(plain.value)];
  if (!result.success) return withoutPlaces(undefined, findings);
  const dag: Dag = result.data;
  return withoutPlaces(dag, [...findings, ...checkLimits(dag, (index) => ['tasks', index])]);
}

function withoutPlaces(dag: Dag | undefined, findings: readonly Finding[]): ParsedDag {
  const diagnostics = inOrder(findings.map(atStart));
  return dag === undefined || hasErrors(diagnostics) ? { diagnostics } : { dag: sealDag(dag), diagnostics };
}

/** The diagnostics of {@link checkDag}. */
export function validateDag(dag: unknown): readonly Diagnostic[] {
  return checkDag(dag).diagnostics;
}

/** The value as JSON would carry it, or why JSON cannot. */
function plainJson(value: unknown): { value: unknown } | { finding: Finding } {
  try {
    const text = JSON.stringify(value, (key, item: unknown) => {
      const type = typeof item;
      if (key === '__proto__') throw new TypeError('the key `__proto__` is not allowed.');
      if (type === 'bigint' || type === 'function' || type === 'symbol') {
        throw new TypeError(`\`${key}\` is a ${type}, which JSON cannot hold.`);
      }
      if (type === 'number' && !Number.isFinite(item)) throw new TypeError(`\`${key}\` is not a finite number.`);
      return item;
    }) as string | undefined;
    return { value: text === undefined ? undefined : (JSON.parse(text) as unknown) };
  } catch (error) {
    const reason = error instanceof TypeError ? (error.message.split('\n')[0] ?? '') : 'it is too deep or too large.';
    const message = `The dag is not plain JSON: ${reason}`;
    return { finding: { path: [], problem: { code: 'TYPE_WRONG', severity: 'error', message } } };
  }
}

function atStart(finding: Finding): Diagnostic {
  return { ...finding.problem, line: 1, column: 1 };
}

function inOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const sorted = diagnostics.toSorted((a, b) => a.line - b.line || a.column - b.column);
  const last = sorted[MOST];
  if (last === undefined) return sorted;
  const message = `There are ${(sorted.length - MOST).toLocaleString('en')} more problems.`;
  const { hint: _, ...place } = last;
  return [...sorted.slice(0, MOST), { ...place, code: 'MORE_PROBLEMS', severity: 'error', message }];
}
