import type { Json } from '../dag/json.js';
import type { Columns } from './columns.js';
import { Heap } from './heap.js';

/** A part of an order: sequence numbers that wait. A layer may hold others, each for what it leaves open. */
export interface Layer {
  readonly size: number;
  add(sequence: number): void;
  next(): number | undefined;
  /** It must wait. */
  remove(sequence: number): void;
  /** All that wait, in no order. */
  sequences(): readonly number[];
  /** As of a policy. */
  memory(): Json | undefined;
  recall(memory: Json): void;
}

/** The innermost layer: by the keys, then by the sequence number. */
export class Sorted implements Layer {
  readonly #heap: Heap;

  /** @param positions Shared by the layers of one tree. */
  constructor(columns: Columns, from: number, positions: number[]) {
    this.#heap = new Heap((a, b) => columns.isBefore(a, b, from), positions);
  }

  get size(): number {
    return this.#heap.size;
  }

  add(sequence: number): void {
    this.#heap.add(sequence);
  }

  next(): number | undefined {
    return this.#heap.take();
  }

  remove(sequence: number): void {
    this.#heap.remove(sequence);
  }

  sequences(): readonly number[] {
    return this.#heap.members;
  }

  memory(): undefined {
    return undefined;
  }

  recall(): void {}
}
