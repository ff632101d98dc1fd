/** The slots that all runs of a simulation share, each with a speed; the fastest free one is taken first. */
export class Slots {
  /** The fastest first. */
  readonly speeds: readonly number[];
  readonly #isTaken: Uint8Array;
  /** No slot below is free. */
  #lowest = 0;
  #free: number;

  constructor(speeds: readonly number[]) {
    this.speeds = speeds;
    this.#isTaken = new Uint8Array(speeds.length);
    this.#free = speeds.length;
  }

  get free(): number {
    return this.#free;
  }

  take(): number {
    while (this.#isTaken[this.#lowest] === 1) this.#lowest++;
    if (this.#free === 0) throw new Error('No slot is free.');
    this.#isTaken[this.#lowest] = 1;
    this.#free--;
    return this.#lowest++;
  }

  giveBack(slot: number): void {
    if (this.#isTaken[slot] !== 1) throw new Error(`The slot ${slot} is not taken.`);
    this.#isTaken[slot] = 0;
    this.#free++;
    this.#lowest = Math.min(this.#lowest, slot);
  }
}
