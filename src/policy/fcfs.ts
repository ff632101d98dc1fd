import type { Policy } from '../dag/policy.js';

/** So many tasks are taken from the front of a line before its memory is given back. */
const COMPACT_AFTER = 1_024;

/**
 * First come, first served: the lower sequence number goes first. All operations take constant time, save for tasks
 * that come back: they are put into their place by binary search among the others that came back.
 */
export class Fcfs implements Policy {
  readonly name = 'fcfs';
  /** In the order of sequence numbers, as nearly every task comes. */
  readonly #arrived = new Line();
  /** Those that came with a lower number than the last one of `#arrived`. */
  readonly #returned = new Line();
  /** The sequence numbers of tasks that were taken out; each stays in its line until it comes to the front. */
  readonly #removed = new Set<number>();

  get size(): number {
    return this.#arrived.length + this.#returned.length - this.#removed.size;
  }

  add(task: number, sequence: number): void {
    if (this.#removed.delete(sequence)) return;
    if (sequence > this.#arrived.lastSequence()) this.#arrived.append(task, sequence);
    else this.#returned.insert(task, sequence);
  }

  next(): number | undefined {
    for (;;) {
      const line = this.#returned.firstSequence() < this.#arrived.firstSequence() ? this.#returned : this.#arrived;
      const wasRemoved = this.#removed.size > 0 && this.#removed.delete(line.firstSequence());
      const task = line.shift();
      if (!wasRemoved) return task;
    }
  }

  remove(_task: number, sequence: number): void {
    this.#removed.add(sequence);
  }

  waiting(): number[] {
    return [...this.#arrived.entries(), ...this.#returned.entries()]
      .filter(([, sequence]) => !this.#removed.has(sequence))
      .sort(([, a], [, b]) => a - b)
      .map(([task]) => task);
  }

  order(): number[] {
    return this.waiting();
  }

  memory(): undefined {
    return undefined;
  }

  recall(): void {}
}

/** Tasks with rising sequence numbers; taken from the front in constant time. */
class Line {
  #tasks: number[] = [];
  #sequences: number[] = [];
  #head = 0;

  get length(): number {
    return this.#tasks.length - this.#head;
  }

  /** Infinity where the line is empty. */
  firstSequence(): number {
    return this.#sequences[this.#head] ?? Infinity;
  }

  /** -1 where the line is empty. */
  lastSequence(): number {
    return this.#head < this.#sequences.length ? this.#sequences[this.#sequences.length - 1]! : -1;
  }

  append(task: number, sequence: number): void {
    this.#tasks.push(task);
    this.#sequences.push(sequence);
  }

  insert(task: number, sequence: number): void {
    let low = this.#head;
    let high = this.#sequences.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sequences[middle]! < sequence) low = middle + 1;
      else high = middle;
    }
    this.#tasks.splice(low, 0, task);
    this.#sequences.splice(low, 0, sequence);
  }

  shift(): number | undefined {
    if (this.#head === this.#tasks.length) return undefined;
    const task = this.#tasks[this.#head++];
    if (this.#head === this.#tasks.length) {
      this.#tasks = [];
      this.#sequences = [];
      this.#head = 0;
    } else if (this.#head > COMPACT_AFTER && this.#head * 2 > this.#tasks.length) {
      this.#tasks = this.#tasks.slice(this.#head);
      this.#sequences = this.#sequences.slice(this.#head);
      this.#head = 0;
    }
    return task;
  }

  entries(): [task: number, sequence: number][] {
    const entries: [number, number][] = [];
    for (let at = this.#head; at < this.#tasks.length; at++) entries.push([this.#tasks[at]!, this.#sequences[at]!]);
    return entries;
  }
}
