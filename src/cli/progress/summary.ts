import type { Json } from '../../dag/json.js';
import type { RunResult, TaskResult } from '../../run/run.js';
import type { TaskError } from '../../dag/task-error.js';
import { TASK_STATES, isTaskEnd } from '../../dag/task-state.js';
import { elapsedOf, formatDuration } from './duration.js';
import { paintFor, runColorOf } from './paint.js';
import { cleanLine, cut, oneLine } from './text.js';

const MOST_FAILURES = 10;
const MOST_OUTPUTS = 5;
const MOST_FIELDS = 6;
const MOST_FIELD_CHARACTERS = 200;
const MOST_STDERR_LINES = 5;

/** How a summary is written. */
export interface SummaryOptions {
  /** Columns. Only long outputs and lines of stderr are cut to it; messages are whole. */
  readonly width: number;
  readonly color: boolean;
  /** The tasks that no other needs: their outputs are what the run made. */
  readonly leaves: readonly string[];
  /** The log of a task's last attempt, where it lies on this machine. */
  readonly logOf?: (task: string, result: TaskResult) => string | undefined;
}

/** The last words on a run: how it ended, what failed and why, what it made. */
export function renderSummary(result: RunResult, options: SummaryOptions): string {
  const paint = paintFor(options.color);
  const took = formatDuration(elapsedOf(result, Date.parse(result.endedAt)) ?? 0);
  const state = paint(result.status, runColorOf(result.status));
  const lines = [`run ${result.runId} ${state} in ${took}: ${countsOf(result)}${takenOverOf(result)}`];

  const failures = Object.entries(result.tasks).filter(([, task]) => task.status === 'failed');
  for (const [name, task] of failures.slice(0, MOST_FAILURES)) {
    lines.push(...failureOf(name, task, options).map((line, i) => (i === 0 ? paint(line, 'red') : line)));
  }
  if (failures.length > MOST_FAILURES) lines.push(`  … ${failures.length - MOST_FAILURES} more failed`);

  const outputs = options.leaves.flatMap((name) => outputOf(name, result.tasks[name], options.width));
  lines.push(...outputs.slice(0, MOST_OUTPUTS).flat());
  if (outputs.length > MOST_OUTPUTS) lines.push(`  … ${outputs.length - MOST_OUTPUTS} more outputs`);
  return lines.join('\n');
}

function countsOf(result: RunResult): string {
  const tasks = Object.values(result.tasks);
  return TASK_STATES.filter(isTaskEnd)
    .map((state) => ({ state, count: tasks.filter((task) => task.status === state).length }))
    .filter(({ count }) => count > 0)
    .map(({ state, count }) => `${count} ${state}`)
    .join(', ');
}

/** What a rerun did not have to do. */
function takenOverOf({ tasks, rerunOf }: RunResult): string {
  const count = Object.values(tasks).filter((task) => task.takenOver === true).length;
  if (count === 0) return '';
  return ` (${count} taken over${rerunOf === undefined ? '' : ` from ${oneLine(rerunOf)}`})`;
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
  if (output === undefined || output === null) return [];
  const fields = typeof output === 'object' && !Array.isArray(output) ? Object.entries(output) : [];
  if (fields.length > 0 && fields.length <= MOST_FIELDS && fields.every(([, value]) => isShortText(value))) {
    const longest = Math.max(...fields.map(([field]) => field.length));
    return [
      [`  ${name}`, ...fields.map(([field, value]) => `    ${field.padEnd(longest)}  ${oneLine(String(value))}`)],
    ];
  }
  return [[cut(`  ${name} → ${oneLine(typeof output === 'string' ? output : JSON.stringify(output))}`, width)]];
}

function isShortText(value: Json): boolean {
  return value !== null && typeof value !== 'object' && String(value).length <= MOST_FIELD_CHARACTERS;
}
