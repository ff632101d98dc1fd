import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import type { TimerName } from '../dag/event.js';
import { ActivityScope } from './activity-scope.js';

/** Tasks that have a timer of Temporal's own, which its Web UI shows under the task's name. Those beyond share one. */
const OWN_TIMERS = 500;
/** Milliseconds: 10 years. The server knows no timer over a hundred. */
const LONGEST_SLEEP = 315_360_000_000;

/** A timer of the run: what for, and when (milliseconds). `task`: whose, where it is a task's. */
export interface RunTimer {
  readonly timer: TimerName;
  readonly at: number;
  readonly task: number | undefined;
}

const SUMMARIES: Record<Exclude<TimerName, 'task'>, string> = {
  'run-timeout': 'timeout of the run',
  'auto-resume': 'end of the pause',
  pool: 'rate of a pool',
};

/** What a timer sleeps in, and what cancels it. */
interface Scope {
  run(start: () => Promise<void>): Promise<void>;
  cancel(): void;
}

/**
 * The timers of a run, on Temporal. Thousands may be set at once: a workflow that kept so many timers would take long to
 * start them, and again each time it continues as new. So the first 500 tasks have one each, and the others share an
 * alarm, set to the earliest of them.
 */
export class RunTimers {
  readonly #nameOf: (task: number) => string;
  readonly #onFired: (timer: RunTimer) => void;
  readonly #set = new Map<string, RunTimer>();
  /** What drops the timers that are Temporal's own. */
  readonly #own = new Map<RunTimer, Scope>();
  readonly #shared = new Set<RunTimer>();
  #alarm: { readonly at: number; readonly scope: Scope } | undefined;
  /** Whether the alarm may be late. */
  #isStale = false;

  /** @param onFired Says that a timer fired. Whether it still counts then is asked with `take`. */
  constructor(nameOf: (task: number) => string, onFired: (timer: RunTimer) => void) {
    this.#nameOf = nameOf;
    this.#onFired = onFired;
  }

  has(timer: TimerName, task?: number): boolean {
    return this.#set.has(keyOf(timer, task));
  }

  /** Sets a timer; one that is set for the same is forgotten. Call `arm` once all are set. */
  set(timer: TimerName, at: number, task?: number): void {
    this.drop(timer, task);
    const one: RunTimer = { timer, at, task };
    this.#set.set(keyOf(timer, task), one);
    if (timer === 'task' && this.#own.size >= OWN_TIMERS) {
      this.#shared.add(one);
      this.#isStale = true;
      return;
    }
    const summary = timer === 'task' ? this.#nameOf(task ?? -1) : SUMMARIES[timer];
    const fired = (): void => {
      this.#own.delete(one);
      this.#onFired(one);
    };
    // A scope of the SDK's cancels a moment later than ours: histories hold the order in which the first timers did.
    this.#own.set(one, sleepUntil(at, summary, fired, timer === 'task' ? undefined : new CancellationScope()));
  }

  drop(timer: TimerName, task?: number): void {
    const one = this.#set.get(keyOf(timer, task));
    if (one === undefined) return;
    this.#set.delete(keyOf(timer, task));
    this.#own.get(one)?.cancel();
    this.#own.delete(one);
    this.#shared.delete(one);
  }

  /** Forgets a timer that fired; false where it was dropped, or set anew, in the moment in which it did. */
  take(one: RunTimer): boolean {
    const key = keyOf(one.timer, one.task);
    return this.#set.get(key) === one && this.#set.delete(key);
  }

  /** Sets the alarm for those that share it. One that is too early is let fire: it is set again then. */
  arm(): void {
    if (!this.#isStale) return;
    this.#isStale = false;
    let earliest = Infinity;
    for (const { at } of this.#shared) earliest = Math.min(earliest, at);
    if (earliest === Infinity || (this.#alarm !== undefined && this.#alarm.at <= earliest)) return;
    this.#alarm?.scope.cancel();
    const alarm = { at: earliest, scope: sleepUntil(earliest, this.#sharedSummary(), () => this.#alarmFired()) };
    this.#alarm = alarm;
  }

  #alarmFired(): void {
    const { at: now = 0 } = this.#alarm ?? {};
    this.#alarm = undefined;
    this.#isStale = true;
    const due = [...this.#shared].filter(({ at }) => at <= now).sort((a, b) => a.at - b.at);
    for (const one of due) {
      this.#shared.delete(one);
      this.#onFired(one);
    }
    this.arm();
  }

  #sharedSummary(): string {
    return `the earliest of ${this.#shared.size} more tasks`;
  }
}

function keyOf(timer: TimerName, task: number | undefined): string {
  return task === undefined ? timer : `${timer} ${task}`;
}

/** Sleeps, however long that is. */
function sleepUntil(at: number, summary: string, fire: () => void, scope: Scope = new ActivityScope()): Scope {
  let left = Math.max(1, at - Date.now());
  const sleepOn = (): void => {
    const part = Math.min(left, LONGEST_SLEEP);
    left -= part;
    scope
      .run(() => sleep(part, { summary }))
      .then(
        () => (left > 0 ? sleepOn() : fire()),
        (error: unknown) => {
          if (!isCancellation(error)) throw error;
        },
      );
  };
  sleepOn();
  return scope;
}
