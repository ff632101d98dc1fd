import type { Member, WaitingLease } from './pool-member.js';
import { DEFAULT_RUN_PRIORITY, orderOf, type PoolPolicy, type Waiter } from './pool-policy.js';

/** What the line must know of its pool. */
export interface ServingPool {
  readonly policy: PoolPolicy;
  /** Whether so many slots could ever be had at once. */
  allows(slots: number): boolean;
}

/** Who is next, and what that run wants first. */
export interface NextInLine {
  readonly member: Member;
  readonly want: WaitingLease;
}

/**
 * The runs that wait for what a pool could ever give, in the order of its policy. A run stands for the first of its tasks
 * that could have what it wants: one that wants more than the pool has is passed.
 */
export class WaitingLine {
  readonly #pool: ServingPool;
  /** The next one is at the end, where it costs nothing to take it. */
  readonly #line: Member[];

  constructor(pool: ServingPool, members: Iterable<Member>) {
    this.#pool = pool;
    this.#line = [...members].filter((member) => this.#wantOf(member) !== undefined);
    this.#line.sort((a, b) => (this.#isBefore(a, b) ? 1 : -1));
  }

  next(): NextInLine | undefined {
    const member = this.#line.at(-1);
    return member === undefined ? undefined : { member, want: this.#wantOf(member)! };
  }

  /** The next one has what it wanted: where it wants more, it stands in line again. */
  served(): void {
    const member = this.#line.pop();
    if (member !== undefined && this.#wantOf(member) !== undefined) this.#insert(member);
  }

  /** The next one first. */
  inOrder(): Member[] {
    return this.#line.toReversed();
  }

  #insert(member: Member): void {
    let low = 0;
    let high = this.#line.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#isBefore(member, this.#line[middle]!)) low = middle + 1;
      else high = middle;
    }
    this.#line.splice(low, 0, member);
  }

  #isBefore(a: Member, b: Member): boolean {
    return orderOf(this.#pool.policy)(this.#waiterOf(a), this.#waiterOf(b));
  }

  #waiterOf(member: Member): Waiter {
    const { remaining, taken, weight, served, runPriority = DEFAULT_RUN_PRIORITY } = member;
    const { place, priority } = this.#wantOf(member)!;
    return { place, runPriority, priority, remaining, taken, weight, served };
  }

  #wantOf({ wants }: Member): WaitingLease | undefined {
    return wants.find(({ slots }) => this.#pool.allows(slots));
  }
}
