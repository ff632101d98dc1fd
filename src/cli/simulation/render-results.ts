import type { DetailedResult, Figures } from '../../simulator/results.js';
import { formatDuration } from '../progress/duration.js';
import { paintFor } from '../progress/paint.js';
import { cut, oneLine, pad, widthOf } from '../progress/text.js';

/** The figures of one file. */
export interface FileFigures {
  readonly file: string;
  readonly figures: Figures;
}

const HEADER = ['FILE', 'POLICY', 'MAKESPAN', 'ABOVE BOUND', 'MEAN FLOW', 'MEAN WAIT', 'USED', ''];
const FILE = 0;
const POLICY = 1;
const MAKESPAN = 2;
const STATE = 7;

/** A table of what each policy makes of each file; the shortest makespan of a file stands out. */
export function renderResults(
  results: readonly DetailedResult[],
  figures: readonly FileFigures[],
  screen: { readonly width: number; readonly color: boolean },
): string {
  const paint = paintFor(screen.color);
  const shortest = new Map<string, number>();
  for (const { file, makespan } of results) shortest.set(file, Math.min(makespan, shortest.get(file) ?? Infinity));
  const sorted = figures.flatMap(({ file }) => results.filter((result) => result.file === file));
  const rows = sorted.map((result) => cellsOf(result));
  const widths = HEADER.map((_, column) => Math.max(...[HEADER, ...rows].map((row) => widthOf(row[column]!))));
  const rest = widths.reduce((sum, width, column) => sum + (column === FILE ? 0 : width + 2), 0);
  widths[FILE] = Math.min(widths[FILE]!, Math.max(8, screen.width - rest));
  const cellOf = (text: string, column: number): string => {
    const width = widths[column]!;
    const isText = column === FILE || column === POLICY || column === STATE;
    if (column === FILE && widthOf(text) > width) return pad(`…${text.slice(1 - width)}`, width);
    return isText ? pad(cut(text, width), width) : text.padStart(width);
  };
  const lines = [paint(HEADER.map(cellOf).join('  ').trimEnd(), 'dim')];
  rows.forEach((row, index) => {
    const { file, makespan, state } = sorted[index]!;
    const isBest = makespan === shortest.get(file) && rows.length > figures.length;
    const cells = row.map((text, column) => {
      const cell = cellOf(text, column);
      if (column === MAKESPAN && isBest) return paint(cell, 'green');
      return column === STATE && state !== 'succeeded' ? paint(cell, 'red') : cell;
    });
    lines.push(cells.join('  ').trimEnd());
  });
  return [...lines, ...togetherOf(results, figures), '', ...figures.flatMap(linesOf)].join('\n');
}

function cellsOf(result: DetailedResult): string[] {
  const { file, policy, makespan, lowerBound, meanFlowTime, meanWaiting, utilisation, state } = result;
  return [
    oneLine(file),
    policy,
    timeOf(makespan),
    lowerBound === 0 ? '-' : `${(100 * (makespan / lowerBound - 1)).toFixed(1)} %`,
    timeOf(meanFlowTime),
    timeOf(meanWaiting),
    `${(100 * utilisation).toFixed(1)} %`,
    state === 'succeeded' ? '' : state,
  ];
}

/** Of several files that share the slots: when all have ended, and how long each takes on average. */
function togetherOf(results: readonly DetailedResult[], figures: readonly FileFigures[]): string[] {
  if (figures.length < 2) return [];
  const policies = [...new Set(results.map(({ policy }) => policy))];
  return [
    '',
    ...policies.map((policy) => {
      const ends = results.filter((result) => result.policy === policy).map(({ makespan }) => makespan);
      const mean = ends.reduce((sum, end) => sum + end, 0) / ends.length;
      return `${policy}: all ${ends.length} files end after ${timeOf(Math.max(...ends))}, one takes ${timeOf(mean)} on average`;
    }),
  ];
}

function linesOf({ file, figures }: FileFigures): string[] {
  const { executionTime, transferTime, failureProbability, load } = figures;
  return [
    oneLine(file),
    `  execution time       T = C / P                  ${timeOf(executionTime)}`,
    `  transfer time        R = D / S                  ${timeOf(transferTime)}`,
    `  a task fails         P(f) = 1 - prod(1 - P_i)   ${failureProbability.toFixed(4)}`,
    `  load of a slot       L = sum T / sum P          ${timeOf(load)}`,
  ];
}

function timeOf(seconds: number): string {
  return formatDuration(seconds * 1_000);
}
