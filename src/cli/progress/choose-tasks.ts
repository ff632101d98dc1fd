import { isTaskEnd } from '../../dag/task-state.js';
import type { TaskDescription } from '../../run/run.js';

/**
 * The tasks worth a line where there is no room for all: those under way first, then failures (the latest first; at
 * least a third of the room is theirs), then the latest ends, then those that come next.
 * @param room How many fit.
 */
export function chooseTasks(tasks: readonly TaskDescription[], room: number): TaskDescription[] {
  const active: TaskDescription[] = [];
  const failed: TaskDescription[] = [];
  const ended: TaskDescription[] = [];
  const next: TaskDescription[] = [];
  for (const task of tasks) {
    if (task.state === 'failed') failed.push(task);
    else if (isTaskEnd(task.state)) ended.push(task);
    else if (task.state === 'pending' || task.state === 'ready' || task.state === 'queued') next.push(task);
    else active.push(task);
  }
  active.sort((a, b) => urgencyOf(a) - urgencyOf(b) || byStart(a, b));
  const share = Math.min(failed.length, Math.ceil(room / 3));
  const chosen = active.slice(0, Math.max(0, room - share));
  chosen.push(...latest(failed, room - chosen.length));
  const upcoming = chosen.length < room ? next.filter((task) => task.state !== 'pending') : [];
  chosen.push(...upcoming.slice(0, Math.ceil((room - chosen.length) / 2)));
  chosen.push(...latest(ended, room - chosen.length));
  if (chosen.length < room) {
    const shown = new Set(chosen);
    chosen.push(...next.filter((task) => !shown.has(task)).slice(0, room - chosen.length));
  }
  return chosen;
}

/** People want to know first what goes wrong, then what waits for them; what only waits does so without them. */
function urgencyOf({ state, waitsFor }: TaskDescription): number {
  if (state === 'retrying') return 0;
  if (state !== 'waiting') return 2;
  return waitsFor?.kind === 'approval' ? 1 : 3;
}

function latest(tasks: TaskDescription[], count: number): TaskDescription[] {
  if (count <= 0) return [];
  return tasks.sort((a, b) => inOrder(b.endedAt, a.endedAt)).slice(0, count);
}

function byStart(a: TaskDescription, b: TaskDescription): number {
  return inOrder(a.startedAt, b.startedAt);
}

/** Compares ISO 8601 times as text; `localeCompare` would take most of a frame at 20,000 tasks. */
function inOrder(a = '', b = ''): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
