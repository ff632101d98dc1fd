import type { Dag } from '../dag/dag.js';
import { hasErrors, type Diagnostic } from './diagnostic.js';
import { findingsOf, type Finding } from './issues.js';
import { checkEnvNumbers, checkExpressions, checkGraph, checkLimits, checkSize } from './rules.js';
import { dagFileSchema, dagSchema } from './schema.js';
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
    : { dag, diagnostics: inOrder(diagnostics) };
}

/** Fields of the dag that begin with `x-` are the user's own: a place for YAML anchors, and for other tools. */
function withoutExtensions(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => !key.startsWith('x-')));
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
 * Checks a canonical dag that a program made, by the rules of dag files. Diagnostics stand at 1:1; their messages name
 * the path.
 */
export function checkDag(dag: unknown): ParsedDag {
  const absurd = [...checkJsonValue(dag), ...checkSize(dag)];
  if (absurd.length > 0) return { diagnostics: absurd.map(atStart) };
  const result = dagSchema().safeParse(dag);
  const findings = [
    ...(result.success ? [] : findingsOf(result.error.issues, dag)),
    ...checkGraph(dag),
    ...checkExpressions(dag),
  ];
  if (result.success) findings.push(...checkLimits(result.data as Dag, (index) => ['tasks', index]));
  const diagnostics = findings.map(atStart).slice(0, MOST);
  return result.success && !hasErrors(diagnostics) ? { dag: result.data as Dag, diagnostics } : { diagnostics };
}

/** The diagnostics of {@link checkDag}. */
export function validateDag(dag: unknown): readonly Diagnostic[] {
  return checkDag(dag).diagnostics;
}

function checkJsonValue(value: unknown): Finding[] {
  try {
    JSON.stringify(value, (key, item: unknown) => {
      const type = typeof item;
      if (
        type === 'bigint' ||
        type === 'function' ||
        type === 'symbol' ||
        (type === 'number' && !Number.isFinite(item))
      ) {
        throw new TypeError(`\`${key}\` holds a ${type} that JSON cannot hold.`);
      }
      return item;
    });
    return [];
  } catch (error) {
    const reason = error instanceof TypeError ? (error.message.split('\n')[0] ?? '') : 'It is nested too deep.';
    return [
      { path: [], problem: { code: 'TYPE_WRONG', severity: 'error', message: `The dag is not plain JSON: ${reason}` } },
    ];
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
