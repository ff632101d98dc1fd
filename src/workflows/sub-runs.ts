import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  ChildWorkflowCancellationType,
  ChildWorkflowFailure,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  startChild,
  TerminatedFailure,
  TimeoutFailure,
  type ChildWorkflowHandle,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { PauseMode } from '../dag/run-state.js';
import type { StartedTask } from '../run/started-task.js';
import type { RunResult } from '../run/run.js';
import { subRunEnd, subRunFailed, type SubRunEnd } from '../run/sub-run-end.js';
import { RUN_FAILURES, RUN_WORKFLOW, type Carried, type RunInput, type TaskEnd } from './messages.js';
import { probe } from './probe.js';
import { startOptionsOf } from './start-options.js';

/** The workflow of a run: runDag. */
type RunDag = (input: RunInput) => Promise<RunResult>;

/** What a run is asked for where a task is a run of its own. */
export type SubRun = Extract<StartedTask, { readonly subRun: unknown }>['subRun'];

/**
 * The runs that are tasks of a run, from that one's side: each a child workflow, whose id is its run id. It outlives the
 * execution that started it, and tells the run of its end by a signal; within one execution Temporal tells of it, too.
 */
export class SubRuns {
  readonly #runId: string;
  readonly #onEnd: (end: TaskEnd) => void;
  readonly #runOf = new Map<number, string>();
  /** The starts that the server has not answered: a signal to such a run would not find it. */
  readonly #starting = new Map<string, Promise<unknown>>();
  readonly #probeInterval: number | undefined;
  /** Starts, signals and requests that the server has not answered. */
  #unanswered = 0;

  constructor(runId: string, { carried, probeInterval }: RunInput, onEnd: (end: TaskEnd) => void) {
    this.#runId = runId;
    this.#onEnd = onEnd;
    this.#probeInterval = probeInterval;
    for (const [task, subRun] of carried?.subRuns ?? []) this.#runOf.set(task, subRun);
  }

  /** Begins to look after the runs that earlier executions started. Not for a scope that the run's cancellation reaches. */
  begin(): void {
    for (const [task, subRun] of this.#runOf) {
      void probe(subRun, this.#probeInterval, {
        isWanted: () => this.#runOf.get(task) === subRun,
        onGone: () => this.#lost(task, subRun),
      });
    }
  }

  snapshot(): Pick<Carried, 'subRuns'> {
    return this.#runOf.size === 0 ? {} : { subRuns: [...this.#runOf] };
  }

  tasks(): Iterable<number> {
    return this.#runOf.keys();
  }

  has(task: number): boolean {
    return this.#runOf.has(task);
  }

  start(task: number, subRun: string, input: RunInput): void {
    this.#runOf.set(task, subRun);
    void this.#run(task, subRun, input);
  }

  /** @param compensate Whether the run undoes what it did. Default: as its dag says. */
  cancel(task: number, compensate?: boolean): void {
    this.#ask(task, async (subRun) => {
      const handle = getExternalWorkflowHandle(subRun);
      // The request itself has no room for it.
      const act = { compensate, by: this.#runId, requestFollows: true };
      if (compensate !== undefined) await handle.signal('cancel', act);
      await handle.cancel();
    });
  }

  pause(task: number, mode: PauseMode): void {
    this.#ask(task, async (subRun) => getExternalWorkflowHandle(subRun).signal('pause', { mode, by: this.#runId }));
  }

  resume(task: number): void {
    this.#ask(task, async (subRun) => getExternalWorkflowHandle(subRun).signal('resume', { by: this.#runId }));
  }

  /** A run says how it ended. What is no news is dropped: the end of an earlier start of the task, or one told twice. */
  ended({ subRun, ...end }: TaskEnd): void {
    if (subRun === undefined || this.#runOf.get(end.task) !== subRun) return;
    this.#runOf.delete(end.task);
    this.#onEnd(end);
  }

  /** Whether the server has answered all, as it must have before the run continues as new. */
  settled(): boolean {
    return this.#unanswered === 0;
  }

  async #run(task: number, subRun: string, input: RunInput): Promise<void> {
    const end = (how: SubRunEnd): void => this.ended({ task, subRun, ...how });
    let child: ChildWorkflowHandle<RunDag>;
    this.#unanswered++;
    try {
      const starting = startChild<RunDag>(RUN_WORKFLOW, {
        workflowId: subRun,
        args: [input],
        ...startOptionsOf(input),
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        parentClosePolicy: ParentClosePolicy.ABANDON,
        cancellationType: ChildWorkflowCancellationType.ABANDON,
      });
      this.#starting.set(subRun, starting);
      child = await starting;
    } catch (failure) {
      return end(subRunFailed(subRun, whyNotStarted(failure)));
    } finally {
      this.#starting.delete(subRun);
      this.#unanswered--;
    }
    try {
      end(subRunEnd(await child.result()));
    } catch (failure) {
      end(endOfFailure(subRun, failure));
    }
  }

  #ask(task: number, what: (subRun: string) => Promise<unknown>): void {
    const subRun = this.#runOf.get(task);
    if (subRun === undefined) return;
    // An act may ask for it, in the scope that Temporal's own request to cancel has cancelled.
    void CancellationScope.nonCancellable(() => this.#told(task, subRun, what));
  }

  async #told(task: number, subRun: string, what: (subRun: string) => Promise<unknown>): Promise<void> {
    this.#unanswered++;
    try {
      const starting = this.#starting.get(subRun);
      if (starting !== undefined) await starting;
      await what(subRun);
    } catch {
      // It told of its end before it closed, so one that is told of nothing was ended from outside, or never began.
      this.#lost(task, subRun);
    } finally {
      this.#unanswered--;
    }
  }

  #lost(task: number, subRun: string): void {
    this.ended({ task, subRun, ...subRunFailed(subRun, 'it was ended from outside, and left no result') });
  }
}

function whyNotStarted(failure: unknown): string {
  if (failure instanceof WorkflowExecutionAlreadyStartedError) return 'there is a run of this id already';
  return `it could not be started: ${failure instanceof Error ? failure.message : String(failure)}`;
}

function endOfFailure(subRun: string, failure: unknown): SubRunEnd {
  const cause = failure instanceof ChildWorkflowFailure ? failure.cause : failure;
  if (cause instanceof CancelledFailure) return { outcome: 'cancelled', attempts: 1 };
  const types: readonly unknown[] = Object.values(RUN_FAILURES);
  if (cause instanceof ApplicationFailure && types.includes(cause.type)) {
    return subRunEnd(cause.details?.[0] as RunResult);
  }
  if (cause instanceof TerminatedFailure) return subRunFailed(subRun, 'it was terminated from outside');
  if (cause instanceof TimeoutFailure) return subRunFailed(subRun, 'it was timed out from outside');
  return subRunFailed(subRun, cause instanceof Error ? cause.message : String(cause));
}
