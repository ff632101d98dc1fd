import type { Policy } from './policy.js';
import type { Walked } from './walk-facts.js';

/** Ready tasks in the order of a policy, and of those that are the same to it, in the order in which they became ready. */
export class Line {
  readonly policy: Policy;
  readonly #walk: Walked;

  constructor(policy: Policy, walk: Walked) {
    this.policy = policy;
    this.#walk = walk;
  }

  get size(): number {
    return this.policy.size;
  }

  add(task: number): void {
    this.policy.add(task, this.#walk.tasks.sequence[task]!);
  }

  remove(task: number): void {
    this.policy.remove(task, this.#walk.tasks.sequence[task]!);
  }

  /** Takes the one that goes next. */
  next(): number | undefined {
    return this.policy.next();
  }

  /** Those that go first, at most so many. They stay in line. */
  first(most: number): number[] {
    const first: number[] = [];
    while (first.length < most) {
      const task = this.next();
      if (task === undefined) break;
      first.push(task);
    }
    for (const task of first) this.add(task);
    return first;
  }
}
