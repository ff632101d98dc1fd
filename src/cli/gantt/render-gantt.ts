import type { RunDescription, TaskDescription } from '../../run/run.js';
import { TASK_STATES, type TaskState } from '../../dag/task-state.js';
import { elapsedOf, formatDuration, formatTime } from '../progress/duration.js';
import { colorOf, glyphOf, paintFor, runColorOf, type Paint } from '../progress/paint.js';
import { cut, cutName, oneLine, pad, widthOf } from '../progress/text.js';
import { ticksOf, type Tick } from './axis.js';
import { chartOf, densityOf, restOf, type Span, type Stretch } from './chart.js';

/** Where a chart is shown. */
export interface GanttScreen {
  /** Columns; no line is wider. */
  readonly width: number;
  /** So many tasks at most. `Infinity`: all, and each item of a fan-out; else its items share a row. */
  readonly most: number;
  /** The time, in milliseconds: what is under way has lasted until now. */
  readonly now: number;
  readonly color: boolean;
}

/** What a bar is made of, and how it ends: states can be told apart without colours. */
const BARS: Readonly<Record<TaskState, readonly [body: string, end: string]>> = {
  pending: ['░', '░'],
  ready: ['░', '░'],
  queued: ['░', '◌'],
  running: ['▒', '▸'],
  waiting: ['░', '◔'],
  retrying: ['▒', '↻'],
  succeeded: ['█', '█'],
  failed: ['▓', '✖'],
  skipped: ['░', '–'],
  upstream_failed: ['░', '⊘'],
  cancelled: ['▓', '■'],
};

/** How many of the items of a fan-out are under way, from few to as many as ever were. */
const LEVELS = '▁▂▃▄▅▆▇█';

const ITEMS_LEGEND = '▁▄█ items at once';

const LONGEST_NAME = 28;
const LEAST_BARS = 8;
const TICK_ROOM = 10;

/** The run's tasks as bars over time, the earliest first, under an axis of the time since the run began. */
export function renderGantt(description: RunDescription, screen: GanttScreen): string {
  const paint = paintFor(screen.color);
  const chart = chartOf(description, screen.now, screen.most);
  const lines = headerOf(description, screen, paint);
  const rest = restOf(chart);
  if (chart.spans.length > 0) {
    const columns = columnsOf(chart.spans, screen.width);
    const scale = (at: number): number => Math.min(columns.bars, (at / chart.length) * columns.bars);
    const ticks = ticksOf(chart.length, Math.max(2, Math.floor(columns.bars / TICK_ROOM)));
    lines.push(...axisOf(ticks, columns, scale, screen, paint));
    const grid = new Set(ticks.map((tick) => cellOf(tick, columns, scale)));
    for (const span of chart.spans) lines.push(rowOf(span, columns, scale, chart.length, grid, paint));
    const legend = legendOf(chart.spans, screen.width, paint);
    lines.push('', ...(rest === '' ? [] : [paint(cut(`… ${rest}`, screen.width), 'dim')]), legend);
  } else {
    lines.push(paint(cut(rest === '' ? 'There are no tasks.' : `… ${rest}`, screen.width), 'dim'));
  }
  return lines.join('\n');
}

function headerOf(description: RunDescription, screen: GanttScreen, paint: Paint): string[] {
  const { state, startedAt, endedAt } = description;
  const right = `${state}  ${formatDuration(elapsedOf(description, screen.now) ?? 0)}`;
  const left = cut(oneLine(description.runId), Math.max(8, screen.width - widthOf(right) - 2));
  const word = cut(right, Math.max(0, screen.width - widthOf(left) - 2));
  const began = `from ${formatTime(startedAt, screen.now)}`;
  const when = endedAt === undefined ? began : `${began} to ${formatTime(endedAt, Date.parse(startedAt))}`;
  return [`${paint(left, 'bold')}  ${paint(word, runColorOf(state))}`, paint(cut(when, screen.width), 'dim'), ''];
}

interface Columns {
  readonly name: number;
  readonly bars: number;
  /** How long a task took, beside its bar; 0 where neither that nor its attempts have room. */
  readonly time: number;
}

function columnsOf(spans: readonly Span[], width: number): Columns {
  const longest = spans.reduce((most, { task }) => Math.max(most, task.name.length), 0);
  const name = Math.min(longest, LONGEST_NAME, Math.max(4, Math.floor(width * 0.3)));
  const marks = spans.reduce((most, { task }) => Math.max(most, marksOf(task).length), 0);
  const bars = width - 2 - name - 1;
  const time = spans.reduce((most, { from, to }) => Math.max(most, formatDuration(to - from).length), 0);
  const beside = 2 + time + marks;
  // On the narrowest of terminals the bars matter more than the numbers beside them.
  return bars - beside < LEAST_BARS ? { name, bars, time: 0 } : { name, bars: bars - beside, time };
}

