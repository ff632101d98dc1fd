import { checkEvent } from './check-event.js';
import type { Dag } from './dag.js';
import type { SchedulerEvent, TimerName } from './event.js';
import { FailFast } from './fail-fast.js';
import type { Items } from './fan-outs.js';
import { graphOf, type Graph } from './graph.js';
import type { Instruction } from './instruction.js';
import { ItemWalk } from './item-walk.js';
import { Overrides } from './overrides.js';
import { Pause } from './pause.js';
import type { Policy } from './policy.js';
import type { ReadyTasks } from './ready-tasks.js';
import { RunLifecycle } from './run-lifecycle.js';
import type { PauseMode, RunState } from './run-state.js';
import { checkInvariants } from './scheduler-invariants.js';
import { schedulerOptionsOf, type SchedulerHost, type SchedulerOptions } from './scheduler-options.js';
import { readTasks, writeTasks, type Snapshot } from './snapshot.js';
import { TASK_STATES, type TaskState } from './task-state.js';
import { STOP, type TaskTable } from './task-table.js';
import { StartedTasks } from './started-tasks.js';
import { Starts } from './starts.js';
import { STAGES, type Stage } from './task-traits.js';
import { Walk } from './walk.js';

/**
 * Walks a graph: told what happened, says what to do. The same events give the same instructions, always: it reads no
 * clock and no random, does nothing itself, and a host, whatever it is, carries the instructions out.
 */
export class Scheduler {
  readonly #walk: Walk;
  readonly #items: ItemWalk;
  readonly #overrides: Overrides;
  readonly #started: StartedTasks;
  readonly #starts: Starts;
  readonly #pause: Pause;
  readonly #failFast: FailFast;
  readonly #lifecycle: RunLifecycle;

