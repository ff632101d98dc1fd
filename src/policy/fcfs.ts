import type { Policy } from './policy.js';

/** Removed tasks stay in their queue until they come to its front, or until so many were taken from it. */
const COMPACT_AFTER = 1_024;

/**
 * First come, first served: the lower sequence number goes first. All operations take constant time, save for tasks
 * that come back: they are put into their place by binary search among the others that came back.
 */
export class Fcfs implements Policy {
  readonly name = 'fcfs';
  #size = 0;
  /** The sequence number of each waiting task, plus 1; 0 for others. What a queue holds besides is out of date. */
  #ticket = new Int32Array(16);
  /** In the order of sequence numbers, as nearly every task comes. */
  readonly #arrived = new Line();
  /** Those that came with a lower number than the last one of `#arrived`. */
  readonly #returned = new Line();

  get size(): number {
    return this.#size;
  }

  add(task: number, sequence: number): void {
    if (this.#ticketOf(task) !== 0) throw new Error(`Task ${task} waits already.`);
    if (task >= this.#ticket.length) this.#grow(task);
    this.#ticket[task] = sequence + 1;
    this.#size++;
    if (sequence > this.#arrived.lastSequence()) this.#arrived.append(task, sequence);
    else this.#returned.insert(task, sequence);
  }

  next(): number | undefined {
    this.#dropStale(this.#arrived);
    this.#dropStale(this.#returned);
    const line = this.#returned.firstSequence() < this.#arrived.firstSequence() ? this.#returned : this.#arrived;
    const task = line.shift();
    if (task === undefined) return undefined;
    this.#ticket[task] = 0;
    this.#size--;
    return task;
  }

  remove(task: number): boolean {
    if (this.#ticketOf(task) === 0) return false;
    this.#ticket[task] = 0;
    this.#size--;
    return true;
  }

  waiting(): number[] {
    const entries = new Map([...this.#live(this.#returned), ...this.#live(this.#arrived)]);
    return [...entries].sort((a, b) => a[1] - b[1]).map(([task]) => task);
  }

  #ticketOf(task: number): number {
    return this.#ticket[task] ?? 0;
  }

  #grow(task: number): void {
    const grown = new Int32Array(Math.max(task + 1, this.#ticket.length * 2));
    grown.set(this.#ticket);
    this.#ticket = grown;
  }

  #dropStale(line: Line): void {
    for (let task = line.first(); task !== undefined; task = line.first()) {
      if (this.#ticketOf(task) === line.firstSequence() + 1) return;
      line.shift();
    }
  }

  #live(line: Line): [task: number, sequence: number][] {
    return line.entries().filter(([task, sequence]) => this.#ticketOf(task) === sequence + 1);
  }
}

/** Tasks with rising sequence numbers; taken from the front in constant time. */
class Line {
  #tasks: number[] = [];
  #sequences: number[] = [];
  #head = 0;

  first(): number | undefined {
    return this.#tasks[this.#head];
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
