import type { Dag } from '../../dag/dag.js';
import { channelOf, type Net } from './channel.js';
import { layoutOf, type Layout } from './layout.js';
import { labelled, withoutFinally } from './shown-dag.js';
import { taskList } from './task-list.js';

/** A dag with more tasks is shown as a list: a picture would not be read. */
const MOST_TASKS = 60;
const SHORTEST_NAME = 8;

/**
 * A picture of the dag in box-drawing characters, left to right. A dag that is too large for a picture, or too wide,
 * comes as a list by level, with what each task needs. `[*]` marks a fan-out, `[dag]` a sub-dag; the tasks of `finally` come
 * below a rule.
 * @param options.width Columns of the terminal. Default 80.
 * @param options.color Lines in grey, by ANSI codes. Default false.
 */
export function toTerminal(dag: Dag, options: { width?: number; color?: boolean } = {}): string {
  const width = Math.max(20, options.width ?? 80);
  const { ordinary, last } = withoutFinally(dag);
  const after = last.tasks.length === 0 ? '' : `${FINALLY}\n${part(labelled(last), width)}`;
  const text = part(labelled(ordinary), width) + after;
  return options.color === true ? text.replaceAll(LINES, (line) => `\u001b[90m${line}\u001b[39m`) : text;
}

const FINALLY = '── finally ──';

function part(dag: Dag, width: number): string {
  return (dag.tasks.length <= MOST_TASKS ? picture(dag, width) : undefined) ?? taskList(dag, width);
}

const LINES = /[─-╿▸]+/g;

function picture(dag: Dag, width: number): string | undefined {
  for (const apart of [false, true]) {
    const layout = layoutOf(dag, apart);
    const channels = layout.slice(0, -1).map((column) => channelOf(column));
    if (channels.some((channel) => channel === undefined)) continue;
    const known = channels.flatMap((channel) => channel ?? []);
    return draw(dag, layout, known, width);
  }
  return undefined;
}

const UP = 1;
const DOWN = 2;
const LEFT = 4;
const RIGHT = 8;
const GLYPHS = ' ╵╷│╴╯╮┤╶╰╭├─┴┬┼';

/** The cells of a picture: names, and lines as the directions in which each cell is joined. */
class Canvas {
  private readonly masks = new Map<string, number>();
  private readonly glyphs = new Map<string, string>();
  private readonly rows: string[][] = [];

  text(row: number, at: number, text: string): void {
    const line = (this.rows[row] ??= []);
    for (const [index, char] of text.split('').entries()) line[at + index] = char;
  }

  join(row: number, at: number, directions: number): void {
    const key = `${row} ${at}`;
    this.masks.set(key, (this.masks.get(key) ?? 0) | directions);
  }

  /** Shows this character where lines meet. */
  mark(row: number, at: number, glyph: string): void {
    this.glyphs.set(`${row} ${at}`, glyph);
  }

  toString(): string {
    for (const [key, mask] of this.masks) {
      const [row = 0, at = 0] = key.split(' ').map(Number);
      this.text(row, at, this.glyphs.get(key) ?? GLYPHS[mask] ?? ' ');
    }
    const lines = Array.from(this.rows, (line) =>
      Array.from(line ?? [], (char) => char ?? ' ')
        .join('')
        .trimEnd(),
    );
    return `${lines.join('\n')}\n`;
  }
}

type Channel = NonNullable<ReturnType<typeof channelOf>>;

function draw(dag: Dag, layout: Layout, channels: readonly Channel[], width: number): string | undefined {
  const longest = layout.map((column) =>
    Math.max(1, ...column.map((place) => (place.passing ? 1 : (dag.tasks[place.task]?.name.length ?? 1)))),
  );
  const gaps = channels.reduce((sum, channel) => sum + gapOf(channel), 0);
  const limit = nameLimit(longest, width - gaps);
  if (limit === undefined) return undefined;
  if (new Set(dag.tasks.map((task) => shorten(task.name, limit))).size < dag.tasks.length) return undefined;
  const canvas = new Canvas();
  let at = 0;
  for (const [index, column] of layout.entries()) {
    const columnWidth = Math.min(longest[index] ?? 1, limit);
    const channel = channels[index];
    const end = at + columnWidth;
    for (const place of column) {
      const name = place.passing ? '' : shorten(dag.tasks[place.task]?.name ?? '', limit);
      canvas.text(place.row, at, name);
      // Lines run on through the column of a task that is shorter, and through that of an edge that passes.
      const from = place.passing ? at - 1 : at + name.length + 1;
      if (place.next.length > 0) for (let x = from; x <= end; x += 1) canvas.join(place.row, x, LEFT | RIGHT);
    }
    if (channel === undefined) break;
    for (const net of channel.nets) drawNet(canvas, net, end + 1, gapOf(channel));
    markMeetings(canvas, channel.nets, end + 1);
    at = end + gapOf(channel);
  }
  return canvas.toString();
}

/** A space, a dash, the tracks, a dash, a space. */
function gapOf(channel: Channel): number {
  return channel.tracks * 2 + 4;
}

function drawNet(canvas: Canvas, net: Net, left: number, gap: number): void {
  const right = left + gap - 3;
  if (net.track < 0) {
    for (const { row } of net.sources) for (let x = left; x <= right; x += 1) canvas.join(row, x, LEFT | RIGHT);
    return;
  }
  const x = trackAt(net, left);
  for (const { row } of net.sources) {
    for (let at = left; at < x; at += 1) canvas.join(row, at, LEFT | RIGHT);
    canvas.join(row, x, LEFT);
  }
  for (const { row } of net.targets) {
    for (let at = x + 1; at <= right; at += 1) canvas.join(row, at, LEFT | RIGHT);
    canvas.join(row, x, RIGHT);
  }
  for (let row = net.top; row <= net.bottom; row += 1) {
    canvas.join(row, x, (row > net.top ? UP : 0) | (row < net.bottom ? DOWN : 0));
  }
}

function trackAt(net: Net, left: number): number {
  return left + 1 + net.track * 2;
}

/** Says at each meeting of lines what the plain glyph leaves open. */
function markMeetings(canvas: Canvas, nets: readonly Net[], left: number): void {
  for (const net of nets) {
    if (net.track < 0) continue;
    const x = trackAt(net, left);
    const ends = new Set([...net.sources, ...net.targets].map((place) => place.row));
    for (const other of nets) {
      if (other === net) continue;
      const passing = [
        ...other.sources.filter(() => other.track < 0 || other.track > net.track),
        ...other.targets.filter(() => other.track < net.track),
      ];
      for (const { row } of passing) {
        if (row > net.top && row < net.bottom && !ends.has(row)) canvas.mark(row, x, '│');
      }
      // What comes from the left must not seem to turn into this net's line.
      const shared = net.targets.filter((target) => other.track < net.track && other.targets.includes(target));
      for (const { row } of shared) canvas.mark(row, x, '▸');
    }
  }
}

/** The longest name that fits, where all the longer ones are cut. */
function nameLimit(longest: readonly number[], room: number): number | undefined {
  for (let limit = Math.max(...longest); limit > 0; limit -= 1) {
    if (longest.reduce((sum, length) => sum + Math.min(length, limit), 0) <= room) return limit;
    if (limit <= SHORTEST_NAME) return undefined;
  }
  return undefined;
}

/** The name, cut in its middle: both ends tell tasks apart. */
function shorten(name: string, limit: number): string {
  if (name.length <= limit) return name;
  const tail = Math.floor((limit - 1) / 2);
  return `${name.slice(0, limit - 1 - tail)}…${name.slice(name.length - tail)}`;
}
