import { LimitFailure } from './expression-error.js';
import { EXPRESSION_LIMITS } from './limits.js';

/** What the expressions of one place may take together: bytes of their results, as JSON, and steps. */
export class Budget {
  #bytes: number;
  #steps: number = EXPRESSION_LIMITS.valueSteps;

  constructor(bytes: number = EXPRESSION_LIMITS.value) {
    this.#bytes = bytes;
  }

  /** What is left of the bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @throws LimitFailure once the steps are over the limit. */
  spend(steps: number, bytes: number): void {
    this.#bytes -= bytes;
    this.#steps -= steps;
    if (this.#steps < 0) {
      throw new LimitFailure(
        'The expressions of this value do too much work together.',
        'Do this work in a task, and use its output.',
      );
    }
  }
}
