/** Every code of a problem that is found in an expression before it runs. docs/expressions.md lists the same. */
export const EXPRESSION_PROBLEMS = {
  EXPRESSION_SYNTAX: 'The expression cannot be read, or `${{` is not closed.',
  EXPRESSION_TOO_LARGE: 'The expression is too long, too deep, or nests too many macros.',
  EXPRESSION_NAME: 'A name means nothing, or nothing in this place.',
  EXPRESSION_TASK: 'A task is not in the dag, comes after the one that names it, or is not named in plain.',
  EXPRESSION_PARAM: 'A param is not declared.',
  EXPRESSION_FIELD: 'A field does not exist.',
  EXPRESSION_FUNCTION: 'A function does not exist, or is left out on purpose.',
  EXPRESSION_TYPE: 'A value has a type that the operator, the function, or the place does not take.',
  EXPRESSION_VALUE: 'A literal can never be what it is compared with, or is not what the function takes.',
} as const;

/** A code of {@link EXPRESSION_PROBLEMS}. */
export type ExpressionProblemCode = keyof typeof EXPRESSION_PROBLEMS;

/** A problem of an expression, at its place. */
export interface ExpressionProblem {
  readonly code: ExpressionProblemCode;
  /** One sentence for a person. */
  readonly message: string;
  /** The fix, in a sentence. */
  readonly hint?: string;
  /** Offset of its first character in the text that was given, in UTF-16 units. */
  readonly from: number;
  /** Offset after its last character. */
  readonly to: number;
}
