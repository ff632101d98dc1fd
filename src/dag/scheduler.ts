import type { Policy } from './policy.js';
import { DEFAULT_CONCURRENCY, type Dag } from './dag.js';
import type { SchedulerEvent } from './event.js';
import { graphOf, type Graph } from './graph.js';
import type { Instruction } from './instruction.js';
import type { PauseMode, RunEndState, RunState } from './run.js';
import { checkInvariants } from './scheduler-invariants.js';
import { readTasks, writeTasks, type Snapshot } from './snapshot.js';
import { TASK_STATES, isTaskEnd, type TaskState } from './task-state.js';
import { CODE, TaskTable } from './task-table.js';

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
  /** A fresh one: which ready task goes first when slots are scarce. */
  readonly policy: Policy;
}

/**
 * Walks a graph: told what happened, says what to do. The same events give the same instructions, always: it reads no
 * clock and no random, does nothing itself, and a host, whatever it is, carries the instructions out.
 */
export class Scheduler {
  readonly graph: Graph;
  /** What is known of each task. For reading. */
  readonly tasks: TaskTable;
  readonly concurrency: number;
  readonly policy: Policy;
  readonly #failFast: boolean;
  readonly #timeout: number | undefined;
  readonly #continueOnError: Uint8Array;
  /** Tasks that have not ended. */
  #open: number;
  #nextSequence = 0;
  #beganAt = NaN;
  #endedAt = NaN;
  #pauseMode: PauseMode | undefined;
  /** How the run will end, once an operator or the timeout has stopped it. */
  #stop: 'cancelled' | 'timed_out' | undefined;
  /** A failure has come, and `failFast` holds. */
  #failing = false;
  #timerIsSet = false;
  #end: RunEndState | undefined;

  /** @throws RangeError where `concurrency` is below 1. */
  constructor(graph: Graph, options: SchedulerOptions) {
    if (!(options.concurrency >= 1)) throw new RangeError(`A concurrency of ${options.concurrency} starts no task.`);
    this.graph = graph;
    this.tasks = new TaskTable(graph.inDegree);
    this.concurrency = options.concurrency;
    this.policy = options.policy;
    this.#failFast = options.failFast ?? false;
    this.#timeout = options.timeout;
    this.#continueOnError = new Uint8Array(graph.size);
    if (options.continueOnError) {
      for (let task = 0; task < graph.size; task++) this.#continueOnError[task] = options.continueOnError(task) ? 1 : 0;
    }
    this.#open = graph.size;
  }

  /**
   * The scheduler of a dag that was checked before, as it is at the start, or as it was at the snapshot.
   * @throws Error where the dag is not sound (see `graphOf`), or the snapshot is of another one.
   */
  static of(dag: Dag, policy: Policy, snapshot?: Snapshot): Scheduler {
    const options: SchedulerOptions = {
      concurrency: dag.concurrency ?? DEFAULT_CONCURRENCY,
      failFast: dag.failFast ?? false,
      ...(dag.timeout === undefined ? {} : { timeout: dag.timeout }),
      continueOnError: (task) => dag.tasks[task]?.continueOnError ?? false,
      policy,
    };
    const graph = graphOf(dag);
    return snapshot ? Scheduler.restore(graph, options, snapshot) : new Scheduler(graph, options);
  }

