import type { Json } from '../dag/json.js';
import type { Columns } from './columns.js';
import type { Layer } from './layer.js';

/** Which of the groups that have something waiting is served next. */
export interface Turns {
  /** Something of the group waits now. */
  wake(group: number): void;
  /** Nothing of it waits any more. */
  sleep(group: number): void;
  /** The group that is next; undefined where none is awake. Asking changes nothing that can be seen. */
  next(): number | undefined;
  /** A task of the group, which is awake, was given. */
  gave(group: number): void;
  memory(): Json | undefined;
  recall(memory: Json): void;
}

/** Each group has an order of its own; which group is served says `turns`. */
export class Groups implements Layer {
  readonly #columns: Columns;
  readonly #turns: Turns;
  readonly #inner: () => Layer;
  readonly #members = new Map<number, Layer>();
  #size = 0;

  constructor(columns: Columns, turns: Turns, inner: () => Layer) {
    this.#columns = columns;
    this.#turns = turns;
    this.#inner = inner;
  }

  get size(): number {
    return this.#size;
  }

  add(sequence: number): void {
    const group = this.#columns.groups[sequence]!;
    let members = this.#members.get(group);
    if (members === undefined) {
      members = this.#inner();
      this.#members.set(group, members);
      this.#turns.wake(group);
    }
    members.add(sequence);
    this.#size++;
  }

  next(): number | undefined {
    const group = this.#turns.next();
    if (group === undefined) return undefined;
    const members = this.#members.get(group)!;
    const sequence = members.next();
    this.#turns.gave(group);
    this.#left(group, members);
    return sequence;
  }

  remove(sequence: number): void {
    const group = this.#columns.groups[sequence]!;
    const members = this.#members.get(group)!;
    members.remove(sequence);
    this.#left(group, members);
  }

  sequences(): readonly number[] {
    return [...this.#members.values()].flatMap((members) => members.sequences());
  }

  memory(): Json | undefined {
    return this.#turns.memory();
  }

  recall(memory: Json): void {
    this.#turns.recall(memory);
  }

  #left(group: number, members: Layer): void {
    this.#size--;
    if (members.size > 0) return;
    this.#members.delete(group);
    this.#turns.sleep(group);
  }
}
