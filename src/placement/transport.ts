/** The most that one item may cost: sums along any path stay exact then, of up to 500 sinks. */
export const MOST_COST = 2 ** 42;

/**
 * The transportation problem: items, one unit each, to sinks with so much room, at the least cost in sum. Items come in
 * order: one is left out only where those before it leave it no room, however they are moved. The costs are exact.
 *
 * Successive shortest paths (Busacker and Gowen 1961) with potentials (Edmonds and Karp 1972), on a graph of the sinks
 * alone: an item goes to a sink, and may push another one from there to the next, until there is room. What a push from
 * sink to sink costs at least is kept, so that a path takes O(sinks²), however many items there are.
 * @param room Whole numbers, not below 0.
 * @param costOf A whole number from 0 to `MOST_COST`; Infinity where the item may not go there.
 * @returns of each item its sink, or -1.
 */
export function cheapestTransport(
  items: number,
  room: readonly number[],
  costOf: (item: number, sink: number) => number,
): Int32Array {
  const transport = new Transport(items, room, costOf);
  for (let item = 0; item < items && transport.free > 0; item++) transport.add(item);
  return transport.sinkOf;
}

class Transport {
  /** By item; -1 where it was not placed. */
  readonly sinkOf: Int32Array;
  /** Room in all sinks. */
  free: number;
  readonly #costOf: (item: number, sink: number) => number;
  readonly #room: number[];
  readonly #size: number;
  /** All of them. */
  readonly #sinks: readonly number[];
  /** By sink, in a row for each item that was placed; the last row is of the one that comes. */
  readonly #costs: Float64Array;
  /** By item: where its row begins. */
  readonly #rowOf: Int32Array;
  /** Where the row of the next item begins. */
  #nextRow = 0;
  /** By sink. */
  readonly #items: number[][];
  /** By sink and sink: the item that is pushed from the one to the other at the least cost; -1 where none can be. */
  readonly #pushed: Int32Array;
  /** What that costs; Infinity where none can be. */
  readonly #pushCost: Float64Array;
  /**
   * By sink: with these added at its start and subtracted at its end, no push costs less than 0. 0 where there is room.
   */
  readonly #potential: Float64Array;
  /** Sinks from which nothing can be pushed to one with room, now and for ever. */
  readonly #isClosed: Uint8Array;
  // Of the latest search, by sink: the shortest way with potentials, the sink before, whether no shorter way can be found.
  readonly #distance: Float64Array;
  readonly #from: Int32Array;
  readonly #isSettled: Uint8Array;

  constructor(items: number, room: readonly number[], costOf: (item: number, sink: number) => number) {
    const size = room.length;
    this.sinkOf = new Int32Array(items).fill(-1);
    this.free = room.reduce((sum, one) => sum + one, 0);
    this.#costOf = costOf;
    this.#room = [...room];
    this.#size = size;
    this.#sinks = [...room.keys()];
    this.#costs = new Float64Array(Math.min(items, this.free) * size);
    this.#rowOf = new Int32Array(items);
    this.#items = room.map(() => []);
    this.#pushed = new Int32Array(size * size).fill(-1);
    this.#pushCost = new Float64Array(size * size).fill(Infinity);
    this.#potential = new Float64Array(size);
    this.#isClosed = Uint8Array.from(room, (one) => (one > 0 ? 0 : 1));
    this.#distance = new Float64Array(size);
    this.#from = new Int32Array(size);
    this.#isSettled = new Uint8Array(size);
  }

  add(item: number): void {
    const row = this.#nextRow;
    for (let sink = 0; sink < this.#size; sink++) {
      this.#costs[row + sink] = this.#isClosed[sink] === 1 ? Infinity : this.#costOf(item, sink);
    }
    const end = this.#search(row);
    if (end === -1) this.#close();
    else {
      this.#rowOf[item] = row;
      this.#nextRow += this.#size;
      this.#go(item, end);
    }
  }

