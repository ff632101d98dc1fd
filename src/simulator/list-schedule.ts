import type { Graph } from '../dag/graph.js';

/** What each task holds of the pools while it runs. */
export interface PoolUse {
  /** Slots of each pool. */
  readonly sizes: readonly number[];
  /** Of each task, by pool; undefined where it needs none. */
  readonly demands: readonly (readonly number[] | undefined)[];
}

/**
 * Schedules a graph by a list of its tasks, again and again: as the scheduler does by the policy `priority`, with nothing
 * but graph, times, slots and pools.
 */
export class ListSchedule {
  /** Of the latest schedule. */
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  readonly #graph: Graph;
  readonly #durations: Float64Array;
  readonly #takesSlot: Uint8Array;
  readonly #slots: number;
  readonly #pools: PoolUse | undefined;
  /** Slots of each pool that are free. */
  readonly #free: number[] = [];
  /** Tasks that lack a pool. */
  readonly #lacking: number[] = [];
  readonly #missing: Int32Array;
  /** Heaps: tasks that may start, by their place; tasks that run, by their end. */
  readonly #ready: Int32Array;
  readonly #running: Int32Array;

  constructor(graph: Graph, durations: Float64Array, takesSlot: Uint8Array, slots: number, pools?: PoolUse) {
    this.#graph = graph;
    this.#durations = durations;
    this.#takesSlot = takesSlot;
    this.#slots = slots;
    this.#pools = pools;
    this.starts = new Float64Array(graph.size);
    this.ends = new Float64Array(graph.size);
    this.#missing = new Int32Array(graph.size);
    this.#ready = new Int32Array(graph.size);
    this.#running = new Int32Array(graph.size);
  }

  /**
   * @param place Of each task; lower goes first.
   * @returns when the last task ends.
   */
  run(place: Int32Array): number {
    const { starts, ends } = this;
    const { offsets, targets } = this.#graph.dependents;
    const missing = this.#missing;
    const ready = this.#ready;
    const running = this.#running;
    const durations = this.#durations;
    missing.set(this.#graph.inDegree);
    let waiting = 0;
    let underWay = 0;
    let free = this.#slots;
    let now = 0;
    this.#pools?.sizes.forEach((size, pool) => {
      this.#free[pool] = size;
    });
    for (let task = 0; task < missing.length; task++) {
      if (missing[task] !== 0) continue;
      if (this.#takesSlot[task] === 1) push(ready, waiting++, task, place);
      else {
        starts[task] = 0;
        ends[task] = durations[task]!;
        push(running, underWay++, task, ends);
      }
    }
    for (;;) {
      while (free > 0 && waiting > 0) {
        const task = pop(ready, --waiting, place);
        if (this.#pools !== undefined && !this.#hold(task)) continue;
        free--;
        starts[task] = now;
        ends[task] = now + durations[task]!;
        push(running, underWay++, task, ends);
      }
      // Others pass those that lack a pool.
      for (let task = this.#lacking.pop(); task !== undefined; task = this.#lacking.pop()) {
        push(ready, waiting++, task, place);
      }
      if (underWay === 0) return now;
      now = ends[running[0]!]!;
      while (underWay > 0 && ends[running[0]!] === now) {
        const task = pop(running, --underWay, ends);
        free += this.#takesSlot[task]!;
        if (this.#pools !== undefined) this.#giveBack(task);
        for (let edge = offsets[task]!; edge < offsets[task + 1]!; edge++) {
          const dependent = targets[edge]!;
          if (--missing[dependent]! > 0) continue;
          if (this.#takesSlot[dependent] === 1) push(ready, waiting++, dependent, place);
          else {
            starts[dependent] = now;
            ends[dependent] = now + durations[dependent]!;
            push(running, underWay++, dependent, ends);
          }
        }
      }
    }
  }

  /** The task takes what it needs of the pools, or is put aside. */
  #hold(task: number): boolean {
    const demand = this.#pools!.demands[task];
    if (demand === undefined) return true;
    const free = this.#free;
    for (let pool = 0; pool < demand.length; pool++) {
      if (demand[pool]! > free[pool]!) {
        this.#lacking.push(task);
        return false;
      }
    }
    for (let pool = 0; pool < demand.length; pool++) free[pool]! -= demand[pool]!;
    return true;
  }

  #giveBack(task: number): void {
    const demand = this.#pools!.demands[task];
    if (demand === undefined) return;
    for (let pool = 0; pool < demand.length; pool++) this.#free[pool]! += demand[pool]!;
  }
}

type Keys = Int32Array | Float64Array;

function push(heap: Int32Array, size: number, task: number, keys: Keys): void {
  let child = size;
  const key = keys[task]!;
  while (child > 0) {
    const parent = (child - 1) >> 1;
    if (keys[heap[parent]!]! <= key) break;
    heap[child] = heap[parent]!;
    child = parent;
  }
  heap[child] = task;
}

/** @param size How many are left. */
function pop(heap: Int32Array, size: number, keys: Keys): number {
  const first = heap[0]!;
  const last = heap[size]!;
  const key = keys[last]!;
  let parent = 0;
  for (;;) {
    let child = 2 * parent + 1;
    if (child >= size) break;
    if (child + 1 < size && keys[heap[child + 1]!]! < keys[heap[child]!]!) child++;
    if (keys[heap[child]!]! >= key) break;
    heap[parent] = heap[child]!;
    parent = child;
  }
  heap[parent] = last;
  return first;
}
