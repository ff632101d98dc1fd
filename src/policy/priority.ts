import type { Policy, PolicyFacts } from '../dag/policy.js';
import { TaskHeap } from './heap.js';

/** The task with the highest priority goes first; among equals the one that became ready first. */
export class Priority implements Policy {
  readonly name = 'priority';
  readonly #heap = new TaskHeap();
  readonly #facts: PolicyFacts;

  constructor(facts: PolicyFacts) {
    this.#facts = facts;
  }

  get size(): number {
    return this.#heap.size;
  }

  add(task: number, sequence: number): void {
    this.#heap.add(task, sequence, -this.#facts.priorityOf(task));
  }

  next(): number | undefined {
    return this.#heap.next();
  }

  remove(_task: number, sequence: number): void {
    this.#heap.remove(sequence);
  }

  waiting(): number[] {
    return this.#heap.waiting();
  }

  order(): number[] {
    return this.#heap.order();
  }
}
