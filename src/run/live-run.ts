import type { CreatePlacement } from '../dag/placement.js';
import type { CreatePolicy } from '../dag/policy.js';
import type { Dag } from '../dag/dag.js';
import type { LearnedEstimates } from '../estimate/estimate.js';
import type { SchedulerEvent } from '../dag/event.js';
import type { Instruction } from '../dag/instruction.js';
import { byteLength, type Json, type JsonObject } from '../dag/json.js';
import { isRunEnd } from '../dag/run-state.js';
import { Scheduler } from '../dag/scheduler.js';
import type { SchedulerHost } from '../dag/scheduler-options.js';
import type { Snapshot } from '../dag/snapshot.js';
import type { TaskState } from '../dag/task-state.js';
import type { Act, ActAnswer, ActRecord, ActRequest } from './act.js';
import { alsoStopped, changesIn } from './changes.js';
import { asksItems, conditionOf } from './conditions.js';
import { Controls } from './controls.js';
import { decide } from './decision.js';
import type { SentEvent } from './event-inbox.js';
import type { EndedTask } from './ended-task.js';
import { Expectations } from './expectations.js';
import { DoneActs } from './done-acts.js';
import { explain } from './explain.js';
import type { Explanation } from './explanation.js';
import { collectedOutputs } from './fan-out.js';
import { grownDag } from './grown-dag.js';
import { GrowingDag, type GrowthSnapshot } from './growing-dag.js';
import { isoTime } from './iso-time.js';
import { Pausers, type PausedBy, type PausersSnapshot } from './paused-by.js';
import { refuse } from './refusals.js';
import { remainingWork } from './remaining-time.js';
import { RunExpressions } from './run-expressions.js';
import type { RunEvent } from './run-event.js';
import { RunLog, type RunLogSnapshot } from './run-log.js';
import { RunRecord, type RecordSnapshot, type RunFacts } from './run-record.js';
import { describeRun, historyOf, resultOf } from './run-view.js';
import type { RunDescription, RunResult } from './run.js';
import { seedOf } from './seed.js';
import { startedTask, type StartedTask } from './started-task.js';
import { UnderWay, type UnderWaySnapshot } from './under-way.js';

/** What a run begins with that another run did: each task, with its output where it had one. */
export interface TakeOver {
  readonly runId: string;
  readonly tasks: readonly (readonly [task: number] | readonly [task: number, output: Json])[];
  /** Those of `tasks` that had an output which was not kept: nothing that runs needs it. */
  readonly omitted?: readonly number[];
}

/** What a live run is beyond its dag, as plain JSON. */
export interface LiveRunSnapshot extends GrowthSnapshot, PausersSnapshot, UnderWaySnapshot {
  readonly scheduler: Snapshot;
  readonly record: RecordSnapshot;
  readonly log?: RunLogSnapshot;
  readonly acts?: readonly ActRecord[];
  /** Events that no task has taken yet. */
  readonly events?: readonly SentEvent[];
}

/** What a host is asked for; the rest a live run does itself. */
export type HostInstruction = Exclude<Instruction, { readonly type: 'compensate' }>;

/** What makes a live run. */
export interface LiveRunOptions {
  readonly runId: string;
  readonly createPolicy: CreatePolicy;
  /** Params with their defaults filled in. Default: none. */
  readonly params?: JsonObject;
  readonly takeOver?: TakeOver | undefined;
  /** No task takes an earlier output. Default false. */
  readonly noCache?: boolean;
  /** What is known of the tasks of dags from earlier runs. Default: nothing. */
  readonly estimates?: LearnedEstimates | undefined;
  /** Default: tasks are given no worker group. */
  readonly createPlacement?: CreatePlacement;
  /** Whether pools that runs share are asked for leases. Default: they are as the run's own. */
  readonly leases?: boolean;
  /** Asked where a task that goes first lacks a pool: whether those behind it that lack nothing pass it at once. Default: yes. */
  readonly smallerPass?: () => boolean;
  /**
   * Whether the run itself makes further attempts of tasks that hold slots of pools, or are placed: what they hold is
   * given back meanwhile, and the next attempt may be in another worker group. Default false: their executor does.
   */
  readonly retriesHolders?: boolean;
}

/**
 * A run as each of its hosts holds it: the dag, which may grow, its scheduler, and what is remembered of both. Pure: the
 * hosts say what time it is, and carry the instructions out. All executors share it, so an act means the same on each.
 */
