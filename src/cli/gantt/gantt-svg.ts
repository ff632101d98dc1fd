import type { RunDescription } from '../../run/run.js';
import { TASK_STATES, type TaskState } from '../../dag/task-state.js';
import { elapsedOf, formatDate, formatDuration, formatTime } from '../progress/duration.js';
import { itemsText } from '../progress/task-row.js';
import { cut, cutName, oneLine, widthOf } from '../progress/text.js';
import { ticksOf } from './axis.js';
import { chartOf, densityOf, restOf, type Chart, type Span, type Stretch } from './chart.js';

/** How the picture is made. */
export interface GanttSvgOptions {
  /** The time, in milliseconds: what is under way has lasted until now. */
  readonly now: number;
  /** Pixels. Default 960; at least 320. */
  readonly width?: number;
  /** So many tasks at most. Default 500. `Infinity`: all, and each item of a fan-out; else its items share a row. */
  readonly most?: number;
}

const DEFAULT_WIDTH = 960;
const LEAST_WIDTH = 320;
const DEFAULT_MOST = 500;

const MARGIN = 16;
const HEADER = 62;
const AXIS = 26;
const ROW = 22;
const BAR = 14;
/** Pixels of one step of a fan-out's profile. */
const PROFILE_STEP = 4;
const LEGEND_ROW = 22;
const SWATCH = 26;
/** Pixels per character of the two sizes of text, measured generously: fonts differ. */
const NAME_CHARACTER = 7.4;
const MARK_CHARACTER = 6.8;
const LONGEST_NAME = 36;
const TICK_ROOM = 90;

/** Colours that stand out on white and on black; a pattern each, for who sees colours otherwise. */
const LOOKS: Readonly<Record<TaskState, { readonly color: string; readonly pattern?: string }>> = {
  pending: { color: '#8c959f', pattern: 'M0 3.5H7' },
  ready: { color: '#8c959f', pattern: 'M0 3.5H7' },
  queued: { color: '#1b7c83', pattern: 'M0 3.5H7' },
  running: { color: '#0969da', pattern: 'M3.5 0V7' },
  waiting: { color: '#1b7c83', pattern: 'M0 3.5H7' },
  retrying: { color: '#bf8700', pattern: 'M3.5 0V7M0 3.5H7' },
  succeeded: { color: '#2da44e' },
  failed: { color: '#cf222e', pattern: 'M-1 8L8 -1' },
  skipped: { color: '#8c959f', pattern: 'M-1 -1L8 8' },
  upstream_failed: { color: '#a40e26', pattern: 'M-1 -1L8 8' },
  cancelled: { color: '#8250df', pattern: 'M-1 8L8 -1M-1 -1L8 8' },
};

const STYLE = `
text { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; font-size: 12px; fill: #1f2328; }
.paper { fill: #ffffff; }
.title { font-size: 16px; font-weight: bold; }
.quiet { font-size: 11px; fill: #59636e; }
.line { stroke: #d1d9e0; stroke-width: 1; }
.stripe { fill: #f6f8fa; }
.now { stroke: #0969da; stroke-width: 1; stroke-dasharray: 3 3; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; }
  .paper { fill: #0d1117; }
  .quiet { fill: #9198a1; }
  .line { stroke: #3d444d; }
  .stripe { fill: #151b23; }
  .now { stroke: #4493f8; }
}`;

/**
 * The run's tasks as bars over time, the earliest first: an SVG that needs nothing else, with a paper of its own (dark
 * where the reader's system is), a legend, and the details of each task as a tooltip.
 */
