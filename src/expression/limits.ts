/**
 * What keeps an expression small and quick. Part of what an expression means: a run that replays must meet the same
 * limits, so they are never lowered.
 */
export const EXPRESSION_LIMITS = {
  /** Characters of one expression. */
  source: 4_096,
  /** Parts of one expression: names, operators, calls, literals. */
  nodes: 1_000,
  /** Levels of one expression. */
  depth: 64,
  /** Macros (`map`, `filter`, `all`, `exists`, `exists_one`) inside each other. */
  macros: 2,
  /** Expressions in one text. */
  perText: 100,
  /** Steps of one evaluation: one for each part evaluated, and for each item, or each 64 characters, that is handled. */
  steps: 500_000,
  /** Characters of any text made on the way. */
  text: 256 * 1_024,
  /** Bytes of a result, as JSON. */
  result: 256 * 1_024,
  /** Texts with expressions in one value: a whole `with`, an `env`. */
  texts: 1_000,
  /** Bytes of all results in one value, as JSON. There, one result may be larger than {@link EXPRESSION_LIMITS.result}. */
  value: 1_536 * 1_024,
  /** Bytes of what a task fans out over, as JSON. */
  items: 4 * 1_024 * 1_024,
  /** Steps of all evaluations in one value. */
  valueSteps: 2_000_000,
  /** Levels of a result. */
  resultDepth: 100,
  /** Levels of values that are compared. */
  comparedDepth: 500,
} as const;
