import type { Json } from '../dag/json.js';
import type { SecretText, TaskCall } from '../dag/task-call.js';
import { evaluate, recompile, type Expression } from '../expression/compile.js';
import { ExpressionError } from '../expression/expression-error.js';
import { toText } from '../expression/text.js';
import { messageOf } from './failure.js';
import { TaskFailure } from './handler.js';
import { Masks } from './masks.js';

/** Where a worker's secrets come from: gives the value of a name, or undefined where there is none. */
export type SecretSource = (name: string) => Promise<string | undefined> | string | undefined;

/** How the variables of the environment begin that hold secrets. */
export const SECRET_VARIABLE_PREFIX = 'DAGWRIGHT_SECRET_';

/** What is made of a secret is hidden too, from so many characters on: `secrets.TOKEN.lowerAscii()`. */
const SHORTEST_DERIVED = 8;

/** Takes secrets from the environment: `secrets.TOKEN` is the variable `DAGWRIGHT_SECRET_TOKEN`. An empty one is none. */
export function environmentSecrets(environment: Readonly<Record<string, string | undefined>>): SecretSource {
  return (name) => environment[SECRET_VARIABLE_PREFIX + name] || undefined;
}

/** A call with its secrets in it, which must not leave the attempt, and what hides them. */
export interface RevealedCall {
  readonly call: TaskCall;
  readonly masks: Masks;
}

/**
 * Puts the secrets of a call in their places, in a copy. Undefined where the call has none.
 * @throws TaskFailure SECRET_MISSING: not to be tried again where the secret is not there, but where its source failed.
 *   EXPRESSION_FAILED.
 */
export async function revealSecrets(call: TaskCall, source: SecretSource): Promise<RevealedCall | undefined> {
  if (call.secrets === undefined || call.secrets.length === 0) return undefined;
  const texts = call.secrets.map(({ path, parts }) => ({ path, parts: parts.map(readPart) }));
  const names = new Set(texts.flatMap(({ parts }) => parts.flatMap(namesIn)));
  const values = Object.fromEntries(
    (await Promise.all([...names].map(async (name) => [name, await ask(source, name)] as const))).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );
  const missing = [...names].filter((name) => !Object.hasOwn(values, name));
  const hidden = new Set(Object.values(values));
  const copy = structuredClone(call);
  for (const { path, parts } of texts) {
    let text = '';
    for (const part of parts) {
      const piece = typeof part === 'string' ? part : textOf(part, values, missing);
      if (typeof part !== 'string' && piece.length >= SHORTEST_DERIVED) hidden.add(piece);
      text += piece;
    }
    put(copy, path, text);
  }
  return { call: copy, masks: new Masks(hidden) };
}

type Part = SecretText['parts'][number];

function readPart(part: Part): string | Expression {
  if ('text' in part) return part.text;
  try {
    return recompile(part.secret);
  } catch (error) {
    throw expressionFailure(error);
  }
}

function namesIn(part: string | Expression): readonly string[] {
  return typeof part === 'string' ? [] : part.references.secrets;
}

async function ask(source: SecretSource, name: string): Promise<string | undefined> {
  try {
    const value = await source(name);
    return value === undefined || value === null ? undefined : String(value);
  } catch (thrown) {
    const message = `The secret "${name}" could not be read: ${messageOf(thrown)}`;
    throw new TaskFailure({ code: 'SECRET_MISSING', message, details: { secret: name } });
  }
}

function textOf(expression: Expression, secrets: Record<string, string>, missing: readonly string[]): string {
  try {
    return toText(evaluate(expression, { secrets }));
  } catch (error) {
    // A name that is not there may be meant so: `secrets.?TOKEN.orValue('')`.
    const name = expression.references.secrets.find((one) => missing.includes(one));
    throw name === undefined ? expressionFailure(error) : secretMissing(name);
  }
}

function secretMissing(name: string): TaskFailure {
  const variable = SECRET_VARIABLE_PREFIX + name;
  const message = `This worker has no secret "${name}". Set ${variable} where it runs, or add it to its source of secrets.`;
  return new TaskFailure({ code: 'SECRET_MISSING', message, details: { secret: name } }, { retryable: false });
}

function expressionFailure(error: unknown): unknown {
  if (!(error instanceof ExpressionError)) return error;
  return new TaskFailure({ code: 'EXPRESSION_FAILED', message: error.message }, { retryable: false });
}

/** Sets a text inside a call. What the path leads through is there: the run found the text in it. */
function put(call: TaskCall, path: SecretText['path'], text: string): void {
  let at = call as unknown as Record<string | number, Json>;
  for (const key of path.slice(0, -1)) {
    const next = Object.hasOwn(at, key) ? at[key] : undefined;
    if (typeof next !== 'object' || next === null) return;
    at = next as unknown as Record<string | number, Json>;
  }
  const last = path.at(-1);
  if (last !== undefined)
    Object.defineProperty(at, last, { value: text, writable: true, enumerable: true, configurable: true });
}
