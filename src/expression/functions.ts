import { Failure } from './expression-error.js';
import type { Meter } from './meter.js';
import { TYPE_WORDS, wholeInt, wholeUint } from './operators.js';
import { calendar, formatDuration, formatTimestamp, parseDuration, parseTimestamp } from './time.js';
import {
  Double,
  Duration,
  Optional,
  Timestamp,
  TypeName,
  mapSize,
  typeOf,
  type List,
  type Type,
  type Uint,
  type Value,
  type ValueMap,
} from './value.js';

const SECOND = 1_000_000_000n;
const WHOLE = /^-?\d{1,20}$/;
const REAL = /^[+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,3})?$/;

/** One form of a function: the types it takes (a method's receiver is the first), what it gives, and what it does. */
export interface Form {
  readonly takes: readonly Type[];
  readonly gives: Type;
  readonly run: (args: readonly Value[], meter: Meter) => Value;
}

function form<const T extends readonly Type[]>(
  takes: T,
  gives: Type,
  run: (args: { readonly [K in keyof T]: Taken<T[K]> }, meter: Meter) => Value,
): Form {
  // The evaluator calls a form only with values of the types it takes.
  return { takes, gives, run: run as unknown as Form['run'] };
}

interface TakenTypes {
  string: string;
  int: bigint;
  double: Double;
  uint: Uint;
  bool: boolean;
  null: null;
  list: List;
  map: Exclude<Extract<Value, object>, List | Double | Uint | Timestamp | Duration | TypeName | Optional>;
  timestamp: Timestamp;
  duration: Duration;
  type: TypeName;
  optional: Optional;
  number: bigint | Double;
  dyn: Value;
}
type Taken<T> = T extends keyof TakenTypes ? TakenTypes[T] : never;

/** Functions that are called bare: `size(x)`. */
export const FUNCTIONS: ReadonlyMap<string, readonly Form[]> = new Map<string, readonly Form[]>([
  [
    'size',
    [
      form(['string'], 'int', ([text], meter) => size(text, meter)),
      form(['list'], 'int', ([list]) => BigInt(list.length)),
      form(['map'], 'int', ([map], meter) => {
        const entries = mapSize(map as ValueMap);
        meter.spend(entries);
        return BigInt(entries);
      }),
    ],
  ],
  ['dyn', [form(['dyn'], 'dyn', ([value]) => value)]],
  ['type', [form(['dyn'], 'type', ([value]) => new TypeName(typeOf(value)))]],
  [
    'string',
    [
      form(['string'], 'string', ([text]) => text),
      form(['bool'], 'string', ([value]) => String(value)),
      form(['int'], 'string', ([value]) => String(value)),
      form(['uint'], 'string', ([{ value }]) => String(value)),
      form(['double'], 'string', ([{ value }]) =>
        String(value).replace(/^(-?)Infinity$/, (_, sign) => `${sign || '+'}Inf`),
      ),
      form(['timestamp'], 'string', ([{ nanos }]) => formatTimestamp(nanos)),
      form(['duration'], 'string', ([{ nanos }]) => formatDuration(nanos)),
    ],
  ],
  [
    'int',
    [
      form(['int'], 'int', ([value]) => value),
      form(['uint'], 'int', ([{ value }]) => wholeInt(value)),
      form(['double'], 'int', ([{ value }]) => wholeInt(truncated(value))),
      form(['string'], 'int', ([text]) => wholeInt(BigInt(matching(WHOLE, text, 'a whole number')))),
      form(['timestamp'], 'int', ([{ nanos }]) => (nanos - (((nanos % SECOND) + SECOND) % SECOND)) / SECOND),
    ],
  ],
  [
    'uint',
    [
      form(['uint'], 'uint', ([value]) => value),
      form(['int'], 'uint', ([value]) => wholeUint(value)),
      form(['double'], 'uint', ([{ value }]) => wholeUint(truncated(value))),
      form(['string'], 'uint', ([text]) => wholeUint(BigInt(matching(WHOLE, text, 'a whole number')))),
    ],
  ],
  [
    'double',
    [
      form(['double'], 'double', ([value]) => value),
      form(['int'], 'double', ([value]) => new Double(Number(value))),
      form(['uint'], 'double', ([{ value }]) => new Double(Number(value))),
      form(['string'], 'double', ([text]) => new Double(Number(matching(REAL, text, 'a number')))),
    ],
  ],
  [
    'bool',
    [
      form(['bool'], 'bool', ([value]) => value),
      form(['string'], 'bool', ([text]) => matching(/^(?:true|false)$/, text, '`true` or `false`') === 'true'),
    ],
  ],
  [
    'timestamp',
    [
      form(['timestamp'], 'timestamp', ([value]) => value),
      form(['string'], 'timestamp', ([text]) => new Timestamp(parseTimestamp(text))),
    ],
  ],
  [
    'duration',
    [
      form(['duration'], 'duration', ([value]) => value),
      form(['string'], 'duration', ([text]) => new Duration(parseDuration(text))),
    ],
  ],
  ['optional.of', [form(['dyn'], 'optional', ([value]) => new Optional(value))]],
  ['optional.none', [form([], 'optional', () => Optional.none)]],
]);

