import type { SchedulerEvent, TimerName } from './event.js';
import type { Graph } from './graph.js';
import { isRunEnd, type RunState } from './run-state.js';
import type { TaskTable } from './task-table.js';

/** What of a scheduler says which events make sense. */
export interface CheckedScheduler {
  readonly graph: Graph;
  readonly tasks: TaskTable;
  readonly state: RunState;
  readonly runBeganAt: number | undefined;
  readonly awaitsCompensations: boolean;
  timers(): readonly { readonly timer: TimerName }[];
}

/** @throws Error where the event makes no sense now: a bug of the host. */
export function checkEvent(scheduler: CheckedScheduler, event: SchedulerEvent): void {
  const { tasks, graph } = scheduler;
  if (!Number.isSafeInteger(event.at)) throw new Error(`${event.type} at ${event.at}: not whole milliseconds.`);
  if (isRunEnd(scheduler.state)) throw new Error(`${event.type} after the end of the run.`);
  const began = scheduler.runBeganAt !== undefined;
  if (event.type === 'run.began' ? began : !began) {
    throw new Error(began ? 'The run began already.' : `${event.type} before the run began.`);
  }
  if (event.type === 'timer.fired' && !isSet(scheduler, event)) {
    throw new Error(`The timer ${event.timer} is not set.`);
  }
  if (event.type === 'compensations.added' && !scheduler.awaitsCompensations) {
    throw new Error('No compensations were asked for.');
  }
  if (!('task' in event) || event.task === undefined) return;
  const { task } = event;
  if (!(Number.isInteger(task) && task >= 0 && task < graph.size)) {
    throw new Error(`${event.type} for task ${task}; the dag has ${graph.size} tasks.`);
  }
  const state = tasks.stateOf(task);
  if (event.type === 'task.ended' && !tasks.isUnderWay(task)) {
    throw new Error(`Task ${task} ended, but does not run: it is ${state}.`);
  }
  if ((event.type === 'task.waits' || event.type === 'task.fanned-out') && !tasks.isUnderWay(task)) {
    throw new Error(`${event.type}: task ${task} does not run: it is ${state}.`);
  }
  if (event.type === 'task.again' && !tasks.is(task, 'waiting')) {
    throw new Error(`Task ${task} does not wait: it is ${state}.`);
  }
  if (event.type === 'task.retried' && !tasks.hasEnded(task)) {
    throw new Error(`Task ${task} cannot be retried: it is ${state}.`);
  }
}

function isSet(
  scheduler: CheckedScheduler,
  { timer, task }: Extract<SchedulerEvent, { type: 'timer.fired' }>,
): boolean {
  if (timer === 'task') return !Number.isNaN(scheduler.tasks.dueAt[task ?? -1] ?? NaN);
  return scheduler.timers().some((one) => one.timer === timer);
}
