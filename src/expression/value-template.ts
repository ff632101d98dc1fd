import type { Json, JsonObject } from '../dag/json.js';
import type { SecretText } from '../dag/task-call.js';
import { Budget } from './budget.js';
import { evaluateWithin, type Expression } from './compile.js';
import { evaluateTemplate, joinReferences, recompileTemplate, textOf, type Template } from './compile-template.js';
import type { ExpressionValues } from './evaluate.js';
import { ExpressionError } from './expression-error.js';
import { EXPRESSION_LIMITS } from './limits.js';
import type { References } from './scope.js';
import { hasExpression } from './template.js';

/** A JSON value of which some texts hold `${{ }}`, read once. */
export interface CompiledValue {
  readonly value: Json;
  /** Left out where no text holds an expression: then the value is what it evaluates to. */
  readonly compiled?: CompiledPart;
  /** Of all its expressions. Offsets are those of their texts. */
  readonly references: References;
}

/** A text with expressions, or what of a list or an object leads to some. */
type CompiledPart = Template | ReadonlyMap<string | number, CompiledPart>;

const NO_REFERENCES: References = { tasks: [], params: [], env: [], secrets: [], roots: [] };

/**
 * Reads the texts of a value that was checked when its run began: see {@link recompileTemplate}. Keys are plain text.
 * @throws ExpressionError EXPRESSION_FAILED where one cannot be read, or there are over 1,000.
 */
export function recompileValue(value: Json): CompiledValue {
  if (!holdsExpression(value)) return { value, references: NO_REFERENCES };
  const templates: Template[] = [];
  const compiled = compilePart(value, templates);
  const references = joinReferences(templates.map((template) => template.references));
  return { value, references, ...(compiled === undefined ? {} : { compiled }) };
}

/** Whether a text of the value has a `${{`. */
export function holdsExpression(value: Json): boolean {
  if (typeof value === 'string') return hasExpression(value);
  if (typeof value !== 'object' || value === null) return false;
  if (isList(value)) return value.some(holdsExpression);
  for (const key in value) if (holdsExpression(value[key] ?? null)) return true;
  return false;
}

function compilePart(value: Json, templates: Template[]): CompiledPart | undefined {
  if (typeof value === 'string') {
    if (!hasExpression(value)) return undefined;
    const template = recompileTemplate(value);
    if (templates.push(template) > EXPRESSION_LIMITS.texts) {
      const message = `A value may have ${EXPRESSION_LIMITS.texts.toLocaleString('en')} texts with expressions.`;
      throw new ExpressionError(message, 'Do this work in a task, and use its output.', value, 0, value.length);
    }
    return template;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const parts = new Map<string | number, CompiledPart>();
  for (const [key, item] of entriesOf(value)) {
    const part = compilePart(item, templates);
    if (part !== undefined) parts.set(key, part);
  }
  return parts.size === 0 ? undefined : parts;
}

/**
 * The value with each text replaced by what it gives; its shape stays, and a value without expressions is given back as
 * it is. The same value and `values` give the same on every machine.
 * @param bytes The most that all results together may have, as JSON. Default 1.5 MiB.
 * @throws ExpressionError EXPRESSION_FAILED: the first, in the order of the value. An expression with a secret fails.
 */
export function evaluateValue(
  { value, compiled }: CompiledValue,
  values: ExpressionValues,
  bytes: number = EXPRESSION_LIMITS.value,
): Json {
  if (compiled === undefined) return value;
  const budget = new Budget(bytes);
  return replaced(value, compiled, [], (template) => evaluateTemplate(template, values, budget));
}

/** A value whose secrets are still to be put in. */
export interface ValueWithSecrets {
  /** Where a text holds a secret it is {@link SECRET_PLACE}. */
  readonly value: Json;
  /** Those texts, in the order of the value. All of their other expressions are evaluated. */
  readonly secrets: readonly SecretText[];
}

/** What stands in a value until its secrets are put in. */
export const SECRET_PLACE = '***';

/**
 * Like {@link evaluateValue}, but for expressions that take a secret. Text and secret expressions are kept apart, so
 * that an output which happens to hold `${{ secrets.X }}` stays text.
 * @param options.path Put before the paths of the secrets: `['with']`.
 * @param options.bytes Default 1.5 MiB.
 * @throws ExpressionError EXPRESSION_FAILED: also where an expression takes more than secrets.
 */
export function evaluateButSecrets(
  { value, compiled }: CompiledValue,
  values: ExpressionValues,
  { path = [], bytes = EXPRESSION_LIMITS.value }: { readonly path?: SecretText['path']; readonly bytes?: number } = {},
): ValueWithSecrets {
  if (compiled === undefined) return { value, secrets: [] };
  const budget = new Budget(bytes);
  const secrets: SecretText[] = [];
  const evaluated = replaced(value, compiled, path, (template, place) => {
    if (!template.references.roots.includes('secrets')) return evaluateTemplate(template, values, budget);
    secrets.push({ path: place, parts: secretParts(template, values, budget) });
    return SECRET_PLACE;
  });
  return { value: evaluated, secrets };
}

function secretParts(template: Template, values: ExpressionValues, budget: Budget): SecretText['parts'] {
  const parts: ({ text: string } | { secret: string })[] = [];
  const addText = (text: string): void => {
    const last = parts.at(-1);
    if (last !== undefined && 'text' in last) last.text += text;
    else if (text !== '') parts.push({ text });
  };
  for (const part of template.parts) {
    if (typeof part === 'string') addText(part);
    else if (!takesSecret(part)) addText(textOf(part, evaluateWithin(budget, part, values)));
    else if (part.references.roots.length === 1) parts.push({ secret: part.source });
    else throw mixed(part);
  }
  return parts;
}

function takesSecret({ references }: Expression): boolean {
  return references.roots.includes('secrets');
}

function mixed({ source }: Expression): ExpressionError {
  const message = 'An expression that takes a secret can take nothing else.';
  return new ExpressionError(message, 'Write two `${{ }}` in one text.', source, 0, source.length);
}

function replaced(
  value: Json,
  part: CompiledPart,
  path: SecretText['path'],
  evaluated: (template: Template, path: SecretText['path']) => Json,
): Json {
  if (!(part instanceof Map)) return evaluated(part as Template, path);
  const parts = part as ReadonlyMap<string | number, CompiledPart>;
  const entries = entriesOf(value as readonly Json[] | JsonObject).map(([key, item]): [string | number, Json] => {
    const inner = parts.get(key);
    return [key, inner === undefined ? item : replaced(item, inner, [...path, key], evaluated)];
  });
  return isList(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries);
}

function entriesOf(value: readonly Json[] | JsonObject): [string | number, Json][] {
  return isList(value) ? value.map((item, index) => [index, item]) : Object.entries(value as JsonObject);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
