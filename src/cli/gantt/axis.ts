const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Distances between ticks that people count in. */
const STEPS: readonly number[] = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((amount) => amount * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((amount) => amount * MINUTE),
  ...[1, 2, 3, 6, 12].map((amount) => amount * HOUR),
  ...[1, 2, 5, 10, 20, 50, 100, 365].map((amount) => amount * DAY),
];

const UNITS: readonly (readonly [unit: string, milliseconds: number])[] = [
  ['d', DAY],
  ['h', HOUR],
  ['m', MINUTE],
  ['s', SECOND],
];

/** A mark on the axis of time. */
export interface Tick {
  /** Milliseconds since the start. */
  readonly at: number;
  /** `0`, `0.5s`, `30s`, `1m30s`, `2h`. */
  readonly label: string;
}

/** The marks from 0 to `length` milliseconds: at most `most` of them, and at least the first. */
export function ticksOf(length: number, most: number): Tick[] {
  const fit = (step: number): boolean => Math.floor(length / step) + 1 <= Math.max(1, most);
  const step = STEPS.find(fit) ?? Math.ceil(length / Math.max(1, most - 1));
  const ticks: Tick[] = [];
  for (let at = 0; at <= length && ticks.length < Math.max(1, most); at += step) ticks.push({ at, label: labelOf(at) });
  return ticks;
}

function labelOf(at: number): string {
  if (at === 0) return '0';
  if (at < MINUTE) return `${Number((at / SECOND).toFixed(3))}s`;
  let rest = Math.round(at / SECOND) * SECOND;
  let label = '';
  for (const [unit, size] of UNITS) {
    const amount = Math.floor(rest / size);
    if (amount > 0) label += `${amount}${unit}`;
    rest -= amount * size;
  }
  return label;
}
