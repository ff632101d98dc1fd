import type { Json } from '../dag/json.js';
import { Heap } from './heap.js';
import type { Turns } from './groups.js';

/** What adding up fractions may be off by. */
const ROUNDING = 1e-9;

interface Memory {
  readonly time: number;
  /** Of each group: when its next task may begin; 1 where something of it waits. */
  readonly groups: readonly (readonly [group: number, start: number, isAwake: 0 | 1])[];
}

/**
 * Weighted shares, by a virtual time in which every group that has something waiting would be served at once, each as
 * fast as its share is large: a task takes 1 / weight of it. Of the groups whose next task would have begun by now, the
 * one goes first whose task would end first; among equals the one declared first (worst-case fair weighted fair queueing,
 * WF2Q+). A group does not save up for later: one that had nothing waiting begins anew.
 */
export class Fair implements Turns {
  readonly #weightOf: (group: number) => number;
  #time = 0;
  /** The weights of all that are awake. */
  #total = 0;
  readonly #starts = new Map<number, number>();
  readonly #awake = new Set<number>();
  readonly #hasBegun = new Set<number>();
  /** Groups whose next task may begin, by when it would end. */
  readonly #begun = new Heap((a, b) => isLess(this.#end(a), this.#end(b), a, b));
  /** The others, by when that may begin. */
  readonly #early = new Heap((a, b) => isLess(this.#start(a), this.#start(b), a, b));

  /** @param weightOf Whole numbers, at least 1. */
  constructor(weightOf: (group: number) => number) {
    this.#weightOf = weightOf;
  }

  wake(group: number): void {
    // One that was awake when this was written down keeps what it was owed.
    if (!this.#awake.has(group)) this.#starts.set(group, Math.max(this.#start(group), this.#time));
    this.#awake.add(group);
    this.#total += this.#weightOf(group);
    this.#early.add(group);
  }

  sleep(group: number): void {
    this.#awake.delete(group);
    this.#total -= this.#weightOf(group);
    this.#leave(group);
  }

  next(): number | undefined {
    const earliest = this.#early.first();
    const time = this.#begun.size > 0 || earliest === undefined ? this.#time : this.#timeAt(earliest);
    for (let first = earliest; first !== undefined; first = this.#early.first()) {
      if (this.#start(first) > time + ROUNDING) break;
      this.#early.remove(first);
      this.#begun.add(first);
      this.#hasBegun.add(first);
    }
    return this.#begun.first();
  }

  gave(group: number): void {
    this.#time = this.#timeAt(group) + 1 / this.#total;
    this.#leave(group);
    this.#starts.set(group, this.#end(group));
    this.#early.add(group);
  }

  memory(): Json | undefined {
    if (this.#time === 0) return undefined;
    // One that sleeps, and is owed nothing, begins anew.
    const kept = [...this.#starts].filter(([group, start]) => start > this.#time || this.#awake.has(group));
    const groups = kept.map(([group, start]) => [group, start, this.#awake.has(group) ? 1 : 0] as const);
    const memory: Memory = { time: this.#time, groups };
    return memory as unknown as Json;
  }

  recall(memory: Json): void {
    const { time, groups } = memory as unknown as Memory;
    this.#time = time;
    for (const [group, start, isAwake] of groups) {
      this.#starts.set(group, start);
      if (isAwake === 1) this.#awake.add(group);
    }
  }

  /** The time, or that from which on the group may be served, where nothing may be before. */
  #timeAt(group: number): number {
    const start = this.#start(group);
    return start > this.#time + ROUNDING ? start : this.#time;
  }

  #leave(group: number): void {
    if (this.#hasBegun.delete(group)) this.#begun.remove(group);
    else this.#early.remove(group);
  }

  #start(group: number): number {
    return this.#starts.get(group) ?? 0;
  }

  #end(group: number): number {
    return this.#start(group) + 1 / this.#weightOf(group);
  }
}

function isLess(a: number, b: number, groupOfA: number, groupOfB: number): boolean {
  return a < b || (a === b && groupOfA < groupOfB);
}
