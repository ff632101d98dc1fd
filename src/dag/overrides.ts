import { neighbours } from './graph.js';
import type { Verdict } from './trigger-rule.js';
import type { Walk } from './walk.js';

/** Ends of tasks by an operator's word, set and taken back; and what that means for the tasks around. */
export class Overrides {
  readonly #walk: Walk;
  /** Tasks that were set back and may be blocked by others than the one they were set back for. */
  #reopened: number[] = [];

  constructor(walk: Walk) {
    this.#walk = walk;
  }

  /** A task that does not run ends so, whatever became of it before; dependents follow. */
  force(task: number, state: 'succeeded' | 'skipped' | 'cancelled', at: number): void {
    const { tasks } = this.#walk;
    // It failed, and continues on error: its dependents did not wait for an operator.
    const wentOn = this.#walk.countsAsSuccess(task);
    if (tasks.hasEnded(task)) this.#reopen(task, wentOn ? 'none' : 'unstarted');
    this.#walk.ready.remove(task);
    tasks.forced[task] = 1;
    if (wentOn && state !== 'succeeded') this.#letStarted(task);
    this.#walk.end(task, state, at);
    if (wentOn && state === 'succeeded') this.#letDecided(task, at);
    this.#blockAgain(at);
  }

  /**
   * An ended task starts again.
   * @param withDependents Whether what its end decided is open again too; else that stays as it is.
   * @returns the running tasks that must stop, and start again later.
   */
  retry(task: number, withDependents: boolean, at: number): number[] {
    const running = this.#reopen(task, withDependents ? 'all' : 'none');
    if (!withDependents) for (const dependent of this.#dependentsOf(task)) this.#excuse(dependent);
    this.#walk.tasks.forced[task] = 0;
    this.#walk.settle(task, at);
    this.#blockAgain(at);
    return running;
  }

  /** Of what needs the task, what has started stays as it is; what has not waits again. */
  #letStarted(task: number): void {
    for (const dependent of this.#dependentsOf(task)) {
      if (this.#walk.tasks.is(dependent, 'ready')) this.#walk.waitAgain(dependent);
      else this.#excuse(dependent);
    }
  }

  /** Of what needs the task, what a rule about failures let start stays as it is, where it has; else it waits, or ends. */
  #letDecided(task: number, at: number): void {
    for (const dependent of this.#dependentsOf(task)) {
      if (this.#walk.tasks.verdict(dependent) === this.#heldVerdict(dependent)) continue;
      if (this.#walk.tasks.is(dependent, 'ready')) {
        this.#walk.waitAgain(dependent);
        this.#walk.settle(dependent, at);
      } else this.#excuse(dependent);
    }
  }

  /** The task stays as it is, whatever becomes of what it needs. */
  #excuse(task: number): void {
    if (!this.#walk.tasks.is(task, 'pending')) this.#walk.tasks.forced[task] = 1;
  }

  /**
   * Takes an end back; with dependents, all that came of it, too. Afterwards the task is pending.
   * @returns the running tasks among those.
   */
  #reopen(first: number, dependents: 'none' | 'unstarted' | 'all'): number[] {
    const { tasks } = this.#walk;
    const running = new Set<number>();
    const open = [first];
    for (let task = open.pop(); task !== undefined; task = open.pop()) {
      // It was on the list twice.
      if (tasks.is(task, 'pending')) continue;
      this.#walk.setBack(task);
      if (task !== first) this.#reopened.push(task);
      for (const dependent of this.#dependentsOf(task)) {
        this.#walk.recount(dependent);
        // One that an earlier retry left as it was never ran by anybody's word: this one takes it along.
        const isDecided = tasks.forced[dependent] === 1 && !tasks.is(dependent, 'upstream_failed');
        if (dependents === 'none' || isDecided || tasks.is(dependent, 'pending')) continue;
        if (tasks.verdict(dependent) === this.#heldVerdict(dependent)) continue;
        if (dependents === 'unstarted' && this.#hasStarted(dependent)) tasks.forced[dependent] = 1;
        else if (tasks.isUnderWay(dependent)) running.add(dependent);
        else open.push(dependent);
      }
    }
    return [...running];
  }

  /** What was set back on the way ends again, or starts, where the rest of what it needs decides so. */
  #blockAgain(at: number): void {
    for (const task of this.#reopened.splice(0)) this.#walk.settle(task, at);
  }

  /** What the trigger rule said when the task came to where it is. */
  #heldVerdict(task: number): Verdict {
    const { tasks } = this.#walk;
    const state = tasks.stateOf(task);
    if (tasks.declined[task] === 1) return 'start';
    return state === 'skipped' || state === 'upstream_failed' ? state : state === 'pending' ? 'wait' : 'start';
  }

  #hasStarted(task: number): boolean {
    return !Number.isNaN(this.#walk.tasks.startedAt[task]!);
  }

  #dependentsOf(task: number): Int32Array {
    return neighbours(this.#walk.graph.dependents, task);
  }
}
