import { retryOf, timeoutsOf, type Dag } from '../dag/dag.js';
import type { SchedulerEvent } from '../dag/event.js';
import type { Json } from '../dag/json.js';
import type { Scheduler } from '../dag/scheduler.js';
import { CODE } from '../dag/task-table.js';
import { checkedEnd } from './checked-end.js';
import type { EndedTask } from './ended-task.js';
import { fanOutError, type FanningRun } from './fan-out.js';
import { Polls, type PollState } from './polls.js';
import { Retries, type RetriesSnapshot } from './retries.js';
import type { RunExpressions } from './run-expressions.js';
import type { RunRecord } from './run-record.js';

/** Where a task that was under way keeps what it left. */
const KEEPS_RECORD: readonly number[] = [CODE.succeeded, CODE.failed, CODE.waiting];

/** What is kept of tasks that are under way, as plain JSON. */
export interface UnderWaySnapshot {
  /** Outputs that running tasks end with by an operator's word. */
  readonly outputs?: readonly (readonly [task: number, output: Json | null, hasOutput: boolean])[];
  readonly polls?: readonly (readonly [task: number, state: PollState])[];
  readonly retries?: RetriesSnapshot;
}

/** What tasks that are under way must know of their run. */
export interface RunUnderWay extends FanningRun {
  readonly dag: Dag;
  readonly scheduler: Scheduler;
  readonly expressions: RunExpressions;
  readonly record: RunRecord;
}

/**
 * What a run keeps of tasks that have begun, until they end: how their polls and retries stand, what an operator said they
 * end with; and what becomes of that, and of their record, when they move on.
 */
export class UnderWay {
  readonly #run: RunUnderWay;
  readonly #retriesHolders: boolean;
  readonly #polls: Polls;
  readonly #retries: Retries;
  readonly #outputs = new Map<number, Json | undefined>();

  /** @param retriesHolders Whether the run itself tries again what holds slots of pools, or is placed. */
  constructor(run: RunUnderWay, retriesHolders: boolean, { outputs = [], polls, retries }: UnderWaySnapshot = {}) {
    this.#run = run;
    this.#retriesHolders = retriesHolders;
    this.#polls = new Polls(polls);
    this.#retries = new Retries(retries);
    for (const [task, output, has] of outputs) this.#outputs.set(task, has ? output : undefined);
  }