/** Functions that are called on a value: `x.size()`. The first type is that of the value. */
export const METHODS: ReadonlyMap<string, readonly Form[]> = new Map<string, readonly Form[]>([
  ['size', FUNCTIONS.get('size') ?? []],
  ['contains', [form(['string', 'string'], 'bool', ([text, part], meter) => unitIndex(text, part, 0, meter) >= 0)]],
  [
    'startsWith',
    [form(['string', 'string'], 'bool', ([text, part], meter) => (meter.text(part.length), text.startsWith(part)))],
  ],
  [
    'endsWith',
    [form(['string', 'string'], 'bool', ([text, part], meter) => (meter.text(part.length), text.endsWith(part)))],
  ],
  ['lowerAscii', [form(['string'], 'string', ([text], meter) => ascii(text, /[A-Z]+/g, 'toLowerCase', meter))]],
  ['upperAscii', [form(['string'], 'string', ([text], meter) => ascii(text, /[a-z]+/g, 'toUpperCase', meter))]],
  ['trim', [form(['string'], 'string', ([text], meter) => (meter.made(text.length), text.trim()))]],
  [
    'indexOf',
    [
      form(['string', 'string'], 'int', ([text, part], meter) => indexOf(text, part, 0n, meter)),
      form(['string', 'string', 'int'], 'int', ([text, part, at], meter) => indexOf(text, part, at, meter)),
    ],
  ],
  ['lastIndexOf', [form(['string', 'string'], 'int', ([text, part], meter) => lastIndexOf(text, part, meter))]],
  [
    'substring',
    [
      form(['string', 'int'], 'string', ([text, from], meter) => substring(text, from, undefined, meter)),
      form(['string', 'int', 'int'], 'string', ([text, from, to], meter) => substring(text, from, to, meter)),
    ],
  ],
  [
    'replace',
    [form(['string', 'string', 'string'], 'string', ([text, old, by], meter) => replace(text, old, by, meter))],
  ],
  [
    'split',
    [
      form(['string', 'string'], 'list', ([text, by], meter) => split(text, by, meter)),
      form(['string', 'string', 'int'], 'list', ([text, by, most], meter) => splitSome(text, by, most, meter)),
    ],
  ],
  [
    'join',
    [
      form(['list'], 'string', ([list], meter) => join(list, '', meter)),
      form(['list', 'string'], 'string', ([list, by], meter) => join(list, by, meter)),
    ],
  ],
  ['hasValue', [form(['optional'], 'bool', ([{ value }]) => value !== undefined)]],
  ['value', [form(['optional'], 'dyn', ([{ value }]) => present(value))]],
  ...timeMethods(),
]);

