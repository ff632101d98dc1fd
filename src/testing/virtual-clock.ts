import type { Clock } from '../activities/timer.js';

interface Timer {
  readonly at: number;
  /** Sets timers of the same time in order. */
  readonly sequence: number;
  /** Undefined once it is dropped. */
  fire: (() => void) | undefined;
}

/** A clock that stands still until it is told to go on to its next timer. */
export class VirtualClock implements Clock {
  /** A heap: the children of the one at `n` are at `2n + 1` and `2n + 2`. Dropped ones stay until they come up. */
  readonly #timers: Timer[] = [];
  #now: number;
  #sequence = 0;

  /** @param now Whole milliseconds since 1970. */
  constructor(now: number) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  startTimer(delay: number, fire: () => void): () => void {
    const timer: Timer = { at: this.#now + Math.max(0, Math.ceil(delay)), sequence: this.#sequence++, fire };
    this.#add(timer);
    return () => {
      timer.fire = undefined;
    };
  }

  /**
   * Goes on to the next timer and fires it.
   * @returns false where there is none.
   */
  jump(): boolean {
    for (let timer = this.#take(); timer !== undefined; timer = this.#take()) {
      if (timer.fire === undefined) continue;
      this.#now = timer.at;
      timer.fire();
      return true;
    }
    return false;
  }

  #add(timer: Timer): void {
    const timers = this.#timers;
    let at = timers.length;
    while (at > 0 && isBefore(timer, timers[(at - 1) >> 1]!)) {
      timers[at] = timers[(at - 1) >> 1]!;
      at = (at - 1) >> 1;
    }
    timers[at] = timer;
  }

  #take(): Timer | undefined {
    const timers = this.#timers;
    const first = timers[0];
    const last = timers.pop();
    if (first === undefined || last === undefined || timers.length === 0) return first;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below + 1 < timers.length && isBefore(timers[below + 1]!, timers[below]!)) below += 1;
      if (below >= timers.length || !isBefore(timers[below]!, last)) break;
      timers[at] = timers[below]!;
      at = below;
    }
    timers[at] = last;
    return first;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.sequence < b.sequence);
}
