import { isTaskEnd } from '../../dag/task-state.js';
import type { RunDescription, TaskDescription } from '../../run/run.js';
import { elapsedOf, formatClock, formatDuration, formatTime } from './duration.js';
import { oneLine } from './text.js';

/**
 * What changed between two looks at a run, a line for each change in the order of time: `12:00:03 extract succeeded
 * (1.2 s)`. What a task went through between the looks is left out, and so are the states before it starts.
 * @param previous The look before, undefined at first.
 * @param now Milliseconds; the time of changes that carry none.
 */
export function changeLines(previous: RunDescription | undefined, next: RunDescription, now: number): string[] {
  const lines: { readonly at: number; readonly text: string }[] = [];
  for (const [i, task] of next.tasks.entries()) {
    const before = previous?.tasks[i];
    const text = changeOf(before, task);
    if (text !== undefined) lines.push({ at: timeOf(task, now), text });
    const hold = holdOf(before, task);
    if (hold !== undefined) lines.push({ at: now, text: hold });
  }
  lines.sort((a, b) => a.at - b.at);
  const run = runChangeOf(previous, next, now);
  if (run !== undefined) lines.push({ at: now, text: run });
  return lines.map((line) => `${formatClock(line.at)} ${line.text}`);
}

function changeOf(before: TaskDescription | undefined, task: TaskDescription): string | undefined {
  if (before?.state === task.state && before.attempts === task.attempts) return undefined;
  switch (task.state) {
    case 'running':
      return task.attempts > 1 ? `${task.name} running, attempt ${task.attempts}` : `${task.name} running`;
    case 'retrying':
      return `${task.name} retrying: attempt ${task.attempts} failed${errorOf(task)}`;
    case 'failed':
      return `${task.name} failed${durationOf(task)}${errorOf(task)}`;
    case 'succeeded':
    case 'skipped':
    case 'upstream_failed':
    case 'cancelled':
      return `${task.name} ${task.state}${durationOf(task)}`;
    default:
      return before !== undefined && isTaskEnd(before.state) ? `${task.name} is to run again` : undefined;
  }
}

/** Whether an operator paused a task, or let it go on. */
function holdOf(before: TaskDescription | undefined, task: TaskDescription): string | undefined {
  if (before?.paused === task.paused || isTaskEnd(task.state)) return undefined;
  return task.paused === true ? `${task.name} is paused` : `${task.name} may start again`;
}

function runChangeOf(previous: RunDescription | undefined, next: RunDescription, now: number): string | undefined {
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

function durationOf(task: TaskDescription): string {
  const elapsed = elapsedOf(task, Date.parse(task.endedAt ?? ''));
  if (elapsed === undefined || Number.isNaN(elapsed)) return '';
  const attempts = task.attempts > 1 ? `, ${task.attempts} attempts` : '';
  return ` (${formatDuration(elapsed)}${attempts})`;
}

function errorOf(task: TaskDescription): string {
  return task.error === undefined ? '' : `: ${oneLine(`${task.error.code}: ${task.error.message}`)}`;
}
