import type { Rate } from '../dag/pools.js';

/** Into so many parts the window is divided: what is taken in one of them is forgotten together, with the last of it. */
const PARTS = 1_000;

/** What was taken, and when (milliseconds): the last of it, where it stands for several. Oldest first. */
export type Takes = readonly (readonly [at: number, slots: number])[];

/**
 * Sees to it that no more slots than a rate says are taken in any stretch of its length. Exact for rates over up to a
 * second; over longer times it may let one through a thousandth of that time late, and remembers at most a thousand times.
 */
export class RateWindow {
  #rate: Rate | undefined;
  #takes: [at: number, slots: number][];
  #sum = 0;

  constructor(rate: Rate | undefined, takes: Takes = []) {
    this.#rate = rate;
    this.#takes = takes.map(([at, slots]) => [at, slots]);
    for (const [, slots] of takes) this.#sum += slots;
  }

  /** Slots that count now. */
  get sum(): number {
    return this.#sum;
  }

  /** Another rate. What was taken before counts under the new one, as far as it is remembered. */
  change(rate: Rate | undefined): void {
    this.#rate = rate;
    if (rate !== undefined) return;
    this.#takes = [];
    this.#sum = 0;
  }

  /** Forgets what does not count any more. */
  pass(now: number): void {
    const { per } = this.#rate ?? { per: 0 };
    let over = 0;
    while (over < this.#takes.length && this.#takes[over]![0] + per <= now) this.#sum -= this.#takes[over++]![1];
    this.#takes.splice(0, over);
  }

  /** Whether so many slots may ever be taken at once. */
  allows(slots: number): boolean {
    return this.#rate === undefined || slots <= this.#rate.count;
  }

  /** Whether so many may be taken now: at the time last given to `pass`. */
  fits(slots: number): boolean {
    return this.#rate === undefined || this.#sum + slots <= this.#rate.count;
  }

  take(slots: number, now: number): void {
    if (this.#rate === undefined) return;
    const part = Math.max(1, Math.floor(this.#rate.per / PARTS));
    const last = this.#takes.at(-1);
    this.#sum += slots;
    if (last === undefined || Math.floor(last[0] / part) !== Math.floor(now / part)) this.#takes.push([now, slots]);
    else {
      last[0] = now;
      last[1] += slots;
    }
  }

  /** When so many may be taken, if nothing is until then; undefined where that is never, or now. */
  opensAt(slots: number): number | undefined {
    if (this.#rate === undefined || !this.allows(slots)) return undefined;
    let over = this.#sum + slots - this.#rate.count;
    if (over <= 0) return undefined;
    for (const [at, taken] of this.#takes) {
      over -= taken;
      if (over <= 0) return at + this.#rate.per;
    }
    return undefined;
  }

  /** When all that was taken is forgotten; undefined where nothing is remembered. */
  emptyAt(): number | undefined {
    const last = this.#takes.at(-1);
    return last === undefined || this.#rate === undefined ? undefined : last[0] + this.#rate.per;
  }

  snapshot(): Takes {
    return this.#takes.map(([at, slots]) => [at, slots] as const);
  }
}
