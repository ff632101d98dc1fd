/** Slots that belong together: a worker group, or all there are. */
export interface SlotGroup {
  readonly name: string;
  /** The speed of each, the fastest first. */
  readonly speeds: readonly number[];
}

/** The name of the only group, where tasks are not placed. */
export const ONLY_GROUP = '';

/** How the slots of a group stand. */
interface Part {
  /** No slot of the group below is free. */
  lowest: number;
  free: number;
}

/** The slots that all runs of a simulation share, each with a speed; the fastest free one of a group is taken first. */
export class Slots {
  /** Of each slot, by number. */
  readonly speeds: readonly number[];
  readonly #isTaken: Uint8Array;
  readonly #parts = new Map<string, Part>();
  readonly #partOf: Part[] = [];
  #free: number;

  constructor(groups: readonly SlotGroup[]) {
    const all: number[] = [];
    for (const { name, speeds } of groups) {
      const part = { lowest: all.length, free: speeds.length };
      this.#parts.set(name, part);
      all.push(...speeds);
      while (this.#partOf.length < all.length) this.#partOf.push(part);
    }
    this.speeds = all;
    this.#isTaken = new Uint8Array(all.length);
    this.#free = all.length;
  }

  get free(): number {
    return this.#free;
  }

  freeIn(group: string): number {
    return this.#parts.get(group)?.free ?? 0;
  }

  take(group = ONLY_GROUP): number {
    const part = this.#parts.get(group);
    if (part === undefined || part.free === 0) throw new Error('No slot is free.');
    while (this.#isTaken[part.lowest] === 1) part.lowest++;
    this.#isTaken[part.lowest] = 1;
    part.free--;
    this.#free--;
    return part.lowest++;
  }

  giveBack(slot: number): void {
    if (this.#isTaken[slot] !== 1) throw new Error(`The slot ${slot} is not taken.`);
    const part = this.#partOf[slot]!;
    this.#isTaken[slot] = 0;
    part.free++;
    this.#free++;
    part.lowest = Math.min(part.lowest, slot);
  }
}
