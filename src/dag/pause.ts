import type { SchedulerEvent } from './event.js';
import type { Instruction } from './instruction.js';
import type { PauseMode } from './run-state.js';
import type { StartedTasks } from './started-tasks.js';
import { HOLD, STOP } from './task-table.js';
import type { Walk } from './walk.js';

/** The pauses of a run, and of its tasks, by an operator's word. */
export class Pause {
  /** How the run is paused; undefined where it is not. */
  mode: PauseMode | undefined;
  /** Milliseconds; when the pause ends by itself. */
  resumeAt: number | undefined;
  readonly #walk: Walk;
  readonly #started: StartedTasks;

  constructor(walk: Walk, started: StartedTasks) {
    this.#walk = walk;
    this.#started = started;
  }

  begin({ mode, until, at }: Extract<SchedulerEvent, { type: 'operator.paused' }>, instructions: Instruction[]): void {
    if (until !== undefined && until !== this.resumeAt) {
      this.#dropResume(instructions);
      this.resumeAt = until;
      instructions.push({ type: 'timer.set', timer: 'auto-resume', at: until });
    }
    if (this.mode === mode || this.mode === 'interrupt') return;
    this.mode = mode;
    const { tasks, ready } = this.#walk;
    ready.dropLeases();
    for (let task = 0; task < tasks.size; task++) {
      if (this.#started.isRun(task)) instructions.push({ type: 'subrun.pause', task, mode });
      // What waits goes on waiting: it does nothing that a pause could stop.
      else if (mode === 'interrupt' && tasks.is(task, 'running') && tasks.hold[task] === HOLD.slot) {
        this.#started.stop(task, STOP.again, at, instructions);
      }
    }
  }

  end(instructions: Instruction[]): void {
    const { tasks } = this.#walk;
    if (this.mode !== undefined) {
      for (let task = 0; task < tasks.size; task++) {
        const isPaused = tasks.paused[task] === 1;
        if (this.#started.isRun(task) && !isPaused) instructions.push({ type: 'subrun.resume', task });
      }
    }
    this.mode = undefined;
    this.#dropResume(instructions);
  }

  /** The time has come at which it was to end. */
  timeIsOver(instructions: Instruction[]): void {
    this.resumeAt = undefined;
    this.end(instructions);
  }

  /** The task does not start until it is resumed; with `interrupt` it stops where it runs. */
  hold(task: number, mode: PauseMode, at: number, instructions: Instruction[]): void {
    const { ready, tasks } = this.#walk;
    ready.remove(task);
    tasks.paused[task] = 1;
    if (this.#started.isRun(task)) instructions.push({ type: 'subrun.pause', task, mode });
    else if (mode === 'interrupt') this.#started.stop(task, STOP.again, at, instructions);
  }

  /** The task may start again. */
  release(task: number, instructions: Instruction[]): void {
    const { tasks, ready, fanOuts } = this.#walk;
    if (tasks.paused[task] === 1) {
      tasks.paused[task] = 0;
      ready.add(task);
      const group = fanOuts.of(task);
      if (group !== undefined) fanOuts.touched.add(group);
    }
    if (this.#started.isRun(task)) instructions.push({ type: 'subrun.resume', task });
  }

  #dropResume(instructions: Instruction[]): void {
    if (this.resumeAt !== undefined) instructions.push({ type: 'timer.drop', timer: 'auto-resume' });
    this.resumeAt = undefined;
  }
}
