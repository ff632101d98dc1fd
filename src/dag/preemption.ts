import type { ReadyTasks } from './ready-tasks.js';
import { HOLD, STOP, type TaskTable } from './task-table.js';

/** What preemption looks at. */
interface Preempted {
  readonly tasks: TaskTable;
  readonly ready: ReadyTasks;
}

/** A running task that may be stopped, with the milliseconds that it still has to do, at speed 1: as both are in one group. */
interface Victim {
  readonly task: number;
  readonly left: number;
}

/**
 * The running tasks to stop for those that wait and are thought to take less than what these still have to do: shortest
 * remaining time first. Only tasks that declare `preemptible` are; none is stopped where a slot comes free anyhow. Those
 * that wait for a worker group take the place of a task in one that could run them.
 * @param isFull Whether as many tasks run as may: else only worker groups can lack room.
 */
export function tasksToPreempt({ tasks, ready }: Preempted, at: number, isFull: boolean): number[] {
  const { facts, groups } = ready;
  if (!facts.hasPreemptible) return [];
  const victims: Victim[] = [];
  const coming: number[] = [];
  for (let task = 0; task < tasks.size; task++) {
    if (!tasks.is(task, 'running') || tasks.hold[task] === HOLD.nothing) continue;
    if (tasks.stop[task] !== STOP.none) coming.push(task);
    else if (tasks.hold[task] === HOLD.slot && facts.isPreemptible(task)) {
      victims.push({ task, left: ready.ends.remainingAt(task, at) * groups.speedOf(task) });
    }
  }
  if (victims.length === 0) return [];
  victims.sort((a, b) => b.left - a.left || b.task - a.task);
  const preempted: number[] = [];
  // Each that goes first has a slot that comes free, or takes one of the longest that runs.
  for (const waiting of ready.firstWaiting(victims.length + coming.length, isFull)) {
    // The placement, or who came first, may have given the slot to another: it stops no second one.
    if (ready.stoppedFor.has(waiting)) continue;
    const fits = (task: number): boolean => groups.groupOf(task) === undefined || groups.couldSwap(task, waiting);
    const free = coming.findIndex(fits);
    if (free !== -1) {
      coming.splice(free, 1);
      continue;
    }
    const position = victims.findIndex(({ task }) => fits(task));
    const victim = victims[position];
    if (victim === undefined || facts.remainingOf(waiting) >= victim.left) continue;
    victims.splice(position, 1);
    preempted.push(victim.task);
    ready.stoppedFor.add(waiting);
  }
  return preempted;
}
