import { TASK_STATES } from '../dag/task-state.js';
import type { RunEvent } from '../run/run-event.js';

/** A line of a history: an event, or what happened to many items of a fan-out one after the other. */
export type HistoryLine = Omit<RunEvent, 'event'> & { readonly event: RunEvent['event'] | 'items' };

/** Fewer events of items have a line each. */
const MOST_LINES = 6;
/** Failures, and all else that comes with words, keep their lines; so many of one fan-out in a row. */
const MOST_TELLING = 20;

const ITEM = /^(?<of>.+)\[\d+\](?:~undo)?$/;

/**
 * The history with the events of items folded: where many follow one another, one line counts them, as `120 queued, 98
 * succeeded`; failures stay.
 */
export function foldHistory(events: readonly RunEvent[]): HistoryLine[] {
  const lines: HistoryLine[] = [];
  let stretch: RunEvent[] = [];
  let parent: string | undefined;
  const close = (): void => {
    if (parent !== undefined) lines.push(...foldStretch(stretch, parent));
    stretch = [];
  };
  for (const event of events) {
    const of = ITEM.exec(event.task ?? '')?.groups?.['of'];
    if (of !== parent) close();
    parent = of;
    if (of === undefined) lines.push(event);
    else stretch.push(event);
  }
  close();
  return lines;
}

function foldStretch(stretch: readonly RunEvent[], parent: string): HistoryLine[] {
  if (stretch.length <= MOST_LINES) return [...stretch];
  const telling = stretch.filter(isTelling).slice(0, MOST_TELLING);
  const kept = new Set(telling);
  const counts = new Map<string, number>();
  for (const event of stretch) {
    if (!kept.has(event)) counts.set(event.event, (counts.get(event.event) ?? 0) + 1);
  }
  const words = TASK_STATES.filter((state) => counts.has(`task.${state}`)).map(
    (state) => `${counts.get(`task.${state}`)} ${state}`,
  );
  if (counts.has('act')) words.push(`${counts.get('act')} acts`);
  const at = stretch.at(-1)?.at;
  if (at === undefined || words.length === 0) return telling;
  return [...telling, { at, event: 'items', task: parent, message: words.join(', ') }];
}

function isTelling({ event, message, by }: RunEvent): boolean {
  return event === 'task.failed' || event === 'act' || message !== undefined || by !== undefined;
}
