import { checkEvent } from './check-event.js';
import { undoOrder } from './compensation.js';
import type { CompensatedEnd, Dag } from './dag.js';
import type { SchedulerEvent, TimerName } from './event.js';
import type { Items } from './fan-outs.js';
import { graphOf, type Graph } from './graph.js';
import type { Instruction } from './instruction.js';
import type { PauseMode, RunEndState, RunState } from './run-state.js';
import { checkInvariants } from './scheduler-invariants.js';
import { Pause } from './pause.js';
import type { Policy } from './policy.js';
import type { ReadyTasks } from './ready-tasks.js';
import { schedulerOptionsOf, type SchedulerHost, type SchedulerOptions } from './scheduler-options.js';
import { readTasks, writeTasks, type Snapshot } from './snapshot.js';
import { TASK_STATES, type TaskState } from './task-state.js';
import { CODE, HOLD, STOP, type TaskTable } from './task-table.js';
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
  readonly #started: StartedTasks;
  readonly #starts: Starts;
  readonly #pause: Pause;
  readonly #failFast: boolean;
  readonly #timeout: number | undefined;
  #beganAt = NaN;
  #endedAt = NaN;
  /** How the run will end, once an operator or the timeout has stopped it. */
  #stop: 'cancelled' | 'timed_out' | undefined;
  /** A failure has come, and `failFast` holds. */
  #failing = false;
  #timerIsSet = false;
  #end: RunEndState | undefined;
  #compensateOn: readonly CompensatedEnd[];
  /** How the run's own tasks came out, once they have ended. */
  #outcome: RunEndState | undefined;
  /** What undoes tasks was asked for, and has not been added yet. */
  #awaitsCompensations = false;

  /** @throws RangeError where `concurrency` is below 1. */
  constructor(graph: Graph, options: SchedulerOptions) {
    if (!(options.concurrency >= 1)) throw new RangeError(`A concurrency of ${options.concurrency} starts no task.`);
    this.#walk = new Walk(graph, options);
    this.#started = new StartedTasks(this.#walk, {
      isStopped: () => this.#stop !== undefined && this.stage === 'main',
      isFailing: () => this.#failing && this.stage === 'main',
    });
    this.#starts = new Starts(this.#walk, this.#started, options);
    this.#pause = new Pause(this.#walk, this.#started);
    this.#failFast = options.failFast ?? false;
    this.#timeout = options.timeout;
    this.#compensateOn = options.compensateOn ?? [];
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
    scheduler.#beganAt = snapshot.beganAt ?? NaN;
    scheduler.#endedAt = snapshot.endedAt ?? NaN;
    scheduler.#pause.mode = snapshot.pauseMode ?? undefined;
    scheduler.#pause.resumeAt = snapshot.resumeAt;
    scheduler.#stop = snapshot.stop ?? undefined;
    scheduler.#failing = snapshot.failing;
    scheduler.#timerIsSet = snapshot.timer;
    scheduler.#end = snapshot.end ?? undefined;
    scheduler.#outcome = snapshot.outcome;
    scheduler.#compensateOn = snapshot.compensateOn ?? scheduler.#compensateOn;
    scheduler.#walk.stage = snapshot.stage ?? 0;
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
      beganAt: Number.isNaN(this.#beganAt) ? null : this.#beganAt,
      endedAt: Number.isNaN(this.#endedAt) ? null : this.#endedAt,
      pauseMode: this.#pause.mode ?? null,
      stop: this.#stop ?? null,
      failing: this.#failing,
      timer: this.#timerIsSet,
      end: this.#end ?? null,
      ...(this.#pause.resumeAt === undefined ? {} : { resumeAt: this.#pause.resumeAt }),
      concurrency: this.concurrency,
      policy: this.policy.name,
      ...(policyMemory === undefined ? {} : { policyMemory }),
      ...this.#starts.snapshot(),
      ...(this.#outcome === undefined ? {} : { outcome: this.#outcome }),
      ...(this.#walk.stage === 0 ? {} : { stage: this.#walk.stage }),
      ...(this.#compensateOn.length === 0 ? {} : { compensateOn: this.#compensateOn }),
      ...(fanOuts.length === 0 ? {} : { fanOuts }),
      ...writeTasks(this.tasks, this.#beganAt, this.#walk.ages),
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
    if (this.#end) return this.#end;
    if (this.#stop) return 'cancelling';
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
    return timeOf(this.#beganAt);
  }

  /** Milliseconds; undefined while the run goes on. */
  get runEndedAt(): number | undefined {
    return timeOf(this.#endedAt);
  }

  /** How many tasks run and hold a slot, those that were told to stop included. */
  get running(): number {
    return this.tasks.slots;
  }

  /** How many tasks were started and have not ended: those that run, and those that wait. */
  get underWay(): number {
    return this.tasks.count('running') + this.tasks.count('waiting');
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
    return this.#awaitsCompensations;
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
    return this.#failing;
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
    if (this.#timerIsSet) timers.push({ timer: 'run-timeout', at: this.#beganAt + (this.#timeout ?? 0) });
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
    this.#endRun(event.at, instructions);
    if (this.#end === undefined) this.#starts.setPoolTimer(instructions);
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
        this.#began(at, event.succeeded ?? [], instructions);
        break;
      case 'task.ended':
        this.#ended(event, instructions);
        break;
      case 'task.waits':
        // Told to stop in the moment in which it would begin to wait.
        if (this.tasks.stop[event.task] !== STOP.none || (this.stage === 'main' && this.#stop !== undefined)) {
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
        walk.fanOut(event.task, event, at);
        break;
      case 'compensations.added':
        this.#awaitsCompensations = false;
        walk.addCompensations(event.count, event.order, at);
        break;
      case 'timer.fired':
        if (event.timer === 'task') this.tasks.dueAt[event.task!] = NaN;
        else if (event.timer === 'pool') this.#starts.poolsOpened();
        else if (event.timer === 'auto-resume') {
          this.#pause.timeIsOver(instructions);
        } else {
          this.#timerIsSet = false;
          this.#stopRun('timed_out', at, instructions);
        }
        break;
      case 'operator.paused':
        if (this.#stop === undefined) this.#pause.begin(event, instructions);
        break;
      case 'operator.resumed':
        this.#pause.end(instructions);
        break;
      case 'operator.cancelled':
        if (event.compensate !== undefined) this.#compensateCancelled(event.compensate);
        this.#stopRun('cancelled', at, instructions);
        if (event.compensate !== undefined) this.#tellRuns(event.compensate, instructions);
        break;
      case 'task.paused':
        this.#pause.hold(event.task, event.mode, at, instructions);
        break;
      case 'task.resumed':
        walk.release(event.task);
        if (this.#started.isRun(event.task)) instructions.push({ type: 'subrun.resume', task: event.task });
        break;
      case 'task.forced':
        if (this.tasks.isUnderWay(event.task)) this.#started.stop(event.task, STOP[event.state], at, instructions);
        else walk.force(event.task, event.state, at);
        this.#lookAtFailures();
        break;
      case 'task.retried':
        for (const task of walk.retry(event.task, event.dependents, at)) {
          this.#started.stop(task, STOP.again, at, instructions);
        }
        this.#lookAtFailures();
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
        walk.usePolicy(event.policy);
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

  #began(at: number, succeeded: readonly number[], instructions: Instruction[]): void {
    this.#beganAt = at;
    for (const task of succeeded) this.#walk.force(task, 'succeeded', at);
    this.#walk.begin(at);
    if (this.#timeout === undefined || this.#walk.open() === 0) return;
    this.#timerIsSet = true;
    instructions.push({ type: 'timer.set', timer: 'run-timeout', at: at + this.#timeout });
  }

  /** What came of the ends so far: of fan-outs, of tasks that nobody needs any more, of a first failure. */
  #settle(at: number, instructions: Instruction[]): void {
    for (;;) {
      for (const winner of this.#walk.takeWinners()) this.#started.cancelRemaining(winner, at, instructions);
      if (this.#failFast) this.#noticeFailures(at, instructions);
      const groups = this.#walk.settleItems(at);
      if (groups.length === 0) return;
      for (const group of groups) this.#started.ended(group.parent, this.#started.outcomeOf(group), at, instructions);
    }
  }

  /** Whether a task has failed just now, by its handler or by its own condition. */
  #noticeFailures(at: number, instructions: Instruction[]): void {
    const { moves } = this.tasks;
    if (this.#failing || this.stage !== 'main') return;
    for (let i = 0; i + 2 < moves.length; i += 3) {
      if (moves[i + 2] !== CODE.failed || !this.tasks.is(moves[i]!, 'failed')) continue;
      if (!this.isSatisfied(moves[i]!)) this.#failing = true;
    }
    if (this.#failing) this.#stopIdle(at, instructions);
  }

  /**
   * Running tasks are let end. What only waits, and items that have not started, would hold the run for ever; a run of its
   * own would start more tasks.
   */
  #stopIdle(at: number, instructions: Instruction[]): void {
    for (let task = 0; task < this.graph.size; task++) {
      const isStopped = this.#started.isIdle(task) || this.#started.isRun(task);
      if (isStopped) this.#started.stop(task, STOP.none, at, instructions);
    }
    for (const group of this.#walk.fanOuts.all()) this.#walk.stopItems(group, at);
    this.ready.dropLeases();
  }

  /** After an operator has changed how tasks ended: whether a failure is left that no task may start after. */
  #lookAtFailures(): void {
    if (!this.#failing) return;
    this.#failing = false;
    for (let task = 0; task < this.graph.size && !this.#failing; task++) {
      this.#failing = this.tasks.is(task, 'failed') && !this.isSatisfied(task);
    }
  }

  /** Whoever cancels a run, and says whether it is undone, says so of the runs that it is made of. */
  #tellRuns(compensate: boolean, instructions: Instruction[]): void {
    instructions.forEach((instruction, i) => {
      const isRun = instruction.type === 'task.cancel' && this.tasks.hold[instruction.task] === HOLD.run;
      if (isRun) instructions[i] = { ...instruction, compensate };
    });
  }

  /** What becomes of a cancelled run, where whoever cancels it says so. */
  #compensateCancelled(does: boolean): void {
    const others = this.#compensateOn.filter((end) => end !== 'cancelled');
    this.#compensateOn = does ? [...others, 'cancelled'] : others;
  }

  /** A second stop changes nothing: the run ends as the first one said. */
  #stopRun(status: 'cancelled' | 'timed_out', at: number, instructions: Instruction[]): void {
    // What undoes, and what is done at the end whatever happened, is not stopped.
    if (this.#stop !== undefined || this.#outcome !== undefined) return;
    this.#stop = status;
    this.#pause.end(instructions);
    if (this.underWay > 0) {
      for (let task = 0; task < this.graph.size; task++) this.#started.stop(task, STOP.none, at, instructions);
    }
    this.#walk.cancelWaiting(at);
  }

  #startTasks(at: number, instructions: Instruction[]): void {
    if (this.#mayStart) this.#starts.start(at, instructions);
  }

  /** Whether the run starts tasks now, as far as it is up to its operators and to what has failed. */
  get #mayStart(): boolean {
    if (this.#pause.mode !== undefined || this.#awaitsCompensations) return false;
    return this.stage !== 'main' || !(this.#failing || this.#stop !== undefined);
  }

  /** Goes on to the next stage, or ends the run, once nothing of this one is left. */
  #endRun(at: number, instructions: Instruction[]): void {
    while (this.underWay === 0 && !this.#awaitsCompensations) {
      if (this.#failing && this.stage === 'main') this.#walk.cancelWaiting(at);
      if (this.#walk.open(this.#walk.stage) > 0) return;
      if (this.stage === 'main') this.#mainEnded(instructions);
      if (this.#awaitsCompensations) return;
      if (this.stage === 'finally' || this.#walk.open() === 0) {
        this.#finish(at, instructions);
        return;
      }
      this.#dropTimeout(instructions);
      this.#walk.enterStage(STAGES.indexOf('finally'), at);
      this.#settle(at, instructions);
      this.#startTasks(at, instructions);
    }
  }

  #dropTimeout(instructions: Instruction[]): void {
    if (this.#timerIsSet) instructions.push({ type: 'timer.drop', timer: 'run-timeout' });
    this.#timerIsSet = false;
  }

  #mainEnded(instructions: Instruction[]): void {
    this.#outcome = this.#endStatus();
    if (this.#outcome === 'succeeded' || !this.#compensateOn.includes(this.#outcome)) return;
    const tasks = [...this.tasks.state.keys()].filter((task) => this.#walk.isUndoable(task));
    if (tasks.length === 0) return;
    this.#awaitsCompensations = true;
    this.#dropTimeout(instructions);
    const order = undoOrder(this.graph, tasks, (task) => this.tasks.parent[task]!);
    instructions.push({ type: 'compensate', tasks, order });
  }

  #finish(at: number, instructions: Instruction[]): void {
    const own = this.#outcome ?? 'succeeded';
    this.#end = own === 'succeeded' ? this.#endStatus() : own;
    this.#endedAt = at;
    this.#pause.end(instructions);
    this.#dropTimeout(instructions);
    this.#starts.dropPoolTimer(instructions);
    instructions.push(...this.ready.leases.takeInstructions());
    instructions.push({ type: 'run.end', status: this.#end });
  }

  /** A stop that came too late to stop anything leaves a run that succeeded as it is. */
  #endStatus(): RunEndState {
    let succeeded = true;
    for (let task = 0; task < this.graph.size && succeeded; task++) {
      succeeded = this.tasks.stage[task]! > this.#walk.stage || this.isSatisfied(task);
    }
    if (succeeded) return 'succeeded';
    return this.#stop ?? 'failed';
  }
}

function timeOf(at: number): number | undefined {
  return Number.isNaN(at) ? undefined : at;
}
