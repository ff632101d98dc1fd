import type { PolicyFacts } from '../dag/policy.js';

/** A number by which tasks go, the lowest first. */
export type Key = (task: number) => number;

/** What a policy has read of the tasks that wait, by their sequence numbers. */
export class Columns {
  // Arrays, as these numbers leave no gaps; a map takes several times as long.
  readonly tasks: number[] = [];
  readonly groups: number[] = [];
  readonly #keys: readonly Key[];
  readonly #columns: readonly number[][];
  readonly #groupOf: Key | undefined;

  /** @param facts For the groups; undefined where they do not matter. */
  constructor(keys: readonly Key[], facts?: PolicyFacts) {
    this.#keys = keys;
    this.#columns = keys.map(() => []);
    this.#groupOf = facts === undefined ? undefined : (task) => facts.groupOf(task);
  }

  read(task: number, sequence: number): void {
    this.tasks[sequence] = task;
    this.#keys.forEach((key, index) => (this.#columns[index]![sequence] = key(task)));
    if (this.#groupOf !== undefined) this.groups[sequence] = this.#groupOf(task);
  }

  /** The keys of one, up to the column `to`. */
  keysOf(sequence: number, to: number): number[] {
    return this.#columns.slice(0, to).map((column) => column[sequence]!);
  }

  /** Whether one goes before another by the columns from `from` on, and else by the sequence number. */
  isBefore(a: number, b: number, from: number): boolean {
    for (let index = from; index < this.#columns.length; index++) {
      const column = this.#columns[index]!;
      if (column[a] !== column[b]) return column[a]! < column[b]!;
    }
    return a < b;
  }
}
