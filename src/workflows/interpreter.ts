import {
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  log,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { SchedulerEvent } from '../dag/event.js';
import type { Instruction } from '../dag/instruction.js';
import { RunRecord } from '../dag/run-record.js';
import type { RunResult, RunDescription } from '../dag/run.js';
import { Scheduler } from '../dag/scheduler.js';
import { measureCall } from '../dag/task-call.js';
import { createPolicy } from '../policy/policies.js';
import type { ActivityScope } from './activity-scope.js';
import { Children } from './children.js';
import type { RunInput, TaskEnd } from './messages.js';
import { activityOf, startActivity, type TaskActivity } from './task-activity.js';

/** Well below the 51,200 events at which the server ends a run, well above what one window of tasks adds. */
const HISTORY_LIMIT = 8_000;
/** Past so many times the limit no task starts until those that run have ended: the server's own limit is near. */
const HISTORY_HARD_FACTOR = 5;
/** Milliseconds that short tasks get to end, so that continuing as new costs nothing else. */
const DRAIN_TIME = 1_000;
/** New commands, and bytes of their arguments, in one workflow task: it may run 5 s and hold 4 MB. */
const COMMANDS_PER_WORKFLOW_TASK = 500;
const BYTES_PER_WORKFLOW_TASK = 1_048_576;

/**
 * Where started tasks go. `direct`: activities of this workflow. `draining`: held back, so that the run can continue
 * as new once the running ones have ended. `detached`: some of those take long, so tasks go to child workflows, which
 * outlive the change.
 */
type Phase = 'direct' | 'draining' | 'detached';

/** The host that drives the scheduler inside a Temporal workflow: events in, instructions performed. */
export class Interpreter {
  readonly #input: RunInput;
  readonly #runId = workflowInfo().workflowId;
  readonly #scheduler: Scheduler;
  readonly #record: RunRecord;
  readonly #children: Children;
  readonly #inbox: SchedulerEvent[] = [];
  /** Tasks the scheduler has started that are not yet under way, first in first out. */
  #starts: number[] = [];
  /** Running activities of this workflow, with what cancels each. */
  readonly #direct = new Map<number, ActivityScope>();
  /** How often a task was started before: only those that an interrupt stopped. */
  readonly #restarts = new Map<number, number>();
  readonly #timers = new Map<string, CancellationScope>();
  /** Ends the wait for news. */
  #wake = (): void => {};
  #phase: Phase = 'direct';
  #drainTimerFired = false;
  /** The outputs that tasks wait for do not fit into the next execution's input. */
  #isTooLarge = false;
  #ended = false;

  constructor(input: RunInput) {
    this.#input = input;
    const { dag, carried } = input;
    if (carried === undefined) {
      this.#scheduler = Scheduler.of(dag, createPolicy('fcfs'));
      this.#record = new RunRecord(dag);
      this.#inbox.push({ type: 'run.began', at: Date.now() });
    } else {
      this.#scheduler = Scheduler.of(dag, createPolicy('fcfs'), carried.scheduler);
      this.#record = RunRecord.restore(dag, carried.record);
      this.#starts = [...carried.held];
    }
    this.#children = new Children(this.#runId, carried, (end) => this.#taskEnded(end));
  }

  /** Tells the scheduler something, as soon as the workflow looks. Safe to call from a signal's handler. */
  post(event: SchedulerEvent): void {
    if (this.#ended) return;
    this.#inbox.push(event);
    this.#wake();
  }

  /** Tasks that a child workflow ran have ended. */
  childReported(ends: readonly TaskEnd[]): void {
    for (const end of ends) this.#children.ended(end);
  }

  status(): RunDescription {
    return this.#record.status(this.#runId, this.#scheduler);
  }

  /** Runs the dag to its end, or continues as new. */
  async run(): Promise<RunResult> {
    this.#children.begin();
    this.#rearmTimer();
    for (;;) {
      for (const event of this.#inbox.splice(0)) {
        // What comes in one batch with the end, and after it, is of no interest any more.
        if (!this.#ended) this.#perform(this.#scheduler.handle(event));
      }
      if (this.#ended) break;
      // A timer ends the workflow task, and with it this portion's commands.
      while (this.#startPortion()) await sleep(1);
      this.#watchHistory();
      if (this.#mayContinueAsNew()) await this.#continueAsNew();
      if (this.#inbox.length === 0) await this.#news();
      if (this.#drainTimerFired) this.#detach();
    }
    return this.#record.result(this.#runId, this.#scheduler);
  }

  /** Waits until there is something to do. A `condition` makes more promises, and all is looked at twice for it. */
  #news(): Promise<void> {
    if (this.#phase === 'direct') return new Promise((resolve) => (this.#wake = resolve));
    return condition(() => this.#inbox.length > 0 || this.#drainTimerFired || this.#mayContinueAsNew());
  }

  #perform(instructions: readonly Instruction[]): void {
    for (const instruction of instructions) {
      switch (instruction.type) {
        case 'task.start':
          this.#starts.push(instruction.task);
          break;
        case 'task.cancel':
          this.#cancelTask(instruction.task);
          break;
        case 'timer.set':
          this.#setTimer(instruction.timer, instruction.at);
          break;
        case 'timer.drop':
          this.#dropTimer(instruction.timer);
          break;
        case 'run.end':
          this.#ended = true;
          break;
      }
    }
  }

  /**
   * Starts what may start now, as much as one workflow task can carry; true where more is to start. Not async, as all
   * that is done for each task: a promise costs a workflow more than all the rest of it.
   */
  #startPortion(): boolean {
    if (this.#starts.length === 0 || this.#phase === 'draining') return false;
    if (this.#phase === 'detached' && this.#mustHold()) return false;
    const portion: TaskActivity[] = [];
    let taken = 0;
    let bytes = 0;
    while (taken < Math.min(this.#starts.length, COMMANDS_PER_WORKFLOW_TASK) && bytes < BYTES_PER_WORKFLOW_TASK) {
      const task = this.#starts[taken++]!;
      const activity = this.#activity(task);
      const size = measureCall(activity.args);
      if (size.error !== undefined) {
        this.#taskEnded({ task, outcome: 'failed', attempts: 0, error: size.error });
        continue;
      }
      bytes += size.bytes;
      portion.push(activity);
    }
    this.#starts.splice(0, taken);
    if (this.#phase === 'direct') for (const activity of portion) this.#startDirect(activity);
    else this.#children.start(portion);
    return this.#starts.length > 0;
  }

  #activity(task: number): TaskActivity {
    this.#record.began(task);
    const start = (this.#restarts.get(task) ?? 0) + 1;
    const needs = this.#record.needsOf(task);
    return activityOf(this.#input.dag, task, { runId: this.#runId, params: this.#input.params, needs, start });
  }

  #startDirect(activity: TaskActivity): void {
    this.#direct.set(
      activity.task,
      startActivity(activity, (end) => this.#taskEnded(end)),
    );
  }

  #taskEnded(end: TaskEnd): void {
    this.#direct.delete(end.task);
    this.#record.ended(end.task, end);
    if (end.outcome === 'cancelled') this.#restarts.set(end.task, (this.#restarts.get(end.task) ?? 0) + 1);
    this.post({ type: 'task.ended', at: Date.now(), task: end.task, outcome: end.outcome });
  }

  #cancelTask(task: number): void {
    const waiting = this.#starts.indexOf(task);
    if (waiting >= 0) {
      this.#starts.splice(waiting, 1);
      this.#inbox.push({ type: 'task.ended', at: Date.now(), task, outcome: 'cancelled' });
      return;
    }
    const scope = this.#direct.get(task);
    if (scope === undefined) this.#children.cancel(task);
    else scope.cancel();
  }

  #setTimer(timer: 'run-timeout', at: number): void {
    const scope = new CancellationScope();
    this.#timers.set(timer, scope);
    const fired = scope.run(() => sleep(Math.max(1, at - Date.now())));
    fired.then(
      () => this.post({ type: 'timer.fired', at: Date.now(), timer }),
      (error: unknown) => {
        if (!isCancellation(error)) throw error;
      },
    );
  }

  #dropTimer(timer: 'run-timeout'): void {
    this.#timers.get(timer)?.cancel();
    this.#timers.delete(timer);
  }

  /** Timers do not survive continue-as-new: sets them again. */
  #rearmTimer(): void {
    const { dag, carried } = this.#input;
    if (carried?.scheduler.timer !== true) return;
    this.#setTimer('run-timeout', (carried.scheduler.beganAt ?? 0) + (dag.timeout ?? 0));
  }

  /** Begins to drain once the history is long. */
  #watchHistory(): void {
    if (this.#phase !== 'direct') return;
    const info = workflowInfo();
    if (info.historyLength < (this.#input.historyLimit ?? HISTORY_LIMIT) && info.historySize < 8_388_608) return;
    this.#phase = 'draining';
    void sleep(DRAIN_TIME).then(() => (this.#drainTimerFired = true));
  }

  async #continueAsNew(): Promise<void> {
    const record = this.#record.snapshot(this.#scheduler);
    if (record === undefined) {
      log.warn('The outputs that tasks still wait for are too large to continue as new; the run goes on as it is.');
      this.#isTooLarge = true;
      this.#detach();
      return;
    }
    await continueAsNew<(input: RunInput) => Promise<RunResult>>({
      ...this.#input,
      carried: {
        scheduler: this.#scheduler.snapshot(),
        record,
        held: this.#starts,
        ...this.#children.snapshot(),
      },
    });
  }

  /** Nothing is under way that would not survive it. */
  #mayContinueAsNew(): boolean {
    if (this.#phase === 'direct' || this.#isTooLarge) return false;
    return this.#direct.size === 0 && this.#inbox.length === 0 && this.#children.settled();
  }

  #detach(): void {
    this.#drainTimerFired = false;
    if (this.#phase === 'draining') this.#phase = 'detached';
  }

  /** Whether detached tasks must wait too: the run is about to continue as new, or the server's limit is near. */
  #mustHold(): boolean {
    if (this.#isTooLarge) return false;
    const limit = (this.#input.historyLimit ?? HISTORY_LIMIT) * HISTORY_HARD_FACTOR;
    return this.#direct.size === 0 || workflowInfo().historyLength >= limit;
  }
}
