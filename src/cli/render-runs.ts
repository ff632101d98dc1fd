import type { RunSummary } from '../client/dag-client.js';
import type { RunState } from '../dag/run.js';
import { elapsedOf, formatDate, formatDuration } from './progress/duration.js';
import { paintFor, runColorOf } from './progress/paint.js';
import { cut, oneLine, pad, widthOf } from './progress/text.js';

/** A table of runs, a line for each. Where it is too wide, ids and names are cut. */
export function renderRuns(
  runs: readonly RunSummary[],
  screen: { readonly width: number; readonly now: number; readonly color: boolean },
): string {
  const paint = paintFor(screen.color);
  const header = ['RUN', 'DAG', 'STATE', 'STARTED', 'TOOK'];
  const rows = runs.map((run) => [
    oneLine(run.runId),
    oneLine(run.dag),
    run.state,
    formatDate(run.startedAt),
    formatDuration(elapsedOf(run, screen.now) ?? 0),
  ]);
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => widthOf(row[i] ?? ''))));
  const fixed = (widths[2] ?? 0) + (widths[3] ?? 0) + (widths[4] ?? 0) + 8;
  const dagWidth = Math.min(widths[1] ?? 0, Math.max(8, Math.floor((screen.width - fixed) * 0.35)));
  widths[1] = dagWidth;
  widths[0] = Math.min(widths[0] ?? 0, Math.max(8, screen.width - fixed - dagWidth));
  const lineOf = (cells: readonly string[], state?: RunState): string =>
    cells
      .map((cell, i) => {
        const text = pad(cut(cell, widths[i] ?? 0), widths[i] ?? 0);
        return i === 2 && state !== undefined ? paint(text, runColorOf(state)) : text;
      })
      .join('  ')
      .trimEnd();
  return [paint(lineOf(header), 'dim'), ...rows.map((row, i) => lineOf(row, runs[i]?.state))].join('\n');
}