/** What is left out on purpose, and what to use instead. */
export const REFUSED: ReadonlyMap<string, string> = new Map([
  ['matches', 'Use `contains`, `startsWith` or `endsWith`: a regular expression can run for hours.'],
  ['bytes', 'Expressions have texts, no bytes.'],
  ['base64', 'Encode it in the task.'],
  ['json', 'Give the output as JSON in the first place.'],
  ['hex', 'Expressions have texts, no bytes.'],
  ['now', 'A run that replays must find the same time again: take it from a param or an output.'],
  ['bind', 'Write the part out where it is needed.'],
  ['success', 'Use `triggerRule: all_success`.'],
  ['failure', 'Use `triggerRule: one_failed`.'],
  ['always', 'Use `triggerRule: always`.'],
  ['cancelled', "Use `finally:`, or compare `tasks.NAME.status == 'cancelled'`."],
  ['toJSON', 'An object inside a text becomes JSON by itself.'],
  ['fromJSON', 'Values keep their types: an output that is JSON needs no reading.'],
  ['format', 'Join texts with `+`, or put several `${{ }}` into one text.'],
  ['hashFiles', 'Hash files in a task.'],
]);

function timeMethods(): [string, readonly Form[]][] {
  const parts: [string, (time: ReturnType<typeof calendar>) => number][] = [
    ['getFullYear', (time) => time.year],
    ['getMonth', (time) => time.month - 1],
    ['getDate', (time) => time.day],
    ['getDayOfMonth', (time) => time.day - 1],
    ['getDayOfWeek', (time) => time.dayOfWeek],
    ['getDayOfYear', (time) => time.dayOfYear],
  ];
  const shared: [string, (time: ReturnType<typeof calendar>) => number, bigint][] = [
    ['getHours', (time) => time.hours, 3_600n * SECOND],
    ['getMinutes', (time) => time.minutes, 60n * SECOND],
    ['getSeconds', (time) => time.seconds, SECOND],
    ['getMilliseconds', (time) => time.milliseconds, 1_000_000n],
  ];
  const ofTime = (part: (time: ReturnType<typeof calendar>) => number): Form[] => [
    form(['timestamp'], 'int', ([{ nanos }]) => BigInt(part(calendar(nanos)))),
    form(['timestamp', 'string'], 'int', ([{ nanos }, zone]) => BigInt(part(calendar(inUtc(zone, nanos))))),
  ];
  return [
    ...parts.map(([name, part]): [string, Form[]] => [name, ofTime(part)]),
    ...shared.map(([name, part, unit]): [string, Form[]] => [
      name,
      [...ofTime(part), form(['duration'], 'int', ([{ nanos }]) => nanos / unit)],
    ]),
  ];
}

function inUtc(zone: string, nanos: bigint): bigint {
  if (zone === 'UTC') return nanos;
  throw new Failure(`\`${zone.slice(0, 40)}\` is not a time zone that expressions know.`, 'Times are in UTC.');
}

function size(text: string, meter: Meter): bigint {
  meter.text(text.length);
  return BigInt(points(text, text.length));
}

/** Characters (code points, not UTF-16 units) in the first `end` units of a text. */
function points(text: string, end: number): number {
  let count = 0;
  for (let i = 0; i < end; i++) if (!isLow(text, i)) count++;
  return count;
}

/** The UTF-16 unit where the character of this index begins; undefined where there are not so many. */
function unitOf(text: string, index: bigint): number | undefined {
  if (index < 0n || index > BigInt(text.length)) return undefined;
  let unit = 0;
  for (let left = Number(index); left > 0; left--) {
    if (unit >= text.length) return undefined;
    unit += isLow(text, unit + 1) ? 2 : 1;
  }
  return unit;
}

/** Whether a unit is the second half of a pair. */
function isLow(text: string, unit: number): boolean {
  const code = text.charCodeAt(unit);
  if (code < 0xdc00 || code > 0xdfff || unit === 0) return false;
  const before = text.charCodeAt(unit - 1);
  return before >= 0xd800 && before <= 0xdbff;
}

function unitIndex(text: string, part: string, from: number, meter: Meter): number {
  meter.search(text.length, part.length);
  return text.indexOf(part, from);
}

