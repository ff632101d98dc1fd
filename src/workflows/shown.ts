import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { SearchAttributePair } from '@temporalio/common';
import type { LiveRun } from '../run/live-run.js';
import { currentDetails } from './current-details.js';
import { FAILED_TASKS_KEY, STATE_KEY } from './search-attribute-keys.js';

/** Milliseconds between two updates of a count: each is an event in the history. A change of the run's state waits for none. */
const COUNT_INTERVAL = 5_000;

/** What Temporal itself shows of a run: its Current Details, which cost nothing, and its search attributes. */
export class Shown {
  readonly #run: LiveRun;
  readonly #hasAttributes: boolean;
  #state: string | undefined;
  #failed: number;
  #countedAt = 0;

  constructor(run: LiveRun, hasAttributes: boolean) {
    this.#run = run;
    this.#hasAttributes = hasAttributes;
    const { typedSearchAttributes } = workflowInfo();
    this.#state = typedSearchAttributes.get(STATE_KEY);
    this.#failed = typedSearchAttributes.get(FAILED_TASKS_KEY) ?? 0;
  }

  /** @param running The running tasks, as many as are asked for. */
  refresh(running: Iterable<number>): void {
    setCurrentDetails(currentDetails(this.#run, running, Date.now()));
    if (this.#hasAttributes) this.#refreshAttributes();
  }

  #refreshAttributes(): void {
    const { state } = this.#run.scheduler;
    const failed = this.#run.scheduler.tasks.count('failed');
    const changes: SearchAttributePair[] = [];
    if (state !== this.#state) changes.push({ key: STATE_KEY, value: state });
    const now = Date.now();
    const isDue = changes.length > 0 || now - this.#countedAt >= COUNT_INTERVAL;
    if (failed !== this.#failed && isDue) {
      changes.push({ key: FAILED_TASKS_KEY, value: failed });
      this.#failed = failed;
      this.#countedAt = now;
    }
    this.#state = state;
    if (changes.length > 0) upsertSearchAttributes(changes);
  }
}
