/** What is to happen, and when: the earliest first, and of one moment in the order in which it was entered. */
export class Agenda<T> {
  readonly #heap: { readonly at: number; readonly entry: number; readonly what: T }[] = [];
  #entries = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** Milliseconds; Infinity where nothing is to happen. */
  get nextAt(): number {
    return this.#heap[0]?.at ?? Infinity;
  }

  add(at: number, what: T): void {
    const heap = this.#heap;
    heap.push({ at, entry: this.#entries++, what });
    for (let child = heap.length - 1; child > 0;) {
      const parent = (child - 1) >> 1;
      if (!this.#isBefore(child, parent)) return;
      this.#swap(child, parent);
      child = parent;
    }
  }

  next(): T | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first?.what;
    heap[0] = last;
    for (let parent = 0; ;) {
      const left = 2 * parent + 1;
      if (left >= heap.length) break;
      const right = left + 1;
      const child = right < heap.length && this.#isBefore(right, left) ? right : left;
      if (!this.#isBefore(child, parent)) break;
      this.#swap(child, parent);
      parent = child;
    }
    return first.what;
  }

  #isBefore(a: number, b: number): boolean {
    const first = this.#heap[a]!;
    const second = this.#heap[b]!;
    return first.at < second.at || (first.at === second.at && first.entry < second.entry);
  }

  #swap(a: number, b: number): void {
    const heap = this.#heap;
    [heap[a], heap[b]] = [heap[b]!, heap[a]!];
  }
}
