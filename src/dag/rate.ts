import { formatDuration, MAXIMUM_DURATION, parseDuration } from './duration.js';
import type { Rate } from './pools.js';

/** What a rate looks like in a dag file: `10/s`, `20/m`, `100/h`, `1000/d`, or per a duration of one unit: `5/10s`. */
export const RATE_PATTERN = /^[1-9]\d{0,6}\/(?:[1-9]\d{0,9})?(?:ms|[dhms])$/;

/** The most that the count of a rate may say. */
export const MAXIMUM_RATE = 1_000_000;

/** The rate of a text like `20/m` or `5/10s`; undefined where the text is none, or too much. */
export function parseRate(text: string): Rate | undefined {
  if (!RATE_PATTERN.test(text)) return undefined;
  const [count = '', time = ''] = text.split('/');
  const per = parseDuration(/^\d/.test(time) ? time : `1${time}`);
  const isFit = Number(count) <= MAXIMUM_RATE && per !== undefined && per <= MAXIMUM_DURATION;
  return isFit ? { count: Number(count), per } : undefined;
}

/** A rate as a dag file writes it: 20 per 60,000 ms is `20/m`. */
export function formatRate({ count, per }: Rate): string {
  const time = formatDuration(per);
  // `1m` is short for one unit, `1m1s` is not.
  return `${count}/${/^1[a-z]+$/.test(time) ? time.slice(1) : /^\d+[a-z]+$/.test(time) ? time : `${per}ms`}`;
}
