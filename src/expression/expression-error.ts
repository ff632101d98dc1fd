import { DagwrightError } from '../dag/errors.js';

/** An expression that could not be evaluated: code EXPRESSION_FAILED, a sentence, a hint, and the place. */
export class ExpressionError extends DagwrightError {
  /** The expression. */
  readonly source: string;
  /** Offset in `source` of the first character of the part that failed, in UTF-16 units. */
  readonly from: number;
  /** Offset after its last character. */
  readonly to: number;

  constructor(message: string, hint: string | undefined, source: string, from: number, to: number) {
    super('EXPRESSION_FAILED', message, hint === undefined ? {} : { hint });
    this.source = source;
    this.from = from;
    this.to = to;
  }
}

/** What a function or operator throws; the evaluator adds the place. */
export class Failure extends Error {
  readonly hint: string | undefined;
  /** Where it happened: the innermost part that was being evaluated. */
  place: { readonly from: number; readonly to: number } | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** The expression did too much: unlike another failure, `||`, `&&`, `all` and `exists` never swallow it. */
export class LimitFailure extends Failure {}
