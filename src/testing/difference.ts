import type { Json, JsonObject } from '../dag/json.js';

/** A place where two values differ. */
export interface Difference {
  readonly at: string;
  readonly expected?: Json;
  /** Left out where there is nothing. */
  readonly actual?: Json;
}

/** Differences of one value that are told. */
const MOST = 10;

/**
 * Where a value differs from what is expected, the innermost places; at most ten.
 * @param options.atLeast Fields that are not expected may be there.
 */
export function differences(
  expected: Json | undefined,
  actual: Json | undefined,
  at: string,
  options: { readonly atLeast?: boolean } = {},
): Difference[] {
  const found: Difference[] = [];
  collect(expected, actual, at, options.atLeast === true, found);
  return found;
}

function collect(
  expected: Json | undefined,
  actual: Json | undefined,
  at: string,
  atLeast: boolean,
  found: Difference[],
): void {
  if (found.length >= MOST) return;
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length) {
    expected.forEach((item: Json, i) => collect(item, actual[i] as Json, `${at}[${i}]`, atLeast, found));
  } else if (isObject(expected) && isObject(actual)) {
    const names = new Set([...Object.keys(expected), ...(atLeast ? [] : Object.keys(actual))]);
    for (const name of names) collect(fieldOf(expected, name), fieldOf(actual, name), `${at}.${name}`, atLeast, found);
  } else if (!isSame(expected, actual)) {
    found.push({
      at,
      ...(expected === undefined ? {} : { expected }),
      ...(actual === undefined ? {} : { actual }),
    });
  }
}

/** Of what is no list of equal length, and no two objects. */
function isSame(expected: Json | undefined, actual: Json | undefined): boolean {
  return expected === actual;
}

function fieldOf(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
