import type { Policy } from './policy.js';

/** Ready tasks that something keeps from starting, in lines of their own: by what keeps them, each in the order of the policy. */
export class Parking {
  readonly #createQueue: () => Policy;
  readonly #sequenceOf: (task: number) => number;
  readonly #queues = new Map<string, Policy>();
  readonly #placeOf = new Map<number, string>();

  constructor(createQueue: () => Policy, sequenceOf: (task: number) => number) {
    this.#createQueue = createQueue;
    this.#sequenceOf = sequenceOf;
  }

  /** How many are parked. */
  get size(): number {
    return this.#placeOf.size;
  }

  /** What keeps the task. */
  placeOf(task: number): string | undefined {
    return this.#placeOf.get(task);
  }

  tasks(): Iterable<number> {
    return this.#placeOf.keys();
  }

  /** What keeps somebody. */
  places(): string[] {
    return [...this.#queues].filter(([, { size }]) => size > 0).map(([place]) => place);
  }

  countAt(place: string): number {
    return this.#queues.get(place)?.size ?? 0;
  }

  add(task: number, place: string): void {
    let queue = this.#queues.get(place);
    if (queue === undefined) {
      queue = this.#createQueue();
      this.#queues.set(place, queue);
    }
    queue.add(task, this.#sequenceOf(task));
    this.#placeOf.set(task, place);
  }

  /** Takes the one that goes next of those that it keeps. */
  next(place: string): number | undefined {
    const task = this.#queues.get(place)?.next();
    if (task !== undefined) this.#placeOf.delete(task);
    return task;
  }

  /** Those that go first of the ones that it keeps. */
  firstAt(place: string, most: number): number[] {
    const queue = this.#queues.get(place);
    return queue === undefined ? [] : firstOf(queue, most, this.#sequenceOf);
  }

  /** Whether nobody whom the place keeps goes before the task. */
  isFirst(task: number, place: string): boolean {
    return this.firstAt(place, 1)[0] === task;
  }

  /** @returns whether it was parked. */
  remove(task: number): boolean {
    const place = this.#placeOf.get(task);
    if (place === undefined) return false;
    this.#queues.get(place)?.remove(task, this.#sequenceOf(task));
    this.#placeOf.delete(task);
    return true;
  }

  clear(): void {
    this.#queues.clear();
    this.#placeOf.clear();
  }
}

/** The tasks that go first of a queue, which stays as it is. */
export function firstOf(queue: Policy, most: number, sequenceOf: (task: number) => number): number[] {
  const first: number[] = [];
  while (first.length < most) {
    const task = queue.next();
    if (task === undefined) break;
    first.push(task);
  }
  for (const task of first) queue.add(task, sequenceOf(task));
  return first;
}
