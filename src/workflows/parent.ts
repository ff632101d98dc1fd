import { getExternalWorkflowHandle } from '@temporalio/workflow';
import type { RunResult } from '../run/run.js';
import { subRunEnd } from '../run/sub-run-end.js';
import { tasksEndedSignal, type ParentRun, type TaskEnd } from './messages.js';
import { probe } from './probe.js';

/** What a run that is a task of another one owes that one. */
export class Parent {
  readonly #parent: ParentRun;
  readonly #runId: string;
  readonly #probeInterval: number | undefined;

  constructor(runId: string, parent: ParentRun, probeInterval: number | undefined) {
    this.#runId = runId;
    this.#parent = parent;
    this.#probeInterval = probeInterval;
  }

  /**
   * Looks now and then whether the run that waits for this one is still there. Nobody tells of it: a run that is
   * terminated ends nothing else.
   */
  watch(onGone: (parent: string) => void): void {
    const { runId } = this.#parent;
    void probe(runId, this.#probeInterval, { isWanted: () => true, onGone: () => onGone(runId) });
  }

  /** Tells of the end; where the run that waited for it has gone, nobody needs it. */
  async tell(result: RunResult): Promise<void> {
    const { runId, task } = this.#parent;
    const end: TaskEnd = { task, subRun: this.#runId, ...subRunEnd(result) };
    await getExternalWorkflowHandle(runId)
      .signal(tasksEndedSignal, [end])
      .catch(() => undefined);
  }
}
