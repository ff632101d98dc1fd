/** A waiting task, and where in the heap it is. */
interface Entry {
  readonly task: number;
  readonly sequence: number;
  readonly key: number;
  position: number;
}

/**
 * Waiting tasks by a key, the lowest first, and among equal keys by sequence number: for policies that go by a number.
 * Adding, taking and removing are O(log n). A removed task leaves nothing behind, so it may come back with another key.
 */
export class TaskHeap {
  readonly #heap: Entry[] = [];
  readonly #bySequence = new Map<number, Entry>();

  get size(): number {
    return this.#heap.length;
  }

  add(task: number, sequence: number, key: number): void {
    const entry: Entry = { task, sequence, key, position: this.#heap.length };
    this.#bySequence.set(sequence, entry);
    this.#heap.push(entry);
    this.#rise(entry);
  }

  /** Takes the first one, or undefined where none waits. */
  next(): number | undefined {
    const first = this.#heap[0];
    if (first !== undefined) this.remove(first.sequence);
    return first?.task;
  }

  remove(sequence: number): void {
    const entry = this.#bySequence.get(sequence);
    if (entry === undefined) return;
    this.#bySequence.delete(sequence);
    const last = this.#heap.pop()!;
    if (last === entry) return;
    this.#put(last, entry.position);
    this.#rise(last);
    this.#sink(last);
  }

  /** By sequence number. */
  waiting(): number[] {
    return this.#heap.toSorted((a, b) => a.sequence - b.sequence).map(({ task }) => task);
  }

  /** As `next` would give them. */
  order(): number[] {
    return this.#heap.toSorted((a, b) => (isBefore(a, b) ? -1 : 1)).map(({ task }) => task);
  }

  #rise(entry: Entry): void {
    let at = entry.position;
    while (at > 0) {
      const parent = this.#heap[(at - 1) >> 1]!;
      if (!isBefore(entry, parent)) break;
      const freed = parent.position;
      this.#put(parent, at);
      at = freed;
    }
    this.#put(entry, at);
  }

  #sink(entry: Entry): void {
    let at = entry.position;
    for (;;) {
      let child = this.#heap[2 * at + 1];
      if (child === undefined) break;
      const other = this.#heap[2 * at + 2];
      if (other !== undefined && isBefore(other, child)) child = other;
      if (!isBefore(child, entry)) break;
      const freed = child.position;
      this.#put(child, at);
      at = freed;
    }
    this.#put(entry, at);
  }

  #put(entry: Entry, position: number): void {
    this.#heap[position] = entry;
    entry.position = position;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.key < b.key || (a.key === b.key && a.sequence < b.sequence);
}
