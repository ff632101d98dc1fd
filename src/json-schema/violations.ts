import { dereference, validate, type OutputUnit, type Schema, type SchemaDraft } from '@cfworker/json-schema';
import type { Json, JsonObject } from '../dag/json.js';
import { FORMATS, KEYWORDS, LONGEST_FORMATTED, MOST_UNIQUE_ITEMS, isObject, keysOf, subSchemas } from './keywords.js';
import { boundOf } from './pattern.js';
import { pathOf, sentenceOf } from './sentence.js';

const MAXIMUM_DEPTH = 200;
/** `$ref`s followed for one value. */
const MAXIMUM_REFERENCES = 10_000;
/** Values in a value up to which all that is wrong with it is told, rather than the first of each object. */
const FEW_VALUES = 1_000;
/** Characters of a name that a pattern of `patternProperties` is tried on. */
const LONGEST_NAME = 200;

/** Keywords whose failure says enough: what failed inside says less. */
const WHOLE = ['anyOf', 'oneOf', 'not', 'contains', 'minContains', 'maxContains', 'propertyNames'];
/** Keywords that fail because of what is inside them, which is told instead. */
const OUTER = [
  '$ref',
  'allOf',
  'if',
  'properties',
  'patternProperties',
  'additionalProperties',
  'unevaluatedProperties',
  'dependentSchemas',
  'items',
  'prefixItems',
  'additionalItems',
  'unevaluatedItems',
];

/**
 * How the value breaks the schema, in sentences without a point at the end that name the place (`rows[2].price must be a
 * number`), the first ones up to `maximum`; none where it fits. A value of the schema is told, one of the value never.
 * The same on every machine. Never throws: where the schema is none (see {@link checkSchema}), or too much for the value,
 * that is the sentence.
 * @param maximum default 5.
 */
export function violations(schema: JsonObject | boolean, value: Json, maximum: number = 5): readonly string[] {
  const found = new Set<string>();
  try {
    const copied = { values: 0 };
    const copy = copyOf(value, 0, copied);
    const prepared = prepare(schema);
    if (longNameIn(prepared, copy)) return [`a name in it is over ${LONGEST_NAME} characters, too long to be checked`];
    const lookup = countingLookup(dereference(prepared as Schema));
    const firstOnly = copied.values > FEW_VALUES;
    const { errors } = validate(copy, prepared as Schema, draftOf(schema), lookup, firstOnly);
    for (const error of telling(errors)) {
      found.add(sentenceOf(error, ruleAt(prepared, error.keywordLocation)));
      if (found.size >= maximum) break;
    }
    // The library knows of a violation, but not which: it must not pass.
    if (errors.length > 0 && found.size === 0) found.add(`${pathOf('#')} does not fit its schema`);
  } catch (error) {
    return [error instanceof Unchecked ? error.message : 'it could not be checked: its schema is too deep, or is none'];
  }
  return [...found];
}

class Unchecked extends Error {}

function draftOf(schema: JsonObject | boolean): SchemaDraft {
  const named = isObject(schema) ? schema['$schema'] : undefined;
  return typeof named === 'string' && named.includes('draft-07') ? '7' : '2020-12';
}

/** A copy whose objects have nothing but their own members: the library asks with `in`. */
function copyOf(value: Json, depth: number, copied: { values: number }): Json {
  copied.values++;
  if (depth > MAXIMUM_DEPTH) throw new Unchecked(`it is over ${MAXIMUM_DEPTH} levels deep, too deep to be checked`);
  if (Array.isArray(value)) return value.map((item: Json) => copyOf(item, depth + 1, copied));
  if (!isObject(value)) return value;
  const copy = Object.create(null) as Record<string, Json>;
  for (const [name, member] of Object.entries(value)) copy[name] = copyOf(member, depth + 1, copied);
  return copy;
}

