import type { RunSummary } from '../client/list-runs.js';
import type { RunState } from '../dag/run-state.js';
import { elapsedOf, formatDate, formatDuration } from './progress/duration.js';
import { paintFor, runColorOf } from './progress/paint.js';
import { cut, oneLine, pad, widthOf } from './progress/text.js';

/** From this width on there is room for seconds and for tags. */
const WIDE = 100;

const RUN = 0;
const DAG = 1;
const STATE = 2;
const TAGS = 5;

/**
 * A table of runs, a line for each; `✖3` beside its state says that three tasks have failed. Where it is too wide, ids
 * and names are cut.
 */
export function renderRuns(
  runs: readonly RunSummary[],
  screen: { readonly width: number; readonly now: number; readonly color: boolean },
): string {
  const paint = paintFor(screen.color);
  const isWide = screen.width >= WIDE;
  const hasTags = isWide && runs.some((run) => run.tags.length > 0);
  const header = ['RUN', 'DAG', 'STATE', 'STARTED', 'TOOK', ...(hasTags ? ['TAGS'] : [])];
  const rows = runs.map((run) => [
    oneLine(run.runId),
    oneLine(run.dag),
    run.state + ((run.failedTasks ?? 0) > 0 ? ` ✖${run.failedTasks}` : ''),
    formatDate(run.startedAt).slice(0, isWide ? undefined : -':00'.length),
    formatDuration(elapsedOf(run, screen.now) ?? 0),
    ...(hasTags ? [oneLine(run.tags.join(' '))] : []),
  ]);
  const widths = widthsOf([header, ...rows], screen.width);
  const lineOf = (cells: readonly string[], state?: RunState): string =>
    cells
      .map((cell, i) => {
        const text = pad(cut(cell, widths[i] ?? 0), widths[i] ?? 0);
        return i === STATE && state !== undefined ? paint(text, runColorOf(state)) : text;
      })
      .join('  ')
      .trimEnd();
  return [paint(lineOf(header), 'dim'), ...rows.map((row, i) => lineOf(row, runs[i]?.state))].join('\n');
}

/** What is too wide is cut: ids and names most, for states and times are short; tags to a fifth of the room. */
function widthsOf(table: readonly (readonly string[])[], room: number): number[] {
  const widths = (table[0] ?? []).map((_, i) => Math.max(...table.map((row) => widthOf(row[i] ?? ''))));
  if (widths[TAGS] !== undefined) widths[TAGS] = Math.min(widths[TAGS], Math.floor(room / 5));
  const fixed = widths.slice(STATE).reduce((sum, width) => sum + width, 0) + 2 * (widths.length - 1);
  const dag = Math.min(widths[DAG] ?? 0, Math.max(8, Math.floor((room - fixed) * 0.35)));
  widths[DAG] = dag;
  widths[RUN] = Math.min(widths[RUN] ?? 0, Math.max(8, room - fixed - dag));
  return widths;
}
