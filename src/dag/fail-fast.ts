import type { Instruction } from './instruction.js';
import type { ItemWalk } from './item-walk.js';
import type { StartedTasks } from './started-tasks.js';
import { CODE, STOP } from './task-table.js';
import type { Walk } from './walk.js';

/** The setting `failFast`: after the first failure no task starts any more. */
export class FailFast {
  /** Whether a failure has come, and none was taken back since. */
  isFailing = false;
  readonly #isOn: boolean;
  readonly #walk: Walk;
  readonly #items: ItemWalk;
  readonly #started: StartedTasks;

  constructor(walk: Walk, items: ItemWalk, started: StartedTasks, isOn: boolean) {
    this.#walk = walk;
    this.#items = items;
    this.#started = started;
    this.#isOn = isOn;
  }

  /** Whether no task starts any more: what undoes, and what is done at the end whatever happened, does. */
  get holds(): boolean {
    return this.isFailing && this.#walk.isAt('main');
  }

  /** Whether a task has failed just now, by its handler or by its own condition. */
  notice(at: number, instructions: Instruction[]): void {
    if (!this.#isOn || this.isFailing || !this.#walk.isAt('main')) return;
    const { tasks } = this.#walk;
    const { moves } = tasks;
    for (let i = 0; i + 2 < moves.length; i += 3) {
      if (moves[i + 2] !== CODE.failed || !tasks.is(moves[i]!, 'failed')) continue;
      if (!this.#walk.isSatisfied(moves[i]!)) this.isFailing = true;
    }
    if (this.isFailing) this.#stopIdle(at, instructions);
  }

  /**
   * Running tasks are let end. What only waits, and items that have not started, would hold the run for ever; a run of its
   * own would start more tasks.
   */
  #stopIdle(at: number, instructions: Instruction[]): void {
    for (let task = 0; task < this.#walk.graph.size; task++) {
      const isStopped = this.#started.isIdle(task) || this.#started.isRun(task);
      if (isStopped) this.#started.stop(task, STOP.none, at, instructions);
    }
    for (const group of this.#walk.fanOuts.all()) this.#items.stop(group, at);
    this.#walk.ready.dropLeases();
  }

  /** After an operator has changed how tasks ended: whether a failure is left that no task may start after. */
  lookAgain(): void {
    if (!this.isFailing) return;
    this.isFailing = false;
    for (let task = 0; task < this.#walk.graph.size && !this.isFailing; task++) {
      this.isFailing = this.#walk.tasks.is(task, 'failed') && !this.#walk.isSatisfied(task);
    }
  }
}