export class LiveRun {
  readonly runId: string;
  readonly scheduler: Scheduler;
  readonly record: RunRecord;
  readonly takeOver: TakeOver | undefined;
  /** The params that the run was started with. */
  readonly params: JsonObject;
  readonly noCache: boolean;
  readonly expressions: RunExpressions;
  readonly controls: Controls;
  readonly growth: GrowingDag;
  readonly expectations: Expectations;
  readonly underWay: UnderWay;
  readonly #options: LiveRunOptions;
  readonly #log: RunLog;
  readonly #acts: DoneActs;
  readonly #pausers: Pausers;
  /** What moved by what is handled now: as in `TaskTable.moves`. */
  #moves: number[] = [];

  /**
   * @param dag without what the run made itself.
   * @throws Error where the dag is not sound, or the snapshot is of another one.
   */
  constructor(dag: Dag, options: LiveRunOptions, snapshot?: LiveRunSnapshot) {
    this.runId = options.runId;
    this.#options = options;
    this.takeOver = options.takeOver;
    this.params = options.params ?? {};
    this.noCache = options.noCache ?? false;
    this.expressions = new RunExpressions(this);
    this.growth = new GrowingDag(dag, (task) => asksItems(this.expressions, task), snapshot);
    this.expectations = new Expectations(this, dag.name, options.estimates);
    this.scheduler = Scheduler.of(this.dag, this.#schedulerHost(), snapshot?.scheduler);
    this.record = RunRecord.restore(this.dag, snapshot?.record, (task) => collectedOutputs(this, task));
    this.controls = new Controls(this, snapshot?.events);
    this.underWay = new UnderWay(this, options.retriesHolders ?? false, snapshot);
    this.#log = RunLog.restore(snapshot?.log);
    this.#acts = new DoneActs(snapshot?.acts);
    this.#pausers = new Pausers(snapshot);
  }

  /** As plain JSON; undefined where what tasks wait for has more bytes than `limit` (default 1 MiB). */
  snapshot(limit?: number): LiveRunSnapshot | undefined {
    const growth = this.growth.snapshot((task) => !this.scheduler.tasks.hasEnded(task));
    const record = this.record.snapshot(this.facts(), byteLength((growth.items ?? []) as unknown as Json), limit);
    if (record === undefined) return undefined;
    const { outputs, ...underWay } = this.underWay.snapshot();
    const events = this.controls.inbox.snapshot();
    return {
      scheduler: this.scheduler.snapshot(),
      record,
      log: this.#log.snapshot(),
      ...(this.acts.length === 0 ? {} : { acts: [...this.acts] }),
      ...this.#pausers.snapshot(),
      ...(outputs === undefined ? {} : { outputs }),
      ...growth,
      ...underWay,
      ...(events.length === 0 ? {} : { events }),
    };
  }

  /** The dag, with the tasks that were added, and those that the run made itself. */
  get dag(): Dag {
    return this.growth.whole;
  }

  /** The dag, with the tasks that were added. */
  get definition(): Dag {
    return this.growth.definition;
  }

  /** What operators asked for, oldest first. */
  get acts(): readonly ActRecord[] {
    return this.#acts.all;
  }

  /** Who paused the run. */
  get pausedBy(): PausedBy | undefined {
    return this.scheduler.pauseMode === undefined ? undefined : this.#pausers.run;
  }

  /** The position of the task of this name. */
  indexOf(name: string): number | undefined {
    return this.growth.indexOf(name);
  }

  /** The tasks that are paused. */
  pausedTasks(): number[] {
    return [...this.#pausers.tasks.keys()].filter((task) => this.scheduler.tasks.paused[task] === 1);
  }

  /** Who paused the task. */
  taskPausedBy(task: number): PausedBy | undefined {
    return this.scheduler.tasks.paused[task] === 1 ? (this.#pausers.tasks.get(task) ?? { at: 0 }) : undefined;
  }

  /** The first event. */
  begin(at: number): SchedulerEvent {
    const succeeded = this.takeOver?.tasks.map(([task]) => task);
    return { type: 'run.began', at, ...(succeeded === undefined ? {} : { succeeded }) };
  }

  /** Takes an event in and says what to do now; see `Scheduler.handle`. */
  handle(event: SchedulerEvent): HostInstruction[] {
    return this.#handleAll([event], event.at);
  }

  /** Handles the events, and what the run then does itself. */
  #handleAll(events: readonly SchedulerEvent[], at: number): HostInstruction[] {
    this.#moves = [];
    const instructions: HostInstruction[] = [];
    // Grows as it is gone through.
    const queue: (SchedulerEvent | (() => SchedulerEvent | undefined))[] = [...events];
    for (const next of queue) {
      const event = typeof next === 'function' ? next() : next;
      if (event === undefined) continue;
      for (const instruction of this.#handleOne(event)) {
        if (instruction.type === 'compensate') queue.push(() => this.#compensate(instruction, at));
        else if (instruction.type === 'task.start' && this.controls.does(instruction.task)) {
          queue.push(() => this.controls.start(instruction.task, at));
        } else instructions.push(instruction);
      }
      if (event.type === 'timer.fired' && event.task !== undefined) {
        const { task } = event;
        queue.push(() => (this.scheduler.tasks.is(task, 'waiting') ? this.controls.fired(task, at) : undefined));
      }
    }
    return instructions;
  }

  #handleOne(event: SchedulerEvent): Instruction[] {
    // Conditions may look at what was taken over as soon as the run begins.
    if (event.type === 'run.began') this.#takeOver();
    const isEnd = event.type === 'task.ended' || event.type === 'task.waits';
    const startedAt = isEnd ? this.scheduler.startedAt(event.task) : undefined;
    const instructions = this.scheduler.handle(event);
    if (event.type === 'run.began') this.#log.note(event.at, 'run.began');
    if (event.type === 'timer.fired' && event.task === undefined) this.#log.note(event.at, 'timer.fired');
    this.#follow(event.at, startedAt);
    if (instructions.at(-1)?.type === 'run.end') this.#log.note(event.at, 'run.ended');
    return instructions;
  }

  #compensate({ tasks, order }: Extract<Instruction, { type: 'compensate' }>, at: number): SchedulerEvent {
    this.growth.make({ of: tasks.map((task) => this.growth.nameOf(task)), order });
    this.record.grow(this.dag);
    return { type: 'compensations.added', at, count: tasks.length, order };
  }

  /** Remembers how a started task ended; the event is for the host to hand in. */
  ended(end: EndedTask, at: number): SchedulerEvent {
    return this.underWay.ended(end, at);
  }

  /**
   * Whether the run allows the act now.
   * @throws DagwrightError RUN_ENDED, TASK_NOT_FOUND, ACT_REFUSED, ACT_INVALID, DAG_INVALID.
   */
  check(act: Act, request: ActRequest, at: number): void {
    if (this.#acts.earlier(request) === undefined) decide(this, act, request, at);
  }

  /**
   * Does the act.
   * @throws DagwrightError as {@link LiveRun.check}. Nothing has changed then.
   */
  act(
    act: Act,
    request: ActRequest,
    at: number,
  ): { readonly answer: ActAnswer; readonly instructions: HostInstruction[] } {
    const earlier = this.#acts.earlier(request);
    if (earlier !== undefined) return { answer: this.#answer(false, earlier.message, []), instructions: [] };
    const { event, does, message: decided } = decide(this, act, request, at);
    this.#log.note(at, 'act');
    const changed = event !== undefined || does !== undefined;
    if (event !== undefined) this.#prepare(act, request, at);
    const instructions = changed ? this.#handleAll(event === undefined ? (does?.() ?? []) : [event], at) : [];
    const moves = changed ? this.#moves : [];
    const message = act.type === 'retryTask' ? decided + alsoStopped(instructions) : decided;
    const task = 'task' in act ? act.task : undefined;
    this.#acts.remember({
      at: isoTime(at),
      act: act.type,
      ...(task === undefined ? {} : { task }),
      ...request,
      changed,
      message,
    });
    return { answer: this.#answer(changed, message, moves), instructions };
  }

  /** The run now; with a range, of its tasks only those. */
  describe(from?: number, to?: number): RunDescription {
    return describeRun(this, from, to);
  }

  /** @throws DagwrightError TASK_NOT_FOUND. */
  explain(name: string): Explanation {
    const task = this.indexOf(name);
    if (task === undefined) throw refuse.unknownTask(name, this.growth.names());
    return explain(this, task);
  }

  /** What happened, oldest first. */
  history(): RunEvent[] {
    const { dag, scheduler, record, acts } = this;
    return historyOf({ dag, scheduler, record, acts, indexOf: (name) => this.indexOf(name) }, this.#log);
  }

  /** How many events the history has lost: it keeps the latest. */
  get eventsDropped(): number {
    return this.#log.dropped;
  }

  /** How the run ended. */
  result(): RunResult {
    return resultOf(this);
  }

  /** What the record must know of the scheduler. A host that knows more says it in `over`. */
  facts(over: Partial<RunFacts> = {}): RunFacts {
    const { scheduler } = this;
    return {
      state: scheduler.state,
      counts: this.#retryingCounted(scheduler.counts),
      runBeganAt: scheduler.runBeganAt,
      runEndedAt: scheduler.runEndedAt,
      stateOf: (task) => (this.underWay.isRetrying(task) ? 'retrying' : scheduler.stateOf(task)),
      startedAt: (task) => scheduler.startedAt(task),
      endedAt: (task) => scheduler.endedAt(task),
      isPaused: (task) => scheduler.tasks.paused[task] === 1,
      ...over,
    };
  }

  #retryingCounted(counts: Record<TaskState, number>): Record<TaskState, number> {
    const { retrying } = this.underWay;
    if (retrying === 0) return counts;
    return { ...counts, retrying: counts.retrying + retrying, waiting: counts.waiting - retrying };
  }

  /**
   * What the task is handed when it starts; its expressions are evaluated now. `attemptsBefore`: attempts of its earlier
   * starts.
   */
  callOf(task: number, attemptsBefore = 0): StartedTask {
    return startedTask(this, task, attemptsBefore);
  }

  /** Milliseconds of slots that the run is thought to take still. */
  remainingWork(): number {
    return remainingWork(this.scheduler);
  }

  /** In a fan-out: the item of the task. */
  itemOf(task: number): Json | undefined {
    return this.growth.itemOf(task);
  }

  /** A person is reminded that the task waits for them. */
  reminded(task: number, at: number): void {
    this.#log.reminded(at, task);
  }

  #schedulerHost(): SchedulerHost {
    const { createPolicy, createPlacement, leases, smallerPass, runId } = this.#options;
    return {
      createPolicy,
      admit: (task) => this.#admit(task),
      factsOf: (task) => this.expectations.factsOf(task),
      estimateOf: (name) => this.expectations.estimateOf(name),
      ...(createPlacement === undefined ? {} : { createPlacement }),
      ...(leases === undefined ? {} : { leases }),
      ...(smallerPass === undefined ? {} : { smallerPass }),
      seed: seedOf(runId),
    };
  }

  #admit(task: number): 'start' | 'skipped' | 'failed' {
    const condition = conditionOf(this.expressions, task, this.dag.tasks[task]!);
    if (condition.verdict === 'failed') this.record.ended(task, { attempts: 0, error: condition.error });
    return condition.verdict;
  }

