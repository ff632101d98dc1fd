import { TASK_STATES, type TaskState } from '../dag/task-state.js';
import type { HistoryLine } from './fold-history.js';
import { formatClock, formatDay, formatDuration } from './progress/duration.js';
import { colorOf, glyphOf, paintFor, type Color, type Paint } from './progress/paint.js';
import { cut, cutName, oneLine, pad, widthOf } from './progress/text.js';

/** How a history is shown. */
export interface HistoryScreen {
  readonly width: number;
  readonly color: boolean;
  /** When the run began, ISO 8601: times are told from there, too. */
  readonly began: string;
}

/** A message gets the rest of its event's line if that is at least so wide, else a line of its own. */
const LEAST_MESSAGE = 48;
const LONGEST_NAME = 32;
const LONGEST_WHO = 16;

/** A line for each: the time of day, the time since the start, what happened, to which task, by whom. */
export function renderHistory(events: readonly HistoryLine[], screen: HistoryScreen): string {
  const paint = paintFor(screen.color);
  const columns = columnsOf(events, screen);
  const lines: string[] = [];
  let day = '';
  for (const event of events) {
    const today = formatDay(event.at);
    if (today !== day) lines.push(paint(today, 'dim'));
    day = today;
    lines.push(...linesOf(event, columns, screen, paint));
  }
  return lines.join('\n');
}

interface Columns {
  readonly word: number;
  readonly task: number;
  readonly who: number;
}

function columnsOf(events: readonly HistoryLine[], screen: HistoryScreen): Columns {
  let word = 0;
  let task = 0;
  let who = 0;
  for (const event of events) {
    word = Math.max(word, lookOf(event).word.length);
    task = Math.max(task, event.task?.length ?? 0);
    who = Math.max(who, event.by === undefined ? 0 : widthOf(oneLine(event.by)));
  }
  return {
    word,
    task: Math.min(task, LONGEST_NAME, Math.max(8, Math.floor(screen.width * 0.3))),
    who: Math.min(who, LONGEST_WHO),
  };
}

function linesOf(event: HistoryLine, columns: Columns, screen: HistoryScreen, paint: Paint): string[] {
  const { glyph, word, color } = lookOf(event);
  const after = `+${formatDuration(Date.parse(event.at) - Date.parse(screen.began))}`.padStart(10);
  const who = oneLine(event.by ?? '');
  const cells = [pad(cutName(event.task ?? '', columns.task), columns.task)];
  if (columns.who > 0) cells.push(pad(cut(who, columns.who), columns.who));
  const named = event.task === undefined && who === '' ? '' : `  ${cells.join('  ')}`;
  const plain = `${formatClock(event.at)} ${after}  ${glyph} ${pad(word, columns.word)}${named}`;
  if (widthOf(plain.trimEnd()) > screen.width) return [cut(plain.trimEnd(), screen.width)];
  const gap = ' '.repeat(columns.word - word.length);
  const line = `${paint(`${formatClock(event.at)} ${after}`, 'dim')}  ${paint(`${glyph} ${word}`, color)}${gap}${named}`;
  const message = oneLine(event.message ?? '');
  if (message === '') return [line.trimEnd()];
  const rest = screen.width - widthOf(plain) - 2;
  const messageColor: Color = event.event === 'task.failed' ? 'red' : 'none';
  if (rest >= Math.min(LEAST_MESSAGE, widthOf(message))) return [`${line}  ${paint(cut(message, rest), messageColor)}`];
  return [line.trimEnd(), `    ${paint(cut(message, screen.width - 4), messageColor)}`];
}

function lookOf({ event }: HistoryLine): { readonly glyph: string; readonly word: string; readonly color: Color } {
  const word = event.startsWith('task.') ? event.slice('task.'.length) : event;
  if (isTaskState(word)) return { glyph: glyphOf(word), word, color: colorOf(word) };
  if (event === 'act') return { glyph: '»', word, color: 'yellow' };
  return { glyph: event === 'timer.fired' ? '◷' : '◆', word, color: 'bold' };
}

function isTaskState(word: string): word is TaskState {
  return (TASK_STATES as readonly string[]).includes(word);
}
