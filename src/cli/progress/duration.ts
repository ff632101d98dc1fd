/** A length of time in milliseconds, for a person: `0.4 s`, `12.3 s`, `2 m 05 s`, `1 h 02 m`. */
export function formatDuration(milliseconds: number): string {
  const tenths = Math.max(0, Math.round(milliseconds / 100));
  if (tenths < 600) return `${(tenths / 10).toFixed(1)} s`;
  const seconds = Math.round(Math.max(0, milliseconds) / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} m ${twoDigits(seconds % 60)} s`;
  const minutes = Math.floor(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} m`;
}

/** The milliseconds between two ISO 8601 times; up to `now` where it has not ended, undefined where it has not begun. */
export function elapsedOf(
  span: { readonly startedAt?: string; readonly endedAt?: string },
  now: number,
): number | undefined {
  if (span.startedAt === undefined) return undefined;
  const end = span.endedAt === undefined ? now : Date.parse(span.endedAt);
  return Math.max(0, end - Date.parse(span.startedAt));
}

/** The local time of day of an ISO 8601 time, as `12:00:03`. */
export function formatClock(time: string | number): string {
  const date = new Date(time);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':');
}

/** The local date and time of an ISO 8601 time, as `2026-11-01 12:00:03`. */
export function formatDate(time: string | number): string {
  return `${formatDay(time)} ${formatClock(time)}`;
}

/** The local day of a time, as `2026-11-01`. */
export function formatDay(time: string | number): string {
  const date = new Date(time);
  return `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())}`;
}

/** The time of day, with the date where that is not today. */
export function formatTime(time: string | number, now: number): string {
  return formatDay(time) === formatDay(now) ? formatClock(time) : formatDate(time);
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
