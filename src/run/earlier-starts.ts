/** Starts of one task that are kept: the latest. */
const KEPT_STARTS = 20;
/** Tasks of which starts are kept. */
const KEPT_TASKS = 1_000;

/** From when to when a task ran, in milliseconds. */
export type Start = readonly [from: number, to: number];

export type EarlierStartsSnapshot = readonly (readonly [task: number, starts: readonly Start[]])[];

/** When tasks ran before their latest start: they were stopped to go on later, or failed and are tried again by the run. */
export class EarlierStarts {
  readonly #starts: Map<number, Start[]>;

  constructor(snapshot: EarlierStartsSnapshot = []) {
    this.#starts = new Map(snapshot.map(([task, starts]) => [task, [...starts]]));
  }

  add(task: number, from: number, to: number): void {
    let starts = this.#starts.get(task);
    if (starts === undefined) {
      if (this.#starts.size >= KEPT_TASKS) return;
      starts = [];
      this.#starts.set(task, starts);
    }
    starts.push([from, to]);
    if (starts.length > KEPT_STARTS) starts.shift();
  }

  of(task: number): readonly Start[] {
    return this.#starts.get(task) ?? NONE;
  }

  /** Undefined where there is none. */
  snapshot(): EarlierStartsSnapshot | undefined {
    return this.#starts.size === 0 ? undefined : [...this.#starts];
  }
}

const NONE: readonly Start[] = [];
