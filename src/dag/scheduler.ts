import { DEFAULT_CONCURRENCY, type Dag } from './dag.js';
import type { SchedulerEvent, TaskOutcome, TimerName } from './event.js';
import { graphOf, growGraph, type Graph } from './graph.js';
import type { Instruction } from './instruction.js';
import type { Policy } from './policy.js';
import type { PauseMode, RunEndState, RunState } from './run-state.js';
import { checkInvariants } from './scheduler-invariants.js';
import { readTasks, writeTasks, type Snapshot } from './snapshot.js';
import { TASK_STATES, type TaskState } from './task-state.js';
import { CODE, STOP, type TaskTable } from './task-table.js';
import type { TriggerRule } from './trigger-rule.js';
import { endAfterStop, Walk, type Admit, type CreatePolicy } from './walk.js';

/** How a run is walked. */
export interface SchedulerOptions {
  /** Tasks in flight at once, at least 1. */
  readonly concurrency: number;
  /** After the first failure no task starts any more. Default false. */
  readonly failFast?: boolean;
  /** Milliseconds from the run's begin after which it is stopped and ends `timed_out`. Default: none. */
  readonly timeout?: number;
  /** The tasks, by index, that count as a success where they fail. Default: none. */
  readonly continueOnError?: (task: number) => boolean;
  /** The priority of each task, by index. Default 0. */
  readonly priority?: (task: number) => number;
  /** Which ends of its dependencies let a task start. Default `all_success`. */
  readonly triggerRule?: (task: number) => TriggerRule;
  /** What a task's own condition says when it could start. Default: `start`. */
  readonly admit?: Admit;
  /** Which ready task goes first when slots are scarce. Default `fcfs`. */
  readonly policy?: string;
  readonly createPolicy: CreatePolicy;
}

/**
 * Walks a graph: told what happened, says what to do. The same events give the same instructions, always: it reads no
 * clock and no random, does nothing itself, and a host, whatever it is, carries the instructions out.
 */
export class Scheduler {
  readonly #walk: Walk;
  readonly #failFast: boolean;
  readonly #timeout: number | undefined;
  #concurrency: number;
  /** So many tasks may run: more than the concurrency only where that was lowered while they ran. */
  #ceiling: number;
  #beganAt = NaN;
  #endedAt = NaN;
  #pauseMode: PauseMode | undefined;
  /** Milliseconds; when the pause ends by itself. */
  #resumeAt: number | undefined;
  /** How the run will end, once an operator or the timeout has stopped it. */
  #stop: 'cancelled' | 'timed_out' | undefined;
  /** A failure has come, and `failFast` holds. */
  #failing = false;
  #timerIsSet = false;
  #end: RunEndState | undefined;

