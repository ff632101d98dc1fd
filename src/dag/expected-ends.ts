import type { Groups } from './groups.js';
import type { Walked, WalkFacts } from './walk-facts.js';

/** Milliseconds after which a task that is late is looked at again, at least. */
const LEAST_LATE = 1_000;

/** When running tasks are thought to end: by their estimates, and by how fast the worker groups are that they run in. */
export class ExpectedEnds {
  readonly #walk: Walked;
  readonly #facts: WalkFacts;
  readonly #groups: Groups;

  constructor(walk: Walked, facts: WalkFacts, groups: Groups) {
    this.#walk = walk;
    this.#facts = facts;
    this.#groups = groups;
  }

  /** Milliseconds that a running task is thought to take from then on: its estimate less what it did, at its group's speed. */
  remainingAt(task: number, at: number): number {
    const { startedAt } = this.#walk.tasks;
    const speed = this.#groups.speedOf(task);
    const done = Math.max(0, at - startedAt[task]!) * speed;
    return Math.max(0, this.#facts.remainingOf(task) - done) / speed;
  }

  /** When a running task is thought to end, in milliseconds: in the past where it takes longer than thought. */
  of(task: number): number {
    return this.#walk.tasks.startedAt[task]! + this.#facts.remainingOf(task) / this.#groups.speedOf(task);
  }

  /**
   * When the first of the tasks that run in worker groups is thought to end, in milliseconds; undefined where none does.
   * Of a task that is late already: after as long again as it is late.
   */
  first(now: number): number | undefined {
    const ends = this.#groups.placed().map((task) => Math.ceil(this.of(task)));
    if (ends.length === 0) return undefined;
    return Math.min(...ends.map((end) => (end > now ? end : now + Math.max(LEAST_LATE, now - end))));
  }
}
