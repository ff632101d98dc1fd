/** A time in milliseconds, as ISO 8601. It is given one: no clock is read. */
export function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
