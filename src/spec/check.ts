import { hasErrors, type Diagnostic } from './diagnostic.js';
import { joinFinally } from './finally-tasks.js';
import { valueAt, type Finding } from './issues.js';
import { checkEnvNumbers } from './rules.js';
import { readSource, type Path, type Source } from './source.js';

/** What a check makes of a value, and all that is wrong with it. */
export interface Checked<Value> {
  readonly value?: Value;
  readonly findings: readonly Finding[];
  /** Problems of other files, each at its place there. */
  readonly diagnostics?: readonly Diagnostic[];
}

interface Diagnosed<Value> {
  /** Left out where a diagnostic is an error. */
  readonly value?: Value;
  readonly diagnostics: readonly Diagnostic[];
}

const MOST = 1_000;

/** Reads YAML or JSON and checks it. What is wrong stands at its place in the text. */
export function checkText<Value>(
  text: string,
  options: { file?: string; format?: 'yaml' | 'json' },
  check: (value: unknown) => Checked<Value>,
): Diagnosed<Value> {
  const format = options.format ?? (options.file?.toLowerCase().endsWith('.json') === true ? 'json' : 'yaml');
  return checkSource(readSource(text.replace(/^\uFEFF/, ''), format, options.file), check);
}

/** Checks a file that was read. What is wrong stands at its place in the text. */
export function checkSource<Value>(source: Source, check: (value: unknown) => Checked<Value>): Diagnosed<Value> {
  if (source.value === undefined) return diagnosed<Value>(undefined, source.diagnostics);
  const given = withoutExtensions(source.value);
  const { value, findings, diagnostics } = check(given);
  const places = [...findings, ...envNumbers(given, source)];
  const own = [...source.diagnostics, ...places.map(({ problem, ...at }) => source.report(at, problem))];
  return diagnosed(value, own, diagnostics);
}

/** Numbers that are written in `env` differently from what a variable would hold, those of `finally` included. */
function envNumbers(given: unknown, source: Source): Finding[] {
  const { value, place } = joinFinally(given);
  const last = new Set(Object.keys(Object(valueAt(given, ['finally'])) as object));
  const written = (path: Path): string | undefined => {
    const [field, name, ...rest] = path;
    const isLast = field === 'tasks' && last.has(String(name)) && valueAt(given, ['tasks', name!]) === undefined;
    return source.written(isLast ? ['finally', name!, ...rest] : path);
  };
  return checkEnvNumbers(value, written).map(place);
}

/** Checks a value that a program made. Diagnostics stand at 1:1; their messages name the path. */
export function checkValue<Value>(value: unknown, check: (value: unknown) => Checked<Value>): Diagnosed<Value> {
  const plain = plainJson(value);
  const checked: Checked<Value> = 'finding' in plain ? { findings: [plain.finding] } : check(plain.value);
  const diagnostics = checked.findings.map(({ problem }): Diagnostic => ({ ...problem, line: 1, column: 1 }));
  return diagnosed(checked.value, diagnostics, checked.diagnostics);
}

function diagnosed<Value>(
  value: Value | undefined,
  own: readonly Diagnostic[],
  ofOthers: readonly Diagnostic[] = [],
): Diagnosed<Value> {
  const diagnostics = [...inOrder(own), ...ofOthers];
  return value === undefined || hasErrors(diagnostics) ? { diagnostics } : { value, diagnostics };
}

/** Fields that begin with `x-` are the user's own, a place for YAML anchors; `$schema` is for editors. */
export function withoutExtensions(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => !key.startsWith('x-') && key !== '$schema'));
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

function inOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const sorted = diagnostics.toSorted((a, b) => a.line - b.line || a.column - b.column);
  if (sorted.length <= MOST) return sorted;
  // Where there is no place for all, errors come before warnings.
  const severity = hasErrors(sorted) ? 'error' : 'warning';
  const listed = sorted.filter((diagnostic) => diagnostic.severity === severity).slice(0, MOST);
  const last = sorted.at(-1)!;
  const message = `There are ${(sorted.length - listed.length).toLocaleString('en')} more problems.`;
  const { hint: _, ...place } = last;
  return [...listed, { ...place, code: 'MORE_PROBLEMS', severity, message }];
}
