import { EXPRESSION_PROBLEMS } from '../expression/problem.js';

/**
 * Every code that a diagnostic of a dag carries, with its meaning. docs/errors.md lists the same; a test holds the two
 * together.
 */
export const DIAGNOSTIC_CODES = {
  ...EXPRESSION_PROBLEMS,
  FILE_UNREADABLE: 'The file cannot be read.',
  FILE_TOO_LARGE: 'The file is over 8 MiB.',
  FILE_EMPTY: 'The file has nothing in it.',
  SYNTAX: 'The file is not valid YAML, or not valid JSON.',
  TAB_INDENT: 'A line is indented by a tab; YAML allows spaces only.',
  MULTIPLE_DOCUMENTS: 'The file holds more than one YAML document.',
  DUPLICATE_KEY: 'A mapping has the same key twice.',
  KEY_INVALID: 'A key is not text, or is a name that cannot be a key.',
  TAG_UNSUPPORTED: 'A YAML tag (`!something`) is not supported.',
  ALIAS_INVALID: 'A YAML alias or merge key points to nothing, to itself, or to something that is not a mapping.',
  ALIAS_BOMB: 'YAML aliases blow the file up to an absurd size.',
  TOO_DEEP: 'Values are nested too deep.',
  FIELD_UNKNOWN: 'A field is not known here.',
  FIELD_MISSING: 'A field that is required is missing.',
  FIELD_CONFLICT: 'Fields exclude each other.',
  TYPE_WRONG: 'A value has the wrong type.',
  VALUE_INVALID: 'A value is not among those allowed, or out of its range.',
  NUMBER_INVALID: 'A number is not finite, or cannot be kept exactly.',
  DURATION_INVALID: 'A duration is not like 90s, 10m, 2h or 1h30m.',
  NAME_INVALID: 'A name has characters that are not allowed, or is too long.',
  NOT_SUPPORTED_YET: 'A field is reserved for a later version.',
  EXPRESSION_IN_SCRIPT: 'A script holds an expression; values reach a script through `env` only.',
  EXPRESSION_PLACE: 'A place takes no expressions.',
  DAG_EMPTY: 'The dag has no tasks.',
  TOO_MANY_TASKS: 'The dag has over 100,000 tasks.',
  TOO_LARGE: 'A script, a text or a setting is over its limit.',
  TASK_DUPLICATE: 'Two tasks have the same name.',
  NEEDS_UNKNOWN: 'A task needs a task that is not in the dag.',
  NEEDS_SELF: 'A task needs itself.',
  NEEDS_DUPLICATE: 'A task needs the same task twice.',
  NEEDS_FINALLY: 'A task needs one of `finally`, or one of `finally` needs another task.',
  POOL_UNKNOWN: 'A task names a pool that the dag does not have.',
  POOL_TOO_SMALL: 'A task needs more slots of a pool than it has, or than its rate lets through.',
  BRANCH_UNKNOWN: 'A case of a switch names a task that is not in the dag.',
  ARTIFACT_UNKNOWN: 'A task takes a file that no task saves.',
  SUBDAG_CYCLE: 'Dag files include each other in a circle, so the dag would have no end.',
  SUBDAG_TOO_DEEP: 'Sub-dags are nested over 8 levels deep.',
  SUBDAG_PARAM: 'A param of a sub-dag is unknown, missing, or not of its type.',
  CYCLE: 'Tasks need each other in a circle, so none could ever start.',
  RETRY_INVALID: 'The longest retry interval is shorter than the first.',
  PARAM_DEFAULT: "A param's default, or an allowed value, is not of its type or not among the values allowed.",
  TIMEOUT_UNUSUAL: 'Time limits contradict each other.',
  WHEN_DEAD: 'A condition can never hold, or compares a status with what it can never be.',
  TRIGGER_RULE_DEAD: 'A trigger rule can never let its task start.',
  BRANCH_JOIN: 'A task needs tasks that may be skipped, by a rule that takes no skipped one.',
  OUTPUT_MAYBE_MISSING: 'An output is used of a task that may have none.',
  RETRY_UNBOUNDED: 'A task is retried very often, and nothing bounds how long that takes.',
  POLL_UNBOUNDED: 'A poll without a timeout.',
  SECRET_IN_PLAIN: 'What looks like a secret stands in plain text.',
  SCRIPT_UNQUOTED: 'A script uses a variable that an expression fills without quotes.',
  SRTF_STOPS_NOTHING: 'The policy `srtf` in a dag of which no task may be stopped.',
  PREEMPTIBLE_UNUSED: 'A task may be stopped for a shorter one, and the policy of its dag stops none.',
  AFFINITY_UNUSED: 'A task has an affinity, and the placement of its dag does not look at it.',
  TEST_NAME_UNKNOWN: 'A test names a task, an event or an output that its dag has not.',
  MORE_PROBLEMS: 'There are more problems than are listed.',
} as const;

/** A code of {@link DIAGNOSTIC_CODES}. */
export type DiagnosticCode = keyof typeof DIAGNOSTIC_CODES;

/** One problem of a dag, at its place. */
export interface Diagnostic {
  readonly code: DiagnosticCode;
  readonly severity: 'error' | 'warning';
  /** One sentence for a person. */
  readonly message: string;
  readonly file?: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  /** The fix, in a sentence. */
  readonly hint?: string;
}

/** `file:line:column error CODE message`, and the hint on a line of its own. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { file, line, column, severity, code, message, hint } = diagnostic;
  const place = file === undefined ? `${line}:${column}` : `${file}:${line}:${column}`;
  return `${place} ${severity} ${code} ${message}${hint === undefined ? '' : `\n  ${hint}`}`;
}

/** Whether one of them is an error; warnings alone let a dag run. */
export function hasErrors(diagnostics: readonly Pick<Diagnostic, 'severity'>[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === 'error');
}
