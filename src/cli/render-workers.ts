import type { WorkerSummary } from '../client/list-workers.js';
import { formatDuration } from './progress/duration.js';
import { paintFor, type Color } from './progress/paint.js';
import { cut, oneLine, pad, widthOf } from './progress/text.js';

const HEADER = ['GROUP', 'WORKER', 'RUNNING', 'SLOTS', 'SPEED', 'LABELS', 'CPU', 'MEMORY', 'STATE', 'UP'] as const;

const GROUP = 0;
const WORKER = 1;
const LABELS = 5;
const STATE = 8;
/** These are cut where there is no room, the last one first; no shorter than this. */
const CUT: readonly number[] = [GROUP, WORKER, LABELS];
const SHORTEST = 8;

const COLORS: Readonly<Record<WorkerSummary['state'], Color>> = { live: 'green', leaving: 'yellow', silent: 'red' };

/** A table of workers, a line for each. `-` is no group, no label, no limit. */
export function renderWorkers(
  workers: readonly WorkerSummary[],
  screen: { readonly width: number; readonly now: number; readonly color: boolean },
): string {
  const paint = paintFor(screen.color);
  const rows = workers.map((worker) => cellsOf(worker, screen.now));
  const widths = widthsOf([HEADER, ...rows], screen.width);
  const lineOf = (cells: readonly string[], color?: Color): string =>
    cells
      .map((cell, i) => {
        const text = pad(cut(cell, widths[i] ?? 0), widths[i] ?? 0);
        return i === STATE && color !== undefined ? paint(text, color) : text;
      })
      .join('  ')
      .trimEnd();
  const lines = rows.map((row, i) => lineOf(row, COLORS[workers[i]?.state ?? 'live']));
  return [paint(lineOf(HEADER), 'dim'), ...lines].join('\n');
}

function cellsOf(worker: WorkerSummary, now: number): string[] {
  const { group, speed, labels, cpu, memory, standby, state } = worker;
  return [
    oneLine(group ?? '-'),
    oneLine(worker.worker),
    String(worker.running),
    String(worker.slots),
    numberText(speed),
    oneLine(labels.join(' ')) || '-',
    cpu === undefined ? '-' : numberText(cpu),
    memory === undefined ? '-' : bytesText(memory),
    standby === true ? `${state}, standby` : state,
    formatDuration(Math.max(0, now - Date.parse(worker.since))),
  ];
}

function numberText(number: number): string {
  return String(Math.round(number * 1_000) / 1_000);
}

/** In the largest unit of 1,024, with one decimal: 68,719,476,736 is `64Gi`. */
function bytesText(bytes: number): string {
  const power = Math.min(4, Math.floor(Math.log2(bytes) / 10));
  return `${Math.round((bytes / 2 ** (10 * power)) * 10) / 10}${['', 'Ki', 'Mi', 'Gi', 'Ti'][power]}`;
}

function widthsOf(table: readonly (readonly string[])[], room: number): number[] {
  const widths = HEADER.map((_, i) => Math.max(...table.map((row) => widthOf(row[i] ?? ''))));
  let excess = widths.reduce((sum, width) => sum + width + 2, -2) - room;
  for (const i of CUT.toReversed()) {
    const less = Math.min(Math.max(0, excess), Math.max(0, (widths[i] ?? 0) - SHORTEST));
    widths[i] = (widths[i] ?? 0) - less;
    excess -= less;
  }
  return widths;
}
