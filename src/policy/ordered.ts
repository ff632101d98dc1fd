import type { Json } from '../dag/json.js';
import type { Policy } from '../dag/policy.js';
import type { Columns } from './columns.js';
import type { Layer } from './layer.js';

/** A policy made of layers. What it knows of tasks is read when they are added. */
export class Ordered implements Policy {
  readonly name: string;
  readonly #columns: Columns;
  readonly #make: (columns: Columns) => Layer;
  readonly #layer: Layer;

  /** @param make The layers, with nothing in them, over these columns. */
  constructor(name: string, columns: Columns, make: (columns: Columns) => Layer) {
    this.name = name;
    this.#columns = columns;
    this.#make = make;
    this.#layer = make(columns);
  }

  get size(): number {
    return this.#layer.size;
  }

  add(task: number, sequence: number): void {
    this.#columns.read(task, sequence);
    this.#layer.add(sequence);
  }

  next(): number | undefined {
    const sequence = this.#layer.next();
    return sequence === undefined ? undefined : this.#columns.tasks[sequence]!;
  }

  remove(_task: number, sequence: number): void {
    this.#layer.remove(sequence);
  }

  waiting(): number[] {
    return this.#sequences().map((sequence) => this.#columns.tasks[sequence]!);
  }

  order(): number[] {
    const copy = this.#make(this.#columns);
    const memory = this.memory();
    if (memory !== undefined) copy.recall(memory);
    for (const sequence of this.#sequences()) copy.add(sequence);
    return Array.from({ length: copy.size }, () => this.#columns.tasks[copy.next()!]!);
  }

  memory(): Json | undefined {
    return this.#layer.memory();
  }

  recall(memory: Json): void {
    this.#layer.recall(memory);
  }

  #sequences(): number[] {
    return this.#layer.sequences().toSorted((a, b) => a - b);
  }
}
