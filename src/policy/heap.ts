/**
 * Numbers in an order that the caller says, the first one at hand. Adding, taking and removing are O(log n). The order of
 * two that are in it must not change.
 */
export class Heap {
  /** The children of the one at `n` are at `2n + 1` and `2n + 2`. */
  readonly #heap: number[] = [];
  /** Where each is. An array: a map takes several times as long. */
  readonly #positions: number[];
  readonly #isBefore: (a: number, b: number) => boolean;

  /**
   * @param isBefore Whether `a` goes before `b`. One of two always does.
   * @param positions For heaps none of whose members is in another one: where they keep the places of all of them.
   */
  constructor(isBefore: (a: number, b: number) => boolean, positions: number[] = []) {
    this.#isBefore = isBefore;
    this.#positions = positions;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** In no order. */
  get members(): readonly number[] {
    return this.#heap;
  }

  first(): number | undefined {
    return this.#heap[0];
  }

  /** Whole, not below 0, and not in it. */
  add(member: number): void {
    this.#rise(member, this.#heap.length);
  }

  /** Takes the first one, or undefined where there is none. */
  take(): number | undefined {
    const first = this.#heap[0];
    if (first !== undefined) this.remove(first);
    return first;
  }

  /** It must be in it. */
  remove(member: number): void {
    const at = this.#positions[member]!;
    const last = this.#heap.pop()!;
    if (last === member) return;
    if (this.#isBefore(last, member)) this.#rise(last, at);
    else this.#sink(last, at);
  }

  /** Puts one into the free place `at`, or above it. */
  #rise(member: number, at: number): void {
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = this.#heap[above]!;
      if (!this.#isBefore(member, parent)) break;
      this.#put(parent, at);
      at = above;
    }
    this.#put(member, at);
  }

  /** Puts one into the free place `at`, or below it. */
  #sink(member: number, at: number): void {
    for (;;) {
      let below = 2 * at + 1;
      if (below >= this.#heap.length) break;
      if (below + 1 < this.#heap.length && this.#isBefore(this.#heap[below + 1]!, this.#heap[below]!)) below++;
      const child = this.#heap[below]!;
      if (!this.#isBefore(child, member)) break;
      this.#put(child, at);
      at = below;
    }
    this.#put(member, at);
  }

  #put(member: number, at: number): void {
    this.#heap[at] = member;
    this.#positions[member] = at;
  }
}
