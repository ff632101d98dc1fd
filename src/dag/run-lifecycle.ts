import { undoOrder } from './compensation.js';
import type { CompensatedEnd } from './dag.js';
import type { SchedulerEvent } from './event.js';
import type { FailFast } from './fail-fast.js';
import type { Instruction } from './instruction.js';
import type { Pause } from './pause.js';
import type { RunEndState } from './run-state.js';
import type { SchedulerOptions } from './scheduler-options.js';
import type { Snapshot } from './snapshot.js';
import type { StartedTasks } from './started-tasks.js';
import type { Starts } from './starts.js';
import { HOLD, STOP } from './task-table.js';
import { STAGES } from './task-traits.js';
import type { Walk } from './walk.js';

/** What of a snapshot is about the begin and the end of the run. */
type LifecycleSnapshot = Pick<
  Snapshot,
  'beganAt' | 'endedAt' | 'stop' | 'timer' | 'end' | 'outcome' | 'compensateOn' | 'stage'
>;

/** The other parts of the run that its begin, its stop and its end are told to. */
interface RunParts {
  readonly started: StartedTasks;
  readonly starts: Starts;
  readonly pause: Pause;
  readonly failFast: FailFast;
}

/** A run from its begin to its end: its timeout, what stops it, its stages one after the other, and how it came out. */
export class RunLifecycle {
  /** Milliseconds; NaN before it began. */
  beganAt = NaN;
  /** Milliseconds; NaN while it goes on. */
  endedAt = NaN;
  /** How it ended; undefined while it goes on. */
  end: RunEndState | undefined;
  /** What undoes tasks was asked for, and has not been added yet. */
  awaitsCompensations = false;
  readonly #walk: Walk;
  readonly #parts: RunParts;
  readonly #timeout: number | undefined;
  #timerIsSet = false;
  /** How the run will end, once an operator or the timeout has stopped it. */
  #stop: 'cancelled' | 'timed_out' | undefined;
  #compensateOn: readonly CompensatedEnd[];
  /** How the run's own tasks came out, once they have ended. */
  #outcome: RunEndState | undefined;

  constructor(
    walk: Walk,
    parts: RunParts,
    { timeout, compensateOn = [] }: Pick<SchedulerOptions, 'timeout' | 'compensateOn'>,
  ) {
    this.#walk = walk;
    this.#parts = parts;
    this.#timeout = timeout;
    this.#compensateOn = compensateOn;
  }

