import type { Json } from '../dag/json.js';
import type { Budget } from './budget.js';
import { check } from './check.js';
import { evaluateNode, type Evaluation, type ExpressionValues } from './evaluate.js';
import { ExpressionError, Failure } from './expression-error.js';
import type { ExpressionProblem } from './problem.js';
import type { References, Scope } from './scope.js';
import { parse, type Node } from './syntax.js';
import type { Type } from './value.js';

const SECRET = 'An expression that takes a secret has no value.';
const SECRET_HINT = 'What went wrong is not told, as it could hold the secret. Look at the part that is named.';

/** An expression that was read and checked. */
export interface Expression {
  readonly source: string;
  readonly root: Node;
  readonly references: References;
  /** What it gives, as far as that is known before it runs. */
  readonly type: Type;
}

/** An expression, or all of its problems. */
export type Compiled = { readonly expression: Expression } | { readonly problems: readonly ExpressionProblem[] };

/** Reads an expression and checks it: its syntax, its names, its types and its limits. Never throws. */
export function compile(source: string, scope: Scope): Compiled {
  const parsed = parse(source);
  if ('problem' in parsed) return { problems: [parsed.problem] };
  const { problems, references, type } = check(source, parsed.root, scope);
  return problems.length > 0 ? { problems } : { expression: { source, root: parsed.root, references, type } };
}

/**
 * Reads an expression of a dag that was checked when its run began. A later version may check more than that one did,
 * so nothing but the reading counts: a live run must not stop over a new check.
 * @throws ExpressionError EXPRESSION_FAILED where it cannot be read.
 */
export function recompile(source: string): Expression {
  const parsed = parse(source);
  if ('problem' in parsed) {
    const { message, hint, from, to } = parsed.problem;
    throw new ExpressionError(message, hint, source, from, to);
  }
  const { references, type } = check(source, parsed.root, {});
  return { source, root: parsed.root, references, type };
}

/**
 * The value of an expression. The same expression and values give the same value, or the same error, on every machine.
 * `resultBytes` is the most that the value may take as JSON; default 256 KiB.
 * @throws ExpressionError EXPRESSION_FAILED where it has none: a field is missing, types do not fit, a limit is hit.
 */
export function evaluate(expression: Expression, values: ExpressionValues, resultBytes?: number): Json {
  return evaluated(expression, values, resultBytes).value;
}

/**
 * The value of one of several expressions that share a budget: its result may have as many bytes as are left.
 * @throws ExpressionError EXPRESSION_FAILED
 */
export function evaluateWithin(budget: Budget, expression: Expression, values: ExpressionValues): Json {
  const { value, steps, bytes } = evaluated(expression, values, budget.bytes);
  try {
    budget.spend(steps, bytes);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new ExpressionError(error.message, error.hint, expression.source, 0, expression.source.length);
  }
  return value;
}

function evaluated(expression: Expression, values: ExpressionValues, resultBytes: number | undefined): Evaluation {
  try {
    return evaluateNode(expression.source, expression.root, values, resultBytes);
  } catch (error) {
    if (!(error instanceof ExpressionError) || !expression.references.roots.includes('secrets')) throw error;
    throw new ExpressionError(SECRET, SECRET_HINT, error.source, error.from, error.to);
  }
}
