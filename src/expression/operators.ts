import type { JsonObject } from '../dag/json.js';
import { Failure, LimitFailure } from './expression-error.js';
import { EXPRESSION_LIMITS } from './limits.js';
import type { Meter } from './meter.js';
import { inDurationRange, inTimeRange } from './time.js';
import {
  Double,
  Duration,
  Optional,
  StoredOutput,
  Timestamp,
  TypeName,
  Uint,
  entry,
  isList,
  mapKey,
  mapKeys,
  mapSize,
  read,
  typeOf,
  type Type,
  type Value,
  type ValueMap,
} from './value.js';

export const BINARY = ['+', '-', '*', '/', '%', '==', '!=', '<', '<=', '>', '>=', 'in'] as const;
export type BinaryOperator = (typeof BINARY)[number];

const MAX_INT = 9_223_372_036_854_775_807n;
const MAX_UINT = 18_446_744_073_709_551_615n;

/** Applies an operator that takes two values. */
export function binary(operator: BinaryOperator, left: Value, right: Value, meter: Meter): Value {
  switch (operator) {
    case '==':
      return equal(left, right, meter);
    case '!=':
      return !equal(left, right, meter);
    case 'in':
      return isIn(left, right, meter);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return ordered(operator, left, right, meter);
    default:
      return arithmetic(operator, left, right, meter);
  }
}

/**
 * The type of a binary operator's result where its operands have these types; undefined where it takes no such two.
 * Equality of types that can never be equal counts as such.
 */
export function binaryType(operator: BinaryOperator, left: Type, right: Type): Type | undefined {
  const both = (...types: Type[]): boolean => may(left, types) && may(right, types);
  switch (operator) {
    case '==':
    case '!=':
      return left === 'null' || right === 'null' || overlap(left, right) ? 'bool' : undefined;
    case 'in':
      return may(right, ['list', 'map']) ? 'bool' : undefined;
    case '<':
    case '<=':
    case '>':
    case '>=':
      return both('int', 'uint', 'double') || (both(...ORDERED) && overlap(left, right)) ? 'bool' : undefined;
    default:
      return arithmeticType(operator, left, right);
  }
}

const NUMBERS: readonly Type[] = ['int', 'uint', 'double', 'number'];
const ORDERED: readonly Type[] = ['string', 'bool', 'timestamp', 'duration', 'int', 'uint', 'double'];

/** Whether a part of this type may turn out to have one of these. */
export function may(type: Type, wanted: readonly Type[]): boolean {
  if (type === 'dyn' || wanted.includes('dyn') || wanted.includes(type)) return true;
  if (type === 'number') return wanted.includes('int') || wanted.includes('double');
  return wanted.includes('number') && (type === 'int' || type === 'double');
}

function overlap(left: Type, right: Type): boolean {
  if (left === 'dyn' || right === 'dyn' || left === right) return true;
  return NUMBERS.includes(left) && NUMBERS.includes(right);
}

function arithmeticType(operator: string, left: Type, right: Type): Type | undefined {
  const pairs: [Type, Type, Type][] = [];
  if (NUMBERS.includes(left) && NUMBERS.includes(right)) {
    if (left === right) return operator === '%' && left === 'double' ? undefined : left;
    if (operator === '%') return may(left, ['int']) && may(right, ['int']) ? 'int' : undefined;
    if (left === 'double' || right === 'double') return 'double';
    return left === 'uint' || right === 'uint'
      ? left === 'number' || right === 'number'
        ? 'dyn'
        : undefined
      : 'number';
  }
  if (may(left, NUMBERS) && may(right, NUMBERS)) pairs.push([left, right, 'dyn']);
  if (operator === '+') {
    pairs.push(['string', 'string', 'string'], ['list', 'list', 'list'], ['duration', 'duration', 'duration']);
    pairs.push(['timestamp', 'duration', 'timestamp'], ['duration', 'timestamp', 'timestamp']);
  } else if (operator === '-') {
    pairs.push(['timestamp', 'timestamp', 'duration'], ['timestamp', 'duration', 'timestamp']);
    pairs.push(['duration', 'duration', 'duration']);
  }
  const fitting = pairs.filter(([a, b]) => may(left, [a]) && may(right, [b]));
  return fitting.length > 1 ? 'dyn' : fitting[0]?.[2];
}

