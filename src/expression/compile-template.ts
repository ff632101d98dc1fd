import type { Json } from '../dag/json.js';
import { storedBytes } from '../dag/stored-value.js';
import type { Budget } from './budget.js';
import { compile, evaluate, evaluateWithin, recompile, type Expression } from './compile.js';
import type { ExpressionValues } from './evaluate.js';
import { ExpressionError } from './expression-error.js';
import { EXPRESSION_LIMITS } from './limits.js';
import type { ExpressionProblem } from './problem.js';
import { ROOTS, type References, type Scope } from './scope.js';
import { parseTemplate } from './template.js';
import { toText } from './text.js';

/** A text with `${{ }}` that was read and checked. */
export interface Template {
  readonly text: string;
  readonly parts: readonly (string | Expression)[];
  /** Of all its expressions; offsets are those of the text. */
  readonly references: References;
}

/** A template, or all of its problems. */
export type CompiledTemplate = { readonly template: Template } | { readonly problems: readonly ExpressionProblem[] };

/**
 * Reads a text with any number of `${{ }}`, and checks its expressions. Offsets of problems are those of the text. What
 * `scope.result` wants is wanted only of a text that is one expression; another is text. Never throws.
 */
export function compileTemplate(text: string, scope: Scope): CompiledTemplate {
  const cut = parseTemplate(text);
  if ('problem' in cut) return { problems: [cut.problem] };
  const { result, ...anyResult } = scope;
  const inner = cut.parts.length === 1 && result !== undefined ? scope : anyResult;
  const parts: (string | Expression)[] = [];
  const problems: ExpressionProblem[] = [];
  for (const part of cut.parts) {
    if ('text' in part) {
      parts.push(part.text);
      continue;
    }
    const compiled = compile(part.source, inner);
    if ('problems' in compiled) problems.push(...compiled.problems.map((problem) => moved(problem, part.from)));
    else parts.push(movedReferences(compiled.expression, part.from));
  }
  if (problems.length > 0) return { problems };
  return { template: { text, parts, references: joined(parts) } };
}

/**
 * Reads a text of a dag that was checked when its run began: see {@link recompile}.
 * @throws ExpressionError EXPRESSION_FAILED where it cannot be read.
 */
export function recompileTemplate(text: string): Template {
  const cut = parseTemplate(text);
  if ('problem' in cut) {
    const { message, hint, from, to } = cut.problem;
    throw new ExpressionError(message, hint, text, from, to);
  }
  const parts = cut.parts.map((part) =>
    'text' in part ? part.text : movedReferences(recompile(part.source), part.from),
  );
  return { text, parts, references: joined(parts) };
}

/**
 * The value of a template: of a text that is one expression its value, as it is; of any other a text. `budget`: what
 * it may take, where it is one of several. Default: each result has the limit of its own.
 * @throws ExpressionError EXPRESSION_FAILED
 */
export function evaluateTemplate(template: Template, values: ExpressionValues, budget?: Budget): Json {
  const valueOf = (expression: Expression): Json =>
    budget === undefined ? evaluate(expression, values) : evaluateWithin(budget, expression, values);
  const [only] = template.parts;
  if (template.parts.length === 1 && only !== undefined) return typeof only === 'string' ? only : valueOf(only);
  let text = '';
  for (const part of template.parts) {
    text += typeof part === 'string' ? part : textOf(part, valueOf(part));
    if (text.length > EXPRESSION_LIMITS.result) {
      const hint = 'Hand large values on in files.';
      throw new ExpressionError('The text becomes too long.', hint, template.text, 0, template.text.length);
    }
  }
  return text;
}

/**
 * The value of a part as text.
 * @throws ExpressionError where it is a large output, which is kept in the store.
 */
export function textOf({ source }: Expression, value: Json): string {
  if (storedBytes(value) === 0) return toText(value);
  const message = 'A large output is kept in the store: it cannot stand in a text.';
  throw new ExpressionError(message, 'Hand it on whole: a text that is one `${{ }}` alone.', source, 0, source.length);
}

function moved<T extends { readonly from: number; readonly to: number }>(placed: T, by: number): T {
  return { ...placed, from: placed.from + by, to: placed.to + by };
}

function movedReferences(expression: Expression, by: number): Expression {
  const { references } = expression;
  return { ...expression, references: { ...references, tasks: references.tasks.map((task) => moved(task, by)) } };
}

function joined(parts: readonly (string | Expression)[]): References {
  return joinReferences(parts.flatMap((part) => (typeof part === 'string' ? [] : [part.references])));
}

/** All that several expressions take from outside. */
export function joinReferences(all: readonly References[]): References {
  const names = (of: 'params' | 'env' | 'secrets'): string[] => [...new Set(all.flatMap((one) => one[of]))];
  return {
    tasks: all.flatMap((one) => one.tasks),
    params: names('params'),
    env: names('env'),
    secrets: names('secrets'),
    roots: ROOTS.filter((root) => all.some((one) => one.roots.includes(root))),
  };
}
