import { storedRef } from '../../dag/stored-value.js';
import type { Json } from '../../dag/json.js';
import type { RunResult, TaskResult } from '../../run/run.js';
import type { TaskError } from '../../dag/task-error.js';
import { TASK_STATES, type TaskState } from '../../dag/task-state.js';
import { elapsedOf, formatDuration } from './duration.js';
import { paintFor, runColorOf } from './paint.js';
import { cleanLine, cut, oneLine } from './text.js';

const MOST_FAILURES = 10;
/** Of one fan-out: its first failures tell what is wrong. */
const MOST_FAILED_ITEMS = 3;
const MOST_FAN_OUTS = 10;
const MOST_OUTPUTS = 5;
/** Outputs that the dag itself names. */
const MOST_RUN_OUTPUTS = 12;
const MOST_FIELDS = 6;
const MOST_FIELD_CHARACTERS = 200;
const MOST_STDERR_LINES = 5;

/** How a summary is written. */
export interface SummaryOptions {
  /** Columns. Only long outputs and lines of stderr are cut to it; messages are whole. */
  readonly width: number;
  readonly color: boolean;
  /** The tasks that no other needs: their outputs are what the run made, where the dag does not say. */
  readonly leaves: readonly string[];
  /** The log of a task's last attempt, where it lies on this machine. */
  readonly logOf?: (task: string, result: TaskResult) => string | undefined;
}

/** The last words on a run: how it ended, what failed and why, what it made. */
export function renderSummary(result: RunResult, options: SummaryOptions): string {
  const paint = paintFor(options.color);
  const took = formatDuration(elapsedOf(result, Date.parse(result.endedAt)) ?? 0);
  const state = paint(result.status, runColorOf(result.status));
  const groups = groupsOf(result);
  const lines = [`run ${result.runId} ${state} in ${took}: ${countsOf(groups.tasks)}${sparedOf(result)}`];
  lines.push(...itemLines(result), ...undoLines(groups.undo));

  const failures = failuresOf(result);
  for (const [name, task] of failures.shown) {
    lines.push(...failureOf(name, task, options).map((line, i) => (i === 0 ? paint(line, 'red') : line)));
  }
  if (failures.more > 0) lines.push(`  … ${failures.more} more failed`);

  lines.push(...outputLines(result, options));
  return lines.join('\n');
}

/** The tasks, and those that undid others; items are told of apart. */
function groupsOf({ tasks }: RunResult): { readonly tasks: TaskResult[]; readonly undo: TaskResult[] } {
  const own = Object.values(tasks).filter(({ item }) => item === undefined);
  return {
    tasks: own.filter(({ compensates }) => compensates === undefined),
    undo: own.filter(({ compensates }) => compensates !== undefined),
  };
}

function countsOf(tasks: readonly TaskResult[]): string {
  const counts = new Map<TaskState, number>();
  for (const { status } of tasks) counts.set(status, (counts.get(status) ?? 0) + 1);
  return TASK_STATES.filter((state) => counts.has(state))
    .map((state) => `${counts.get(state)} ${state}`)
    .join(', ');
}

/** Of each fan-out how its items ended: `convert: 98 items succeeded, 2 failed`. */
function itemLines({ tasks }: RunResult): string[] {
  const items = new Map<string, TaskResult[]>();
  for (const task of Object.values(tasks)) {
    if (task.item === undefined) continue;
    const siblings = items.get(task.item.of);
    if (siblings === undefined) items.set(task.item.of, [task]);
    else siblings.push(task);
  }
  const lines = [...items].map(([name, own]) => {
    const what = own.length === 1 ? '1 item' : `${own.length} items`;
    return `  ${name}: ${what}, ${countsOf(own)}`;
  });
  const shown = lines.slice(0, MOST_FAN_OUTS);
  return lines.length > shown.length ? [...shown, `  … ${lines.length - shown.length} more fan-outs`] : shown;
}

function undoLines(undo: readonly TaskResult[]): string[] {
  return undo.length === 0 ? [] : [`  undo: ${countsOf(undo)}`];
}

/** The failures that are told: of each fan-out the first few. */
function failuresOf({ tasks }: RunResult): {
  readonly shown: readonly (readonly [string, TaskResult])[];
  readonly more: number;
} {
  const told = new Map<string, number>();
  const shown: (readonly [string, TaskResult])[] = [];
  let more = 0;
  for (const [name, task] of Object.entries(tasks)) {
    if (task.status !== 'failed') continue;
    const items = task.item === undefined ? 0 : (told.get(task.item.of) ?? 0) + 1;
    if (task.item !== undefined) told.set(task.item.of, items);
    if (items > MOST_FAILED_ITEMS || shown.length >= MOST_FAILURES) more += 1;
    else shown.push([name, task]);
  }
  return { shown, more };
}