/** Whether two values are equal. Numbers compare by their value; values of different types are never equal. */
export function equal(left: Value, right: Value, meter: Meter, depth = 0): boolean {
  meter.spend(1);
  if (depth > EXPRESSION_LIMITS.comparedDepth) throw new LimitFailure('Values are nested too deep to be compared.');
  if (typeof left === 'string' && typeof right === 'string') {
    if (left.length === right.length) meter.text(left.length);
    return left === right;
  }
  if (left === right) return true;
  if (left === null || right === null) return false;
  if (left instanceof StoredOutput || right instanceof StoredOutput)
    throw storedFailure(left instanceof StoredOutput ? left : (right as StoredOutput));
  if (isNumber(left) && isNumber(right)) return compareNumbers(left, right) === 0;
  if (isList(left)) {
    if (!isList(right) || left.length !== right.length) return false;
    return left.every((item, i) => equal(read(item), read(right[i] ?? null), meter, depth + 1));
  }
  const type = typeOf(left);
  if (type !== typeOf(right)) return false;
  if (left instanceof Timestamp || left instanceof Duration) return left.nanos === (right as Timestamp).nanos;
  if (left instanceof TypeName) return left.name === (right as TypeName).name;
  if (left instanceof Optional) {
    const other = (right as Optional).value;
    if (left.value === undefined || other === undefined) return left.value === other;
    return equal(left.value, other, meter, depth + 1);
  }
  return type === 'map' && equalMaps(left as JsonObject | ValueMap, right as JsonObject | ValueMap, meter, depth + 1);
}

function equalMaps(left: JsonObject | ValueMap, right: JsonObject | ValueMap, meter: Meter, depth: number): boolean {
  const keys = mapKeys(left);
  meter.spend(keys.length);
  if (keys.length !== mapSize(right)) return false;
  return keys.every((key) => {
    const mine = entry(left, mapKey(key as Value));
    const other = entry(right, mapKey(key as Value));
    return mine !== undefined && other !== undefined && equal(mine, other, meter, depth);
  });
}

function isIn(left: Value, right: Value, meter: Meter): boolean {
  if (isList(right)) return right.some((item) => equal(left, read(item), meter));
  if (typeOf(right) !== 'map') throw unfit('in', left, right);
  return entry(right as JsonObject | ValueMap, mapKey(left)) !== undefined;
}

function ordered(operator: '<' | '<=' | '>' | '>=', left: Value, right: Value, meter: Meter): boolean {
  const order = compare(left, right, meter);
  // Undefined: NaN, which is neither less nor more than anything.
  if (order === undefined) return false;
  if (operator === '<') return order < 0;
  if (operator === '<=') return order <= 0;
  return operator === '>' ? order > 0 : order >= 0;
}

function compare(left: Value, right: Value, meter: Meter): number | undefined {
  if (isNumber(left) && isNumber(right)) return compareNumbers(left, right);
  if (typeof left === 'string' && typeof right === 'string') {
    meter.text(Math.min(left.length, right.length));
    return left < right ? -1 : Number(left > right);
  }
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right);
  const times = left instanceof Timestamp && right instanceof Timestamp;
  if (times || (left instanceof Duration && right instanceof Duration)) {
    return left.nanos < right.nanos ? -1 : Number(left.nanos > right.nanos);
  }
  throw unfit('<', left, right);
}

type AnyNumber = bigint | Double | Uint;

function isNumber(value: Value): value is AnyNumber {
  return typeof value === 'bigint' || value instanceof Double || value instanceof Uint;
}

function compareNumbers(left: AnyNumber, right: AnyNumber): number | undefined {
  const a = typeof left === 'bigint' ? left : left.value;
  const b = typeof right === 'bigint' ? right : right.value;
  if (a < b) return -1;
  if (a > b) return 1;
  // JavaScript compares a bigint and a number by their exact values.
  // oxlint-disable-next-line eslint/eqeqeq
  return a == b ? 0 : undefined;
}

function arithmetic(operator: string, left: Value, right: Value, meter: Meter): Value {
  if (typeof left === 'bigint' && typeof right === 'bigint') return wholeInt(whole(operator, left, right));
  if (left instanceof Uint && right instanceof Uint) return wholeUint(whole(operator, left.value, right.value));
  if (isNumber(left) && isNumber(right) && (left instanceof Double || right instanceof Double)) {
    return real(operator, left, right);
  }
  if (operator === '+') {
    if (typeof left === 'string' && typeof right === 'string') {
      meter.made(left.length + right.length);
      return left + right;
    }
    if (isList(left) && isList(right)) {
      meter.spend(left.length + right.length);
      return [...left, ...right];
    }
  }
  return timeArithmetic(operator, left, right);
}

