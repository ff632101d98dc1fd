import type { RunDescription, TaskDescription } from '../../run/run.js';
import { isTaskEnd } from '../../dag/task-state.js';

/** From when to when something ran. Milliseconds since the run began. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** The time that one task took, from its first start to its end. */
export interface Span extends Stretch {
  readonly task: TaskDescription;
  /** More than one where it was stopped to go on later, or was tried again by the run. */
  readonly starts: readonly Stretch[];
  /** Of a task that fanned out: the times of its items, where they have no rows of their own. */
  readonly items?: readonly Stretch[];
}

/** What a chart of a run shows. */
export interface Chart {
  /** In the order of their start. */
  readonly spans: readonly Span[];
  /** Milliseconds from the run's start to its end, or until now. */
  readonly length: number;
  /** Tasks that ran and are not shown, because others tell more. */
  readonly leftOut: number;
  /** Tasks that have not started, or never will. */
  readonly notStarted: number;
  /** Tasks that ran in an earlier run. */
  readonly takenOver: number;
}

/**
 * The tasks to chart: all that ran, or the most telling ones: failures and those that run now, each in up to a third of
 * the room, then the longest.
 * @param now Milliseconds; what has not ended lasts until now.
 * @param most So many tasks at most. `Infinity`: all, and each item of a fan-out by itself; else the items are part of the
 *   task that fanned out.
 */
export function chartOf(description: RunDescription, now: number, most: number): Chart {
  const began = Date.parse(description.startedAt);
  const end = description.endedAt === undefined ? now : Date.parse(description.endedAt);
  const all: Span[] = [];
  const isFolded = most !== Infinity;
  const items = new Map<string, Stretch[]>();
  let notStarted = 0;
  let takenOver = 0;
  for (const task of description.tasks) {
    const isItem = isFolded && task.item !== undefined;
    if (task.takenOver === true) takenOver += Number(!isItem);
    else if (task.startedAt === undefined && task.earlierStarts === undefined) notStarted += Number(!isItem);
    else if (!isItem) all.push(spanOf(task, began, end));
    else {
      const { starts } = spanOf(task, began, end);
      const siblings = items.get(task.item?.of ?? '');
      if (siblings === undefined) items.set(task.item?.of ?? '', [...starts]);
      else siblings.push(...starts);
    }
  }
  for (const [i, span] of all.entries()) {
    const own = items.get(span.task.name);
    if (own !== undefined) all[i] = { ...span, items: own };
  }
  const spans = all.length <= most ? all : mostTelling(all, most);
  spans.sort((a, b) => a.from - b.from);
  return {
    spans,
    length: all.reduce((longest, span) => Math.max(longest, span.to), Math.max(1, end - began)),
    leftOut: all.length - spans.length,
    notStarted,
    takenOver,
  };
}

/** The words on what a chart does not show; empty where it shows all. */
export function restOf(chart: Chart): string {
  const rest: string[] = [];
  if (chart.leftOut > 0) rest.push(`${chart.leftOut} more ran (--all shows them)`);
  if (chart.notStarted > 0) rest.push(`${chart.notStarted} did not start`);
  if (chart.takenOver > 0) rest.push(`${chart.takenOver} taken over from an earlier run`);
  return rest.join(', ');
}

function spanOf(task: TaskDescription, began: number, end: number): Span {
  const starts = (task.earlierStarts ?? []).map(({ startedAt, endedAt }) =>
    stretchOf(startedAt, Date.parse(endedAt), began),
  );
  if (task.startedAt !== undefined) {
    // A task that was set back keeps the time of its start, and goes on.
    const to = task.endedAt !== undefined && isTaskEnd(task.state) ? Date.parse(task.endedAt) : end;
    starts.push(stretchOf(task.startedAt, to, began));
  }
  const from = Math.min(...starts.map((start) => start.from));
  const to = Math.max(...starts.map((start) => start.to));
  return { task, from, to, starts };
}

function stretchOf(startedAt: string, endedAt: number, began: number): Stretch {
  const from = Math.max(0, Date.parse(startedAt) - began);
  return { from, to: Math.max(from, endedAt - began) };
}

function mostTelling(all: readonly Span[], most: number): Span[] {
  const third = Math.ceil(most / 3);
  const longest = all.toSorted((a, b) => b.to - b.from - (a.to - a.from));
  const failed = longest.filter(({ task }) => task.state === 'failed').slice(0, third);
  const live = longest.filter(({ task }) => !isTaskEnd(task.state)).slice(0, third);
  const chosen = new Set([...failed, ...live].slice(0, most));
  for (const span of longest) {
    if (chosen.size >= most) break;
    chosen.add(span);
  }
  // In the order of declaration again, for those that start at the same time.
  return all.filter((span) => chosen.has(span));
}

/**
 * How many items were under way at once, over time: of each of so many equal parts of the chart those that touch it.
 * @param length Milliseconds of the whole chart.
 */
export function densityOf(items: readonly Stretch[], length: number, parts: number): number[] {
  const changes = new Float64Array(parts + 1);
  for (const { from, to } of items) {
    const first = Math.min(parts - 1, Math.floor((from / length) * parts));
    const last = Math.max(first, Math.min(parts, Math.ceil((to / length) * parts)) - 1);
    changes[first] = (changes[first] ?? 0) + 1;
    changes[last + 1] = (changes[last + 1] ?? 0) - 1;
  }
  let level = 0;
  return Array.from({ length: parts }, (_, part) => (level += changes[part] ?? 0));
}