  /** What of a snapshot is its own. */
  snapshot(): LifecycleSnapshot {
    return {
      beganAt: Number.isNaN(this.beganAt) ? null : this.beganAt,
      endedAt: Number.isNaN(this.endedAt) ? null : this.endedAt,
      stop: this.#stop ?? null,
      timer: this.#timerIsSet,
      end: this.end ?? null,
      ...(this.#outcome === undefined ? {} : { outcome: this.#outcome }),
      ...(this.#walk.stage === 0 ? {} : { stage: this.#walk.stage }),
      ...(this.#compensateOn.length === 0 ? {} : { compensateOn: this.#compensateOn }),
    };
  }

  /** Goes on from a snapshot. */
  restore({ beganAt, endedAt, stop, timer, end, outcome, stage, compensateOn }: LifecycleSnapshot): void {
    this.beganAt = beganAt ?? NaN;
    this.endedAt = endedAt ?? NaN;
    this.#stop = stop ?? undefined;
    this.#timerIsSet = timer;
    this.end = end ?? undefined;
    this.#outcome = outcome;
    this.#compensateOn = compensateOn ?? this.#compensateOn;
    this.#walk.stage = stage ?? 0;
  }

  /** Whether an operator or the timeout has stopped the run. */
  get isStopping(): boolean {
    return this.#stop !== undefined;
  }

  /** Whether the stage that the run is in was stopped: what undoes, and what is done at the end whatever happened, is not. */
  get isStageStopped(): boolean {
    return this.isStopping && this.#walk.isAt('main');
  }

  /** Milliseconds; when the run's timer fires, undefined where it is not set. */
  get timesOutAt(): number | undefined {
    return this.#timerIsSet ? this.beganAt + (this.#timeout ?? 0) : undefined;
  }

  /** Sets the timer of a run that has a timeout, and something to do. */
  startTimeout(instructions: Instruction[]): void {
    if (this.#timeout === undefined || this.#walk.open() === 0) return;
    this.#timerIsSet = true;
    instructions.push({ type: 'timer.set', timer: 'run-timeout', at: this.beganAt + this.#timeout });
  }

  /** By an operator's word. */
  cancel(
    { compensate, at }: Extract<SchedulerEvent, { type: 'operator.cancelled' }>,
    instructions: Instruction[],
  ): void {
    if (compensate !== undefined) this.#compensateCancelled(compensate);
    this.#stopRun('cancelled', at, instructions);
    if (compensate !== undefined) this.#tellRuns(compensate, instructions);
  }

  /** The timer of the run fired. */
  timeIsOver(at: number, instructions: Instruction[]): void {
    this.#timerIsSet = false;
    this.#stopRun('timed_out', at, instructions);
  }

  /** What becomes of a cancelled run, where whoever cancels it says so. */
  #compensateCancelled(does: boolean): void {
    const others = this.#compensateOn.filter((end) => end !== 'cancelled');
    this.#compensateOn = does ? [...others, 'cancelled'] : others;
  }

  /** Whoever cancels a run, and says whether it is undone, says so of the runs that it is made of. */
  #tellRuns(compensate: boolean, instructions: Instruction[]): void {
    const { hold } = this.#walk.tasks;
    instructions.forEach((instruction, i) => {
      const isRun = instruction.type === 'task.cancel' && hold[instruction.task] === HOLD.run;
      if (isRun) instructions[i] = { ...instruction, compensate };
    });
  }

  /** A second stop changes nothing: the run ends as the first one said. */
  #stopRun(status: 'cancelled' | 'timed_out', at: number, instructions: Instruction[]): void {
    // What undoes, and what is done at the end whatever happened, is not stopped.
    if (this.isStopping || this.#outcome !== undefined) return;
    this.#stop = status;
    const { pause, started } = this.#parts;
    pause.end(instructions);
    if (this.#walk.tasks.underWay > 0) {
      for (let task = 0; task < this.#walk.graph.size; task++) started.stop(task, STOP.none, at, instructions);
    }
    this.#walk.cancelWaiting(at);
  }

  /** What undoes tasks, and was asked for, is there. */
  compensate({ count, order, at }: Extract<SchedulerEvent, { type: 'compensations.added' }>): void {
    this.awaitsCompensations = false;
    this.#walk.addCompensations(count, order, at);
  }

  /**
   * Goes on to the next stage, or ends the run, once nothing of this one is left.
   * @returns whether a stage was entered, of which tasks may start.
   */
  goOn(at: number, instructions: Instruction[]): boolean {
    if (this.#walk.tasks.underWay > 0 || this.awaitsCompensations) return false;
    if (this.#parts.failFast.holds) this.#walk.cancelWaiting(at);
    if (this.#walk.open(this.#walk.stage) > 0) return false;
    if (this.#walk.isAt('main')) this.#mainEnded(instructions);
    if (this.awaitsCompensations) return false;
    if (this.#walk.isAt('finally') || this.#walk.open() === 0) {
      this.#finish(at, instructions);
      return false;
    }
    this.#dropTimeout(instructions);
    this.#walk.enterStage(STAGES.indexOf('finally'), at);
    return true;
  }

  #mainEnded(instructions: Instruction[]): void {
    this.#outcome = this.#endStatus();
    if (this.#outcome === 'succeeded' || !this.#compensateOn.includes(this.#outcome)) return;
    const { graph, tasks } = this.#walk;
    const undone = [...tasks.state.keys()].filter((task) => this.#walk.isUndoable(task));
    if (undone.length === 0) return;
    this.awaitsCompensations = true;
    this.#dropTimeout(instructions);
    const order = undoOrder(graph, undone, (task) => tasks.parent[task]!);
    instructions.push({ type: 'compensate', tasks: undone, order });
  }

  #finish(at: number, instructions: Instruction[]): void {
    const own = this.#outcome ?? 'succeeded';
    this.end = own === 'succeeded' ? this.#endStatus() : own;
    this.endedAt = at;
    this.#parts.pause.end(instructions);
    this.#dropTimeout(instructions);
    this.#parts.starts.dropPoolTimer(instructions);
    instructions.push(...this.#walk.ready.leases.takeInstructions());
    instructions.push({ type: 'run.end', status: this.end });
  }

  #dropTimeout(instructions: Instruction[]): void {
    if (this.#timerIsSet) instructions.push({ type: 'timer.drop', timer: 'run-timeout' });
    this.#timerIsSet = false;
  }

  /** A stop that came too late to stop anything leaves a run that succeeded as it is. */
  #endStatus(): RunEndState {
    const { graph, stage, tasks } = this.#walk;
    let succeeded = true;
    for (let task = 0; task < graph.size && succeeded; task++) {
      succeeded = tasks.stage[task]! > stage || this.#walk.isSatisfied(task);
    }
    if (succeeded) return 'succeeded';
    return this.#stop ?? 'failed';
  }
}