function timeArithmetic(operator: string, left: Value, right: Value): Value {
  if (left instanceof Duration && right instanceof Duration) {
    if (operator === '+') return new Duration(inDurationRange(left.nanos + right.nanos));
    if (operator === '-') return new Duration(inDurationRange(left.nanos - right.nanos));
  }
  if (left instanceof Timestamp && operator === '-' && right instanceof Timestamp) {
    return new Duration(left.nanos - right.nanos);
  }
  if (left instanceof Timestamp && right instanceof Duration) {
    if (operator === '+') return new Timestamp(inTimeRange(left.nanos + right.nanos));
    if (operator === '-') return new Timestamp(inTimeRange(left.nanos - right.nanos));
  }
  if (left instanceof Duration && right instanceof Timestamp && operator === '+') {
    return new Timestamp(inTimeRange(left.nanos + right.nanos));
  }
  throw unfit(operator, left, right);
}

function whole(operator: string, left: bigint, right: bigint): bigint {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    default:
      if (right === 0n) throw new Failure('A whole number cannot be divided by 0.');
      return operator === '/' ? left / right : left % right;
  }
}

/** Where one is a double the other becomes one: JSON does not tell `2` from `2.0`, so `2 * 1.5` must work. */
function real(operator: string, left: AnyNumber, right: AnyNumber): Double {
  const a = Number(typeof left === 'bigint' ? left : left.value);
  const b = Number(typeof right === 'bigint' ? right : right.value);
  switch (operator) {
    case '+':
      return new Double(a + b);
    case '-':
      return new Double(a - b);
    case '*':
      return new Double(a * b);
    case '/':
      return new Double(a / b);
    default:
      throw new Failure('`%` takes whole numbers.', 'Make them whole: `int(x) % 2`.');
  }
}

/** @throws Failure if it is no 64-bit int. */
export function wholeInt(value: bigint): bigint {
  if (value > MAX_INT || value < -MAX_INT - 1n) throw new Failure('A whole number is out of the range of 64 bits.');
  return value;
}

/** @throws Failure if it is no 64-bit uint. */
export function wholeUint(value: bigint): Uint {
  if (value > MAX_UINT || value < 0n) throw new Failure('A uint is negative, or out of the range of 64 bits.');
  return new Uint(value);
}

export function negate(value: Value): Value {
  if (typeof value === 'bigint') return wholeInt(-value);
  if (value instanceof Double) return new Double(-value.value);
  throw new Failure(`\`-\` takes a number, not ${TYPE_WORDS[typeOf(value)]}.`);
}

function unfit(operator: string, left: Value, right: Value): Failure {
  return new Failure(...unfitWords(operator, typeOf(left), typeOf(right)));
}

/** The sentence, and the hint, for an operator that does not take two values of these types. */
export function unfitWords(operator: string, left: Type, right: Type): [message: string, hint?: string] {
  const message = `\`${operator}\` does not take ${TYPE_WORDS[left]} and ${TYPE_WORDS[right]}.`;
  if (operator === '+' && (left === 'string' || right === 'string')) {
    return [message, 'Make both text with `string(x)`, or both numbers with `int(x)` or `double(x)`.'];
  }
  return [message];
}

/** Nothing can be known of a large output but that it is there. */
export function storedFailure({ bytes }: StoredOutput): Failure {
  const message = `An output of ${bytes} bytes is kept in the store: no expression can look into it.`;
  return new Failure(message, 'Hand it on whole, or give what is asked of it as an output of its own.');
}

/** How a type is called in a sentence. */
export const TYPE_WORDS: Readonly<Record<Type, string>> = {
  null: 'null',
  bool: 'true or false',
  int: 'a whole number',
  double: 'a number',
  number: 'a number',
  uint: 'a uint',
  string: 'text',
  list: 'a list',
  map: 'an object',
  timestamp: 'a time',
  duration: 'a length of time',
  type: 'a type',
  stored: 'a large output that is kept in the store (it can only be handed on whole)',
  optional: 'an optional value',
  dyn: 'a value',
};