export function ganttSvg(description: RunDescription, options: GanttSvgOptions): string {
  const width = Math.max(LEAST_WIDTH, options.width ?? DEFAULT_WIDTH);
  const chart = chartOf(description, options.now, options.most ?? DEFAULT_MOST);
  const layout = layoutOf(chart, width);
  const legend = legendOf(chart.spans, width);
  const rest = restOf(chart);
  const legendTop = layout.bottom + 14 + (rest === '' ? 0 : LEGEND_ROW);
  const height = legendTop + legend.rows * LEGEND_ROW + MARGIN;
  const shown = TASK_STATES.filter((state) => chart.spans.some(({ task }) => task.state === state));
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escaped(`Run ${description.runId}: ${description.state}`)}</title>`,
    `<style>${STYLE}\n</style>`,
    `<defs>${shown.map(patternOf).join('')}</defs>`,
    `<rect class="paper" width="${width}" height="${height}" rx="6"/>`,
    ...headerOf(description, options.now, width),
    ...axisOf(chart, layout, description),
    ...chart.spans.map((span, i) => rowOf(span, i, chart.length, layout)),
    ...(rest === '' ? [] : [text(MARGIN, layout.bottom + 22, `… ${rest}`, 'quiet')]),
    ...legend.items.map((item) => item(legendTop)),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

interface Layout {
  readonly width: number;
  /** Where the bars begin and end, from the left. */
  readonly left: number;
  readonly right: number;
  /** Where the rows begin and end, from the top. */
  readonly top: number;
  readonly bottom: number;
  /** Characters of a name. */
  readonly name: number;
  xOf(at: number): number;
}

function layoutOf(chart: Chart, width: number): Layout {
  const longest = chart.spans.reduce((most, { task }) => Math.max(most, task.name.length), 0);
  const name = Math.min(longest, LONGEST_NAME, Math.floor((width * 0.3) / NAME_CHARACTER));
  const marks = chart.spans.reduce((most, span) => Math.max(most, widthOf(marksOf(span))), 0);
  const left = MARGIN + Math.ceil(name * NAME_CHARACTER) + 10;
  const right = Math.max(left + 40, width - MARGIN - Math.ceil(marks * MARK_CHARACTER) - 8);
  const top = HEADER + AXIS;
  const xOf = (at: number): number => left + (at / chart.length) * (right - left);
  return { width, left, right, top, bottom: top + chart.spans.length * ROW, name, xOf };
}

function headerOf(description: RunDescription, now: number, width: number): string[] {
  const { runId, dag, state, startedAt, endedAt } = description;
  const took = formatDuration(elapsedOf(description, now) ?? 0);
  const room = Math.floor((width - 2 * MARGIN) / 9.8) - state.length - 3;
  const until = endedAt === undefined ? '' : ` to ${formatTime(endedAt, Date.parse(startedAt))}`;
  const line = `${took} · dag ${oneLine(dag)} · ${formatDate(startedAt)}${until}`;
  return [
    text(MARGIN, 30, `${cut(oneLine(runId), Math.max(8, room))} · ${state}`, 'title'),
    text(MARGIN, 50, cut(line, Math.floor((width - 2 * MARGIN) / MARK_CHARACTER)), 'quiet'),
  ];
}

function axisOf(chart: Chart, layout: Layout, description: RunDescription): string[] {
  if (chart.spans.length === 0) return [];
  const { left, right, top, bottom, xOf } = layout;
  const parts: string[] = [];
  for (let row = 1; row < chart.spans.length; row += 2) {
    parts.push(
      `<rect class="stripe" x="${MARGIN / 2}" y="${top + row * ROW}" width="${layout.width - MARGIN}" height="${ROW}"/>`,
    );
  }
  for (const { at, label } of ticksOf(chart.length, Math.max(2, Math.floor((right - left) / TICK_ROOM)))) {
    const x = round(xOf(at));
    parts.push(`<line class="line" x1="${x}" y1="${top - 6}" x2="${x}" y2="${bottom}"/>`);
    parts.push(
      `<text class="quiet" x="${x}" y="${top - 11}" text-anchor="${at === 0 ? 'start' : 'middle'}">${label}</text>`,
    );
  }
  if (description.endedAt === undefined) {
    parts.push(`<line class="now" x1="${right}" y1="${top - 6}" x2="${right}" y2="${bottom}"/>`);
  }
  return parts;
}

function rowOf(span: Span, index: number, length: number, layout: Layout): string {
  const { task, from, to } = span;
  const y = layout.top + index * ROW;
  const error = task.error === undefined ? '' : `\n${oneLine(`${task.error.code}: ${task.error.message}`)}`;
  const attempts = task.attempts > 1 ? `, ${task.attempts} attempts` : '';
  const items = task.fanOut === undefined ? '' : `, ${itemsText(task.fanOut)}`;
  const details = `${task.name}: ${task.state}, ${formatDuration(to - from)}${items}${attempts}${error}`;
  return [
    `<g><title>${escaped(details)}</title>`,
    text(MARGIN, y + 15, cutName(task.name, layout.name)),
    span.items === undefined
      ? span.starts.map((start) => barOf(start, layout, y, fillOf(task.state))).join('')
      : `<path d="${profileOf(span.items, length, layout, y)}" fill="${fillOf(task.state)}"/>`,
    text(layout.right + 8, y + 15, marksOf(span), 'quiet'),
    '</g>',
  ].join('');
}

function barOf({ from, to }: Stretch, { xOf }: Layout, row: number, fill: string): string {
  const x = round(xOf(from));
  const width = Math.max(2, round(xOf(to) - xOf(from)));
  return `<rect x="${x}" y="${row + (ROW - BAR) / 2}" width="${width}" height="${BAR}" rx="2" fill="${fill}"/>`;
}

/** The items of a fan-out as a profile: as high as many of them were under way at once. */
function profileOf(items: readonly Stretch[], length: number, { left, right }: Layout, row: number): string {
  const parts = Math.max(1, Math.floor((right - left) / PROFILE_STEP));
  const density = densityOf(items, length, parts);
  const most = Math.max(1, ...density);
  const bottom = row + (ROW + BAR) / 2;
  let path = '';
  for (const [part, count] of density.entries()) {
    if (count === 0) continue;
    const [from, to] = [part, part + 1].map((edge) => round(left + (edge / parts) * (right - left)));
    path += `M${from} ${bottom}V${round(bottom - (count / most) * BAR)}H${to}V${bottom}Z`;
  }
  return path;
}

/** How long it took, and what is not as it should be, in words: nothing is told by colour alone. */
function marksOf({ task, from, to }: Span): string {
  const attempts = task.attempts > 1 ? ` ×${task.attempts}` : '';
  const state = task.state === 'succeeded' ? '' : ` ${task.state}`;
  const items = task.fanOut === undefined ? '' : ` ${itemsText(task.fanOut)}`;
  return `${formatDuration(to - from)}${items}${attempts}${state}`;
}

function legendOf(
  spans: readonly Span[],
  width: number,
): { readonly rows: number; readonly items: readonly ((top: number) => string)[] } {
  const counts = new Map<TaskState, number>();
  for (const { task } of spans) counts.set(task.state, (counts.get(task.state) ?? 0) + 1);
  const items: ((top: number) => string)[] = [];
  let x = MARGIN;
  let row = 0;
  for (const state of TASK_STATES) {
    const count = counts.get(state);
    if (count === undefined) continue;
    const label = `${count} ${state}`;
    const taken = SWATCH + 6 + Math.ceil(label.length * MARK_CHARACTER) + 18;
    if (x > MARGIN && x + taken - 18 > width - MARGIN) {
      x = MARGIN;
      row += 1;
    }
    const [left, line] = [x, row];
    items.push((top) => {
      const y = top + line * LEGEND_ROW;
      const swatch = `<rect x="${left}" y="${y + 2}" width="${SWATCH}" height="${BAR}" rx="2" fill="${fillOf(state)}"/>`;
      return `${swatch}${text(left + SWATCH + 6, y + 13, label, 'quiet')}`;
    });
    x += taken;
  }
  return { rows: items.length === 0 ? 0 : row + 1, items };
}

function fillOf(state: TaskState): string {
  return LOOKS[state].pattern === undefined ? LOOKS[state].color : `url(#dagwright-${state})`;
}

function patternOf(state: TaskState): string {
  const { color, pattern } = LOOKS[state];
  if (pattern === undefined) return '';
  return (
    `<pattern id="dagwright-${state}" width="7" height="7" patternUnits="userSpaceOnUse">` +
    `<rect width="7" height="7" fill="${color}"/>` +
    `<path d="${pattern}" stroke="#ffffff" stroke-opacity="0.55" stroke-width="1.5" fill="none"/></pattern>`
  );
}

function text(x: number, y: number, content: string, kind?: string): string {
  return `<text${kind === undefined ? '' : ` class="${kind}"`} x="${x}" y="${y}">${escaped(content)}</text>`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as XML takes it: characters that no XML may hold are dropped. */
function escaped(content: string): string {
  return content
    .replaceAll(/[^\n\x20-\x7e\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
