import { TASK_STATES, isTaskEnd } from '../../dag/task-state.js';
import { isRunEnd } from '../../dag/run-state.js';
import type { PauseDescription, RunDescription } from '../../run/run.js';
import { elapsedOf, formatDuration, formatTime } from './duration.js';
import { formatLeft, formatRate, paceOf } from './pace.js';
import { colorOf, glyphOf, paintFor, runColorOf, type Color, type Paint } from './paint.js';
import { COUNT_ORDER, taskLines } from './task-lines.js';
import { NARROW } from './task-row.js';
import { cut, oneLine, widthOf } from './text.js';
import { idleText } from './wait-text.js';

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
  /** Every item of a fan-out has a line, where there is room. Default: those under way, and those that failed; a few. */
  readonly items?: boolean;
  /** The flags of a command that reaches the run, for advice: ` --address host:port`; left out where none does. */
  readonly commands?: string;
  /** A line under the header: what the run waits for, say. */
  readonly note?: string | undefined;
}

const LONGEST_BAR = 48;
const LEAST_BAR = 10;

/**
 * A picture of the run as it stands: header, bar and pace, counts, and the tasks: all of them as a tree of what needs
 * what where there is room, else as many as there is room for.
 */
export function renderProgress(status: RunDescription, screen: Screen): string {
  const paint = paintFor(screen.color);
  const lines = [headerOf(status, screen, paint)];
  if (screen.height >= 4) lines.push(barOf(status, screen, paint), countsOf(status, screen, paint));
  if (screen.height >= 6) {
    for (const note of notesOf(status, screen)) lines.push(paint(cut(note, screen.width), 'yellow'));
  }
  if (screen.height >= 12) lines.push('');
  lines.push(...taskLines(status, screen, screen.height - lines.length, paint));
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

/** What a person must know beside the numbers: at most three lines. */
function notesOf(status: RunDescription, screen: Screen): string[] {
  const notes = screen.note === undefined ? [] : [screen.note];
  const idle = status.state === 'running' ? idleText(status.tasks, screen.now) : undefined;
  if (idle !== undefined) notes.push(idle);
  notes.push(...(status.held ?? []).map(oneLine));
  const about: string[] = [];
  if (status.pause !== undefined && !isRunEnd(status.state)) about.push(pauseOf(status.pause, screen.now));
  if (status.rerunOf !== undefined) about.push(`rerun of ${oneLine(status.rerunOf)}`);
  return about.length === 0 ? notes : [...notes, about.join(' · ')];
}

/** `paused by ana at 12:00:03 (interrupt), goes on at 12:30:00` */
function pauseOf(pause: PauseDescription, now: number): string {
  const by = pause.by === undefined ? '' : ` by ${oneLine(pause.by)}`;
  const mode = pause.mode === 'interrupt' ? ' (running tasks were stopped)' : '';
  const until = pause.until === undefined ? '' : `, goes on at ${formatTime(pause.until, now)}`;
  return `paused${by} at ${formatTime(pause.at, now)}${mode}${until}`;
}

function barOf(status: RunDescription, screen: Screen, paint: Paint): string {
  const total = status.tasks.length;
  const counter = counterOf(status, screen);
  const width = Math.min(LONGEST_BAR, screen.width - widthOf(counter) - 2);
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

/** `12/40  3.2 tasks/s  about 10 s left`: as much of it as leaves room for a bar. */
function counterOf(status: RunDescription, screen: Screen): string {
  const counter = `${endedOf(status)}/${status.tasks.length}`;
  const { perSecond, left } = paceOf(status, screen.now);
  const rate = perSecond === undefined || screen.width < NARROW ? '' : `  ${formatRate(perSecond)}`;
  const estimate = left === undefined ? '' : `  ${formatLeft(left)}`;
  const texts = [`${counter}${rate}${estimate}`, `${counter}${estimate}`];
  return texts.find((text) => widthOf(text) + LEAST_BAR + 2 <= screen.width) ?? counter;
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

function endedOf(status: RunDescription): number {
  return TASK_STATES.reduce((sum, state) => sum + (isTaskEnd(state) ? (status.counts[state] ?? 0) : 0), 0);
}
