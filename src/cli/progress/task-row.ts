import type { TaskDescription } from '../../run/run.js';
import { isTaskEnd, type TaskState } from '../../dag/task-state.js';
import { elapsedOf, formatDuration } from './duration.js';
import { colorOf, glyphOf, PAUSED_GLYPH, type Color, type Paint } from './paint.js';
import type { Branch } from './task-tree.js';
import { cut, cutName, oneLine, pad, widthOf } from './text.js';
import { answerCommand, waitText } from './wait-text.js';

/** What the rows of tasks need of the screen. */
export interface RowScreen {
  readonly width: number;
  readonly now: number;
  readonly animated?: boolean;
  /** The run that the tasks are of. */
  readonly runId: string;
  /** The flags of a command that reaches the run; left out where none does. */
  readonly commands?: string;
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

/** The lines of each task, aligned with one another: nearly always one; more where what is to be said needs its own. */
export function rowsOf(branches: readonly Branch[], screen: RowScreen, paint: Paint): string[][] {
  const narrow = isNarrow(screen);
  const nameWidth = Math.min(
    nameLimitOf(screen),
    branches.reduce((most, { task, lead }) => Math.max(most, lead.length + task.name.length), 0),
  );
  const stateWidth = narrow ? 0 : branches.reduce((most, { task }) => Math.max(most, task.state.length), 0) + 2;
  const columns = { nameWidth, stateWidth, narrow };
  return branches.map((branch) => {
    const lines = rowOf(branch, columns, screen, paint);
    if (branch.head !== undefined) lines.unshift(paint(cut(`  ${branch.head}:`, screen.width), 'dim'));
    if (branch.after !== undefined) lines.push(paint(cut(`    ${branch.inner}${branch.after}`, screen.width), 'dim'));
    return lines;
  });
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
  const name = pad(cutName(task.name, nameWidth), nameWidth);
  const elapsed = task.takenOver === true ? undefined : elapsedOf(task, screen.now);
  const time = (elapsed === undefined ? '' : formatDuration(elapsed)).padStart(8);
  const marks = marksOf(task, isPaused, columns.narrow);
  const word = columns.stateWidth === 0 ? '' : pad(task.state, columns.stateWidth);
  const plain = `  ${glyph} ${lead}${name}  ${word}${time}${marks}`;
  if (widthOf(plain) > screen.width) return [cut(plain, screen.width)];
  const first =
    `  ${paint(glyph, isPaused ? 'yellow' : color)} ${paint(lead, 'dim')}` +
    `${paint(name, isQuiet(task.state) ? 'dim' : 'none')}  ` +
    `${paint(word, color)}${paint(time, 'dim')}${paint(marks, 'yellow')}`;
  let rest = screen.width - widthOf(plain) - 2;
  const progress = progressOf(task, rest);
  const lines = [progress === '' ? first : `${first}  ${paint(progress, 'blue')}`];
  if (progress !== '') rest -= widthOf(progress) + 2;
  const indent = `    ${below}`;
  for (const { text, color: detailColor, whole, instead } of detailsOf(task, screen)) {
    const least = whole === true ? widthOf(text) : Math.min(LEAST_REST, widthOf(text));
    if (rest >= least) {
      const shown = cut(text, rest);
      lines.push(`${lines.pop() ?? ''}  ${paint(shown, detailColor)}`);
      rest -= widthOf(shown) + 2;
    } else {
      const room = screen.width - widthOf(indent);
      const shown = cut(instead !== undefined && widthOf(text) > room ? instead : text, room);
      lines.push(`    ${paint(below, 'dim')}${paint(shown, detailColor)}`);
      rest = screen.width - widthOf(indent) - widthOf(shown) - 2;
    }
  }
  return lines.map((line) => line.trimEnd());
}

/** What is said of a task behind its numbers, or below them. */
interface Detail {
  readonly text: string;
  readonly color: Color;
  /** It is cut only where not even a line of its own holds it. */
  readonly whole?: true;
  /** What stands there then: a command that is cut must not be copied. */
  readonly instead?: string;
}

function detailsOf(task: TaskDescription, screen: RowScreen): Detail[] {
  const details: Detail[] = [];
  if (task.item?.value !== undefined) details.push({ text: oneLine(task.item.value), color: 'dim' });
  if (task.fanOut !== undefined) {
    details.push({ text: itemsText(task.fanOut), color: task.fanOut.failed > 0 ? 'red' : 'blue', whole: true });
  }
  if (task.subRun !== undefined) details.push({ text: `-> ${oneLine(task.subRun)}`, color: 'cyan', whole: true });
  if (task.cached !== undefined) {
    details.push({ text: `cached from ${oneLine(task.cached.runId)}`, color: 'dim', whole: true });
  }
  if (task.waitsFor !== undefined && task.state === 'waiting') {
    const whole = task.waitsFor.kind === 'approval' ? { whole: true as const } : {};
    details.push({ text: waitText(task.waitsFor, screen.now), color: 'cyan', ...whole });
    const command = screen.commands === undefined ? undefined : answerCommand(screen.runId, task, screen.commands);
    if (command !== undefined)
      details.push({ text: command, color: 'bold', whole: true, instead: 'dagwright approve RUN TASK' });
  }
  const error = errorOf(task);
  if (error !== undefined) details.push({ text: error, color: task.state === 'failed' ? 'red' : 'yellow' });
  return details;
}

/** How far a fan-out is: `17/100 items, 2 failed`. */
export function itemsText({ items, ended, failed }: NonNullable<TaskDescription['fanOut']>): string {
  return `${ended}/${items} items${failed === 0 ? '' : `, ${failed} failed`}`;
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
  if (task.fanOut !== undefined) return barOf(task, task.fanOut, room);
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

/** A bar of the items that have ended, where it and their numbers have room. */
function barOf(task: TaskDescription, fanOut: NonNullable<TaskDescription['fanOut']>, room: number): string {
  const { items, ended, failed } = fanOut;
  if (isTaskEnd(task.state) || items === 0 || room < PROGRESS_BAR + 2 + widthOf(itemsText(fanOut))) return '';
  const filled = Math.floor((ended / items) * PROGRESS_BAR);
  const broken = Math.min(filled, Math.ceil((failed / items) * PROGRESS_BAR));
  return `${'█'.repeat(filled - broken)}${'▓'.repeat(broken)}${'░'.repeat(PROGRESS_BAR - filled)}`;
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
