/** The tasks of a run that are ready, as far as a pool's policy between runs asks. */
export class ReadyPlaces {
  /** The numbers under which they came into the line of all runs, the first one first. */
  readonly #places: number[] = [];
  /** The first one that is still there. */
  #first = 0;
  /** How many there are of each priority. */
  readonly #priorities = new Map<number, number>();

  add(place: number, priority: number): void {
    this.#places.push(place);
    this.#priorities.set(priority, (this.#priorities.get(priority) ?? 0) + 1);
  }

  /** One has gone. As in a pool, a run's places go to its tasks in the order of its own policy. */
  remove(priority: number): void {
    this.#first++;
    const left = (this.#priorities.get(priority) ?? 1) - 1;
    if (left === 0) this.#priorities.delete(priority);
    else this.#priorities.set(priority, left);
  }

  /** Infinity where there is none. */
  get place(): number {
    return this.#places[this.#first] ?? Infinity;
  }

  /** The highest. */
  get priority(): number {
    return Math.max(...this.#priorities.keys());
  }
}
