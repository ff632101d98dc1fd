import type { z } from 'zod';
import { CONTROL_NAMES, HANDLER_NAMES } from '../dag/dag.js';
import type { Diagnostic, DiagnosticCode } from './diagnostic.js';
import { refusalOf } from './field-refusals.js';
import { didYouMean } from './near-name.js';
import { quote, unpack } from './problem.js';
import type { Path } from './source.js';

/** A problem of a dag, at a path rather than at a line. */
export interface Finding {
  readonly path: Path;
  /** The problem is the key rather than its value. */
  readonly key?: boolean;
  /** The problem begins so many characters into the text. */
  readonly within?: number;
  readonly problem: Omit<Diagnostic, 'file' | 'line' | 'column'>;
}

type Issue = z.core.$ZodIssue;

/** Fields whose meaning later versions will define. */
const RESERVED: ReadonlySet<string> = new Set(
  'if schedule triggers secrets sla alerts batch idempotencyKey'.split(' '),
);

/** What others call it. */
const OF_GROUPS: ReadonlySet<string> = new Set(['workerGroup', 'labels', 'nodeSelector']);

/** The findings of zod's issues about a value. */
export function findingsOf(issues: readonly Issue[], value: unknown): Finding[] {
  return issues.flatMap((issue) => findings(issue, [], value));
}

function findings(issue: Issue, base: Path, root: unknown): Finding[] {
  const path = [...base, ...issue.path];
  const packed = unpack(issue.message);
  if (issue.code === 'unrecognized_keys') {
    const known = (packed?.text ?? '').split(' ');
    return issue.keys.map((key) => unknownField(path, key, known, packed?.hint ?? ''));
  }
  if (packed !== undefined) {
    const key = issue.code === 'custom' && issue.params?.['key'] === true;
    return [finding(path, packed.code, packed.text, packed.hint, key)];
  }
  const value = valueAt(root, path);
  switch (issue.code) {
    case 'invalid_union':
      return union(issue, path, root);
    case 'invalid_type':
      if (value === undefined) return [missing(path)];
      return [
        finding(path, 'TYPE_WRONG', `must be ${TYPE_WORDS[issue.expected] ?? issue.expected}, not ${quote(value)}.`),
      ];
    case 'invalid_value': {
      if (value === undefined) return [missing(path)];
      const allowed = issue.values.map(String);
      const near = didYouMean(textOf(value), allowed);
      const hint = near ?? `Write ${allowed.map((one) => `\`${one}\``).join(' or ')}.`;
      return [finding(path, 'VALUE_INVALID', `cannot be ${quote(value)}.`, hint)];
    }
    case 'too_small':
    case 'too_big': {
      const list = Array.isArray(value) || typeof value === 'string';
      const bound = issue.code === 'too_small' ? `at least ${issue.minimum}` : `at most ${issue.maximum}`;
      if (list)
        return [
          finding(path, 'VALUE_INVALID', `must have ${bound} ${typeof value === 'string' ? 'characters' : 'entries'}.`),
        ];
      return [finding(path, 'VALUE_INVALID', `must be ${bound}, not ${quote(value)}.`)];
    }
    default:
      return [finding(path, 'VALUE_INVALID', `is not allowed: ${quote(value)}.`)];
  }
}

const USES = [...HANDLER_NAMES, 'poll', ...CONTROL_NAMES];

function union(issue: Extract<Issue, { code: 'invalid_union' }>, path: Path, root: unknown): Finding[] {
  const value = valueAt(root, path);
  if (path.at(-1) === 'uses') {
    if (value === undefined) return [missing(path)];
    const uses = path.length === 3 ? USES : HANDLER_NAMES;
    const hint = didYouMean(textOf(value), uses) ?? `Write one of ${uses.map((one) => `\`${one}\``).join(', ')}.`;
    return [finding(path, 'VALUE_INVALID', `names no handler: ${quote(value)}.`, hint)];
  }
  if (value === undefined) return [missing(path)];
  // A member that the value is of the right type for is the one that was meant.
  const meant = issue.errors.filter(
    (errors) =>
      !errors.some((one) => one.path.length === 0 && isOfOtherType(one, value) && unpack(one.message) === undefined),
  );
  const chosen =
    meant.length === 1
      ? meant[0]
      : issue.errors.find((errors) => errors.some((one) => unpack(one.message) !== undefined));
  if (chosen !== undefined) return chosen.flatMap((inner) => findings(inner, path, root));
  const types = issue.errors.flatMap((errors) =>
    errors.flatMap((one) => {
      if (one.path.length > 0) return [];
      if (one.code === 'invalid_value') return ['text'];
      return one.code === 'invalid_type' ? [TYPE_WORDS[one.expected] ?? one.expected] : [];
    }),
  );
  return [finding(path, 'TYPE_WRONG', `must be ${[...new Set(types)].join(' or ')}, not ${quote(value)}.`)];
}

/** The value as it may have been misspelt. A mapping may have a `toString` of its own, which is no function. */
function textOf(value: unknown): string {
  const word: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
  return typeof word === 'object' ? '' : String(word);
}

/** Whether it says that the value is of another type, rather than not among those allowed. */
function isOfOtherType(issue: Issue, value: unknown): boolean {
  return issue.code === 'invalid_type' || (issue.code === 'invalid_value' && typeof value === 'object');
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
  tuple: 'a list',
};

function unknownField(path: Path, key: string, known: readonly string[], kind: string): Finding {
  const full = [...path, key];
  if (RESERVED.has(key)) {
    return {
      ...finding(
        full,
        'NOT_SUPPORTED_YET',
        'is not supported yet.',
        'Remove it; the name is kept for a later version.',
      ),
      key: true,
    };
  }
  if (known.includes(key)) {
    const { text, hint } = refusalOf(kind, key);
    return finding(full, 'FIELD_CONFLICT', text, hint, true);
  }
  const hint =
    (known.includes('requires') && OF_GROUPS.has(key)
      ? 'Write `requires:` with the labels of the group.'
      : undefined) ??
    didYouMean(key, known) ??
    `Known here: ${known
      .filter((name) => name !== 'finally' || path.length === 0)
      .map((name) => `\`${name}\``)
      .join(', ')}.`;
  return { ...finding(full, 'FIELD_UNKNOWN', 'is not a field that is known here.', hint), key: true };
}

function missing(path: Path): Finding {
  const field = String(path.at(-1));
  return finding(path, 'FIELD_MISSING', 'is missing.', `Add \`${field}:\`.`, true);
}

/** A finding whose sentence begins with the path. */
export function finding(path: Path, code: DiagnosticCode, text: string, hint?: string, key = false): Finding {
  const message = `${path.length === 0 ? 'The dag' : `\`${spell(path)}\``} ${text}`;
  return { path, ...(key ? { key } : {}), problem: { code, severity: 'error', message, ...(hint ? { hint } : {}) } };
}

/** A path as people write it: `tasks.load.needs[0]`. */
export function spell(path: Path): string {
  return path
    .map((part, index) =>
      typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part).slice(0, 130)}`,
    )
    .join('');
}

/** The value at a path, or undefined. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}