  /**
   * Goes on from a snapshot, with the graph and the options that it was made with.
   * @throws Error where the snapshot is of another graph, or of another version.
   */
  static restore(graph: Graph, options: SchedulerOptions, snapshot: Snapshot): Scheduler {
    const scheduler = new Scheduler(graph, options);
    const { tasks, policy } = scheduler;
    readTasks(snapshot, tasks);
    scheduler.#nextSequence = snapshot.order.length;
    scheduler.#beganAt = snapshot.beganAt ?? NaN;
    scheduler.#endedAt = snapshot.endedAt ?? NaN;
    scheduler.#pauseMode = snapshot.pauseMode ?? undefined;
    scheduler.#stop = snapshot.stop ?? undefined;
    scheduler.#failing = snapshot.failing;
    scheduler.#timerIsSet = snapshot.timer;
    scheduler.#end = snapshot.end ?? undefined;
    for (const task of snapshot.order) if (tasks.is(task, 'ready')) policy.add(task, tasks.sequence[task]!);
    const { offsets, targets } = graph.dependents;
    for (let task = 0; task < graph.size; task++) {
      if (isTaskEnd(tasks.stateOf(task))) scheduler.#open--;
      if (!scheduler.countsAsSuccess(task)) continue;
      for (let edge = offsets[task]!; edge < offsets[task + 1]!; edge++) tasks.missing[targets[edge]!]!--;
    }
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
      ...writeTasks(this.tasks, this.#beganAt),
    };
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
    const state = this.tasks.state[task];
    return state === CODE.succeeded || (state === CODE.failed && this.#continueOnError[task] === 1);
  }

  /**
   * Takes an event in and says what to do now.
   * @throws Error where the event makes no sense now: a bug of the host. Nothing has changed then.
   */
  handle(event: SchedulerEvent): Instruction[] {
    this.#check(event);
    const instructions: Instruction[] = [];
    switch (event.type) {
      case 'run.began':
        this.#began(event.at, instructions);
        break;
      case 'task.ended':
        this.#taskEnded(event.task, event.outcome, event.at);
        break;
      case 'timer.fired':
        this.#timerIsSet = false;
        this.#stopRun('timed_out', event.at, instructions);
        break;
      case 'operator.paused':
        this.#paused(event.mode, instructions);
        break;
      case 'operator.resumed':
        this.#pauseMode = undefined;
        break;
      case 'operator.cancelled':
        this.#stopRun('cancelled', event.at, instructions);
        break;
    }
    this.#startTasks(event.at, instructions);
    this.#endRun(event.at, instructions);
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
    if (event.type === 'timer.fired' && !this.#timerIsSet) throw new Error(`The timer ${event.timer} is not set.`);
    if (event.type !== 'task.ended') return;
    if (!(Number.isInteger(event.task) && event.task >= 0 && event.task < this.graph.size)) {
      throw new Error(`Task ${event.task} ended; the dag has ${this.graph.size} tasks.`);
    }
    if (!this.tasks.is(event.task, 'running')) {
      throw new Error(`Task ${event.task} ended, but does not run: it is ${this.stateOf(event.task)}.`);
    }
  }

  #began(at: number, instructions: Instruction[]): void {
    this.#beganAt = at;
    for (let task = 0; task < this.graph.size; task++) if (this.tasks.missing[task] === 0) this.#makeReady(task);
    if (this.#timeout === undefined || this.#open === 0) return;
    this.#timerIsSet = true;
    instructions.push({ type: 'timer.set', timer: 'run-timeout', at: at + this.#timeout });
  }

  #taskEnded(task: number, outcome: 'succeeded' | 'failed' | 'cancelled', at: number): void {
    const interrupted = this.tasks.interrupted[task] === 1;
    this.tasks.interrupted[task] = 0;
    if (outcome === 'cancelled' && interrupted && this.#stop === undefined) {
      this.tasks.startedAt[task] = NaN;
      this.#makeReady(task);
      return;
    }
    this.#endTask(task, outcome, at);
    if (this.#failFast && outcome === 'failed' && !this.countsAsSuccess(task)) this.#failing = true;
    this.#tellDependents(task, at);
  }

  /** The one place where the ends of dependencies decide what becomes of a task. */
  #tellDependents(first: number, at: number): void {
    const { offsets, targets } = this.graph.dependents;
    const { missing } = this.tasks;
    const ended = [first];
    for (let task = ended.pop(); task !== undefined; task = ended.pop()) {
      const success = this.countsAsSuccess(task);
      for (let edge = offsets[task]!; edge < offsets[task + 1]!; edge++) {
        const dependent = targets[edge]!;
        if (success) {
          if (--missing[dependent]! === 0 && this.tasks.is(dependent, 'pending')) this.#makeReady(dependent);
        } else if (this.tasks.is(dependent, 'pending')) {
          this.#endTask(dependent, 'upstream_failed', at);
          ended.push(dependent);
        }
      }
    }
  }

  #paused(mode: PauseMode, instructions: Instruction[]): void {
    if (this.#stop || this.#pauseMode === mode || this.#pauseMode === 'interrupt') return;
    this.#pauseMode = mode;
    if (mode === 'drain') return;
    this.#cancelRunning(instructions, 1);
  }

  /** A second stop changes nothing: the run ends as the first one said. */
  #stopRun(status: 'cancelled' | 'timed_out', at: number, instructions: Instruction[]): void {
    if (this.#stop) return;
    this.#stop = status;
    this.#pauseMode = undefined;
    this.#cancelRunning(instructions, 0);
    this.#cancelWaiting(at);
  }

  /** Tasks that an interrupt has told to stop are not told again. */
  #cancelRunning(instructions: Instruction[], interrupt: 0 | 1): void {
    if (this.running === 0) return;
    const { interrupted } = this.tasks;
    for (let task = 0; task < this.graph.size; task++) {
      if (!this.tasks.is(task, 'running') || interrupted[task] === 1) continue;
      interrupted[task] = interrupt;
      instructions.push({ type: 'task.cancel', task });
    }
  }

  #cancelWaiting(at: number): void {
    for (let task = this.policy.next(); task !== undefined; task = this.policy.next()) {
      this.#endTask(task, 'cancelled', at);
    }
    if (this.tasks.count('pending') === 0) return;
    for (let task = 0; task < this.graph.size; task++) {
      if (this.tasks.is(task, 'pending')) this.#endTask(task, 'cancelled', at);
    }
  }

  #makeReady(task: number): void {
    const { sequence } = this.tasks;
    this.tasks.move(task, 'ready');
    if (sequence[task] === -1) sequence[task] = this.#nextSequence++;
    this.policy.add(task, sequence[task]!);
  }