function indexOf(text: string, part: string, from: bigint, meter: Meter): bigint {
  const start = unitOf(text, from);
  if (start === undefined) throw outside(from);
  const unit = unitIndex(text, part, start, meter);
  return unit < 0 ? -1n : BigInt(points(text, unit));
}

function lastIndexOf(text: string, part: string, meter: Meter): bigint {
  meter.search(text.length, part.length);
  const unit = text.lastIndexOf(part);
  return unit < 0 ? -1n : BigInt(points(text, unit));
}

function substring(text: string, from: bigint, to: bigint | undefined, meter: Meter): string {
  meter.made(text.length);
  const start = unitOf(text, from);
  const end = to === undefined ? text.length : unitOf(text, to);
  if (start === undefined) throw outside(from);
  if (end === undefined || end < start) throw outside(to ?? 0n);
  return text.slice(start, end);
}

function outside(index: bigint): Failure {
  return new Failure(`${index} is outside the text.`, 'Characters are counted from 0; `size(x)` is their number.');
}

function replace(text: string, old: string, by: string, meter: Meter): string {
  const pieces = split(text, old, meter);
  meter.made(text.length + (pieces.length - 1) * (by.length - old.length));
  return pieces.join(by);
}

function split(text: string, by: string, meter: Meter): readonly string[] {
  meter.search(text.length, by.length);
  const pieces = by === '' ? Array.from(text) : text.split(by);
  meter.spend(pieces.length);
  return pieces;
}

function splitSome(text: string, by: string, most: bigint, meter: Meter): readonly string[] {
  const pieces = split(text, by, meter);
  if (most === 0n) return [];
  if (most < 0n || BigInt(pieces.length) <= most) return pieces;
  const kept = Number(most) - 1;
  return [...pieces.slice(0, kept), pieces.slice(kept).join(by)];
}

function join(list: List, by: string, meter: Meter): string {
  meter.spend(list.length);
  let characters = Math.max(0, list.length - 1) * by.length;
  for (const item of list) {
    if (typeof item !== 'string') {
      throw new Failure('`join` takes a list of texts.', 'Make them text first: `list.map(x, string(x)).join()`.');
    }
    characters += item.length;
  }
  meter.made(characters);
  return list.join(by);
}

function ascii(text: string, letters: RegExp, change: 'toLowerCase' | 'toUpperCase', meter: Meter): string {
  meter.made(text.length);
  // Beyond ASCII, what JavaScript does depends on its version of Unicode.
  if (/^[\0-\x7f]*$/.test(text)) return text[change]();
  meter.spend(text.length);
  return text.replace(letters, (run) => run[change]());
}

function truncated(value: number): bigint {
  if (!Number.isFinite(value)) throw new Failure(`${value} is not a whole number.`);
  return BigInt(Math.trunc(value));
}

function matching(pattern: RegExp, text: string, wanted: string): string {
  if (text.length <= 100 && pattern.test(text)) return text;
  throw new Failure(`\`${text.length > 40 ? `${text.slice(0, 40)}…` : text}\` is not ${wanted}.`);
}

function present(value: Value | undefined): Value {
  if (value === undefined) throw new Failure('The optional value is absent.', 'Give what to take then: `orValue(x)`.');
  return value;
}

/** The sentence for a function that takes no values of these types; of a method the first is what it is called on. */
export function misfit(name: string, method: boolean, types: readonly Type[]): string {
  const words = types.map((type) => TYPE_WORDS[type]);
  const on = method ? words.shift() : undefined;
  if (words.length === 0) return on === undefined ? `\`${name}\` takes arguments.` : `\`${name}\` is not for ${on}.`;
  return `\`${name}\`${on === undefined ? '' : ` of ${on}`} does not take ${words.join(', ')}.`;
}

/** The form of a function that takes these values. */
export function formFor(forms: readonly Form[], args: readonly Value[]): Form | undefined {
  return forms.find(
    (candidate) =>
      candidate.takes.length === args.length &&
      candidate.takes.every((type, i) => type === 'dyn' || type === typeOf(args[i] ?? null)),
  );
}
