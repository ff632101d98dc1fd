import type { TaskDescription } from '../../run/run.js';
import { isTaskEnd, type TaskState } from '../../dag/task-state.js';
import { elapsedOf, formatDuration } from './duration.js';
import { colorOf, glyphOf, PAUSED_GLYPH, type Paint } from './paint.js';
import type { Branch } from './task-tree.js';
import { cut, oneLine, pad, widthOf } from './text.js';

/** What the rows of tasks need of the screen. */
export interface RowScreen {
  readonly width: number;
  readonly now: number;
  readonly animated?: boolean;
}

/** Below this width, the states' words give way to their signs. */
export const NARROW = 64;
/** An error, or a note, gets the rest of its task's line if that is at least so wide, else a line of its own. */
const LEAST_REST = 28;
const PROGRESS_BAR = 10;
const LEAST_NOTE = 10;

/** What leads to a name may take what the name does not need, or so much of it: one that is cut further says little. */
const LEAST_NAME = 16;

/** Whether there is room for all that leads to the names. */
export function fits(branches: readonly Branch[], screen: RowScreen): boolean {
  const limit = nameLimitOf(screen);
  return branches.every(({ task, lead }) => widthOf(lead) + Math.min(LEAST_NAME, widthOf(task.name)) <= limit);
}

/** The lines of each task, aligned with one another: nearly always one; two where an error needs its own. */
export function rowsOf(branches: readonly Branch[], screen: RowScreen, paint: Paint): string[][] {
  const narrow = isNarrow(screen);
  const nameWidth = Math.min(
    nameLimitOf(screen),
    branches.reduce((most, { task, lead }) => Math.max(most, lead.length + task.name.length), 0),
  );
  const stateWidth = narrow ? 0 : branches.reduce((most, { task }) => Math.max(most, task.state.length), 0) + 2;
  return branches.map((branch) => rowOf(branch, { nameWidth, stateWidth, narrow }, screen, paint));
}

function isNarrow(screen: RowScreen): boolean {
  return screen.width < NARROW;
}

function nameLimitOf(screen: RowScreen): number {
  return Math.max(8, Math.floor(screen.width * (isNarrow(screen) ? 0.5 : 0.4)));
}

interface Columns {
  readonly nameWidth: number;
  readonly stateWidth: number;
  readonly narrow: boolean;
}

function rowOf({ task, lead, below }: Branch, columns: Columns, screen: RowScreen, paint: Paint): string[] {
  const isPaused = task.paused === true && !isTaskEnd(task.state);
  const glyph = isPaused ? PAUSED_GLYPH : glyphOf(task.state, screen.animated === true ? screen.now : undefined);
  const color = colorOf(task.state);
  const nameWidth = columns.nameWidth - widthOf(lead);
  const name = pad(cut(task.name, nameWidth), nameWidth);
  const elapsed = task.takenOver === true ? undefined : elapsedOf(task, screen.now);
  const time = (elapsed === undefined ? '' : formatDuration(elapsed)).padStart(8);
  const marks = marksOf(task, isPaused, columns.narrow);
  const word = columns.stateWidth === 0 ? '' : pad(task.state, columns.stateWidth);
  const plain = `  ${glyph} ${lead}${name}  ${word}${time}${marks}`;
  if (widthOf(plain) > screen.width) return [cut(plain, screen.width)];
  let line =
    `  ${paint(glyph, isPaused ? 'yellow' : color)} ${paint(lead, 'dim')}` +
    `${paint(name, isQuiet(task.state) ? 'dim' : 'none')}  ` +
    `${paint(word, color)}${paint(time, 'dim')}${paint(marks, 'yellow')}`;
  let rest = screen.width - widthOf(plain) - 2;
  const progress = progressOf(task, rest);
  if (progress !== '') {
    line += `  ${paint(progress, 'blue')}`;
    rest -= widthOf(progress) + 2;
  }
  const error = errorOf(task);
  if (error === undefined) return [line.trimEnd()];
  const errorColor = task.state === 'failed' ? 'red' : 'yellow';
  if (rest >= Math.min(LEAST_REST, widthOf(error))) return [`${line}  ${paint(cut(error, rest), errorColor)}`];
  const indent = `    ${below}`;
  return [line, `    ${paint(below, 'dim')}${paint(cut(error, screen.width - widthOf(indent)), errorColor)}`];
}

/** What is unusual about a task, in words; the plainest task has none. */
function marksOf(task: TaskDescription, isPaused: boolean, narrow: boolean): string {
  let marks = '';
  if (task.attempts > 1) {
    if (narrow) marks += ` ×${task.attempts}`;
    else marks += isTaskEnd(task.state) ? `  ${task.attempts} attempts` : `  attempt ${task.attempts}`;
  }
  if (isPaused) marks += '  paused';
  if (task.takenOver === true) marks += '  taken over';
  return marks;
}

/** How far the running attempt says it is: `███████░░░  70 %  7/10  third file`, or the part of it that fits. */
function progressOf(task: TaskDescription, room: number): string {
  if (task.progress === undefined || task.state !== 'running') return '';
  const { fraction, done, total, note } = task.progress;
  const parts: string[] = [];
  if (fraction !== undefined) {
    const filled = Math.floor(fraction * PROGRESS_BAR);
    const percent = `${Math.floor(fraction * 100)} %`.padStart(5);
    const bar = `${'█'.repeat(filled)}${'░'.repeat(PROGRESS_BAR - filled)}`;
    parts.push(room >= PROGRESS_BAR + percent.length + 1 ? `${bar} ${percent}` : percent.trim());
  }
  if (done !== undefined && total !== undefined) parts.push(`${round(done)}/${round(total)}`);
  const text = parts.reduce((sum, part) => (widthOf(joined(sum, part)) <= room ? joined(sum, part) : sum), '');
  // A note that is cut short still says something, unless next to nothing of it is left.
  const words = note === undefined ? '' : oneLine(note);
  const whole = words === '' ? text : joined(text, words);
  if (widthOf(whole) <= room) return whole;
  return room - widthOf(text) >= LEAST_NOTE ? cut(whole, room) : text;
}

function joined(text: string, part: string): string {
  return text === '' ? part : `${text}  ${part}`;
}

function round(amount: number): number {
  return Math.round(amount * 100) / 100;
}

/** The error worth showing beside a task. A cancelled task's says nothing new. */
function errorOf(task: TaskDescription): string | undefined {
  if (task.error === undefined || task.state === 'succeeded' || task.state === 'cancelled') return undefined;
  return oneLine(`${task.error.code}: ${task.error.message}`);
}

function isQuiet(state: TaskState): boolean {
  return state === 'pending' || state === 'skipped' || state === 'upstream_failed';
}
