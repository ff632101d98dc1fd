import { LimitFailure } from './expression-error.js';
import { EXPRESSION_LIMITS } from './limits.js';

/** Counts the steps of one evaluation, so that none runs long whatever it is fed. Counts, not time: the same anywhere. */
export class Meter {
  /** Steps so far. */
  spent = 0;

  /** @throws LimitFailure once the steps are over the limit. */
  spend(steps: number): void {
    this.spent += steps;
    if (this.spent > EXPRESSION_LIMITS.steps) {
      throw new LimitFailure(
        'The expression does too much work.',
        'It may take 500,000 steps. Do this work in a task, and use its output.',
      );
    }
  }

  /** Spends what handling texts of so many characters takes. */
  text(characters: number): void {
    this.spend(Math.ceil(characters / 64));
  }

  /** Spends what looking for one text in another takes, in the worst case. */
  search(characters: number, wanted: number): void {
    this.spend(Math.ceil((characters * Math.max(1, wanted)) / 256));
  }

  /** @throws LimitFailure if a text that is about to be made is too long. */
  made(characters: number): void {
    if (characters > EXPRESSION_LIMITS.text) {
      throw new LimitFailure('The expression makes too long a text.', 'A text may have 256 Ki characters.');
    }
    this.text(characters);
  }
}
