import type { ReadyTasks } from './ready-tasks.js';
import { HOLD, STOP, type TaskTable } from './task-table.js';

/** What preemption looks at. */
interface Preempted {
  readonly tasks: TaskTable;
  readonly ready: ReadyTasks;
}

/**
 * The running tasks to stop for those that wait and are thought to take less than what these still have to do: shortest
 * remaining time first. Only tasks that declare `preemptible` are; none is stopped where a slot comes free anyhow.
 */
export function tasksToPreempt({ tasks, ready }: Preempted, at: number): number[] {
  const { facts, policy } = ready;
  if (!facts.hasPreemptible || policy.size === 0) return [];
  const victims: { readonly task: number; readonly left: number }[] = [];
  let coming = 0;
  for (let task = 0; task < tasks.size; task++) {
    if (!tasks.is(task, 'running') || tasks.hold[task] === HOLD.nothing) continue;
    if (tasks.stop[task] !== STOP.none) coming++;
    else if (tasks.hold[task] === HOLD.slot && facts.isPreemptible(task)) {
      victims.push({ task, left: ready.remainingAt(task, at) });
    }
  }
  if (victims.length === 0) return [];
  victims.sort((a, b) => b.left - a.left || b.task - a.task);
  const preempted: number[] = [];
  const looked: number[] = [];
  // Each that goes first has a slot that comes free, or takes one of the longest that runs.
  while (preempted.length < victims.length) {
    const task = policy.next();
    if (task === undefined) break;
    looked.push(task);
    if (looked.length <= coming) continue;
    const victim = victims[preempted.length]!;
    if (facts.remainingOf(task) >= victim.left) break;
    preempted.push(victim.task);
  }
  for (const task of looked) policy.add(task, tasks.sequence[task]!);
  return preempted;
}