  snapshot(): UnderWaySnapshot {
    const polls = this.#polls.snapshot();
    const retries = this.#retries.snapshot();
    return {
      ...(this.#outputs.size === 0
        ? {}
        : { outputs: [...this.#outputs].map(([task, value]) => [task, value ?? null, value !== undefined] as const) }),
      ...(polls.length === 0 ? {} : { polls }),
      ...(retries === undefined ? {} : { retries }),
    };
  }

  /** Remembers how a started task ended; the event is for the scheduler. */
  ended(end: EndedTask, at: number): SchedulerEvent {
    const { dag, scheduler, record, expressions } = this.#run;
    const { task, retryAfter } = end;
    const startedAt = scheduler.startedAt(task) ?? at;
    const checked = checkedEnd(end, dag.tasks[task]!, { expressions, polls: this.#polls, startedAt, at });
    record.ended(task, checked.end);
    this.#retries.ended(end);
    const until = checked.until ?? (retryAfter === undefined ? undefined : at + retryAfter);
    if (until !== undefined) return { type: 'task.waits', at, task, until };
    const kept = this.#keptBy(end, at);
    return {
      type: 'task.ended',
      at,
      task,
      outcome: checked.end.outcome,
      ...(kept > 0 ? { kept } : {}),
      ...(end.unstarted === undefined ? {} : { unstarted: end.unstarted }),
    };
  }

  /** Milliseconds of the task's work that its checkpoint has. */
  #keptBy({ task, checkpoint, progress }: EndedTask, at: number): number {
    if (checkpoint === undefined) return 0;
    const { ready } = this.#run.scheduler;
    const estimate = ready.facts.estimateOf(task);
    const done = progress === undefined ? estimate - ready.remainingAt(task, at) : progress * estimate;
    return Math.round(done);
  }

  /**
   * Tasks came to other states: what no longer holds is forgotten.
   * @param moves as in `TaskTable.moves`.
   * @param at Milliseconds.
   * @param startedAt When the task was started of which the end is handled: the scheduler forgets it where it goes on later.
   */
  follow(moves: readonly number[], at: number, startedAt?: number): void {
    const { scheduler, record } = this.#run;
    for (let i = 0; i + 2 < moves.length; i += 3) {
      const task = moves[i]!;
      const from = moves[i + 1]!;
      const to = moves[i + 2]!;
      if (from === CODE.running && startedAt !== undefined && this.#goesOnLater(task, to))
        record.stopped(task, startedAt, at);
      const wasUnderWay = from === CODE.running || from === CODE.waiting;
      // By a rule of its own, an error is what skipped it.
      const isExcused = to === CODE.skipped && scheduler.tasks.declined[task] === 1;
      const isVoid = wasUnderWay && !isExcused && !KEEPS_RECORD.includes(to);
      if (isVoid || from >= CODE.succeeded) record.reopened(task);
      if (to >= CODE.succeeded || from >= CODE.succeeded) {
        this.#polls.forget(task);
        this.#retries.forget(task);
      }
      const error = to === CODE.failed ? fanOutError(this.#run, task) : undefined;
      if (error !== undefined) record.failed(task, error);
      if (this.#outputs.size === 0 || to !== CODE.succeeded || !this.#outputs.has(task)) continue;
      record.decided(task, this.#outputs.get(task));
      this.#outputs.delete(task);
    }
  }

  /** Whether the task, which came to this state, was stopped or has failed, and will run again. A poll only waits. */
  #goesOnLater(task: number, state: number): boolean {
    return state < CODE.running || (state === CODE.waiting && this.isRetrying(task));
  }

  /** An operator says what the task ends with. */
  completeWith(task: number, output: Json | undefined): void {
    this.#outputs.set(task, output);
  }

  /** An operator says otherwise: the latest word counts. */
  dropCompletion(task: number): void {
    this.#outputs.delete(task);
  }

  /** The output of the task; where an operator's is on its way, that one. */
  outputOf(task: number): Json | undefined {
    return this.#outputs.has(task) ? this.#outputs.get(task) : this.#run.record.outputOf(task);
  }

  /** What an earlier start of the task left. */
  checkpointOf(task: number): Json | undefined {
    return this.#retries.checkpointOf(task);
  }

  /** Whether the run makes another attempt of the task, rather than its executor; with the attempts of it that failed. */
  retriesOf(task: number): { readonly failedBefore: number } | undefined {
    const { dag, scheduler } = this.#run;
    const definition = dag.tasks[task]!;
    // A limit of all attempts together is the executor's to keep.
    const isOwn = this.#retriesHolders && timeoutsOf(dag, definition).scheduleToClose === undefined;
    if (!isOwn || retryOf(dag, definition).maximumAttempts === 1) return undefined;
    return scheduler.holdsMore(task) ? { failedBefore: this.#retries.failedBefore(task) } : undefined;
  }

  /** Whether a waiting task only waits for its next attempt. */
  isRetrying(task: number): boolean {
    return this.#retries.failedBefore(task) > 0 && this.#run.scheduler.tasks.is(task, 'waiting');
  }

  /** How many tasks only wait for their next attempt. */
  get retrying(): number {
    return this.#retries.tasks().filter((task) => this.isRetrying(task)).length;
  }

  /** Milliseconds that a poll has from the latest start of its task on; undefined where it has no timeout. */
  timeLeftOf(task: number): number | undefined {
    const { dag, scheduler } = this.#run;
    const { poll } = dag.tasks[task]!;
    const startedAt = scheduler.startedAt(task);
    if (poll?.timeout === undefined || startedAt === undefined) return undefined;
    return Math.max(1, this.#polls.endOf(task, poll, startedAt) - startedAt);
  }
}
