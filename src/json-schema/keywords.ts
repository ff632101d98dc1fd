import type { Json, JsonObject } from '../dag/json.js';

/** What the value of a keyword is. */
export type KeywordKind =
  | 'schema'
  | 'schemas'
  | 'map'
  | 'type'
  | 'text'
  | 'list'
  | 'any'
  | 'number'
  | 'count'
  | 'flag'
  | 'names'
  | 'name-lists';

/**
 * The keywords that count: of draft 2020-12, and of draft 7 where it has other names. Others are notes, as the standard
 * has it. `items` may be a list too, `dependencies` a map of schemas or of names.
 */
export const KEYWORDS: Readonly<Record<string, KeywordKind>> = {
  $schema: 'text',
  $id: 'text',
  $ref: 'text',
  $defs: 'map',
  definitions: 'map',
  type: 'type',
  const: 'any',
  enum: 'list',
  allOf: 'schemas',
  anyOf: 'schemas',
  oneOf: 'schemas',
  not: 'schema',
  if: 'schema',
  then: 'schema',
  else: 'schema',
  properties: 'map',
  patternProperties: 'map',
  additionalProperties: 'schema',
  unevaluatedProperties: 'schema',
  propertyNames: 'schema',
  minProperties: 'count',
  maxProperties: 'count',
  required: 'names',
  dependentRequired: 'name-lists',
  dependentSchemas: 'map',
  dependencies: 'any',
  items: 'schema',
  prefixItems: 'schemas',
  additionalItems: 'schema',
  unevaluatedItems: 'schema',
  contains: 'schema',
  minContains: 'count',
  maxContains: 'count',
  minItems: 'count',
  maxItems: 'count',
  uniqueItems: 'flag',
  minimum: 'number',
  maximum: 'number',
  exclusiveMinimum: 'number',
  exclusiveMaximum: 'number',
  multipleOf: 'number',
  minLength: 'count',
  maxLength: 'count',
  pattern: 'text',
  format: 'text',
};

/** Formats that are checked; any other is a note. */
export const FORMATS: ReadonlySet<string> = new Set([
  'date',
  'time',
  'date-time',
  'duration',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'uri',
  'uuid',
]);

/** Characters of a text that has a `format`. */
export const LONGEST_FORMATTED = 1_000;
/** Items of a list with `uniqueItems`: comparing each with each takes its time. */
export const MOST_UNIQUE_ITEMS = 1_000;

/** A schema inside another one: how it is reached, as keys. */
export interface SubSchema {
  readonly keys: readonly string[];
  readonly schema: Json;
}

/** The schemas directly inside this one that the keyword has. */
export function subSchemas(keyword: string, value: Json): SubSchema[] {
  if (keyword === 'items' && Array.isArray(value)) return listed(keyword, value as readonly Json[]);
  if (keyword === 'dependencies')
    return isObject(value) ? mapped(keyword, value).filter((s) => isSchema(s.schema)) : [];
  switch (KEYWORDS[keyword]) {
    case 'schema':
      return [{ keys: [keyword], schema: value }];
    case 'schemas':
      return Array.isArray(value) ? listed(keyword, value as readonly Json[]) : [];
    case 'map':
      return isObject(value) ? mapped(keyword, value) : [];
    default:
      return [];
  }
}

function listed(keyword: string, value: readonly Json[]): SubSchema[] {
  return value.map((schema, index) => ({ keys: [keyword, String(index)], schema }));
}

function mapped(keyword: string, value: JsonObject): SubSchema[] {
  return Object.entries(value).map(([name, schema]) => ({ keys: [keyword, name], schema }));
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isSchema(value: unknown): boolean {
  return typeof value === 'boolean' || isObject(value);
}

/** The keys as a JSON pointer with `#` before it. */
export function pointerTo(keys: readonly string[]): string {
  return ['#', ...keys.map((key) => key.replaceAll('~', '~0').replaceAll('/', '~1'))].join('/');
}

/** The keys of a JSON pointer, with or without `#`, which may be percent-encoded. Undefined where it is none. */
export function keysOf(pointer: string): string[] | undefined {
  const match = /^#?((?:\/[^/]*)*)$/.exec(pointer);
  if (match === null) return undefined;
  try {
    return (match[1] ?? '')
      .split('/')
      .slice(1)
      .map((key) => decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~'));
  } catch {
    return undefined;
  }
}
