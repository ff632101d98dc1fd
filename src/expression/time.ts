import { Failure } from './expression-error.js';

const SECOND = 1_000_000_000n;
const MILLISECOND = 1_000_000n;
/** The years 1 to 9999. */
const EARLIEST = -62_135_596_800n * SECOND;
const LATEST = 253_402_300_800n * SECOND - 1n;

const UNITS: ReadonlyMap<string, bigint> = new Map([
  ['h', 3_600n * SECOND],
  ['m', 60n * SECOND],
  ['s', SECOND],
  ['ms', MILLISECOND],
  ['us', 1_000n],
  ['ns', 1n],
]);

const TIMESTAMP = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/;
const DURATION_PART = /^(\d{1,15})(?:\.(\d{1,15}))?(h|ms|m|s|us|ns)/;

/** Nanoseconds since 1970 of a time like `2026-11-01T06:30:00Z` (RFC 3339). */
export function parseTimestamp(text: string): bigint {
  const match = TIMESTAMP.exec(text);
  const nanos = match === null ? undefined : nanosOf(match);
  if (nanos !== undefined && nanos >= EARLIEST && nanos <= LATEST) return nanos;
  const hint = /^\d{4}-\d\d-\d\d$/.test(text)
    ? "Add a time: `timestamp(date + 'T00:00:00Z')`."
    : 'Write it like `2026-11-01T06:30:00Z`.';
  throw new Failure(`${quoted(text)} is not a time.`, hint);
}

function nanosOf(match: RegExpExecArray): bigint | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const [offsetHour, offsetMinute] = [Number(match[9] ?? 0), Number(match[10] ?? 0)];
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59 || offsetHour > 23 || offsetMinute > 59) return undefined;
  const offset = (offsetHour * 60 + offsetMinute) * (match[8] === '-' ? -60 : 60);
  const seconds = daysSince1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset;
  return BigInt(seconds) * SECOND + BigInt((match[7] ?? '').padEnd(9, '0'));
}

/** Checks the sum of a time and a length of time. */
export function inTimeRange(nanos: bigint): bigint {
  if (nanos < EARLIEST || nanos > LATEST) throw new Failure('The time is outside the years 1 to 9999.');
  return nanos;
}

/** RFC 3339 in UTC, with as many digits of a second as are needed. */
export function formatTimestamp(nanos: bigint): string {
  const { year, month, day, hours, minutes, seconds } = calendar(nanos);
  const rest = floorMod(nanos, SECOND);
  const fraction = rest === 0n ? '' : `.${String(rest).padStart(9, '0').replace(/0+$/, '')}`;
  const date = `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
  return `${date}T${pad(hours, 2)}:${pad(minutes, 2)}:${pad(seconds, 2)}${fraction}Z`;
}

/** Nanoseconds of a length of time like `90s`, `1h30m`, `-1.5h`. */
export function parseDuration(text: string): bigint {
  const sign = text.startsWith('-') ? -1n : 1n;
  let rest = /^[+-]/.test(text) ? text.slice(1) : text;
  let nanos = 0n;
  if (rest === '' || rest.length > 100) throw notDuration(text);
  while (rest !== '') {
    const match = DURATION_PART.exec(rest);
    if (match === null) throw notDuration(text);
    const unit = UNITS.get(match[3] ?? '') ?? 0n;
    const fraction = match[2] ?? '';
    nanos += BigInt(match[1] ?? 0) * unit + (BigInt(fraction || 0) * unit) / 10n ** BigInt(fraction.length);
    rest = rest.slice(match[0].length);
  }
  return inDurationRange(sign * nanos);
}

/** Checks a length of time: some 10,000 years at most. */
export function inDurationRange(nanos: bigint): bigint {
  const limit = 315_576_000_000n * SECOND;
  if (nanos > limit || nanos < -limit) throw new Failure('The length of time is over 10,000 years.');
  return nanos;
}

/** In seconds, like `90s` or `1.5s`. */
export function formatDuration(nanos: bigint): string {
  const size = nanos < 0n ? -nanos : nanos;
  const rest = size % SECOND;
  const fraction = rest === 0n ? '' : `.${String(rest).padStart(9, '0').replace(/0+$/, '')}`;
  return `${nanos < 0n ? '-' : ''}${size / SECOND}${fraction}s`;
}

/** The parts of a time in UTC. `dayOfWeek` from 0 (Sunday), `dayOfYear` from 0, `month` and `day` from 1. */
export function calendar(nanos: bigint) {
  const total = Number(floorDiv(nanos, SECOND));
  const days = Math.floor(total / 86_400);
  const inDay = total - days * 86_400;
  const { year, month, day } = dateOf(days);
  return {
    year,
    month,
    day,
    hours: Math.floor(inDay / 3_600),
    minutes: Math.floor(inDay / 60) % 60,
    seconds: inDay % 60,
    milliseconds: Number(floorMod(nanos, SECOND) / MILLISECOND),
    dayOfWeek: (((days + 4) % 7) + 7) % 7,
    dayOfYear: days - daysSince1970(year, 1, 1),
  };
}

/** Days from 1970-01-01 in the proleptic Gregorian calendar (Howard Hinnant's `days_from_civil`). */
function daysSince1970(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  return (
    era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
  );
}

function dateOf(days: number): { year: number; month: number; day: number } {
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return { year, month, day: dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1 };
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function notDuration(text: string): Failure {
  return new Failure(`${quoted(text)} is not a length of time.`, 'Write it like `90s`, `10m` or `1h30m`.');
}

function quoted(text: string): string {
  return `\`${text.length > 40 ? `${text.slice(0, 40)}…` : text}\``;
}

function floorDiv(a: bigint, b: bigint): bigint {
  return (a - floorMod(a, b)) / b;
}

function floorMod(a: bigint, b: bigint): bigint {
  return ((a % b) + b) % b;
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, '0');
}
