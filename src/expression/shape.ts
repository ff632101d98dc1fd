import type { Json, JsonObject } from '../dag/json.js';
import type { Type } from './value.js';

/** What is known of a value before it is there. */
export interface Shape {
  readonly type: Type;
  /** Of an object: what its fields are. */
  readonly fields?: Readonly<Record<string, Shape>>;
  /** It has no other fields than these. */
  readonly isClosed?: boolean;
  /** Of a list: what each item is. */
  readonly items?: Shape;
}

export const ANY: Shape = { type: 'dyn' };

const TYPES: Readonly<Record<string, Type>> = {
  string: 'string',
  number: 'number',
  integer: 'int',
  boolean: 'bool',
  array: 'list',
  object: 'map',
};
const DEEPEST = 20;

/** What a JSON Schema says plainly of a value. What it says by references, choices or patterns is not known. */
export function shapeOf(schema: Json | undefined, depth = 0): Shape {
  if (!isObject(schema) || depth > DEEPEST) return ANY;
  const { type, properties, additionalProperties, patternProperties, items } = schema;
  const known = typeof type === 'string' && Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
  if (known === 'list') return { type: 'list', items: shapeOf(items, depth + 1) };
  if (known !== 'map') return known === undefined ? ANY : { type: known };
  if (!isObject(properties)) return { type: 'map' };
  const fields = Object.fromEntries(
    Object.entries(properties).map(([name, inner]) => [name, shapeOf(inner, depth + 1)]),
  );
  return { type: 'map', fields, isClosed: additionalProperties === false && patternProperties === undefined };
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