  /** @throws RangeError where `concurrency` is below 1. */
  constructor(graph: Graph, options: SchedulerOptions) {
    if (!(options.concurrency >= 1)) throw new RangeError(`A concurrency of ${options.concurrency} starts no task.`);
    this.#walk = new Walk(graph, options);
    this.#items = new ItemWalk(this.#walk);
    this.#overrides = new Overrides(this.#walk);
    this.#started = new StartedTasks(this.#walk, this.#items, {
      isStopped: () => this.#lifecycle.isStageStopped,
      isFailing: () => this.#failFast.holds,
    });
    this.#starts = new Starts(this.#walk, this.#started, options);
    this.#pause = new Pause(this.#walk, this.#started);
    this.#failFast = new FailFast(this.#walk, this.#items, this.#started, options.failFast ?? false);
    const parts = { started: this.#started, starts: this.#starts, pause: this.#pause, failFast: this.#failFast };
    this.#lifecycle = new RunLifecycle(this.#walk, parts, options);
    if (options.traits === undefined) return;
    for (let task = 0; task < graph.size; task++) this.#walk.describe(task, options.traits(task));
  }

  /**
   * The scheduler of a dag that was checked before, as it is at the start, or as it was at the snapshot.
   * @throws Error where the dag is not sound (see `graphOf`), or the snapshot is of another one.
   */
  static of(dag: Dag, host: SchedulerHost, snapshot?: Snapshot): Scheduler {
    const options = schedulerOptionsOf(dag, host);
    const graph = graphOf(dag);
    return snapshot ? Scheduler.restore(graph, options, snapshot) : new Scheduler(graph, options);
  }

  /**
   * Goes on from a snapshot, with the graph and the options that it was made with (tasks that were added since are in
   * the graph).
   * @throws Error where the snapshot is of another graph, or of another version.
   */
  static restore(graph: Graph, options: SchedulerOptions, snapshot: Snapshot): Scheduler {
    const policy = snapshot.policy ?? options.policy ?? 'fcfs';
    const scheduler = new Scheduler(graph, { ...options, policy });
    readTasks(snapshot, scheduler.tasks);
    scheduler.#lifecycle.restore(snapshot);
    scheduler.#pause.mode = snapshot.pauseMode ?? undefined;
    scheduler.#pause.resumeAt = snapshot.resumeAt;
    scheduler.#failFast.isFailing = snapshot.failing;
    scheduler.#walk.fanOuts.restore(snapshot.fanOuts ?? [], scheduler.tasks);
    scheduler.#starts.restore(snapshot);
    scheduler.#walk.resume(snapshot);
    scheduler.#starts.setConcurrency(snapshot.concurrency ?? options.concurrency);
    return scheduler;
  }

  /** Everything that {@link Scheduler.restore} needs: plain JSON, a few bytes for each task. */
  snapshot(): Snapshot {
    const fanOuts = this.#walk.fanOuts.snapshot();
    const policyMemory = this.policy.memory();
    return {
      version: 1,
      ...this.#lifecycle.snapshot(),
      pauseMode: this.#pause.mode ?? null,
      failing: this.#failFast.isFailing,
      ...(this.#pause.resumeAt === undefined ? {} : { resumeAt: this.#pause.resumeAt }),
      concurrency: this.concurrency,
      policy: this.policy.name,
      ...(policyMemory === undefined ? {} : { policyMemory }),
      ...this.#starts.snapshot(),
      ...(fanOuts.length === 0 ? {} : { fanOuts }),
      ...writeTasks(this.tasks, this.#lifecycle.beganAt, this.#walk.ages),
    };
  }

  get graph(): Graph {
    return this.#walk.graph;
  }

  /** What is known of each task. For reading. */
  get tasks(): TaskTable {
    return this.#walk.tasks;
  }

  get policy(): Policy {
    return this.#walk.policy;
  }

  /** Tasks in flight at once. */
  get concurrency(): number {
    return this.#starts.concurrency;
  }

  /** So many tasks may run now: more than the concurrency where that was lowered while they ran. */
  get ceiling(): number {
    return this.#starts.ceiling;
  }

  get state(): RunState {
    if (this.#lifecycle.end) return this.#lifecycle.end;
    if (this.#lifecycle.isStopping) return 'cancelling';
    return this.#pause.mode ? 'paused' : 'running';
  }

  /** How the run is paused; undefined where it is not. */
  get pauseMode(): PauseMode | undefined {
    return this.#pause.mode;
  }

  /** Milliseconds; when the pause ends by itself, undefined where it does not. */
  get resumesAt(): number | undefined {
    return this.#pause.resumeAt;
  }

  /** Milliseconds; undefined before `run.began`. */
  get runBeganAt(): number | undefined {
    return timeOf(this.#lifecycle.beganAt);
  }

  /** Milliseconds; undefined while the run goes on. */
  get runEndedAt(): number | undefined {
    return timeOf(this.#lifecycle.endedAt);
  }

  /** How many tasks run and hold a slot, those that were told to stop included. */
  get running(): number {
    return this.tasks.slots;
  }

  /** How many tasks were started and have not ended: those that run, and those that wait. */
  get underWay(): number {
    return this.tasks.underWay;
  }

  /** How many tasks have not ended. */
  get open(): number {
    return this.#walk.open();
  }

  /** The tasks that may start. For reading. */
  get ready(): ReadyTasks {
    return this.#walk.ready;
  }

  /** Whether a running task holds more than a slot of the run: of pools, or of a worker group. */
  holdsMore(task: number): boolean {
    const { pools, leases, groups } = this.ready;
    const isPooled = pools.demandsOf(task).length > 0 || leases.demandsOf(task).length > 0;
    return isPooled || groups.groupOf(task) !== undefined;
  }

  /** Whether nothing starts before the run is admitted beside others of its dag. */
  get isHeldBack(): boolean {
    return this.#starts.isHeldBack;
  }

  /** Whether its tasks are given worker groups. */
  get isPlaced(): boolean {
    return this.#starts.isPlaced;
  }

  /** Whether what undoes tasks was asked for, and has not been added yet. */
  get awaitsCompensations(): boolean {
    return this.#lifecycle.awaitsCompensations;
  }

  /** What the run is at: its tasks, what undoes them, or what is done whatever became of it. */
  get stage(): Stage {
    return STAGES[this.#walk.stage]!;
  }

  /** The items of a task that has fanned out. For reading. */
  itemsOf(task: number): Readonly<Items> | undefined {
    return this.#walk.fanOuts.of(task);
  }

  /** Whether no task starts any more because of a failure, `failFast` being set. */
  get failing(): boolean {
    return this.#failFast.isFailing;
  }

  /** How many tasks are in each state. */
  get counts(): Record<TaskState, number> {
    return Object.fromEntries(TASK_STATES.map((state) => [state, this.tasks.count(state)])) as Record<
      TaskState,
      number
    >;
  }

  stateOf(task: number): TaskState {
    return this.tasks.stateOf(task);
  }

  /** Milliseconds, of the latest start; undefined where the task did not start, or was interrupted since. */
  startedAt(task: number): number | undefined {
    return timeOf(this.tasks.startedAt[task]!);
  }

  /** Milliseconds; undefined while the task has not ended. */
  endedAt(task: number): number | undefined {
    return timeOf(this.tasks.endedAt[task]!);
  }

  /** Whether the task has ended in a way that lets its dependents start. */
  countsAsSuccess(task: number): boolean {
    return this.#walk.countsAsSuccess(task);
  }

  /** Whether the run may succeed with it as it has ended. */
  isSatisfied(task: number): boolean {
    return this.#walk.isSatisfied(task);
  }

  /** The timers that are set, and when they fire: for a host that starts anew from a snapshot. */
  timers(): { readonly timer: TimerName; readonly at: number; readonly task?: number }[] {
    const timers: { timer: TimerName; at: number; task?: number }[] = [];
    const { timesOutAt } = this.#lifecycle;
    if (timesOutAt !== undefined) timers.push({ timer: 'run-timeout', at: timesOutAt });
    if (this.#pause.resumeAt !== undefined) timers.push({ timer: 'auto-resume', at: this.#pause.resumeAt });
    const { poolTimerAt } = this.#starts;
    if (poolTimerAt !== undefined) timers.push({ timer: 'pool', at: poolTimerAt });
    this.tasks.dueAt.forEach((at, task) => {
      if (!Number.isNaN(at)) timers.push({ timer: 'task', at, task });
    });
    return timers;
  }

  /**
   * Takes an event in and says what to do now. What moved is in `tasks.moves` until the next event.
   * @throws Error where the event makes no sense now: a bug of the host. Nothing has changed then.
   */
  handle(event: SchedulerEvent): Instruction[] {
    checkEvent(this, event);
    this.tasks.moves.length = 0;
    this.ready.pools.now = event.at;
    const instructions: Instruction[] = [];
    this.#take(event, instructions);
    this.#settle(event.at, instructions);
    this.#startTasks(event.at, instructions);
    if (this.#mayStart) this.#starts.preempt(event.at, instructions);
    this.#goOn(event.at, instructions);
    if (this.#lifecycle.end === undefined) this.#starts.setPoolTimer(instructions);
    instructions.push(...this.ready.leases.takeInstructions());
    this.#starts.lowerCeiling();
    return instructions;
  }

  /** @throws Error that names the first rule that does not hold. Takes O(V + E): for tests. */
  validate(): void {
    checkInvariants(this);
  }

  #take(event: SchedulerEvent, instructions: Instruction[]): void {
    const walk = this.#walk;
    const { at } = event;
    switch (event.type) {
      case 'run.began':
        this.#lifecycle.beganAt = at;
        for (const task of event.succeeded ?? []) this.#overrides.force(task, 'succeeded', at);
        walk.begin(at);
        this.#lifecycle.startTimeout(instructions);
        break;
      case 'task.ended':
        this.#ended(event, instructions);
        break;
      case 'task.waits':
        // Told to stop in the moment in which it would begin to wait.
        if (this.tasks.stop[event.task] !== STOP.none || this.#lifecycle.isStageStopped) {
          this.#started.ended(event.task, 'cancelled', at, instructions);
          break;
        }
        if (this.tasks.is(event.task, 'running')) {
          walk.ready.stopped(event.task);
          this.tasks.move(event.task, 'waiting');
        }
        this.#started.setTimer(event.task, event.until, instructions);
        break;
      case 'task.again':
        this.#started.setTimer(event.task, undefined, instructions);
        this.tasks.startedAt[event.task] = NaN;
        walk.makeReady(event.task, at);
        break;
      case 'task.fanned-out':
        this.#items.fanOut(event.task, event, at);
        break;
      case 'compensations.added':
        this.#lifecycle.compensate(event);
        break;
      case 'timer.fired':
        if (event.timer === 'task') this.tasks.dueAt[event.task!] = NaN;
        else if (event.timer === 'pool') this.#starts.poolsOpened();
        else if (event.timer === 'auto-resume') this.#pause.timeIsOver(instructions);
        else this.#lifecycle.timeIsOver(at, instructions);
        break;
      case 'operator.paused':
        if (!this.#lifecycle.isStopping) this.#pause.begin(event, instructions);
        break;
      case 'operator.resumed':
        this.#pause.end(instructions);
        break;
      case 'operator.cancelled':
        this.#lifecycle.cancel(event, instructions);
        break;
      case 'task.paused':
        this.#pause.hold(event.task, event.mode, at, instructions);
        break;
      case 'task.resumed':
        this.#pause.release(event.task, instructions);
        break;
      case 'task.forced':
        if (this.tasks.isUnderWay(event.task)) this.#started.stop(event.task, STOP[event.state], at, instructions);
        else this.#overrides.force(event.task, event.state, at);
        this.#failFast.lookAgain();
        break;
      case 'task.retried':
        for (const task of this.#overrides.retry(event.task, event.dependents, at)) {
          this.#started.stop(task, STOP.again, at, instructions);
        }
        this.#failFast.lookAgain();
        break;
      case 'priority.set':
        walk.setPriority(event.task, event.priority);
        break;
      case 'concurrency.set':
        this.#starts.setConcurrency(event.concurrency);
        break;
      case 'pool.set':
        this.#starts.resize(event.pool, event.size);
        break;
      case 'run.admitted':
        this.#starts.admit();
        break;
      case 'lease.granted':
        this.ready.leaseGranted(event.task);
        break;
      case 'groups.changed':
        for (const task of this.ready.groups.change(event.groups)) {
          this.#started.stop(task, STOP.again, at, instructions);
        }
        this.ready.groupsChanged();
        break;
      case 'policy.set':
        this.ready.usePolicy(event.policy);
        break;
      case 'tasks.added':
        walk.grow(event.tasks, event.edges, at);
        break;
    }
  }

  #ended(
    { task, outcome, kept = 0, unstarted, at }: Extract<SchedulerEvent, { type: 'task.ended' }>,
    instructions: Instruction[],
  ): void {
    this.ready.facts.keep(task, kept);
    if (unstarted === true) {
      this.ready.groups.avoid(task);
      if (this.tasks.stop[task] === STOP.none) this.tasks.stop[task] = STOP.again;
    }
    this.#started.ended(task, unstarted === true ? 'cancelled' : outcome, at, instructions);
  }

  /** What came of the ends so far: of fan-outs, of tasks that nobody needs any more, of a first failure. */
  #settle(at: number, instructions: Instruction[]): void {
    for (;;) {
      for (const winner of this.#walk.takeWinners()) this.#started.cancelRemaining(winner, at, instructions);
      this.#failFast.notice(at, instructions);
      const groups = this.#items.settle(at);
      if (groups.length === 0) return;
      for (const group of groups) this.#started.ended(group.parent, this.#started.outcomeOf(group), at, instructions);
    }
  }

  #startTasks(at: number, instructions: Instruction[]): void {
    if (this.#mayStart) this.#starts.start(at, instructions);
  }

  /** Whether the run starts tasks now, as far as it is up to its operators and to what has failed. */
  get #mayStart(): boolean {
    if (this.#pause.mode !== undefined || this.#lifecycle.awaitsCompensations) return false;
    return !(this.#failFast.holds || this.#lifecycle.isStageStopped);
  }

  /** Goes on to the next stage, or ends the run, once nothing of this one is left. */
  #goOn(at: number, instructions: Instruction[]): void {
    while (this.#lifecycle.goOn(at, instructions)) {
      this.#settle(at, instructions);
      this.#startTasks(at, instructions);
    }
  }
}

function timeOf(at: number): number | undefined {
  return Number.isNaN(at) ? undefined : at;
}
