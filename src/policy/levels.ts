import type { Json } from '../dag/json.js';
import type { Columns } from './columns.js';
import { Heap } from './heap.js';
import type { Layer } from './layer.js';

interface Level {
  readonly id: number;
  readonly keys: readonly number[];
  readonly inner: Layer;
}

/**
 * Those with the same keys make a level, and have an order of their own; the level with the lowest keys goes first. A
 * level lasts as long as something of it waits.
 */
export class Levels implements Layer {
  readonly #columns: Columns;
  readonly #depth: number;
  readonly #inner: () => Layer;
  readonly #byKeys = new Map<string, Level>();
  readonly #byId: Level[] = [];
  readonly #freeIds: number[] = [];
  readonly #levelOf: Level[] = [];
  readonly #heap = new Heap((a, b) => isBefore(this.#byId[a]!.keys, this.#byId[b]!.keys));
  /** What levels remembered that are not there again yet. */
  readonly #recalled = new Map<string, Json>();
  #size = 0;

  /** @param depth How many keys make a level. */
  constructor(columns: Columns, depth: number, inner: () => Layer) {
    this.#columns = columns;
    this.#depth = depth;
    this.#inner = inner;
  }

  get size(): number {
    return this.#size;
  }

  add(sequence: number): void {
    const level = this.#level(this.#columns.keysOf(sequence, this.#depth));
    level.inner.add(sequence);
    this.#levelOf[sequence] = level;
    this.#size++;
  }

  next(): number | undefined {
    const first = this.#heap.first();
    if (first === undefined) return undefined;
    const level = this.#byId[first]!;
    const sequence = level.inner.next();
    this.#left(level);
    return sequence;
  }

  remove(sequence: number): void {
    const level = this.#levelOf[sequence]!;
    level.inner.remove(sequence);
    this.#left(level);
  }

  sequences(): readonly number[] {
    return [...this.#byKeys.values()].flatMap(({ inner }) => inner.sequences());
  }

  memory(): Json | undefined {
    const levels: Json[] = [];
    for (const [keys, { inner }] of this.#byKeys) {
      const memory = inner.memory();
      if (memory !== undefined) levels.push([keys, memory]);
    }
    return levels.length === 0 ? undefined : levels;
  }

  recall(memory: Json): void {
    for (const [keys, inner] of memory as [string, Json][]) this.#recalled.set(keys, inner);
  }

  #level(keys: readonly number[]): Level {
    const text = keys.join(' ');
    const there = this.#byKeys.get(text);
    if (there !== undefined) return there;
    const level: Level = { id: this.#freeIds.pop() ?? this.#byId.length, keys, inner: this.#inner() };
    const memory = this.#recalled.get(text);
    if (memory !== undefined) {
      level.inner.recall(memory);
      this.#recalled.delete(text);
    }
    this.#byKeys.set(text, level);
    this.#byId[level.id] = level;
    this.#heap.add(level.id);
    return level;
  }

  #left(level: Level): void {
    this.#size--;
    if (level.inner.size > 0) return;
    this.#heap.remove(level.id);
    this.#byKeys.delete(level.keys.join(' '));
    this.#freeIds.push(level.id);
  }
}

function isBefore(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((key, index) => key !== b[index]);
  return a[at]! < b[at]!;
}
