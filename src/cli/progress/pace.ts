import type { RunDescription } from '../../run/run.js';
import { isTaskEnd } from '../../dag/task-state.js';

/** How fast a run goes, and how long it may still take. What is based on too little is left out. */
export interface Pace {
  /** Tasks that ran and ended, per second, of late. */
  readonly perSecond?: number;
  /** Milliseconds that the rest takes, by what its tasks are thought to take, or else if it goes on so. */
  readonly left?: number;
}

/** A rate needs so many ends, and an estimate so long a run, or both jump about. */
const LEAST_ENDS = 3;
const LEAST_ELAPSED_MS = 2_000;
/** Ends count for so long; for a quarter of the run where that is longer, so that slow tasks count too. */
const WINDOW_MS = 60_000;
const WINDOW_SHARE = 0.25;
/** A task that says it is 1 % done has said too little. */
const LEAST_FRACTION = 0.05;

/**
 * The pace of a run that goes on: tasks ended of late, and the tasks left by that rate, unless the run itself foresees
 * its end, and that has not passed; a task that reports how far it is may take longer than that by its own rate. Tasks
 * that are paused, or wait, may take for ever, so there is no estimate by the rate with them.
 * @param now Milliseconds.
 */
export function paceOf(status: RunDescription, now: number): Pace {
  const elapsed = now - Date.parse(status.startedAt);
  if (status.state !== 'running') return {};
  const foreseen = status.estimatedEnd === undefined ? 0 : Date.parse(status.estimatedEnd) - now;
  if (elapsed < LEAST_ELAPSED_MS) return foreseen > 0 ? { left: foreseen } : {};
  const window = Math.min(elapsed, Math.max(WINDOW_MS, elapsed * WINDOW_SHARE));
  // ISO 8601 times compare as texts: 20,000 of them are not parsed for every frame.
  const since = new Date(now - window).toISOString();
  let ends = 0;
  let remaining = 0;
  let longest: number | undefined;
  let isBounded = true;
  for (const task of status.tasks) {
    // It is done when its items are, and they count themselves.
    if (task.fanOut !== undefined) continue;
    if (isTaskEnd(task.state)) {
      const ran =
        (task.state === 'succeeded' || task.state === 'failed') && task.takenOver !== true && task.cached === undefined;
      if (ran && task.attempts > 0 && (task.endedAt ?? '') >= since) ends += 1;
      continue;
    }
    if (task.paused === true || task.state === 'waiting') isBounded = false;
    const fraction = task.state === 'running' ? (task.progress?.fraction ?? 0) : 0;
    remaining += 1 - fraction;
    // The time of the first attempt's start says nothing of a later attempt's pace.
    if (fraction < LEAST_FRACTION || task.attempts > 1 || task.startedAt === undefined) continue;
    const own = ((now - Date.parse(task.startedAt)) * (1 - fraction)) / fraction;
    longest = Math.max(longest ?? 0, own);
  }
  if (foreseen > 0) {
    const pace = ends < LEAST_ENDS ? {} : { perSecond: ends / (window / 1_000) };
    return { ...pace, left: Math.max(foreseen, longest ?? 0) };
  }
  if (ends < LEAST_ENDS) {
    const isAlone = longest !== undefined && status.tasks.filter((task) => !isTaskEnd(task.state)).length === 1;
    return isAlone && isBounded && longest !== undefined ? { left: longest } : {};
  }
  const perSecond = ends / (window / 1_000);
  if (!isBounded || remaining === 0) return { perSecond };
  return { perSecond, left: Math.max((remaining / perSecond) * 1_000, longest ?? 0) };
}

/** A rate for a person: `3.2 tasks/s`, `12 tasks/min`, `5 tasks/h`. */
export function formatRate(perSecond: number): string {
  const scales: readonly (readonly [per: string, amount: number])[] = [
    ['s', perSecond],
    ['min', perSecond * 60],
    ['h', perSecond * 3_600],
  ];
  const [per, amount] = scales.find(([, rate]) => rate >= 1) ?? ['h', perSecond * 3_600];
  return `${amount < 9.95 ? amount.toFixed(1).replace(/\.0$/, '') : Math.round(amount)} tasks/${per}`;
}

/** An estimate for a person, no more exact than it is: `about 2 min left`. */
export function formatLeft(milliseconds: number): string {
  const seconds = milliseconds / 1_000;
  if (seconds < 7.5) return 'a few seconds left';
  if (seconds < 57.5) return `about ${Math.round(seconds / 5) * 5} s left`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 55) return `about ${minutes} min left`;
  const tens = Math.round(minutes / 10);
  if (tens < 60) {
    const rest = (tens % 6) * 10;
    return `about ${Math.floor(tens / 6)} h${rest === 0 ? '' : ` ${rest} min`} left`;
  }
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `about ${hours} h left` : `about ${Math.round(hours / 24)} days left`;
}