  /** What the act changes beside the scheduler. */
  #prepare(act: Act, request: ActRequest, at: number): void {
    this.#pausers.note(act, request, at, (task) => this.indexOf(task));
    switch (act.type) {
      case 'completeTask':
        this.underWay.completeWith(this.indexOf(act.task) ?? -1, act.output);
        break;
      case 'skipTask':
      case 'cancelTask':
        // It may run still, and have been completed.
        this.underWay.dropCompletion(this.indexOf(act.task) ?? -1);
        break;
      case 'addTasks':
        this.growth.grow(grownDag(this.dag, act));
        this.record.grow(this.dag);
        break;
      default:
        break;
    }
  }

  #follow(at: number, startedAt: number | undefined): void {
    const { moves } = this.scheduler.tasks;
    this.#log.moved(at, moves);
    for (const move of moves) this.#moves.push(move);
    this.underWay.follow(moves, at, startedAt);
  }

  #takeOver(): void {
    const omitted = new Set(this.takeOver?.omitted);
    for (const [task, ...outputs] of this.takeOver?.tasks ?? []) {
      this.record.takenOver(task, outputs[0], omitted.has(task));
    }
  }

  #answer(changed: boolean, message: string, moves: readonly number[]): ActAnswer {
    const changes = changesIn(moves, (task) => this.growth.nameOf(task));
    return { changed, message, state: this.scheduler.state, ...changes };
  }

  /** Whether nothing can change any more. */
  get hasEnded(): boolean {
    return isRunEnd(this.scheduler.state);
  }
}
