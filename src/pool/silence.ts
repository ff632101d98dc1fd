/** Milliseconds of silence before the first look at a run. */
const FIRST_LOOK = 10_000;
/** So many times the first, at most, are between two looks while somebody waits: a minute. */
const LONGEST_WAIT = 6;
/** While nobody waits it does no harm to know late: ten minutes. */
const LONGEST_REST = 60;
/** So many runs are looked at in one go, and so many milliseconds lie between two looks at any: a look costs some events. */
const LOOKS = 100;
const BETWEEN_LOOKS = 100;

interface Silent {
  /** Milliseconds: when it was heard, or looked at, last. */
  from: number;
  /** Milliseconds until the next look. */
  wait: number;
}

/** When to look whether runs that are silent are still there: the longer they are silent, the more seldom. */
export class Silence {
  readonly #first: number;
  readonly #runs = new Map<string, Silent>();

  /** @param first Milliseconds of silence before the first look. Default 10 seconds. */
  constructor(first = FIRST_LOOK) {
    this.#first = first;
  }

  heard(run: string, at: number): void {
    this.#runs.set(run, { from: at, wait: this.#first });
  }

  forget(run: string): void {
    this.#runs.delete(run);
  }

  /** The runs to look at now, or the first hundred of them. Each is due again later. */
  take(at: number, isAwaited: boolean): string[] {
    const due: string[] = [];
    for (const [run, silent] of this.#runs) {
      if (due.length === LOOKS) break;
      if (this.#dueAt(silent, isAwaited) > at) continue;
      due.push(run);
      silent.from = at;
      silent.wait = Math.min(2 * silent.wait, LONGEST_REST * this.#first);
    }
    return due;
  }

  /** When the next run is due; undefined where there is none. */
  nextAt(isAwaited: boolean): number | undefined {
    let next: number | undefined;
    for (const silent of this.#runs.values()) {
      next = Math.min(next ?? Infinity, this.#dueAt(silent, isAwaited));
    }
    return next;
  }

  #dueAt({ from, wait }: Silent, isAwaited: boolean): number {
    const longest = (isAwaited ? LONGEST_WAIT : LONGEST_REST) * this.#first;
    return from + Math.max(Math.min(wait, longest), this.#runs.size * BETWEEN_LOOKS);
  }
}
