import type { ActAnswer } from '../run/act.js';
import type { TaskState } from '../dag/task-state.js';
import { colorOf, glyphOf, paintFor } from './progress/paint.js';
import { cutName, oneLine } from './progress/text.js';

/** Tasks that are named; the others are counted. */
const SHOWN_TASKS = 20;

/** Items of one fan-out that changed alike have a line each, unless they are more. */
const FEW_ITEMS = 3;

const ITEM = /^(?<of>.+)\[\d+\]$/;

/** What an act did: its sentence, and a line for each task that changed: `build pending -> skipped`. */
export function renderAnswer(
  { message, tasks, tasksChanged }: ActAnswer,
  screen: { readonly width: number; readonly color: boolean },
): string {
  const paint = paintFor(screen.color);
  const lines = [oneLine(message)];
  const changes = changesOf(tasks);
  const shown = changes.slice(0, SHOWN_TASKS);
  for (const { name, from, to, items } of shown) {
    const what = items === 1 ? '' : ` ${items} items`;
    const change = `${what} ${from} -> ${to}`;
    const cutTo = Math.max(8, screen.width - change.length - 4);
    const named = `${paint(glyphOf(to), colorOf(to))} ${cutName(name, cutTo)}${what}`;
    lines.push(`  ${named} ${paint(from, 'dim')} -> ${paint(to, colorOf(to))}`);
  }
  const rest = tasksChanged - shown.reduce((sum, { items }) => sum + items, 0);
  if (rest > 0) lines.push(paint(`  … and ${rest} more`, 'dim'));
  return lines.join('\n');
}

/** The change of a task, or the same one of many items of a fan-out. */
interface Change {
  readonly name: string;
  readonly from: TaskState;
  readonly to: TaskState;
  readonly items: number;
}

function changesOf(tasks: ActAnswer['tasks']): Change[] {
  const keyOf = ({ name, from, to }: ActAnswer['tasks'][number]): string | undefined => {
    const of = ITEM.exec(name)?.groups?.['of'];
    return of === undefined ? undefined : `${of} ${from} ${to}`;
  };
  const alike = new Map<string, number>();
  for (const task of tasks) {
    const key = keyOf(task);
    if (key !== undefined) alike.set(key, (alike.get(key) ?? 0) + 1);
  }
  const changes: Change[] = [];
  for (const task of tasks) {
    const key = keyOf(task);
    const items = key === undefined ? 1 : alike.get(key);
    // It is told of in the line of the first of them.
    if (items === undefined) continue;
    if (key === undefined || items <= FEW_ITEMS) {
      changes.push({ ...task, items: 1 });
      continue;
    }
    changes.push({ ...task, name: task.name.replace(ITEM, '$<of>'), items });
    alike.delete(key);
  }
  return changes;
}