/** The schema as the library gets it: without notes, and with bounds on what takes its time. The library writes into it. */
function prepare(schema: Json): Json {
  if (!isObject(schema)) return schema;
  const prepared: Record<string, Json> = {};
  const bounds: Json[] = [];
  for (const [keyword, value] of Object.entries(schema)) {
    if (!Object.hasOwn(KEYWORDS, keyword) || keyword === '$id' || keyword === '$schema') continue;
    switch (keyword) {
      case 'pattern': {
        const bound = boundOf(value as string);
        if ('problem' in bound) throw new Unchecked(`it could not be checked: a pattern ${bound.problem}`);
        bounds.push(upTo('maxLength', bound.longestText, { pattern: value }));
        break;
      }
      case 'format':
        if (FORMATS.has(value as string)) bounds.push(upTo('maxLength', LONGEST_FORMATTED, { format: value }));
        break;
      case 'uniqueItems':
        if (value === true) bounds.push(upTo('maxItems', MOST_UNIQUE_ITEMS, { uniqueItems: true }));
        break;
      case 'patternProperties':
        for (const pattern of Object.keys(value as JsonObject)) {
          const bound = boundOf(pattern);
          if ('problem' in bound) throw new Unchecked(`it could not be checked: a pattern ${bound.problem}`);
        }
        prepared[keyword] = within(keyword, value);
        break;
      default:
        prepared[keyword] = within(keyword, value);
    }
  }
  if (bounds.length > 0) prepared['allOf'] = [...((prepared['allOf'] ?? []) as Json[]), ...bounds];
  return prepared;
}

function upTo(keyword: 'maxLength' | 'maxItems', most: number, then: JsonObject): JsonObject {
  return { if: { [keyword]: most }, then, else: { [keyword]: most } };
}

/** The keyword's value, the schemas in it prepared. */
function within(keyword: string, value: Json): Json {
  const subs = subSchemas(keyword, value);
  if (subs.length === 0) return structuredCopy(value);
  const [first] = subs;
  if (first?.keys.length === 1) return prepare(value);
  if (Array.isArray(value)) return value.map((schema: Json) => prepare(schema));
  return Object.fromEntries(
    Object.entries(value as JsonObject).map(([name, schema]) => [
      name,
      Array.isArray(schema) ? structuredCopy(schema) : prepare(schema),
    ]),
  );
}

function structuredCopy(value: Json): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

function longNameIn(schema: Json, value: Json): boolean {
  return hasPatternProperties(schema) && hasLongName(value);
}

function hasPatternProperties(schema: Json): boolean {
  if (!isObject(schema)) return false;
  return Object.entries(schema).some(
    ([keyword, value]) =>
      keyword === 'patternProperties' || subSchemas(keyword, value).some((sub) => hasPatternProperties(sub.schema)),
  );
}

function hasLongName(value: Json): boolean {
  if (Array.isArray(value)) return value.some((item: Json) => hasLongName(item));
  return (
    isObject(value) && Object.entries(value).some(([name, member]) => name.length > LONGEST_NAME || hasLongName(member))
  );
}

/** Gives up on schemas that lead to themselves too often. */
function countingLookup(lookup: Record<string, Schema | boolean>): Record<string, Schema | boolean> {
  let left = MAXIMUM_REFERENCES;
  return new Proxy(lookup, {
    get: (target, name) => {
      if (--left < 0) throw new Unchecked('it could not be checked: its schema leads to itself too often');
      return target[name as string];
    },
  });
}

/** The errors that say most. */
function telling(errors: readonly OutputUnit[]): OutputUnit[] {
  const kept: OutputUnit[] = [];
  let whole: OutputUnit | undefined;
  for (const error of errors) {
    if (whole !== undefined && isWithin(error, whole)) continue;
    whole = WHOLE.includes(error.keyword) ? error : undefined;
    if (!OUTER.includes(error.keyword)) kept.push(error);
  }
  return kept;
}

/** What follows a keyword's own error, from inside it. That of a schema `false` names the place of the value only. */
function isWithin(error: OutputUnit, whole: OutputUnit): boolean {
  return (
    error.keywordLocation.startsWith(`${whole.keywordLocation}/`) ||
    (error.keyword === 'false' && `${error.instanceLocation}/`.startsWith(`${whole.instanceLocation}/`))
  );
}

/** What the schema says at the place of an error, `$ref`s followed. */
function ruleAt(root: Json, location: string): Json | undefined {
  let rule: Json | undefined = root;
  for (const key of keysOf(location) ?? []) {
    if (key === '$ref') {
      const ref: Json | undefined = isObject(rule) ? rule['$ref'] : undefined;
      rule = typeof ref === 'string' ? valueAt(root, keysOf(ref) ?? []) : undefined;
    } else {
      rule = valueAt(rule, [key]);
    }
  }
  return rule;
}

function valueAt(value: Json | undefined, keys: readonly string[]): Json | undefined {
  return keys.reduce<Json | undefined>((at, key) => {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    return (at as JsonObject)[key];
  }, value);
}