/** What the run gives, or else what its last tasks did. */
function outputLines(result: RunResult, { leaves, width }: SummaryOptions): string[] {
  const { outputs } = result;
  const most = outputs === undefined ? MOST_OUTPUTS : MOST_RUN_OUTPUTS;
  const all =
    outputs === undefined
      ? leaves.flatMap((name) => outputOf(name, result.tasks[name], width))
      : Object.entries(outputs).flatMap(([name, output]) => valueOf(name, output, width));
  const lines = all.slice(0, most).flat();
  return all.length > most ? [...lines, `  … ${all.length - most} more outputs`] : lines;
}

/** What did not have to be done: a rerun takes over, a cache gives. */
function sparedOf({ tasks, rerunOf }: RunResult): string {
  let takenOver = 0;
  let cached = 0;
  for (const task of Object.values(tasks)) {
    if (task.takenOver === true) takenOver += 1;
    else if (task.cached !== undefined) cached += 1;
  }
  const spared: string[] = [];
  if (takenOver > 0) spared.push(`${takenOver} taken over${rerunOf === undefined ? '' : ` from ${oneLine(rerunOf)}`}`);
  if (cached > 0) spared.push(`${cached} cached`);
  return spared.length === 0 ? '' : ` (${spared.join(', ')})`;
}

function failureOf(name: string, task: TaskResult, options: SummaryOptions): string[] {
  const attempts = task.attempts > 1 ? ` (${task.attempts} attempts)` : '';
  const { error } = task;
  if (error === undefined) return [`  ${name}${attempts} failed`];
  const lines = [`  ${name}${attempts} ${error.code}: ${oneLine(error.message)}`];
  lines.push(...causesOf(error).map((cause) => `    caused by ${cause}`));
  const stderr = linesOf(error.details?.['stderr']).slice(-MOST_STDERR_LINES);
  // A single line is in the message already.
  if (stderr.length > 1 || !error.message.includes(stderr[0] ?? '')) {
    for (const line of stderr) lines.push(cut(`    │ ${line}`, options.width));
  }
  const log = options.logOf?.(name, task);
  if (log !== undefined) lines.push(`    log: ${log}`);
  return lines;
}

/** What caused an error, and what caused that, unless it says so itself. */
function causesOf({ message, cause }: TaskError): string[] {
  if (cause === undefined) return [];
  const said = message.includes(cause.message) ? [] : [`${cause.code}: ${oneLine(cause.message)}`];
  return [...said, ...causesOf(cause)];
}

function linesOf(stderr: Json | undefined): string[] {
  const lines = typeof stderr === 'string' ? stderr.split('\n') : Array.isArray(stderr) ? stderr : [];
  return lines.filter((line): line is string => typeof line === 'string' && line.trim() !== '').map(cleanLine);
}

/** The lines of one output. A few texts (paths, addresses) stand one a line and whole: people copy them. */
function outputOf(name: string, task: TaskResult | undefined, width: number): string[][] {
  if (task?.outputOmitted === true) return [[`  ${name} → (too large to show)`]];
  const output = task?.output;
  return output === undefined || isEmpty(output) ? [] : valueOf(name, output, width);
}

function valueOf(name: string, output: Json, width: number): string[][] {
  if (output === null) return [[`  ${name} → null`]];
  const kept = storedRef(output);
  if (kept !== undefined) return [[`  ${name} → ${megabytes(kept.bytes)}, kept in the store`]];
  const fields = typeof output === 'object' && !Array.isArray(output) ? Object.entries(output) : [];
  if (fields.length > 0 && fields.length <= MOST_FIELDS && fields.every(([, value]) => isShortText(value))) {
    const longest = Math.max(...fields.map(([field]) => field.length));
    return [
      [`  ${name}`, ...fields.map(([field, value]) => `    ${field.padEnd(longest)}  ${oneLine(String(value))}`)],
    ];
  }
  return [[cut(`  ${name} → ${oneLine(typeof output === 'string' ? output : JSON.stringify(output))}`, width)]];
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`;
}

/** A run without outputs gives an empty object to the task that it is. */
function isEmpty(output: Json): boolean {
  return output === null || (typeof output === 'object' && Object.keys(output).length === 0);
}

function isShortText(value: Json): boolean {
  return value !== null && typeof value !== 'object' && String(value).length <= MOST_FIELD_CHARACTERS;
}
