import { TASK_STATES, isTaskEnd, type TaskState } from '../../dag/task-state.js';
import type { RunDescription, TaskDescription } from '../../dag/run.js';
import { chooseTasks } from './choose-tasks.js';
import { elapsedOf, formatDuration } from './duration.js';
import { colorOf, glyphOf, paintFor, runColorOf, type Color, type Paint } from './paint.js';
import { cut, oneLine, pad, widthOf } from './text.js';

/** Where a picture of a run is shown. */
export interface Screen {
  /** Columns; no line is wider. */
  readonly width: number;
  /** Rows; the picture never has more. `Infinity` shows every task. */
  readonly height: number;
  /** The time, in milliseconds: what is under way has lasted until now. */
  readonly now: number;
  readonly color: boolean;
  /** The sign of a running task turns. Default false. */
  readonly animated?: boolean;
  /** A line under the header: what the run waits for, say. */
  readonly note?: string | undefined;
}

/** Below this width, the states' words and the counts' words give way to their signs. */
const NARROW = 64;
/** An error gets the rest of its task's line if that is at least so wide, else a line of its own. */
const LEAST_ERROR_WIDTH = 28;
const LONGEST_BAR = 48;

/** The order in which people read the counts: what happened, what happens, what is to come. */
const COUNT_ORDER: readonly TaskState[] = [...TASK_STATES].reverse().sort((a, b) => rankOf(a) - rankOf(b));

/** A picture of the run as it stands: header, bar, counts, and as many tasks as there is room for. */
export function renderProgress(status: RunDescription, screen: Screen): string {
  const paint = paintFor(screen.color);
  const lines = [headerOf(status, screen, paint)];
  if (screen.height >= 4) lines.push(barOf(status, screen, paint), countsOf(status, screen, paint));
  if (screen.note !== undefined && screen.height >= 6) lines.push(paint(cut(screen.note, screen.width), 'yellow'));
  if (screen.height >= 12) lines.push('');
  lines.push(...tasksOf(status, screen, screen.height - lines.length, paint));
  return lines.slice(0, Math.max(1, screen.height)).join('\n');
}

function headerOf(status: RunDescription, screen: Screen, paint: Paint): string {
  const elapsed = formatDuration(elapsedOf(status, screen.now) ?? 0);
  const right = `${status.state}  ${elapsed}`;
  const identity = status.runId.startsWith(status.dag) ? status.runId : `${status.dag}  ${status.runId}`;
  const left = cut(identity, Math.max(8, screen.width - widthOf(right) - 2));
  const state = cut(right, Math.max(0, screen.width - widthOf(left) - 2));
  return `${paint(left, 'bold')}  ${paint(state, runColorOf(status.state))}`;
}

function barOf(status: RunDescription, screen: Screen, paint: Paint): string {
  const total = status.tasks.length;
  const counter = `${endedOf(status)}/${total}`;
  const width = Math.min(LONGEST_BAR, screen.width - counter.length - 2);
  if (width < 4) return cut(counter, screen.width);
  const succeeded = status.counts.succeeded ?? 0;
  const failed = (status.counts.failed ?? 0) + (status.counts.upstream_failed ?? 0);
  const parts: readonly (readonly [count: number, sign: string, color: Color])[] = [
    [succeeded, '█', 'green'],
    [failed, '▓', 'red'],
    [endedOf(status) - succeeded - failed, '▒', 'dim'],
    [(status.counts.running ?? 0) + (status.counts.retrying ?? 0), '▌', 'blue'],
  ];
  let reached = 0;
  let drawn = 0;
  let bar = '';
  for (const [count, sign, color] of parts) {
    reached += count;
    const end = total === 0 ? 0 : Math.floor((reached / total) * width);
    bar += paint(sign.repeat(Math.max(0, end - drawn)), color);
    drawn = Math.max(drawn, end);
  }
  return `${bar}${paint('░'.repeat(width - drawn), 'dim')}  ${counter}`;
}

function countsOf(status: RunDescription, screen: Screen, paint: Paint): string {
  const present = COUNT_ORDER.filter((state) => (status.counts[state] ?? 0) > 0);
  const words = present.map((state) => `${status.counts[state]} ${state}`);
  if (widthOf(words.join(' · ')) <= screen.width) {
    return present.map((state, i) => paint(words[i] ?? '', colorOf(state))).join(paint(' · ', 'dim'));
  }
  const signs = present.map((state) => `${glyphOf(state)} ${status.counts[state]}`);
  let used = 0;
  let line = '';
  for (const [i, state] of present.entries()) {
    const sign = signs[i] ?? '';
    used += widthOf(sign) + 2;
    if (used - 2 > screen.width) break;
    line += `${i === 0 ? '' : '  '}${paint(sign, colorOf(state))}`;
  }
  return line;
}

