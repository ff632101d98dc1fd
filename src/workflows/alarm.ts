import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';

/** A timer for a workflow that always waits for the earliest of several things: it is set anew only to be earlier. */
export class Alarm {
  readonly #onFired: () => void;
  readonly #summary: string;
  #at = Infinity;
  #scope: CancellationScope | undefined;

  /** @param onFired The alarm went off. It may be too early: look, and set it again. */
  constructor(summary: string, onFired: () => void) {
    this.#summary = summary;
    this.#onFired = onFired;
  }

  /** Goes off at this time (milliseconds), or before; undefined: no need. */
  set(at: number | undefined): void {
    if (at === undefined || at >= this.#at) return;
    this.#scope?.cancel();
    const scope = new CancellationScope();
    this.#at = at;
    this.#scope = scope;
    scope
      .run(() => sleep(Math.max(1, at - Date.now()), { summary: this.#summary }))
      .then(
        () => {
          this.#at = Infinity;
          this.#scope = undefined;
          this.#onFired();
        },
        (error: unknown) => {
          if (!isCancellation(error)) throw error;
        },
      );
  }
}
