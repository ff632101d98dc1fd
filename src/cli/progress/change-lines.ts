import { isTaskEnd } from '../../dag/task-state.js';
import type { RunDescription, TaskDescription } from '../../run/run.js';
import { elapsedOf, formatClock, formatDuration, formatTime } from './duration.js';
import { itemsText } from './task-row.js';
import { oneLine } from './text.js';
import { answerCommand, waitText } from './wait-text.js';

/** Of fan-outs with more items, those that succeed have no lines of their own. */
const FEW_ITEMS = 20;
/** Items of one fan-out whose failure is told. */
const TOLD_FAILURES = 20;
/** A fan-out says so many times how far it is. */
const STEPS = 10;

/**
 * What changed between two looks at a run, a line for each change in the order of time: `12:00:03 extract succeeded
 * (1.2 s)`. What a task went through between the looks is left out, and so are the states before it starts. Of a fan-out
 * with many items it tells the first failures, and how far it is.
 * @param previous The look before, undefined at first.
 * @param now Milliseconds; the time of changes that carry none.
 * @param commands The flags of a command that reaches the run, for advice; left out where none does.
 */
export function changeLines(
  previous: RunDescription | undefined,
  next: RunDescription,
  now: number,
  commands?: string,
): string[] {
  const lines: { readonly at: number; readonly text: string }[] = [];
  const isTold = itemsTold(previous, next);
  for (const [i, task] of next.tasks.entries()) {
    const before = previous?.tasks[i];
    const items = itemsChangeOf(before, task);
    if (items !== undefined) lines.push({ at: now, text: items });
    if (before?.state === task.state && before.attempts === task.attempts && before.paused === task.paused) continue;
    if (!isTold(before, task)) continue;
    const text = changeOf(before, task);
    if (text !== undefined) lines.push({ at: timeOf(task, now), text });
    const wait = waitChangeOf(before, task, now);
    if (wait !== undefined) {
      const command = commands === undefined ? undefined : answerCommand(next.runId, task, commands);
      lines.push({ at: now, text: command === undefined ? wait : `${wait} - ${command}` });
    }
    const hold = holdOf(before, task);
    if (hold !== undefined) lines.push({ at: now, text: hold });
  }
  lines.sort((a, b) => a.at - b.at);
  const run = runChangeOf(previous, next, now);
  if (run !== undefined) lines.push({ at: now, text: run });
  return lines.map((line) => `${formatClock(line.at)} ${line.text}`);
}

/** Tells of which changes there are lines: of items, where they are few, or among the first that failed. */
function itemsTold(
  previous: RunDescription | undefined,
  next: RunDescription,
): (before: TaskDescription | undefined, task: TaskDescription) => boolean {
  const fanOuts = new Map<string, { items: number; failed: number }>();
  for (const { name, fanOut } of next.tasks) {
    if (fanOut !== undefined) fanOuts.set(name, { items: fanOut.items, failed: 0 });
  }
  if (fanOuts.size === 0) return () => true;
  for (const { name, fanOut } of previous?.tasks ?? []) {
    const known = fanOuts.get(name);
    if (known !== undefined) known.failed = fanOut?.failed ?? 0;
  }
  return (before, task) => {
    const fanOut = task.item === undefined ? undefined : fanOuts.get(task.item.of);
    if (fanOut === undefined || fanOut.items <= FEW_ITEMS) return true;
    if (task.state !== 'failed' || before?.state === 'failed') return false;
    fanOut.failed += 1;
    return fanOut.failed <= TOLD_FAILURES;
  };
}

/** How far a fan-out is, where it has come a step further. */
function itemsChangeOf(before: TaskDescription | undefined, task: TaskDescription): string | undefined {
  const { fanOut } = task;
  if (fanOut === undefined || isTaskEnd(task.state)) return undefined;
  if (before?.fanOut === undefined) return `${task.name} has ${fanOut.items} items`;
  const stepOf = ({ ended, items }: typeof fanOut): number => (items === 0 ? 0 : Math.floor((ended / items) * STEPS));
  return stepOf(fanOut) === stepOf(before.fanOut) ? undefined : `${task.name}: ${itemsText(fanOut)}`;
}

