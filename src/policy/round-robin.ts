import type { Json } from '../dag/json.js';
import { Heap } from './heap.js';
import type { Turns } from './groups.js';

interface Memory {
  readonly turn: number;
  readonly current: number;
  readonly given: number;
  /** Of each group that had one: its latest turn. */
  readonly turns: readonly (readonly [group: number, turn: number])[];
}

/**
 * One group after the other: the one whose latest turn is longest ago, first those that had none, in the order of
 * declaration. A turn is so many tasks (the quantum); it is over when nothing of the group waits and another is served.
 */
export class RoundRobin implements Turns {
  readonly #quantum: number;
  #turn = 0;
  #current = -1;
  #given = 0;
  readonly #turns = new Map<number, number>();
  readonly #awake = new Heap((a, b) => this.#isBefore(a, b));

  constructor(quantum: number) {
    this.#quantum = quantum;
  }

  wake(group: number): void {
    this.#awake.add(group);
  }

  sleep(group: number): void {
    this.#awake.remove(group);
  }

  next(): number | undefined {
    return this.#awake.first();
  }

  gave(group: number): void {
    this.#awake.remove(group);
    if (!this.#hasTurn(group)) {
      this.#current = group;
      this.#given = 0;
      this.#turns.set(group, ++this.#turn);
    }
    this.#given++;
    this.#awake.add(group);
  }

  memory(): Json | undefined {
    if (this.#turn === 0) return undefined;
    const memory: Memory = {
      turn: this.#turn,
      current: this.#current,
      given: this.#given,
      turns: [...this.#turns],
    };
    return memory as unknown as Json;
  }

  recall(memory: Json): void {
    const { turn, current, given, turns } = memory as unknown as Memory;
    this.#turn = turn;
    this.#current = current;
    this.#given = given;
    for (const [group, latest] of turns) this.#turns.set(group, latest);
  }

  #hasTurn(group: number): boolean {
    return group === this.#current && this.#given < this.#quantum;
  }

  #isBefore(a: number, b: number): boolean {
    if (this.#hasTurn(a) || this.#hasTurn(b)) return this.#hasTurn(a);
    const [turnOfA, turnOfB] = [this.#turns.get(a) ?? 0, this.#turns.get(b) ?? 0];
    return turnOfA < turnOfB || (turnOfA === turnOfB && a < b);
  }
}
