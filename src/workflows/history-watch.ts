import { sleep, workflowInfo } from '@temporalio/workflow';

/** Well below the 51,200 events at which the server ends a run, well above what one window of tasks adds. */
const HISTORY_LIMIT = 8_000;
const HISTORY_BYTES = 8_388_608;
/** The server takes 2,000 updates in one execution. */
const UPDATE_LIMIT = 1_500;
/** Past so many times the limit no task starts until those that run have ended: the server's own limit is near. */
const HISTORY_HARD_FACTOR = 5;
/** Milliseconds that short tasks get to end, so that continuing as new costs nothing else. */
const DRAIN_TIME = 1_000;

/**
 * Where started tasks go. `direct`: activities of this workflow. `draining`: held back, so that the run can continue
 * as new once the running ones have ended. `detached`: some of those take long, so tasks go to child workflows, which
 * outlive the change.
 */
export type Phase = 'direct' | 'draining' | 'detached';

/** Watches how long the history grows, and says what that means for where tasks go. */
export class HistoryWatch {
  #phase: Phase = 'direct';
  #hasDrained = false;
  /** Acts that came as updates. */
  #updates = 0;
  /** What is carried over does not fit into the next execution's input. */
  #isTooLarge = false;
  readonly #limit: number;

  /** @param limit Events after which the run is to continue as new. Default 8,000. */
  constructor(limit: number | undefined) {
    this.#limit = limit ?? HISTORY_LIMIT;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Whether the run is to continue as new as soon as it may. */
  get isDue(): boolean {
    return this.#phase !== 'direct' && !this.#isTooLarge;
  }

  /** Whether the time is over that short tasks had to end; see {@link detach}. */
  get hasDrained(): boolean {
    return this.#hasDrained;
  }

  /** An act came as an update. */
  updated(): void {
    this.#updates++;
  }

  /** Begins to drain once the history is long. */
  look(): void {
    if (this.#phase !== 'direct') return;
    const info = workflowInfo();
    const isShort = info.historyLength < this.#limit && info.historySize < HISTORY_BYTES;
    if (isShort && this.#updates < UPDATE_LIMIT) return;
    this.#phase = 'draining';
    void sleep(DRAIN_TIME).then(() => (this.#hasDrained = true));
  }

  /** The time to drain is over, or of no use. */
  detach(): void {
    this.#hasDrained = false;
    if (this.#phase === 'draining') this.#phase = 'detached';
  }

  /** The run cannot continue as new: it goes on in its history as it is. */
  goOn(): void {
    this.#isTooLarge = true;
    this.detach();
  }

  /**
   * Whether no task may start now: the run drains; or it is about to continue as new, or the server's limit is near.
   * @param ownTasks How many activities of this workflow run.
   */
  holdsStarts(ownTasks: number): boolean {
    if (this.#phase === 'direct') return false;
    if (this.#phase === 'draining') return true;
    if (this.#isTooLarge) return false;
    return ownTasks === 0 || workflowInfo().historyLength >= this.#limit * HISTORY_HARD_FACTOR;
  }
}
