import type { Graph } from '../dag/graph.js';
import { upwardRanks } from '../dag/rank.js';

/** What is left to do of a run, or of a stage of it. */
export interface OpenWork {
  /** With edges to and from tasks that are not open, too: these count as done. */
  readonly graph: Graph;
  /** The tasks that have not ended. */
  readonly open: readonly number[];
  /** Tasks that run at once. */
  readonly slots: number;
  /** Milliseconds that an open task takes still; at least 0. */
  remainingOf(task: number): number;
  /** Whether it runs. */
  isUnderWay(task: number): boolean;
  /** Whether it takes a slot while it runs. */
  takesSlot(task: number): boolean;
  /** The fan-out whose item it is; -1 where it is none. The fan-out ends when its items have. */
  parentOf(task: number): number;
  /** What it holds beside its slot while it runs: numbers of `limits`, and how much of each. */
  holds(task: number): readonly (readonly [limit: number, amount: number])[];
  /** How much there is of what tasks hold. */
  readonly limits: readonly number[];
}

/** With more open tasks than this, only bounds are worked out: it is asked for often. */
const MOST_SCHEDULED = 1_000;

/**
 * Milliseconds that the open tasks take still. They are scheduled as a list in the order of their upward rank (Graham
 * 1969; HEFT's order), whatever the policy of the run is: where slots are short, any order is within twice the best, and
 * this one mostly within a few per cent. With more than 1,000 of them it is the larger one of two lower bounds: the longest way, and
 * the work by the slots.
 */
export function remainingTime(work: OpenWork): number {
  if (work.open.length === 0) return 0;
  const left = new Float64Array(work.graph.size);
  for (const task of work.open) left[task] = work.remainingOf(task);
  const graphRanks = upwardRanks(work.graph, (task) => left[task]!);
  const rankOf = (task: number): number => {
    const parent = work.parentOf(task);
    return parent === -1 ? graphRanks[task]! : left[task]! + graphRanks[parent]!;
  };
  return work.open.length > MOST_SCHEDULED ? boundOf(work, left, rankOf) : new Schedule(work, left, rankOf).length();
}

function boundOf({ open, slots, takesSlot }: OpenWork, left: Float64Array, rankOf: (task: number) => number): number {
  let longest = 0;
  let total = 0;
  for (const task of open) {
    longest = Math.max(longest, rankOf(task));
    if (takesSlot(task)) total += left[task]!;
  }
  return Math.max(longest, total / slots);
}

interface Running {
  readonly task: number;
  readonly end: number;
}

/** One list schedule. */
class Schedule {
  readonly #work: OpenWork;
  readonly #left: Float64Array;
  readonly #rankOf: (task: number) => number;
  /** What each open task waits for. */
  readonly #missing: Int32Array;
  readonly #isOpen: Uint8Array;
  readonly #limits: number[];
  #free: number;
  #now = 0;
  /** The one that goes next first. */
  readonly #ready: number[] = [];
  /** The one that ends first last. */
  readonly #running: Running[] = [];

  constructor(work: OpenWork, left: Float64Array, rankOf: (task: number) => number) {
    this.#work = work;
    this.#left = left;
    this.#rankOf = rankOf;
    this.#missing = new Int32Array(work.graph.size);
    this.#isOpen = new Uint8Array(work.graph.size);
    this.#limits = [...work.limits];
    this.#free = work.slots;
    for (const task of work.open) this.#isOpen[task] = 1;
  }

  /** When the last task ends. */
  length(): number {
    this.#begin();
    for (;;) {
      this.#startReady();
      const first = this.#running.pop();
      if (first === undefined) return this.#now;
      this.#now = first.end;
      this.#end(first.task);
    }
  }

  #begin(): void {
    const { open, graph, isUnderWay, parentOf } = this.#work;
    const { offsets, targets } = graph.dependencies;
    for (const task of open) {
      for (let edge = offsets[task]!; edge < offsets[task + 1]!; edge++) {
        this.#missing[task]! += this.#isOpen[targets[edge]!]!;
      }
      const parent = parentOf(task);
      if (parent !== -1) this.#missing[parent]!++;
    }
    for (const task of open) if (isUnderWay(task) && this.#missing[task] === 0) this.#start(task);
    for (const task of open) if (!isUnderWay(task) && this.#missing[task] === 0) this.#becomesReady(task);
  }

  #becomesReady(task: number): void {
    if (!this.#work.takesSlot(task) && this.#work.holds(task).length === 0) return this.#start(task);
    const rank = this.#rankOf(task);
    this.#ready.splice(
      placeIn(this.#ready, (other) => this.#rankOf(other) >= rank),
      0,
      task,
    );
  }

  #startReady(): void {
    const { takesSlot } = this.#work;
    for (let place = 0; place < this.#ready.length && (this.#free > 0 || place === 0);) {
      const task = this.#ready[place]!;
      const mayStart = (this.#free > 0 || !takesSlot(task)) && this.#hasRoom(task);
      // What would never fit must not keep it from coming to an end.
      if (!mayStart && this.#running.length > 0) {
        place++;
        continue;
      }
      this.#ready.splice(place, 1);
      this.#start(task);
    }
  }

  #hasRoom(task: number): boolean {
    return this.#work.holds(task).every(([limit, amount]) => this.#limits[limit]! >= amount);
  }

  #start(task: number): void {
    if (this.#work.takesSlot(task)) this.#free--;
    for (const [limit, amount] of this.#work.holds(task)) this.#limits[limit]! -= amount;
    const end = this.#now + this.#left[task]!;
    this.#running.splice(
      placeIn(this.#running, (other) => other.end > end),
      0,
      { task, end },
    );
  }

  #end(task: number): void {
    const { graph, takesSlot, holds, parentOf } = this.#work;
    if (takesSlot(task)) this.#free++;
    for (const [limit, amount] of holds(task)) this.#limits[limit]! += amount;
    const { offsets, targets } = graph.dependents;
    for (let edge = offsets[task]!; edge < offsets[task + 1]!; edge++) this.#arrives(targets[edge]!);
    const parent = parentOf(task);
    if (parent !== -1) this.#arrives(parent);
  }

  #arrives(task: number): void {
    if (this.#isOpen[task] === 0 || --this.#missing[task]! > 0) return;
    // A fan-out is under way before its items.
    if (this.#work.isUnderWay(task)) this.#start(task);
    else this.#becomesReady(task);
  }
}

/** The first place in a list, of which a beginning holds, that does not. */
function placeIn<T>(list: readonly T[], holds: (one: T) => boolean): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(list[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}
