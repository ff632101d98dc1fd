import type { Explanation, Reason } from '../run/explanation.js';
import { colorOf, glyphOf, paintFor } from './progress/paint.js';
import { oneLine, wrap } from './progress/text.js';

/** Why a task is as it is: its state, and each reason with the tasks that it is about. */
export function renderExplanation(
  explanation: Explanation,
  screen: { readonly width: number; readonly color: boolean },
): string {
  const paint = paintFor(screen.color);
  const { task, state, reasons } = explanation;
  const lines = [`${paint(glyphOf(state), colorOf(state))} ${paint(task, 'bold')}  ${paint(state, colorOf(state))}`];
  for (const reason of reasons) {
    lines.push(
      ...wrap(oneLine(reason.message), screen.width - 4).map((line, i) => `  ${i === 0 ? '- ' : '  '}${line}`),
    );
    const rest = tasksOf(reason);
    if (rest !== '') lines.push(...wrap(rest, screen.width - 6).map((line) => `      ${paint(line, 'dim')}`));
  }
  return lines.join('\n');
}

/** The tasks of a reason that its sentence does not name already. */
function tasksOf({ message, tasks = [] }: Reason): string {
  const words = new Set(message.split(/[^\w[\]~-]+/));
  return tasks.every((task) => words.has(task)) ? '' : tasks.join(', ');
}
