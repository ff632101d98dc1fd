import type { Json, JsonObject } from '../dag/json.js';
import { storedRef } from '../dag/stored-value.js';
import { Failure } from './expression-error.js';
import { EXPRESSION_LIMITS } from './limits.js';
import { formatDuration, formatTimestamp } from './time.js';

/** What a value is, and what a part of an expression is known to be: `number` is int or double, `dyn` anything. */
export type Type =
  | 'null'
  | 'bool'
  | 'int'
  | 'double'
  | 'uint'
  | 'string'
  | 'list'
  | 'map'
  | 'timestamp'
  | 'duration'
  | 'type'
  | 'optional'
  | 'stored'
  | 'number'
  | 'dyn';

/** A number with a fraction, or one that was made a double. A bare JavaScript number is one that JSON holds. */
export class Double {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** A whole number that is never negative. */
export class Uint {
  readonly value: bigint;
  constructor(value: bigint) {
    this.value = value;
  }
}

/** A point in time: nanoseconds since 1970, UTC. */
export class Timestamp {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

/** A length of time, in nanoseconds. */
export class Duration {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

/** The type of a value, as a value: `type(1) == int`. */
export class TypeName {
  readonly name: Type;
  constructor(name: Type) {
    this.name = name;
  }
}

/** A value that may be absent: `a.?b`. */
export class Optional {
  static readonly none = new Optional(undefined);
  readonly value: Value | undefined;
  constructor(value: Value | undefined) {
    this.value = value;
  }
}

/** A large output that the store has: it can be handed on whole, and nothing else, since the run does not have it. */
export class StoredOutput {
  readonly json: JsonObject;
  readonly bytes: number;
  constructor(json: JsonObject, bytes: number) {
    this.json = json;
    this.bytes = bytes;
  }
}

/** A value during evaluation. A bigint is an int; JSON comes in as it is, and {@link read} makes a value of it. */
export type Value =
  | null
  | boolean
  | bigint
  | string
  | Double
  | Uint
  | Timestamp
  | Duration
  | TypeName
  | Optional
  | StoredOutput
  | List
  | JsonObject
  | ValueMap;
/** What a list or map holds: values, and numbers of JSON that nobody has read yet. */
export type Stored = Value | number;
export type List = readonly Stored[];
export type ValueMap = ReadonlyMap<MapKey, Value>;
export type MapKey = string | bigint | boolean;

/** The value of what is stored: a whole number of JSON is an int where it is exact, any other a double. */
export function read(stored: Stored): Value {
  if (typeof stored === 'object') {
    const ref = storedRef(stored as Json);
    return ref === undefined ? stored : new StoredOutput(stored as JsonObject, ref.bytes);
  }
  if (typeof stored !== 'number') return stored;
  return Number.isSafeInteger(stored) ? BigInt(stored) : new Double(stored);
}

export function isList(value: Stored): value is List {
  return Array.isArray(value);
}

/** The type of a value; never `number` or `dyn`. */
export function typeOf(value: Value): Type {
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'bigint':
      return 'int';
    case 'boolean':
      return 'bool';
    default:
      if (value === null) return 'null';
      if (isList(value)) return 'list';
      if (value instanceof Double) return 'double';
      if (value instanceof Uint) return 'uint';
      if (value instanceof Timestamp) return 'timestamp';
      if (value instanceof Duration) return 'duration';
      if (value instanceof TypeName) return 'type';
      if (value instanceof Optional) return 'optional';
      if (value instanceof StoredOutput) return 'stored';
      return 'map';
  }
}

/** The value as a key of a map: numbers that are equal are one key. Undefined where it cannot be a key. */
export function mapKey(value: Value): MapKey | undefined {
  if (typeof value === 'string' || typeof value === 'bigint' || typeof value === 'boolean') return value;
  if (value instanceof Uint) return value.value;
  return value instanceof Double && Number.isInteger(value.value) ? BigInt(value.value) : undefined;
}

/** What the map holds under a key, or undefined. */
export function entry(map: JsonObject | ValueMap, key: MapKey | undefined): Value | undefined {
  if (map instanceof Map) return (map as ValueMap).get(key as MapKey);
  const object = map as JsonObject;
  return typeof key === 'string' && Object.hasOwn(object, key) ? read(object[key] as Json) : undefined;
}

export function mapSize(map: JsonObject | ValueMap): number {
  return map instanceof Map ? map.size : Object.keys(map).length;
}

/** The keys of a map, in its order. */
export function mapKeys(map: JsonObject | ValueMap): List {
  return map instanceof Map ? [...(map as ValueMap).keys()] : Object.keys(map);
}

/**
 * The value as JSON, and its size: times as text, an absent optional as null.
 * @throws Failure if JSON cannot hold it exactly, or it is over the limits of a result.
 */
export function toJson(value: Value, bytes: number = EXPRESSION_LIMITS.result): { json: Json; bytes: number } {
  const writer = new JsonWriter(bytes);
  return { json: writer.write(value, 0), bytes: writer.bytes };
}

class JsonWriter {
  readonly #limit: number;
  /** Written so far. */
  bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  write(stored: Stored, depth: number): Json {
    if (depth > EXPRESSION_LIMITS.resultDepth) throw new Failure('The result is nested too deep.');
    this.#count(2);
    if (stored === null || typeof stored === 'boolean') return this.#counted(4, stored);
    switch (typeof stored) {
      case 'string':
        return this.#text(stored);
      case 'bigint':
        return this.#whole(stored);
      case 'number':
        return this.#counted(8, stored);
      default:
        return this.#object(stored, depth);
    }
  }

  #object(value: Exclude<Stored, null | boolean | string | bigint | number>, depth: number): Json {
    if (isList(value)) return value.map((item) => this.write(item, depth + 1));
    if (value instanceof StoredOutput) return this.#counted(100, value.json);
    if (value instanceof Double) return this.#double(value.value);
    if (value instanceof Uint) return this.#whole(value.value);
    if (value instanceof Timestamp) return this.#text(formatTimestamp(value.nanos));
    if (value instanceof Duration) return this.#text(formatDuration(value.nanos));
    if (value instanceof Optional) return value.value === undefined ? null : this.write(value.value, depth);
    if (value instanceof TypeName) {
      throw new Failure(
        `The result is the type \`${value.name}\`, which is no value.`,
        'Compare types: `type(x) == int`.',
      );
    }
    const entries: [string, Json][] = [];
    for (const key of mapKeys(value)) {
      const held = entry(value, key as MapKey);
      if (held !== undefined) entries.push([this.#text(String(key as MapKey)), this.write(held, depth + 1)]);
    }
    return Object.fromEntries(entries);
  }

  #whole(value: bigint): number {
    if (value > MAX_SAFE || value < -MAX_SAFE) {
      throw new Failure(`${value} is too large a whole number for JSON to hold exactly.`, 'Make it text: `string(x)`.');
    }
    return this.#counted(8, Number(value));
  }

  #double(value: number): number {
    if (!Number.isFinite(value)) throw new Failure(`The result is ${value}, which JSON cannot hold.`);
    return this.#counted(8, value === 0 ? 0 : value);
  }

  #text(text: string): string {
    this.#count(text.length);
    for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) this.bytes += 2;
    return this.#counted(0, text);
  }

  #counted<T>(bytes: number, value: T): T {
    this.#count(bytes);
    return value;
  }

  #count(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes > this.#limit) {
      throw new Failure(
        `The result is over ${this.#limit < 1024 ? `${this.#limit} bytes` : `${Math.floor(this.#limit / 1024)} KiB`}.`,
        'Take the part that is needed, or hand large values on in files.',
      );
    }
  }
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
