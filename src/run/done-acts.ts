import type { ActRecord, ActRequest } from './act.js';

/** Acts that a run remembers; the oldest are dropped. */
const KEPT_ACTS = 200;

/** What operators asked for. */
export class DoneActs {
  /** Oldest first. */
  readonly all: ActRecord[];

  constructor(acts: readonly ActRecord[] = []) {
    this.all = [...acts];
  }

  /** The act that was done under the same key: asked for again, it is not done twice. */
  earlier({ id }: ActRequest): ActRecord | undefined {
    return id === undefined ? undefined : this.all.find((act) => act.id === id);
  }

  remember(act: ActRecord): void {
    this.all.push(act);
    if (this.all.length > KEPT_ACTS) this.all.shift();
  }
}