function changeOf(before: TaskDescription | undefined, task: TaskDescription): string | undefined {
  if (before?.state === task.state && before.attempts === task.attempts) return undefined;
  switch (task.state) {
    case 'running':
      // A handler that is asked again and again would fill the log.
      if (before?.waitsFor?.kind === 'poll') return undefined;
      if (task.subRun !== undefined) return `${task.name} running -> ${oneLine(task.subRun)}`;
      return task.attempts > 1 ? `${task.name} running, attempt ${task.attempts}` : `${task.name} running`;
    case 'ready':
      // Its run goes on: it made room for another, or its worker group is gone.
      if (before?.state === 'running' && task.paused !== true) return `${task.name} stopped, to start again later`;
      return before !== undefined && isTaskEnd(before.state) ? `${task.name} is to run again` : undefined;
    case 'retrying':
      return `${task.name} retrying: attempt ${task.attempts} failed${errorOf(task)}`;
    case 'failed':
      return `${task.name} failed${durationOf(task)}${errorOf(task)}`;
    case 'succeeded':
    case 'skipped':
    case 'upstream_failed':
    case 'cancelled': {
      const how = task.cached === undefined ? durationOf(task) : `, cached from ${oneLine(task.cached.runId)}`;
      return `${task.name} ${task.state}${how}`;
    }
    default:
      return before !== undefined && isTaskEnd(before.state) ? `${task.name} is to run again` : undefined;
  }
}

/** What a task has begun to wait for. */
function waitChangeOf(before: TaskDescription | undefined, task: TaskDescription, now: number): string | undefined {
  if (task.state !== 'waiting' || before?.state === 'waiting' || task.waitsFor === undefined) return undefined;
  if (task.waitsFor.kind !== 'poll') return `${task.name} ${waitText(task.waitsFor, now)}`;
  // Only the first time: as often as it is asked would fill the log.
  return task.attempts > 1 ? undefined : `${task.name} is asked again until it says yes`;
}

/** Whether an operator paused a task, or let it go on. */
function holdOf(before: TaskDescription | undefined, task: TaskDescription): string | undefined {
  if (before?.paused === task.paused || isTaskEnd(task.state)) return undefined;
  return task.paused === true ? `${task.name} is paused` : `${task.name} may start again`;
}

function runChangeOf(previous: RunDescription | undefined, next: RunDescription, now: number): string | undefined {
  const held = next.held?.find((sentence) => previous?.held?.includes(sentence) !== true);
  if (held !== undefined) return oneLine(held);
  // What a run is when one begins to look is news, unless it just runs or has ended.
  if ((previous?.state ?? 'running') === next.state) return undefined;
  if (next.state === 'paused') {
    const by = next.pause?.by === undefined ? '' : ` by ${oneLine(next.pause.by)}`;
    const until = next.pause?.until === undefined ? '' : ` until ${formatTime(next.pause.until, now)}`;
    return `run ${next.runId} is paused${by}${until}`;
  }
  if (next.state === 'cancelling') return `run ${next.runId} is cancelling`;
  return next.state === 'running' ? `run ${next.runId} goes on` : undefined;
}

function timeOf(task: TaskDescription, now: number): number {
  if (task.endedAt !== undefined && isTaskEnd(task.state)) return Date.parse(task.endedAt);
  if (task.state === 'running' && task.attempts <= 1 && task.startedAt !== undefined) return Date.parse(task.startedAt);
  return now;
}

/** ` (1.2 s, 2 attempts)`, and of a fan-out its items. */
function durationOf(task: TaskDescription): string {
  const elapsed = elapsedOf(task, Date.parse(task.endedAt ?? ''));
  if (elapsed === undefined || Number.isNaN(elapsed)) return '';
  const attempts = task.attempts > 1 ? `, ${task.attempts} attempts` : '';
  const items = task.fanOut === undefined ? '' : `, ${itemsText(task.fanOut)}`;
  return ` (${formatDuration(elapsed)}${attempts}${items})`;
}

function errorOf(task: TaskDescription): string {
  return task.error === undefined ? '' : `: ${oneLine(`${task.error.code}: ${task.error.message}`)}`;
}