function tasksOf(status: RunDescription, screen: Screen, room: number, paint: Paint): string[] {
  if (room <= 0) return [];
  if (status.tasks.length <= room) {
    const all = rowsOf(status.tasks, screen, paint);
    const count = all.reduce((sum, rows) => sum + rows.length, 0);
    if (count <= room) return all.flat();
  }
  const chosen = chooseTasks(status.tasks, room);
  const lines: string[] = [];
  let shown = 0;
  for (const rows of rowsOf(chosen, screen, paint)) {
    if (lines.length + rows.length > room - 1) break;
    lines.push(...rows);
    shown += 1;
  }
  const rest = restOf(status, chosen.slice(0, shown));
  return rest === '' ? lines : [...lines, paint(cut(`  … ${rest}`, screen.width), 'dim')];
}

/** What the lines above leave out: `83 more pending, 12 more succeeded`. */
function restOf(status: RunDescription, shown: readonly TaskDescription[]): string {
  const left = new Map<TaskState, number>();
  for (const task of status.tasks) left.set(task.state, (left.get(task.state) ?? 0) + 1);
  for (const task of shown) left.set(task.state, (left.get(task.state) ?? 0) - 1);
  return [...COUNT_ORDER]
    .reverse()
    .filter((state) => (left.get(state) ?? 0) > 0)
    .map((state) => `${left.get(state)} more ${state}`)
    .join(', ');
}

function rowsOf(tasks: readonly TaskDescription[], screen: Screen, paint: Paint): string[][] {
  const narrow = screen.width < NARROW;
  const nameLimit = Math.max(8, Math.floor(screen.width * (narrow ? 0.5 : 0.4)));
  const nameWidth = Math.min(
    nameLimit,
    tasks.reduce((most, task) => Math.max(most, task.name.length), 0),
  );
  const stateWidth = narrow ? 0 : tasks.reduce((most, task) => Math.max(most, task.state.length), 0) + 2;
  return tasks.map((task) => rowOf(task, { nameWidth, stateWidth, narrow }, screen, paint));
}

interface Columns {
  readonly nameWidth: number;
  readonly stateWidth: number;
  readonly narrow: boolean;
}

function rowOf(task: TaskDescription, columns: Columns, screen: Screen, paint: Paint): string[] {
  const color = colorOf(task.state);
  const glyph = glyphOf(task.state, screen.animated === true ? screen.now : undefined);
  const name = pad(cut(task.name, columns.nameWidth), columns.nameWidth);
  const elapsed = elapsedOf(task, screen.now);
  const time = (elapsed === undefined ? '' : formatDuration(elapsed)).padStart(8);
  const attempts = attemptsOf(task, columns.narrow);
  const word = columns.stateWidth === 0 ? '' : pad(task.state, columns.stateWidth);
  const plain = `  ${glyph} ${name}  ${word}${time}${attempts}`;
  if (widthOf(plain) > screen.width) return [cut(plain, screen.width)];
  const line =
    `  ${paint(glyph, color)} ${paint(name, isQuiet(task.state) ? 'dim' : 'none')}  ${paint(word, color)}` +
    `${paint(time, 'dim')}${paint(attempts, 'yellow')}`;
  const error = errorOf(task);
  if (error === undefined) return [line.trimEnd()];
  const errorColor = task.state === 'failed' ? 'red' : 'yellow';
  const rest = screen.width - widthOf(plain) - 2;
  if (rest >= Math.min(LEAST_ERROR_WIDTH, widthOf(error))) return [`${line}  ${paint(cut(error, rest), errorColor)}`];
  return [line, `    ${paint(cut(error, screen.width - 4), errorColor)}`];
}

function attemptsOf(task: TaskDescription, narrow: boolean): string {
  if (task.attempts <= 1) return '';
  if (narrow) return ` ×${task.attempts}`;
  return isTaskEnd(task.state) ? `  ${task.attempts} attempts` : `  attempt ${task.attempts}`;
}

/** The error worth showing beside a task. A cancelled task's says nothing new. */
function errorOf(task: TaskDescription): string | undefined {
  if (task.error === undefined || task.state === 'succeeded' || task.state === 'cancelled') return undefined;
  return oneLine(`${task.error.code}: ${task.error.message}`);
}

function isQuiet(state: TaskState): boolean {
  return state === 'pending' || state === 'skipped' || state === 'upstream_failed';
}

function endedOf(status: RunDescription): number {
  return TASK_STATES.reduce((sum, state) => sum + (isTaskEnd(state) ? (status.counts[state] ?? 0) : 0), 0);
}

function rankOf(state: TaskState): number {
  if (state === 'failed') return 0;
  if (state === 'upstream_failed') return 1;
  if (state === 'succeeded') return 2;
  return isTaskEnd(state) ? 3 : 4;
}