  /**
   * Dijkstra, without a heap: each sink has an edge to each.
   * @returns the sink with room to which a new item has the shortest way, or -1; among equals the one with more room, so
   * that they fill up alike.
   */
  #search(ownRow: number): number {
    const size = this.#size;
    const costs = this.#costs;
    const distance = this.#distance;
    const from = this.#from;
    const isSettled = this.#isSettled;
    const potential = this.#potential;
    const pushCost = this.#pushCost;
    const room = this.#room;
    for (let sink = 0; sink < size; sink++) {
      distance[sink] = costs[ownRow + sink]! - potential[sink]!;
      from[sink] = -1;
      isSettled[sink] = this.#isClosed[sink]!;
    }
    let end = -1;
    /** Its room. */
    let most = 0;
    /** The sink from which ways go on, if any. */
    let at = -1;
    for (;;) {
      const way = at === -1 ? Infinity : distance[at]! + potential[at]!;
      const row = Math.max(0, at) * size;
      let nearest = -1;
      // Costs are whole: so only what is as near as the end comes after it.
      let least = end === -1 ? Infinity : distance[end]! + 0.5;
      for (let sink = 0; sink < size; sink++) {
        if (isSettled[sink] === 1) continue;
        const longer = way + pushCost[row + sink]! - potential[sink]!;
        if (longer < distance[sink]!) {
          distance[sink] = longer;
          from[sink] = at;
        }
        if (distance[sink]! >= least) continue;
        nearest = sink;
        least = distance[sink]!;
      }
      if (nearest === -1) return end;
      isSettled[nearest] = 1;
      at = room[nearest] === 0 ? nearest : -1;
      if (room[nearest]! <= most) continue;
      end = nearest;
      most = room[nearest]!;
    }
  }

  /** Nothing that was reached will ever leave: an item that comes there finds no way either. */
  #close(): void {
    for (let sink = 0; sink < this.#size; sink++) if (this.#isSettled[sink] === 1) this.#isClosed[sink] = 1;
  }

  /** Takes the way to the sink. */
  #go(item: number, end: number): void {
    const length = this.#distance[end]!;
    for (let sink = 0; sink < this.#size; sink++) {
      if (this.#isSettled[sink] === 1 && this.#isClosed[sink] === 0) {
        this.#potential[sink]! += this.#distance[sink]! - length;
      }
    }
    const steps: (readonly [item: number, from: number, to: number])[] = [];
    let first = end;
    for (let from = this.#from[end]!; from !== -1; from = this.#from[from]!) {
      steps.push([this.#pushed[from * this.#size + first]!, from, first]);
      first = from;
    }
    this.#enter(item, first);
    for (const [pushed, from, to] of steps) {
      this.#enter(pushed, to);
      this.#leave(pushed, from);
    }
    this.#room[end]!--;
    this.free--;
  }

  #enter(item: number, sink: number): void {
    this.sinkOf[item] = sink;
    this.#items[sink]!.push(item);
    this.#offer(item, sink, this.#sinks);
  }

  #leave(item: number, sink: number): void {
    const items = this.#items[sink]!;
    items.splice(items.indexOf(item), 1);
    const row = sink * this.#size;
    const bereft: number[] = [];
    for (let to = 0; to < this.#size; to++) {
      if (this.#pushed[row + to] !== item) continue;
      this.#pushed[row + to] = -1;
      this.#pushCost[row + to] = Infinity;
      bereft.push(to);
    }
    if (bereft.length === 0) return;
    for (const one of items) this.#offer(one, sink, bereft);
  }

  /** The item may be pushed from its sink to these. */
  #offer(item: number, sink: number, sinks: readonly number[]): void {
    const pushed = this.#pushed;
    const pushCost = this.#pushCost;
    const row = sink * this.#size;
    const costs = this.#costs;
    const ownRow = this.#rowOf[item]!;
    const own = costs[ownRow + sink]!;
    for (let index = 0; index < sinks.length; index++) {
      const to = sinks[index]!;
      const cost = costs[ownRow + to]! - own;
      if (cost >= pushCost[row + to]!) continue;
      pushCost[row + to] = cost;
      pushed[row + to] = item;
    }
  }
}