function marksOf({ attempts, fanOut }: TaskDescription): string {
  const items = fanOut === undefined ? '' : ` ${fanOut.ended}/${fanOut.items}`;
  const failed = fanOut === undefined || fanOut.failed === 0 ? '' : ` ✖${fanOut.failed}`;
  return `${items}${failed}${attempts > 1 ? ` ×${attempts}` : ''}`;
}

/** A row of blocks, as high as the items under way were many. */
function levelsOf(items: readonly Stretch[], length: number, cells: number, first: number, last: number): string {
  const density = densityOf(items, length, cells).slice(first, last + 1);
  const most = Math.max(1, ...density);
  const levelOf = (count: number): string =>
    count === 0 ? ' ' : (LEVELS[Math.ceil((count / most) * LEVELS.length) - 1] ?? '█');
  return density.map(levelOf).join('');
}

type Scale = (at: number) => number;

function cellOf(tick: Tick, columns: Columns, scale: Scale): number {
  return Math.min(columns.bars - 1, Math.floor(scale(tick.at)));
}

/** Labels above a ruler; a label that has no room is left out. */
function axisOf(
  ticks: readonly Tick[],
  columns: Columns,
  scale: Scale,
  screen: GanttScreen,
  paint: Paint,
): readonly string[] {
  const indent = ' '.repeat(2 + columns.name + 1);
  let labels = '';
  const ruler = Array.from({ length: columns.bars }, () => '─');
  for (const tick of ticks) {
    const cell = cellOf(tick, columns, scale);
    ruler[cell] = tick.at === 0 ? '├' : '┼';
    if (tick.at > 0 && labels.length >= cell) continue;
    if (columns.name + 3 + cell + tick.label.length > screen.width) continue;
    labels = labels.padEnd(cell) + tick.label;
  }
  return [paint(`${indent}${labels}`, 'dim'), paint(cut(`${indent}${ruler.join('')}`, screen.width), 'dim')];
}

function rowOf(
  { task, from, to, starts, items }: Span,
  columns: Columns,
  scale: Scale,
  length: number,
  grid: ReadonlySet<number>,
  paint: Paint,
): string {
  const color = colorOf(task.state);
  const [first, last] = cellsOf({ from, to }, columns, scale);
  const gridFrom = (start: number, stop: number): string =>
    Array.from({ length: Math.max(0, stop - start) }, (_, i) => (grid.has(start + i) ? '┊' : ' ')).join('');
  const bar =
    items === undefined
      ? barOf(
          task,
          starts.map((start) => cellsOf(start, columns, scale)),
        )
      : levelsOf(items, length, columns.bars, first, last);
  const line =
    `${paint(glyphOf(task.state), color)} ${pad(cutName(task.name, columns.name), columns.name)} ` +
    `${paint(gridFrom(0, first), 'dim')}${paint(bar, color)}${paint(gridFrom(last + 1, columns.bars), 'dim')}`;
  if (columns.time === 0) return line;
  const time = formatDuration(to - from).padStart(columns.time);
  return `${line}  ${paint(time, 'dim')}${paint(marksOf(task), 'yellow')}`;
}

/** The first and the last cell of it. */
function cellsOf({ from, to }: Stretch, { bars }: Columns, scale: Scale): readonly [first: number, last: number] {
  const first = Math.min(bars - 1, Math.floor(scale(from)));
  return [first, Math.max(first, Math.min(bars, Math.ceil(scale(to))) - 1)];
}

/** A bar for each start of the task, from the first cell of the first one on; the last cell says how it stands. */
function barOf({ state }: TaskDescription, starts: readonly (readonly [first: number, last: number])[]): string {
  const [body, end] = BARS[state];
  const begin = Math.min(...starts.map(([first]) => first));
  const cells: string[] = [];
  for (const [first, last] of starts) for (let cell = first; cell <= last; cell++) cells[cell - begin] = body;
  cells[cells.length - 1] = end;
  return Array.from(cells, (cell = ' ') => cell).join('');
}

/** The states that the bars show, each with what its bars are made of. */
function legendOf(spans: readonly Span[], width: number, paint: Paint): string {
  const isFolded = (span: Span): boolean => span.items !== undefined;
  const shown = new Set(spans.filter((span) => !isFolded(span)).map(({ task }) => task.state));
  let line = spans.some(isFolded) ? cut(ITEMS_LEGEND, width) : '';
  let used = widthOf(line);
  for (const state of TASK_STATES.filter((candidate) => shown.has(candidate))) {
    const [body, end] = BARS[state];
    const text = `${body}${body}${end} ${state}`;
    const gap = used === 0 ? '' : '  ';
    if (used + gap.length + widthOf(text) > width) break;
    used += gap.length + widthOf(text);
    line += `${gap}${paint(text, colorOf(state))}`;
  }
  return line;
}
