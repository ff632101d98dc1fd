/** What a duration looks like in a dag file: `500ms`, `90s`, `10m`, `2h`, `1d`, or several of them: `1h30m`. */
export const DURATION_PATTERN =
  /^(?=\d)(?:\d+(?:\.\d+)?d)?(?:\d+(?:\.\d+)?h)?(?:\d+(?:\.\d+)?m)?(?:\d+(?:\.\d+)?s)?(?:\d+ms)?$/;

/** The longest duration allowed, in milliseconds: 365 days. */
export const MAXIMUM_DURATION = 365 * 86_400_000;

const UNITS: readonly (readonly [unit: string, milliseconds: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
];

/** The milliseconds of a duration like `90s` or `1h30m`, rounded; undefined where the text is none. */
export function parseDuration(text: string): number | undefined {
  if (text.length > 64 || !DURATION_PATTERN.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/([\d.]+)(ms|[dhms])/g)) {
    total += Number(amount) * (UNITS.find(([name]) => name === unit)?.[1] ?? 0);
  }
  return Math.round(total);
}

/** Milliseconds as a dag file writes them: 5,400,000 is `1h30m`. */
export function formatDuration(milliseconds: number): string {
  let rest = Math.round(milliseconds);
  let text = '';
  for (const [unit, size] of UNITS) {
    const amount = Math.floor(rest / size);
    if (amount > 0) text += `${amount}${unit}`;
    rest -= amount * size;
  }
  return text || '0s';
}
