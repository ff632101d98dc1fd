/** How far an attempt has come, as it says itself. */
export interface Progress {
  /** From 0 to 1. */
  readonly fraction?: number;
  /** So much of `total` is done, in the task's own units. */
  readonly done?: number;
  readonly total?: number;
  /** What it is at, in a few words; at most 200 characters. */
  readonly note?: string;
}

const MAXIMUM_NOTE = 200;
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

/**
 * What an attempt reported, made sound: a fraction is held between 0 and 1, and is worked out where `done` and `total`
 * are given; what is no number is left out. A report must never fail the task that makes it.
 */
export function progressOf(
  report: number | { readonly done: number; readonly total: number },
  note?: string,
): Progress {
  const counts = typeof report === 'object' && report !== null && isAmount(report.done) && isAmount(report.total);
  const counted = counts ? report : undefined;
  const given = counted === undefined ? report : counted.total === 0 ? 1 : counted.done / counted.total;
  // On one line, and nothing that a terminal would obey.
  const text = note === undefined ? undefined : String(note).replace(CONTROLS, ' ').trim().slice(0, MAXIMUM_NOTE);
  return {
    ...(typeof given === 'number' && !Number.isNaN(given) ? { fraction: Math.min(1, Math.max(0, given)) } : {}),
    ...(counted === undefined ? {} : { done: counted.done, total: counted.total }),
    ...(text === undefined || text === '' ? {} : { note: text }),
  };
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