  /** @throws RangeError where `concurrency` is below 1. */
  constructor(graph: Graph, options: SchedulerOptions) {
    if (!(options.concurrency >= 1)) throw new RangeError(`A concurrency of ${options.concurrency} starts no task.`);
    this.#walk = new Walk(graph, options.policy ?? 'fcfs', options.createPolicy, options.admit);
    this.#concurrency = this.#ceiling = options.concurrency;
    this.#failFast = options.failFast ?? false;
    this.#timeout = options.timeout;
    const { continueOnError, priority, triggerRule } = options;
    if (continueOnError === undefined && priority === undefined && triggerRule === undefined) return;
    for (let task = 0; task < graph.size; task++) {
      this.#walk.describe(task, {
        continueOnError: continueOnError?.(task) ?? false,
        priority: priority?.(task) ?? 0,
        triggerRule: triggerRule?.(task) ?? 'all_success',
      });
    }
  }

  /**
   * The scheduler of a dag that was checked before, as it is at the start, or as it was at the snapshot.
   * @throws Error where the dag is not sound (see `graphOf`), or the snapshot is of another one.
   */
  static of(dag: Dag, createPolicy: CreatePolicy, snapshot?: Snapshot, admit?: Admit): Scheduler {
    const options: SchedulerOptions = {
      concurrency: dag.concurrency ?? DEFAULT_CONCURRENCY,
      failFast: dag.failFast ?? false,
      ...(dag.timeout === undefined ? {} : { timeout: dag.timeout }),
      continueOnError: (task) => dag.tasks[task]?.continueOnError ?? false,
      priority: (task) => dag.tasks[task]?.priority ?? 0,
      triggerRule: (task) => dag.tasks[task]?.triggerRule ?? 'all_success',
      policy: dag.policy ?? 'fcfs',
      ...(admit === undefined ? {} : { admit }),
      createPolicy,
    };
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
    scheduler.#pauseMode = snapshot.pauseMode ?? undefined;
    scheduler.#resumeAt = snapshot.resumeAt;
    scheduler.#stop = snapshot.stop ?? undefined;
    scheduler.#failing = snapshot.failing;
    scheduler.#timerIsSet = snapshot.timer;
    scheduler.#end = snapshot.end ?? undefined;
    scheduler.#walk.resume(snapshot.order);
    scheduler.#concurrency = snapshot.concurrency ?? options.concurrency;
    scheduler.#ceiling = Math.max(scheduler.#concurrency, scheduler.running);
    return scheduler;
  }

  /** Everything that {@link Scheduler.restore} needs: plain JSON, a few bytes for each task. */
  snapshot(): Snapshot {
    return {
      version: 1,
      beganAt: Number.isNaN(this.#beganAt) ? null : this.#beganAt,
      endedAt: Number.isNaN(this.#endedAt) ? null : this.#endedAt,
      pauseMode: this.#pauseMode ?? null,
      stop: this.#stop ?? null,
      failing: this.#failing,
      timer: this.#timerIsSet,
      end: this.#end ?? null,
      ...(this.#resumeAt === undefined ? {} : { resumeAt: this.#resumeAt }),
      concurrency: this.#concurrency,
      policy: this.policy.name,
      ...writeTasks(this.tasks, this.#beganAt),
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
    return this.#concurrency;
  }

  /** So many tasks may run now: more than the concurrency where that was lowered while they ran. */
  get ceiling(): number {
    return this.#ceiling;
  }

  get state(): RunState {
    if (this.#end) return this.#end;
    if (this.#stop) return 'cancelling';
    return this.#pauseMode ? 'paused' : 'running';
  }

  /** How the run is paused; undefined where it is not. */
  get pauseMode(): PauseMode | undefined {
    return this.#pauseMode;
  }

  /** Milliseconds; when the pause ends by itself, undefined where it does not. */
  get resumesAt(): number | undefined {
    return this.#resumeAt;
  }

  /** Milliseconds; undefined before `run.began`. */
  get runBeganAt(): number | undefined {
    return timeOf(this.#beganAt);
  }

  /** Milliseconds; undefined while the run goes on. */
  get runEndedAt(): number | undefined {
    return timeOf(this.#endedAt);
  }

  /** How many tasks run, those that were told to stop included. */
  get running(): number {
    return this.tasks.count('running');
  }

  /** How many tasks have not ended. */
  get open(): number {
    return this.#walk.open;
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
  timers(): { readonly timer: TimerName; readonly at: number }[] {
    const timers: { timer: TimerName; at: number }[] = [];
    if (this.#timerIsSet) timers.push({ timer: 'run-timeout', at: this.#beganAt + (this.#timeout ?? 0) });
    if (this.#resumeAt !== undefined) timers.push({ timer: 'auto-resume', at: this.#resumeAt });
    return timers;
  }

  /**
   * Takes an event in and says what to do now. What moved is in `tasks.moves` until the next event.
   * @throws Error where the event makes no sense now: a bug of the host. Nothing has changed then.
   */
  handle(event: SchedulerEvent): Instruction[] {
    this.#check(event);
    this.tasks.moves.length = 0;
    const instructions: Instruction[] = [];
    this.#take(event, instructions);
    if (this.#failFast) this.#noticeFailures();
    this.#startTasks(event.at, instructions);
    this.#endRun(event.at, instructions);
    this.#ceiling = Math.max(this.#concurrency, Math.min(this.#ceiling, this.running));
    return instructions;
  }

  /** @throws Error that names the first rule that does not hold. Takes O(V + E): for tests. */
  validate(): void {
    checkInvariants(this);
  }

  #check(event: SchedulerEvent): void {
    if (!Number.isSafeInteger(event.at)) throw new Error(`${event.type} at ${event.at}: not whole milliseconds.`);
    if (this.#end !== undefined) throw new Error(`${event.type} after the end of the run.`);
    const began = !Number.isNaN(this.#beganAt);
    if (event.type === 'run.began' ? began : !began) {
      throw new Error(began ? 'The run began already.' : `${event.type} before the run began.`);
    }
    if (event.type === 'timer.fired') {
      const isSet = event.timer === 'run-timeout' ? this.#timerIsSet : this.#resumeAt !== undefined;
      if (!isSet) throw new Error(`The timer ${event.timer} is not set.`);
    }
    if (!('task' in event)) return;
    if (!(Number.isInteger(event.task) && event.task >= 0 && event.task < this.graph.size)) {
      throw new Error(`${event.type} for task ${event.task}; the dag has ${this.graph.size} tasks.`);
    }
    if (event.type === 'task.ended' && !this.tasks.is(event.task, 'running')) {
      throw new Error(`Task ${event.task} ended, but does not run: it is ${this.stateOf(event.task)}.`);
    }
    if (event.type === 'task.retried' && !this.tasks.hasEnded(event.task)) {
      throw new Error(`Task ${event.task} cannot be retried: it is ${this.stateOf(event.task)}.`);
    }
  }

  #take(event: SchedulerEvent, instructions: Instruction[]): void {
    const walk = this.#walk;
    const { at } = event;
    switch (event.type) {
      case 'run.began':
        this.#began(at, event.succeeded ?? [], instructions);
        break;
      case 'task.ended':
        this.#taskEnded(event.task, event.outcome, at);
        break;
      case 'timer.fired':
        if (event.timer === 'auto-resume') {
          this.#resumeAt = undefined;
          this.#pauseMode = undefined;
        } else {
          this.#timerIsSet = false;
          this.#stopRun('timed_out', at, instructions);
        }
        break;
      case 'operator.paused':
        this.#paused(event.mode, event.until, instructions);
        break;
      case 'operator.resumed':
        this.#unpause(instructions);
        break;
      case 'operator.cancelled':
        this.#stopRun('cancelled', at, instructions);
        break;
      case 'task.paused':
        walk.hold(event.task);
        if (event.mode === 'interrupt') this.#stopTask(event.task, STOP.again, instructions);
        break;
      case 'task.resumed':
        walk.release(event.task);
        break;
      case 'task.forced':
        if (this.tasks.is(event.task, 'running')) this.#stopTask(event.task, STOP[event.state], instructions);
        else walk.force(event.task, event.state, at);
        this.#lookAtFailures();
        break;
      case 'task.retried':
        for (const task of walk.retry(event.task, event.dependents, at)) {
          this.#stopTask(task, STOP.again, instructions);
        }
        this.#lookAtFailures();
        break;
      case 'priority.set':
        walk.setPriority(event.task, event.priority);
        break;
      case 'concurrency.set':
        if (!(event.concurrency >= 1)) throw new RangeError(`A concurrency of ${event.concurrency} starts no task.`);
        this.#concurrency = event.concurrency;
        this.#ceiling = Math.max(event.concurrency, this.running);
        break;
      case 'policy.set':
        walk.usePolicy(event.policy);
        break;
      case 'tasks.added':
        walk.grow(growGraph(walk.graph, event.tasks.length, event.edges), event.tasks, at);
        break;
    }
  }

  #began(at: number, succeeded: readonly number[], instructions: Instruction[]): void {
    this.#beganAt = at;
    for (const task of succeeded) this.#walk.force(task, 'succeeded', at);
    this.#walk.begin(at);
    if (this.#timeout === undefined || this.#walk.open === 0) return;
    this.#timerIsSet = true;
    instructions.push({ type: 'timer.set', timer: 'run-timeout', at: at + this.#timeout });
  }

  #taskEnded(task: number, outcome: TaskOutcome, at: number): void {
    const { tasks } = this;
    const stop = tasks.stop[task]!;
    tasks.stop[task] = STOP.none;
    // What it needs was set back meanwhile: however it ended, it must run again.
    const isStale = tasks.verdict(task) !== 'start' && tasks.forced[task] === 0;
    if (stop === STOP.again && this.#stop === undefined && (outcome === 'cancelled' || isStale)) {
      this.#walk.startAgain(task, at);
      return;
    }
    const end = endAfterStop(stop, outcome, isStale);
    if (stop === STOP.succeeded || stop === STOP.skipped || (stop === STOP.cancelled && end === 'cancelled')) {
      tasks.forced[task] = 1;
    }
    this.#walk.end(task, end, at);
  }

  /** Whether a task has failed just now, by its handler or by its own condition. */
  #noticeFailures(): void {
    const { moves } = this.tasks;
    for (let i = 0; i + 2 < moves.length; i += 3) {
      if (moves[i + 2] !== CODE.failed || !this.tasks.is(moves[i]!, 'failed')) continue;
      if (!this.countsAsSuccess(moves[i]!)) this.#failing = true;
    }
  }

  /** After an operator has changed how tasks ended: whether a failure is left that no task may start after. */
  #lookAtFailures(): void {
    if (!this.#failing) return;
    this.#failing = false;
    for (let task = 0; task < this.graph.size && !this.#failing; task++) {
      this.#failing = this.tasks.is(task, 'failed') && !this.countsAsSuccess(task);
    }
  }

  #paused(mode: PauseMode, until: number | undefined, instructions: Instruction[]): void {
    if (this.#stop) return;
    if (until !== undefined && until !== this.#resumeAt) {
      this.#dropResume(instructions);
      this.#resumeAt = until;
      instructions.push({ type: 'timer.set', timer: 'auto-resume', at: until });
    }
    if (this.#pauseMode === mode || this.#pauseMode === 'interrupt') return;
    this.#pauseMode = mode;
    if (mode === 'drain') return;
    for (let task = 0; task < this.graph.size; task++) this.#stopTask(task, STOP.again, instructions);
  }

  #unpause(instructions: Instruction[]): void {
    this.#pauseMode = undefined;
    this.#dropResume(instructions);
  }

  #dropResume(instructions: Instruction[]): void {
    if (this.#resumeAt !== undefined) instructions.push({ type: 'timer.drop', timer: 'auto-resume' });
    this.#resumeAt = undefined;
  }

  /** A second stop changes nothing: the run ends as the first one said. */
  #stopRun(status: 'cancelled' | 'timed_out', at: number, instructions: Instruction[]): void {
    if (this.#stop) return;
    this.#stop = status;
    this.#unpause(instructions);
    if (this.running > 0) {
      for (let task = 0; task < this.graph.size; task++) this.#stopTask(task, STOP.none, instructions);
    }
    this.#walk.cancelWaiting(at);
  }

  /** Tells a running task to stop; one that was told before is not told again, but the latest word counts. */
  #stopTask(task: number, stop: number, instructions: Instruction[]): void {
    const { tasks } = this;
    if (!tasks.is(task, 'running')) return;
    if (tasks.stop[task] === STOP.none) instructions.push({ type: 'task.cancel', task });
    // An interrupt does not take back what an operator decided.
    if (stop > STOP.again || (stop === STOP.again && tasks.stop[task] === STOP.none)) tasks.stop[task] = stop;
  }

  #startTasks(at: number, instructions: Instruction[]): void {
    if (this.#failing || this.#stop !== undefined || this.#pauseMode !== undefined) return;
    const { tasks, policy } = this;
    while (this.running < this.#concurrency) {
      const task = policy.next();
      if (task === undefined) return;
      tasks.move(task, 'running');
      tasks.startedAt[task] = at;
      instructions.push({ type: 'task.start', task });
    }
  }

  #endRun(at: number, instructions: Instruction[]): void {
    if (this.running > 0) return;
    if (this.#failing) this.#walk.cancelWaiting(at);
    if (this.#walk.open > 0) return;
    this.#end = this.#endStatus();
    this.#endedAt = at;
    this.#unpause(instructions);
    if (this.#timerIsSet) instructions.push({ type: 'timer.drop', timer: 'run-timeout' });
    this.#timerIsSet = false;
    instructions.push({ type: 'run.end', status: this.#end });
  }

  /** A stop that came too late to stop anything leaves a run that succeeded as it is. */
  #endStatus(): RunEndState {
    let succeeded = true;
    for (let task = 0; task < this.graph.size && succeeded; task++) succeeded = this.isSatisfied(task);
    if (succeeded) return 'succeeded';
    return this.#stop ?? 'failed';
  }
}

function timeOf(at: number): number | undefined {
  return Number.isNaN(at) ? undefined : at;
}
