import type { Json, JsonObject } from '../dag/json.js';
import { KEYWORDS, isObject, isSchema, keysOf, pointerTo, subSchemas, type KeywordKind } from './keywords.js';
import { boundOf } from './pattern.js';

const MAXIMUM_CHARACTERS = 64 * 1024;
const MAXIMUM_DEPTH = 32;
/** Schemas that one value may have to pass, `$ref`s followed: more take too long for one value. */
const MAXIMUM_PASSES = 1_000;
const MAXIMUM_PROBLEMS = 10;
const TYPES = ['null', 'boolean', 'object', 'array', 'number', 'integer', 'string'];
/** Keywords whose schemas look at the very same value. */
const IN_PLACE = new Set(['allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else', 'dependentSchemas', 'dependencies']);

/**
 * Why this is no JSON Schema that values can be checked by, in sentences; none where it is one. Draft 2020-12, or 7:
 * `$ref`s within the schema only, no `$dynamicRef`, at most 64 Ki characters and 32 levels, patterns that are quick on any
 * text (see {@link boundOf}). Never throws.
 */
export function checkSchema(schema: unknown): string[] {
  if (!isSchema(schema)) return ['A JSON Schema is an object, true or false.'];
  const problems = new Problems();
  const places = new Map<string, Json>();
  try {
    if (JSON.stringify(schema).length > MAXIMUM_CHARACTERS) return [`It has over ${MAXIMUM_CHARACTERS} characters.`];
    look(schema as Json, [], places, problems);
    if (problems.list.length === 0) checkReferences(places, problems);
  } catch {
    problems.add([], 'cannot be read: it is nested too deep, or in itself');
  }
  return problems.list.slice(0, MAXIMUM_PROBLEMS);
}

class Problems {
  readonly list: string[] = [];

  add(keys: readonly string[], what: string): void {
    const place = keys.length === 0 ? 'It' : `\`${keys.join('.').slice(0, 200)}\``;
    this.list.push(`${place} ${what}.`);
  }
}

function look(schema: Json, keys: readonly string[], places: Map<string, Json>, problems: Problems): void {
  if (problems.list.length >= MAXIMUM_PROBLEMS) return;
  if (!isSchema(schema)) return problems.add(keys, 'must be a schema: an object, true or false');
  if (keys.length > 2 * MAXIMUM_DEPTH) return problems.add(keys.slice(0, 3), `is over ${MAXIMUM_DEPTH} levels deep`);
  places.set(pointerTo(keys), schema);
  for (const [keyword, value] of Object.entries(schema as JsonObject)) {
    const kind = Object.hasOwn(KEYWORDS, keyword) ? KEYWORDS[keyword] : undefined;
    if (keyword === '$dynamicRef' || keyword === '$recursiveRef') {
      problems.add([...keys, keyword], 'is not known here: use `$ref`');
    }
    if (kind === undefined) continue;
    const wrong = wrongValue(keyword, kind, value);
    if (wrong !== undefined) problems.add([...keys, keyword], wrong);
    else if (keyword === '$id' && keys.length > 0) problems.add([...keys, keyword], 'is known at the top only');
    if (keyword === 'patternProperties' && isObject(value)) {
      for (const pattern of Object.keys(value)) checkPattern(pattern, [...keys, keyword, pattern], problems);
    }
    if (keyword === 'pattern' && typeof value === 'string') checkPattern(value, [...keys, keyword], problems);
    if (wrong !== undefined) continue;
    for (const sub of subSchemas(keyword, value)) look(sub.schema, [...keys, ...sub.keys], places, problems);
  }
}

function checkPattern(pattern: string, keys: readonly string[], problems: Problems): void {
  const bound = boundOf(pattern);
  if ('problem' in bound) problems.add(keys, `${bound.problem}; it could be slow, or is wrong`);
}

const COUNT = 'must be a whole number from 0 on';
const NAMES = 'must be a list of texts';

function wrongValue(keyword: string, kind: KeywordKind, value: Json): string | undefined {
  switch (kind) {
    case 'schema':
      return isSchema(value) || (keyword === 'items' && Array.isArray(value)) ? undefined : 'must be a schema';
    case 'schemas':
      return Array.isArray(value) && value.length > 0 ? undefined : 'must be a list of schemas';
    case 'map':
      return isObject(value) ? undefined : 'must be an object of schemas';
    case 'type': {
      const types: readonly unknown[] = Array.isArray(value) ? value : [value];
      const isRight = types.length > 0 && types.every((type) => TYPES.includes(type as string));
      return isRight ? undefined : `must be one of ${TYPES.join(', ')}, or a list of these`;
    }
    case 'text':
      return typeof value === 'string' ? undefined : 'must be text';
    case 'list':
      return Array.isArray(value) && value.length > 0 ? undefined : 'must be a list with something in it';
    case 'number':
      if (typeof value !== 'number' || !Number.isFinite(value)) return 'must be a number';
      return keyword === 'multipleOf' && value <= 0 ? 'must be over 0' : undefined;
    case 'count':
      return Number.isSafeInteger(value) && (value as number) >= 0 ? undefined : COUNT;
    case 'flag':
      return typeof value === 'boolean' ? undefined : 'must be true or false';
    case 'names':
      return isNames(value) ? undefined : NAMES;
    case 'name-lists':
      return isObject(value) && Object.values(value).every(isNames) ? undefined : 'must be an object of lists of texts';
    case 'any':
      if (keyword !== 'dependencies') return undefined;
      return isObject(value) && Object.values(value).every((one) => isNames(one) || isSchema(one))
        ? undefined
        : 'must be an object of schemas or lists of texts';
  }
}

function isNames(value: Json): boolean {
  return Array.isArray(value) && value.every((name) => typeof name === 'string');
}

/** Every `$ref` leads somewhere, and none leads back to itself without going down in the value. */
function checkReferences(places: ReadonlyMap<string, Json>, problems: Problems): void {
  const passes = new Map<string, number>();
  const passesOf = (place: string): number => {
    const known = passes.get(place);
    if (known !== undefined) return known;
    // Met again before it is known: it leads back to itself.
    passes.set(place, Number.POSITIVE_INFINITY);
    let sum = 1;
    const schema = places.get(place);
    if (isObject(schema)) {
      for (const [keyword, value] of Object.entries(schema)) {
        if (keyword === '$ref') sum += passesOf(placeOf(value as string));
        if (!IN_PLACE.has(keyword)) continue;
        for (const sub of subSchemas(keyword, value)) sum += passesOf(place + pointerTo(sub.keys).slice(1));
      }
    }
    passes.set(place, sum);
    return sum;
  };
  for (const [place, schema] of places) {
    if (!isObject(schema)) continue;
    const keys = keysOf(place) ?? [];
    const ref = schema['$ref'];
    if (typeof ref === 'string' && !places.has(placeOf(ref))) {
      problems.add(
        [...keys, '$ref'],
        `leads nowhere: "${ref.slice(0, 100)}"; only places within the schema can be named`,
      );
    } else if (passesOf(place) > MAXIMUM_PASSES) {
      problems.add(keys, 'leads back to itself by `$ref`, or to too many schemas');
      return;
    }
  }
}

/** Where a `$ref` leads, as the places are named; empty where it leads out of the schema. */
function placeOf(ref: string): string {
  const keys = ref.startsWith('#') ? keysOf(ref) : undefined;
  return keys === undefined ? '' : pointerTo(keys);
}
