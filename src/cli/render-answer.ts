import type { ActAnswer } from '../run/act.js';
import { colorOf, glyphOf, paintFor } from './progress/paint.js';
import { cut, oneLine } from './progress/text.js';

/** Tasks that are named; the others are counted. */
const SHOWN_TASKS = 20;

/** What an act did: its sentence, and a line for each task that changed: `build pending -> skipped`. */
export function renderAnswer(
  { message, tasks, tasksChanged }: ActAnswer,
  screen: { readonly width: number; readonly color: boolean },
): string {
  const paint = paintFor(screen.color);
  const lines = [oneLine(message)];
  for (const { name, from, to } of tasks.slice(0, SHOWN_TASKS)) {
    const change = ` ${from} -> ${to}`;
    const shown = cut(name, Math.max(8, screen.width - change.length - 4));
    lines.push(`  ${paint(glyphOf(to), colorOf(to))} ${shown} ${paint(from, 'dim')} -> ${paint(to, colorOf(to))}`);
  }
  const rest = tasksChanged - Math.min(tasks.length, SHOWN_TASKS);
  if (rest > 0) lines.push(paint(`  … and ${rest} more`, 'dim'));
  return lines.join('\n');
}
