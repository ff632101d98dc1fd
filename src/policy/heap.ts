/**
 * Waiting tasks by a key, the lowest first, and among equal keys by sequence number: for policies that go by a number.
 * Adding, taking and removing are O(log n). A removed task leaves nothing behind, so it may come back with another key.
 */
export class TaskHeap {
  /** Sequence numbers; the children of the one at `n` are at `2n + 1` and `2n + 2`. */
  readonly #heap: number[] = [];
  // By sequence number. Arrays, as these numbers leave no gaps; a map takes several times as long.
  readonly #tasks: number[] = [];
  readonly #keys: number[] = [];
  readonly #positions: number[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** @param key Not NaN. */
  add(task: number, sequence: number, key: number): void {
    this.#tasks[sequence] = task;
    this.#keys[sequence] = key;
    this.#rise(sequence, this.#heap.length);
  }

  /** Takes the first one, or undefined where none waits. */
  next(): number | undefined {
    const first = this.#heap[0];
    if (first === undefined) return undefined;
    this.remove(first);
    return this.#tasks[first];
  }

  /** The task must wait. */
  remove(sequence: number): void {
    const at = this.#positions[sequence]!;
    const last = this.#heap.pop()!;
    if (last === sequence) return;
    if (this.#isBefore(last, sequence)) this.#rise(last, at);
    else this.#sink(last, at);
  }

  /** By sequence number. */
  waiting(): number[] {
    return this.#heap.toSorted((a, b) => a - b).map((sequence) => this.#tasks[sequence]!);
  }

  /** As `next` would give them. */
  order(): number[] {
    return this.#heap.toSorted((a, b) => (this.#isBefore(a, b) ? -1 : 1)).map((sequence) => this.#tasks[sequence]!);
  }

  #isBefore(a: number, b: number): boolean {
    const [keyOfA, keyOfB] = [this.#keys[a]!, this.#keys[b]!];
    return keyOfA < keyOfB || (keyOfA === keyOfB && a < b);
  }

  /** Puts one into the free place `at`, or above it. */
  #rise(sequence: number, at: number): void {
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = this.#heap[above]!;
      if (!this.#isBefore(sequence, parent)) break;
      this.#put(parent, at);
      at = above;
    }
    this.#put(sequence, at);
  }

  /** Puts one into the free place `at`, or below it. */
  #sink(sequence: number, at: number): void {
    for (;;) {
      let below = 2 * at + 1;
      if (below >= this.#heap.length) break;
      if (below + 1 < this.#heap.length && this.#isBefore(this.#heap[below + 1]!, this.#heap[below]!)) below++;
      const child = this.#heap[below]!;
      if (!this.#isBefore(child, sequence)) break;
      this.#put(child, at);
      at = below;
    }
    this.#put(sequence, at);
  }

  #put(sequence: number, at: number): void {
    this.#heap[at] = sequence;
    this.#positions[sequence] = at;
  }
}