  #endTask(task: number, state: 'succeeded' | 'failed' | 'upstream_failed' | 'cancelled', at: number): void {
    this.tasks.move(task, state);
    this.tasks.endedAt[task] = at;
    this.#open--;
  }

  #startTasks(at: number, instructions: Instruction[]): void {
    if (this.#failing || this.#stop !== undefined || this.#pauseMode !== undefined) return;
    while (this.running < this.concurrency) {
      const task = this.policy.next();
      if (task === undefined) return;
      this.tasks.move(task, 'running');
      this.tasks.startedAt[task] = at;
      instructions.push({ type: 'task.start', task });
    }
  }

  #endRun(at: number, instructions: Instruction[]): void {
    if (this.running > 0) return;
    if (this.#failing) this.#cancelWaiting(at);
    if (this.#open > 0) return;
    this.#end = this.#endStatus();
    this.#endedAt = at;
    this.#pauseMode = undefined;
    if (this.#timerIsSet) instructions.push({ type: 'timer.drop', timer: 'run-timeout' });
    this.#timerIsSet = false;
    instructions.push({ type: 'run.end', status: this.#end });
  }

  /** A stop that came too late to stop anything leaves a run that succeeded as it is. */
  #endStatus(): RunEndState {
    let succeeded = true;
    for (let task = 0; task < this.graph.size && succeeded; task++) succeeded = this.countsAsSuccess(task);
    if (succeeded) return 'succeeded';
    return this.#stop ?? 'failed';
  }
}

function timeOf(at: number): number | undefined {
  return Number.isNaN(at) ? undefined : at;
}
