import type { DetailedResult, Figures } from '../../simulator/results.js';
import { formatDuration } from '../progress/duration.js';
import { paintFor, type Paint } from '../progress/paint.js';
import { cut, oneLine, pad, widthOf } from '../progress/text.js';

/** The figures of one file. */
export interface FileFigures {
  readonly file: string;
  readonly figures: Figures;
}

interface Column {
  readonly head: string;
  readonly isText?: true;
  /** Columns go one after the other where the table is too wide, that with the highest number first. Default: it stays. */
  readonly goes?: number;
  /** It can be made as narrow as this: a file at once, others where no column can go any more. Default: it cannot. */
  readonly least?: number;
  cell(result: DetailedResult): string;
}

const COLUMNS: readonly Column[] = [
  { head: 'FILE', isText: true, least: 8, cell: ({ file }) => oneLine(file) },
  { head: 'POLICY', isText: true, least: 13, cell: ({ policy }) => policy.replaceAll(',', '+') },
  { head: 'PLACEMENT', isText: true, least: 12, cell: ({ placement }) => placement ?? '' },
  { head: 'MAKESPAN', cell: ({ makespan }) => timeOf(makespan) },
  { head: 'ABOVE', cell: aboveOf },
  { head: 'FLOW', goes: 1, cell: ({ meanFlowTime }) => timeOf(meanFlowTime) },
  { head: 'WAIT', goes: 3, cell: ({ meanWaiting }) => timeOf(meanWaiting) },
  { head: 'USED', goes: 2, cell: ({ utilisation }) => `${(100 * utilisation).toFixed(1)} %` },
  { head: '', isText: true, cell: ({ state }) => (state === 'succeeded' ? '' : state) },
];

const GAP = 2;

/** A table of what each policy and placement makes of each file; the shortest makespan of a file stands out. */
export function renderResults(
  results: readonly DetailedResult[],
  figures: readonly FileFigures[],
  screen: { readonly width: number; readonly color: boolean },
): string {
  const paint = paintFor(screen.color);
  const sorted = figures.flatMap(({ file }) => results.filter((result) => result.file === file));
  const all = COLUMNS.filter(({ head, cell }) => {
    if (head === 'FILE') return figures.length > 1;
    return (head !== 'PLACEMENT' && head !== '') || sorted.some((result) => cell(result) !== '');
  });
  const { columns, widths } = fitted(all, sorted, screen.width);
  return [
    ...tableOf(columns, widths, sorted, paint),
    '',
    paint(cut(legendOf(columns), screen.width), 'dim'),
    ...togetherOf(results, figures, paint),
    '',
    ...figures.flatMap((one) => linesOf(one, figures.length > 1)),
  ].join('\n');
}

/** The columns that have room, and how wide each is. */
function fitted(
  all: readonly Column[],
  results: readonly DetailedResult[],
  width: number,
): { readonly columns: readonly Column[]; readonly widths: readonly number[] } {
  let columns = all;
  for (;;) {
    const full = columns.map(({ head, cell }) => Math.max(widthOf(head), ...results.map((one) => widthOf(cell(one)))));
    const next = columns.reduce((most, { goes = 0 }) => Math.max(most, goes), 0);
    let over = full.reduce((sum, one) => sum + one, 0) + GAP * (full.length - 1) - width;
    const widths = full.map((own, index) => {
      const { head, least = own } = columns[index]!;
      const less = head === 'FILE' || next === 0 ? Math.min(Math.max(0, over), Math.max(0, own - least)) : 0;
      over -= less;
      return own - less;
    });
    if (over <= 0 || next === 0) return { columns, widths };
    columns = columns.filter(({ goes }) => goes !== next);
  }
}

function tableOf(
  columns: readonly Column[],
  widths: readonly number[],
  results: readonly DetailedResult[],
  paint: Paint,
): string[] {
  const shortest = new Map<string, number>();
  for (const { file, makespan } of results) shortest.set(file, Math.min(makespan, shortest.get(file) ?? Infinity));
  const isCompared = results.length > shortest.size;
  const cellOf = ({ head, isText }: Column, width: number, text: string): string => {
    if (head === 'FILE' && widthOf(text) > width) return pad(`…${text.slice(1 - width)}`, width);
    return isText === true ? pad(cut(text, width), width) : text.padStart(width);
  };
  const heads = columns.map((column, index) => cellOf(column, widths[index]!, column.head));
  const lines = [paint(heads.join('  ').trimEnd(), 'dim')];
  for (const result of results) {
    const isBest = isCompared && result.makespan === shortest.get(result.file);
    const cells = columns.map((column, index) => {
      const cell = cellOf(column, widths[index]!, column.cell(result));
      if (column.head === 'MAKESPAN' && isBest) return paint(cell, 'green');
      return column.head === '' && result.state !== 'succeeded' ? paint(cell, 'red') : cell;
    });
    lines.push(cells.join('  ').trimEnd());
  }
  return lines;
}

/** What the short heads mean. */
function legendOf(columns: readonly Column[]): string {
  const shown = new Set(columns.map(({ head }) => head));
  const means = ['FLOW', 'WAIT'].filter((head) => shown.has(head)).join(' and ');
  return [
    'ABOVE the lower bound',
    ...(means === '' ? [] : [`${means} on average`]),
    ...(shown.has('USED') ? ['USED of the slots'] : []),
  ].join(', ');
}

function aboveOf({ makespan, lowerBound }: DetailedResult): string {
  return lowerBound === 0 ? '-' : `${(100 * (makespan / lowerBound - 1)).toFixed(1)} %`;
}

/** Of several files that share the slots: when all have ended, and how long each takes on average. */
function togetherOf(results: readonly DetailedResult[], figures: readonly FileFigures[], paint: Paint): string[] {
  if (figures.length < 2) return [];
  const schedules = new Map<string, number[]>();
  for (const { policy, placement, makespan } of results) {
    const name = `${policy.replaceAll(',', '+')} ${placement ?? ''}`.trimEnd();
    schedules.set(name, [...(schedules.get(name) ?? []), makespan]);
  }
  const rows = [...schedules].map(([name, ends]) => {
    const mean = ends.reduce((sum, end) => sum + end, 0) / ends.length;
    return [name, timeOf(Math.max(...ends)), timeOf(mean)];
  });
  const table = [[`ALL ${figures.length} FILES`, 'END AFTER', 'ONE ON AVERAGE'], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => widthOf(row[column]!))));
  const lines = table.map((row) =>
    row.map((text, column) => (column === 0 ? pad(text, widths[0]!) : text.padStart(widths[column]!))).join('  '),
  );
  return ['', paint(lines[0]!, 'dim'), ...lines.slice(1)];
}

function linesOf({ file, figures }: FileFigures, isNamed: boolean): string[] {
  const { executionTime, transferTime, failureProbability, load } = figures;
  return [
    ...(isNamed ? [oneLine(file)] : []),
    `execution time          T = C / P                  ${timeOf(executionTime)}`,
    `transfer time           R = D / S                  ${timeOf(transferTime)}`,
    `probability of failure  P(f) = 1 - prod(1 - P_i)   ${failureProbability.toFixed(4)}`,
    `load of a slot          L = sum T / sum P          ${timeOf(load)}`,
  ];
}

function timeOf(seconds: number): string {
  return formatDuration(seconds * 1_000);
}
