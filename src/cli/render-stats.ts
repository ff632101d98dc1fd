import type { TaskStats } from '../estimate/stats.js';
import { formatDuration } from './progress/duration.js';
import { paintFor } from './progress/paint.js';
import { cutName, oneLine, pad, widthOf } from './progress/text.js';

/** What is known of a task; of one that has not succeeded yet, what it declares. */
export interface ShownStats extends Partial<TaskStats> {
  readonly task: string;
  /** Milliseconds; it goes before what was learned. */
  readonly declared?: number;
}

/** The shortest that a name is cut to. */
const SHORTEST = 8;

const COLUMNS: readonly {
  readonly head: string;
  /** Left out where nothing has a value for it. Default false. */
  readonly optional?: true;
  readonly value: (stats: ShownStats) => string | undefined;
}[] = [
  { head: 'RUNS', value: ({ count }) => (count === undefined ? undefined : String(count)) },
  { head: 'ESTIMATE', value: ({ estimate }) => timeText(estimate) },
  { head: 'P90', value: ({ p90 }) => timeText(p90) },
  { head: 'LATEST', value: ({ latest }) => timeText(latest) },
  { head: 'OFF BY', value: ({ error }) => (error === undefined ? undefined : `${Math.round(error * 100)} %`) },
  { head: 'PER SIZE', optional: true, value: ({ perSize }) => (perSize === undefined ? undefined : `${perSize} ms`) },
  { head: 'DECLARED', optional: true, value: ({ declared }) => timeText(declared) },
];

/** A table of how long tasks take, a line for each: `-` is what is not known. Where it is too wide, names are cut. */
export function renderStats(
  tasks: readonly ShownStats[],
  screen: { readonly width: number; readonly color: boolean },
): string {
  const paint = paintFor(screen.color);
  const columns = COLUMNS.filter(({ optional, value }) => !optional || tasks.some((task) => value(task) !== undefined));
  const rows = tasks.map((task) => columns.map(({ value }) => value(task) ?? '-'));
  const heads = columns.map(({ head }) => head);
  const widths = heads.map((head, i) => Math.max(head.length, ...rows.map((row) => widthOf(row[i] ?? ''))));
  const names = tasks.map(({ task }) => oneLine(task));
  const room = screen.width - widths.reduce((sum, width) => sum + width + 2, 0);
  const widest = Math.max('TASK'.length, ...names.map(widthOf));
  const nameWidth = Math.min(widest, Math.max(SHORTEST, room));
  const lineOf = (name: string, cells: readonly string[]): string =>
    [pad(cutName(name, nameWidth), nameWidth), ...cells.map((cell, i) => cell.padStart(widths[i] ?? 0))].join('  ');
  return [paint(lineOf('TASK', heads), 'dim'), ...rows.map((row, i) => lineOf(names[i] ?? '', row))].join('\n');
}

function timeText(milliseconds: number | undefined): string | undefined {
  if (milliseconds === undefined) return undefined;
  return milliseconds < 1_000 ? `${Math.round(milliseconds)} ms` : formatDuration(milliseconds);
}
