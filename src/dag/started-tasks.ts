import type { TaskOutcome } from './event.js';
import type { Items } from './fan-outs.js';
import type { Instruction } from './instruction.js';
import type { ItemWalk } from './item-walk.js';
import { HOLD, STOP } from './task-table.js';
import { unneededBy } from './unneeded.js';
import type { Walk } from './walk.js';

/** What started tasks must know of their run. */
export interface StoppingRun {
  /** Whether the stage that the run is in was stopped. */
  isStopped(): boolean;
  /** Whether no task starts any more because of a failure. */
  isFailing(): boolean;
}

/** The tasks of a run from their start to their end: how they wait, how they are told to stop, and what comes of it. */
export class StartedTasks {
  readonly #walk: Walk;
  readonly #items: ItemWalk;
  readonly #run: StoppingRun;

  constructor(walk: Walk, items: ItemWalk, run: StoppingRun) {
    this.#walk = walk;
    this.#items = items;
    this.#run = run;
  }

  /** The task starts. */
  start(task: number, at: number, instructions: Instruction[]): void {
    this.#walk.ready.started(task);
    this.#begin(task, at);
    instructions.push({ type: 'task.start', task });
  }

  /** The task, which has all that it needs of pools, starts in a worker group. */
  startIn(task: number, group: string, at: number, instructions: Instruction[]): void {
    this.#walk.ready.stoppedFor.delete(task);
    this.#begin(task, at);
    instructions.push({ type: 'task.start', task, group });
  }

  #begin(task: number, at: number): void {
    this.#walk.tasks.move(task, 'running');
    this.#walk.tasks.startedAt[task] = at;
  }

  /** How a fan-out ends of which every item has. */
  outcomeOf({ parent, failed, cancelled, tolerate = 0 }: Items): TaskOutcome {
    if (this.#walk.tasks.stop[parent] !== STOP.none) return 'cancelled';
    if (failed + cancelled <= tolerate) return 'succeeded';
    return !(this.#run.isStopped() || this.#run.isFailing()) ? 'failed' : 'cancelled';
  }

  /** The host, or nobody any more, works on the task: it ends, or starts again. */
  ended(task: number, outcome: TaskOutcome, at: number, instructions: Instruction[]): void {
    const { tasks } = this.#walk;
    const stop = tasks.stop[task]!;
    tasks.stop[task] = STOP.none;
    this.setTimer(task, undefined, instructions);
    // What it needs was set back meanwhile: however it ended, it must run again.
    const isStale = tasks.verdict(task) !== 'start' && tasks.forced[task] === 0;
    if (stop === STOP.again && !this.#run.isStopped() && (outcome === 'cancelled' || isStale)) {
      this.#walk.startAgain(task, at);
      return;
    }
    const end = endAfterStop(stop, outcome, isStale);
    if (stop === STOP.succeeded || stop === STOP.skipped || (stop === STOP.cancelled && end === 'cancelled')) {
      tasks.forced[task] = 1;
    } else if (end === 'skipped') tasks.declined[task] = 1;
    this.#walk.end(task, end, at);
  }

  /** Sets the task's timer, or drops it. */
  setTimer(task: number, at: number | undefined, instructions: Instruction[]): void {
    const { dueAt } = this.#walk.tasks;
    if (at !== undefined) instructions.push({ type: 'timer.set', timer: 'task', at, task });
    else if (!Number.isNaN(dueAt[task]!)) instructions.push({ type: 'timer.drop', timer: 'task', task });
    dueAt[task] = at ?? NaN;
  }

  /** Of the tasks that it needs, those that nobody waits for any more are cancelled. */
  cancelRemaining(winner: number, at: number, instructions: Instruction[]): void {
    const { tasks } = this.#walk;
    if (!tasks.is(winner, 'ready')) return;
    for (const task of unneededBy(this.#walk.graph, tasks, winner)) {
      tasks.unneeded[task] = 1;
      if (tasks.isUnderWay(task)) this.stop(task, STOP.cancelled, at, instructions);
      else this.#walk.drop(task, at);
    }
  }

  /** Whether it is a run of its own that goes on. */
  isRun(task: number): boolean {
    const { tasks } = this.#walk;
    return tasks.hold[task] === HOLD.run && tasks.is(task, 'running') && tasks.stop[task] === STOP.none;
  }

  /** Whether nothing outside works on the task, though it has started: it can end at once. */
  isIdle(task: number): boolean {
    const { tasks } = this.#walk;
    if (tasks.is(task, 'waiting')) return true;
    return tasks.is(task, 'running') && tasks.hold[task] === HOLD.nothing && this.#walk.fanOuts.of(task) === undefined;
  }

  /** Tells a running task to stop; one that was told before is not told again, but the latest word counts. */
  stop(task: number, stop: number, at: number, instructions: Instruction[]): void {
    const { tasks } = this.#walk;
    if (!tasks.isUnderWay(task)) return;
    const wasTold = tasks.stop[task] !== STOP.none;
    // An interrupt does not take back what an operator decided.
    if (stop > STOP.again || (stop === STOP.again && !wasTold)) tasks.stop[task] = stop;
    if (this.isIdle(task)) {
      this.ended(task, 'cancelled', at, instructions);
      return;
    }
    const items =
      tasks.is(task, 'running') && tasks.hold[task] === HOLD.nothing ? this.#walk.fanOuts.of(task) : undefined;
    if (items === undefined) {
      if (!wasTold) instructions.push({ type: 'task.cancel', task });
      return;
    }
    for (const item of this.#items.stop(items, at)) {
      this.stop(item, STOP.cancelled, at, instructions);
    }
  }
}

/**
 * How a task ends that does not start again, after what it was told.
 * @param isStale Whether what it needs was set back while it ran, so that its own outcome is void.
 */
function endAfterStop(stop: number, outcome: TaskOutcome, isStale: boolean): TaskOutcome {
  if (stop === STOP.succeeded) return 'succeeded';
  const own = isStale ? 'cancelled' : outcome;
  return stop === STOP.skipped && own !== 'succeeded' ? 'skipped' : own;
}
