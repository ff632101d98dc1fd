import { formatRate } from '../dag/rate.js';
import type { PoolDescription, PoolLease } from '../pool/shared-pool.js';
import { formatDuration } from './progress/duration.js';
import { paintFor } from './progress/paint.js';
import { cut, oneLine, pad, widthOf } from './progress/text.js';

/** What shared pools are shown on. */
export interface PoolScreen {
  readonly width: number;
  readonly now: number;
  readonly color: boolean;
}

/** A table of pools that runs share, a line for each. `-` is no limit. */
export function renderPools(pools: readonly PoolDescription[], screen: PoolScreen): string {
  const rows = pools.map(({ name, slots, rate, policy, taken, waiting }) => [
    oneLine(name),
    slots === undefined ? '-' : String(slots),
    String(taken),
    rate === undefined ? '-' : formatRate(rate),
    String(waiting),
    policy,
  ]);
  return table([['POOL', 'SLOTS', 'TAKEN', 'RATE', 'WAITING', 'POLICY'], ...rows], [0], screen);
}

/** A pool that runs share, who holds it, and who waits. */
export function renderPool(pool: PoolDescription, screen: PoolScreen): string {
  const paint = paintFor(screen.color);
  const { name, slots, rate, recent = 0, policy, taken, holding, waiting, holders, waiters } = pool;
  const size = slots === undefined ? `${taken} taken` : `${taken} of ${slots} taken`;
  const speed = rate === undefined ? '' : ` · rate ${formatRate(rate)}, ${recent} used`;
  const sections = [paint(oneLine(name), 'bold') + `  ${size}${speed} · policy ${policy}`];
  sections.push(section('HOLDS', holders, holding, screen), section('WAITS', waiters, waiting, screen));
  return sections.filter((text) => text !== '').join('\n\n');
}

function section(title: string, leases: readonly PoolLease[], count: number, screen: PoolScreen): string {
  if (count === 0) return '';
  const rows = leases.map(({ run, task, slots, since, tooLarge }) => [
    oneLine(run),
    oneLine(task) || '-',
    String(slots),
    formatDuration(screen.now - Date.parse(since)) + (tooLarge === true ? ', for more than there is' : ''),
  ]);
  const more = count > leases.length ? `\n… and ${count - leases.length} more` : '';
  return table([[`${title}: RUN`, 'TASK', 'SLOTS', 'FOR'], ...rows], [0, 1], screen) + more;
}

/** The first line is the header. @param cuttable Columns that are cut where there is no room, to no less than 12. */
function table(
  rows: readonly (readonly string[])[],
  cuttable: readonly number[],
  { width, color }: PoolScreen,
): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => widthOf(row[i] ?? ''))));
  let excess = widths.reduce((sum, one) => sum + one + 2, -2) - width;
  for (const i of cuttable.toReversed()) {
    const less = Math.min(Math.max(0, excess), Math.max(0, (widths[i] ?? 0) - 12));
    widths[i] = (widths[i] ?? 0) - less;
    excess -= less;
  }
  const lines = rows.map((row) =>
    row
      .map((cell, i) => pad(cut(cell, widths[i] ?? 0), widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const paint = paintFor(color);
  return lines.map((line, i) => (i === 0 ? paint(line, 'dim') : line)).join('\n');
}
