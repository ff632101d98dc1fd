import { InvalidArgumentError } from 'commander';
import { MAXIMUM_DURATION, parseDuration } from '../dag/duration.js';

const TIME =
  /^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)(?:[Tt ](?<clock>\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(?<zone>[Zz]|[+-]\d\d(?::?\d\d)?)?)?$/;

/**
 * The time that an ISO 8601 text says; one without a zone is local, one without a time of day is the day's beginning.
 * Undefined where the text is none.
 */
export function parseTime(text: string): Date | undefined {
  const { year, month, day, clock = '00:00', zone = '' } = TIME.exec(text)?.groups ?? {};
  if (year === undefined || !isDay(Number(year), Number(month), Number(day))) return undefined;
  const offset = zone
    .toUpperCase()
    .replace(/^([+-]\d\d):?(\d\d)?$/, (_, hours, minutes = '00') => `${hours}:${minutes}`);
  const time = new Date(`${year}-${month}-${day}T${clock}${offset}`);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

/** The value of a flag that is a time to come, as ISO 8601 in UTC. */
export function timeToCome(value: string): string {
  const time = parseTime(value);
  if (time === undefined) {
    throw new InvalidArgumentError('It must be a time like 2026-11-01T18:00, or 2026-11-01T18:00:00Z.');
  }
  if (time.getTime() <= Date.now()) throw new InvalidArgumentError(`It is past: ${time.toISOString()}.`);
  return time.toISOString();
}

/** The value of a flag that is a length of time from now, as the time when it is over: ISO 8601 in UTC. */
export function timeAfter(value: string): string {
  const length = parseDuration(value);
  if (length === undefined || length === 0) {
    throw new InvalidArgumentError('It must be a length of time like 90s, 10m, 2h or 1h30m.');
  }
  if (length > MAXIMUM_DURATION) throw new InvalidArgumentError('It must be at most 365d.');
  return new Date(Date.now() + length).toISOString();
}

/** Whether the calendar has this day: JavaScript takes the 30th of February for the 2nd of March. */
function isDay(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}
