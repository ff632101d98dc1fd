import { condition, continueAsNew, log, patched, sleep, workflowInfo } from '@temporalio/workflow';
import type { Act, ActAnswer, ActRequest } from '../run/act.js';
import { DagwrightError } from '../dag/errors.js';
import type { SchedulerEvent } from '../dag/event.js';
import { LiveRun, type HostInstruction } from '../run/live-run.js';
import type { RunResult } from '../run/run.js';
import { startedRunId } from '../run/sub-run-end.js';
import { measureCall } from '../dag/task-call.js';
import type { Json } from '../dag/json.js';
import type { TaskError } from '../dag/task-error.js';
import { createPlacement } from '../placement/placements.js';
import { createPolicy } from '../policy/policies.js';
import { placementOf } from '../dag/scheduler-options.js';
import { taskQueueOf } from '../dag/worker-group.js';
import type { ActivityScope } from './activity-scope.js';
import { Children } from './children.js';
import { HistoryWatch } from './history-watch.js';
import type { RunInput, TaskEnd } from './messages.js';
import { PATCHES } from './patches.js';
import { RunTimers, type RunTimer } from './run-timers.js';
import { SharedResources } from './shared-resources.js';
import { Shown } from './shown.js';
import { SubRuns, type SubRun } from './sub-runs.js';
import { activityOf, startActivity, type TaskActivity } from './task-activity.js';

/** What a task could be handed before that was raised. */
const EARLIER_CALL_BYTES = 1_572_864;
/** Bytes of what tasks wait for that the next execution is started with, where it is more than usual. */
const CARRIED_BYTES = 4 * 1_048_576;
/** New commands, and bytes of their arguments, in one workflow task: it may run 5 s and hold 4 MB. */
const COMMANDS_PER_WORKFLOW_TASK = 500;
const BYTES_PER_WORKFLOW_TASK = 1_048_576;

/** An act that came by a signal, in line with what else the run is told. */
interface RequestedAct {
  readonly type: 'act';
  readonly act: Act;
  readonly request: ActRequest;
}

/** A timer that fired. */
interface FiredTimer {
  readonly type: 'timer';
  readonly timer: RunTimer;
}

/** The host that drives the scheduler inside a Temporal workflow: events in, instructions performed. */
export class Interpreter {
  /** What the run is, beyond what this host must do for it. For reading. */
  readonly live: LiveRun;
  /** Pools, and worker groups. */
  readonly shared: SharedResources;
  /** A request to cancel was announced. */
  requestFollows = false;
  readonly #input: RunInput;
  readonly #shown: Shown;
  readonly #runId = workflowInfo().workflowId;
  /** Of the workflows that runs share; the base of the worker groups. */
  readonly #sharedTaskQueue: string;
  readonly #children: Children;
  readonly #subRuns: SubRuns;
  readonly #inbox: (SchedulerEvent | RequestedAct | FiredTimer)[] = [];
  /** Tasks the scheduler has started that are not yet under way, first in first out. */
  #starts: number[] = [];
  /** Running activities of this workflow, with what cancels each. */
  readonly #direct = new Map<number, ActivityScope>();
  /** How often a task was started before, where it was. */
  readonly #restarts: Map<number, number>;
  readonly #timers: RunTimers;
  /** Ends the wait for news. */
  #wake = (): void => {};
  readonly #history: HistoryWatch;
  /** An act let tasks start. */
  #actStarted = false;
  #ended = false;

  constructor(input: RunInput) {
    this.#input = input;
    const { dag, params, carried, takeOver, noCache = false } = input;
    const holdsMore = dag.pools !== undefined || placementOf(dag) !== undefined;
    const retriesHolders = holdsMore && patched(PATCHES.retriesByRun);
    const { estimates } = input;
    const smallerPass = (): boolean => patched(PATCHES.smallerPass);
    const host = { createPolicy, createPlacement, leases: true, retriesHolders, smallerPass };
    const options = { runId: this.#runId, params, takeOver, noCache, estimates, ...host };
    this.live = new LiveRun(dag, options, carried);
    if (carried === undefined) this.#inbox.push(this.live.begin(Date.now()));
    else this.#starts = [...carried.held];
    this.#sharedTaskQueue = input.sharedTaskQueue ?? workflowInfo().taskQueue;
    this.shared = new SharedResources(this.live, this.#sharedTaskQueue, carried?.shared, {
      granted: (task) => this.post({ type: 'lease.granted', at: Date.now(), task }),
      admitted: () => this.post({ type: 'run.admitted', at: Date.now() }),
      groupsChanged: (groups) => this.post({ type: 'groups.changed', at: Date.now(), groups }),
    });
    this.#history = new HistoryWatch(input.historyLimit);
    this.#shown = new Shown(this.live, input.searchAttributes ?? false);
    this.#restarts = new Map(carried?.restarts);
    this.#children = new Children(this.#runId, carried, (end) => this.#taskEnded(end));
    this.#subRuns = new SubRuns(this.#runId, input, (end) => this.#taskEnded(end));
    this.#timers = new RunTimers(
      (task) => this.live.dag.tasks[task]?.name ?? '',
      (timer) => {
        if (this.#ended) return;
        this.#inbox.push({ type: 'timer', timer });
        this.#wake();
      },
    );
  }

  /** Tells the scheduler something, as soon as the workflow looks. Safe to call from a signal's handler. */
  post(event: SchedulerEvent): void {
    if (this.#ended) return;
    this.#inbox.push(event);
    this.#wake();
  }

  /** Does an act as soon as the workflow looks. Safe to call from a signal's handler; what is refused is dropped. */
  postAct(act: Act, request: ActRequest): void {
    if (this.#ended) return;
    this.#inbox.push({ type: 'act', act, request });
    this.#wake();
  }

  /** @throws DagwrightError where the run would refuse the act. Changes nothing. */
  checkAct(act: Act, request: ActRequest): void {
    this.live.check(act, request, Date.now());
  }

  /**
   * Does an act now, after all that came before it.
   * @throws DagwrightError where the run refuses it. Nothing has changed then.
   */
  act(act: Act, request: ActRequest): ActAnswer {
    this.#history.updated();
    this.#takeIn();
    const { answer, instructions } = this.live.act(act, request, Date.now());
    this.#perform(instructions);
    if (this.#history.phase === 'detached' && this.#starts.length > 0 && patched(PATCHES.actsStartTasks)) {
      this.#actStarted = true;
    }
    if (act.type === 'cancel' && act.requestFollows === true) this.requestFollows = true;
    this.#wake();
    return answer;
  }

  /** The child workflows that have tasks. */
  children(): string[] {
    return this.#children.names();
  }

  /** Tasks that a child workflow ran, or was, have ended. */
  childReported(ends: readonly TaskEnd[]): void {
    for (const end of ends) {
      if (end.subRun === undefined) this.#children.ended(end);
      else this.#subRuns.ended(end);
    }
  }

  /** Runs the dag to its end, or continues as new. */
  async run(): Promise<RunResult> {
    this.#children.begin();
    this.#subRuns.begin();
    this.shared.begin();
    this.#rearmTimers();
    for (;;) {
      this.#takeIn();
      this.#shown.refresh(this.#runningTasks());
      if (this.#ended) break;
      // A timer ends the workflow task, and with it this portion's commands.
      while (this.#startPortion()) await sleep(1);
      this.#history.look();
      if (this.#mayContinueAsNew()) await this.#continueAsNew();
      if (this.#inbox.length === 0) await this.#news();
      this.#actStarted = false;
      if (this.#history.hasDrained) this.#history.detach();
    }
    await this.shared.close();
    return this.live.result();
  }

  *#runningTasks(): Generator<number> {
    yield* this.#direct.keys();
    yield* this.#children.tasks();
    yield* this.#subRuns.tasks();
  }

  #takeIn(): void {
    for (const event of this.#inbox.splice(0)) {
      // What comes in one batch with the end, and after it, is of no interest any more.
      if (this.#ended) return;
      if (event.type === 'act') this.#takeAct(event);
      else if (event.type === 'timer') this.#takeTimer(event.timer);
      else this.#perform(this.live.handle(event));
    }
  }

  /** An act that nobody waits for: where it is refused, nothing happens. */
  #takeAct({ act, request }: RequestedAct): void {
    // Temporal's own request is no second act where one has announced it.
    const isAnnounced = act.type === 'cancel' && act.requestFollows === true && request.id === undefined;
    if (isAnnounced && this.live.scheduler.state === 'cancelling') return;
    try {
      this.#perform(this.live.act(act, request, Date.now()).instructions);
    } catch (error) {
      if (!(error instanceof DagwrightError)) throw error;
      log.info(`The signal ${act.type} was refused: ${error.code}: ${error.message}`);
    }
  }

  /** Waits until there is something to do. A `condition` makes more promises, and all is looked at twice for it. */
  #news(): Promise<void> {
    if (this.#history.phase === 'direct') return new Promise((resolve) => (this.#wake = resolve));
    return condition(
      () => this.#inbox.length > 0 || this.#history.hasDrained || this.#actStarted || this.#mayContinueAsNew(),
    );
  }

  #perform(instructions: readonly HostInstruction[]): void {
    for (const instruction of instructions) {
      switch (instruction.type) {
        case 'task.start':
          this.#starts.push(instruction.task);
          break;
        case 'task.cancel':
          this.#cancelTask(instruction.task, instruction.compensate);
          break;
        case 'lease.want':
        case 'lease.release':
          this.shared.perform(instruction);
          break;
        case 'timer.set':
          this.#timers.set(instruction.timer, instruction.at, instruction.task);
          break;
        case 'timer.drop':
          this.#timers.drop(instruction.timer, instruction.task);
          break;
        case 'subrun.pause':
          this.#subRuns.pause(instruction.task, instruction.mode);
          break;
        case 'subrun.resume':
          this.#subRuns.resume(instruction.task);
          break;
        case 'run.end':
          this.#ended = true;
          break;
      }
    }
    this.#timers.arm();
    this.shared.flush();
  }

  /**
   * Starts what may start now, as much as one workflow task can carry; true where more is to start. Not async, as all
   * that is done for each task: a promise costs a workflow more than all the rest of it.
   */
  #startPortion(): boolean {
    if (this.#starts.length === 0 || this.#history.holdsStarts(this.#direct.size)) return false;
    const portion: TaskActivity[] = [];
    let taken = 0;
    let bytes = 0;
    while (taken < Math.min(this.#starts.length, COMMANDS_PER_WORKFLOW_TASK) && bytes < BYTES_PER_WORKFLOW_TASK) {
      bytes += this.#startNext(this.#starts[taken++]!, portion);
    }
    this.#starts.splice(0, taken);
    if (this.#history.phase === 'direct') for (const activity of portion) this.#startDirect(activity);
    else this.#children.start(portion);
    return this.#starts.length > 0;
  }

  /** Adds the task's activity to the portion, or starts the run that it is. Gives the bytes of what it is handed. */
  #startNext(task: number, portion: TaskActivity[]): number {
    const attemptsBefore = this.live.record.attemptsOf(task);
    if (attemptsBefore > 0) this.#restarts.set(task, (this.#restarts.get(task) ?? 0) + 1);
    this.live.record.began(task);
    const start = (this.#restarts.get(task) ?? 0) + 1;
    const started = this.live.callOf(task, attemptsBefore);
    if ('error' in started) return this.#failed(task, started.error);
    if ('subRun' in started) {
      const { bytes, error } = measureCall(started.subRun as unknown as Json);
      if (error !== undefined) return this.#failed(task, error);
      this.#startSubRun(task, started.subRun, attemptsBefore + 1);
      return bytes;
    }
    const group = this.live.scheduler.ready.groups.groupOf(task);
    const queue = group === undefined ? undefined : taskQueueOf(this.#sharedTaskQueue, group);
    const activity = activityOf(this.live.dag, task, started, start, queue);
    const { bytes, error } = measured(activity.args);
    if (error !== undefined) return this.#failed(task, error);
    portion.push(activity);
    return bytes;
  }

  /** It cannot even begin. */
  #failed(task: number, error: TaskError): number {
    this.#taskEnded({ task, outcome: 'failed', attempts: 0, error });
    return 0;
  }

  #startSubRun(task: number, { runId, dag, params }: SubRun, attempts: number): void {
    const { historyLimit, searchAttributes, noCache, probeInterval, estimates, sharedTaskQueue } = this.#input;
    const input: RunInput = {
      dag,
      params,
      parent: { runId: this.#runId, task },
      ...(historyLimit === undefined ? {} : { historyLimit }),
      ...(searchAttributes === undefined ? {} : { searchAttributes }),
      ...(noCache === undefined ? {} : { noCache }),
      ...(probeInterval === undefined ? {} : { probeInterval }),
      ...(estimates === undefined ? {} : { estimates }),
      ...(sharedTaskQueue === undefined ? {} : { sharedTaskQueue }),
    };
    this.#subRuns.start(task, startedRunId(runId, attempts), input);
    const { pauseMode, tasks } = this.live.scheduler;
    const mode = pauseMode ?? (tasks.paused[task] === 1 ? 'drain' : undefined);
    if (mode !== undefined) this.#subRuns.pause(task, mode);
  }

  #startDirect(activity: TaskActivity): void {
    this.#direct.set(
      activity.task,
      startActivity(activity, (end) => this.#taskEnded(end)),
    );
  }

  #taskEnded(end: TaskEnd): void {
    this.#direct.delete(end.task);
    this.post(this.live.ended(end, Date.now()));
  }

  #cancelTask(task: number, compensate?: boolean): void {
    const waiting = this.#starts.indexOf(task);
    if (waiting >= 0) {
      this.#starts.splice(waiting, 1);
      this.#inbox.push({ type: 'task.ended', at: Date.now(), task, outcome: 'cancelled' });
      return;
    }
    const scope = this.#direct.get(task);
    if (scope !== undefined) scope.cancel();
    else if (this.#subRuns.has(task)) this.#subRuns.cancel(task, compensate);
    else this.#children.cancel(task);
  }

  /** One that was dropped, or set anew, in the moment in which it fired is of no interest. */
  #takeTimer(fired: RunTimer): void {
    if (!this.#timers.take(fired)) return;
    const { timer, task } = fired;
    const at = Date.now();
    this.#perform(this.live.handle({ type: 'timer.fired', at, timer, ...(task === undefined ? {} : { task }) }));
  }

  /** Timers do not survive continue-as-new: sets them again. */
  #rearmTimers(): void {
    for (const { timer, at, task } of this.live.scheduler.timers()) {
      // An act may have come first, and set it.
      if (!this.#timers.has(timer, task)) this.#timers.set(timer, at, task);
    }
    this.#timers.arm();
  }

  async #continueAsNew(): Promise<void> {
    const live = this.live.snapshot() ?? (patched(PATCHES.largerCarry) ? this.live.snapshot(CARRIED_BYTES) : undefined);
    if (live === undefined) {
      log.warn('The outputs that tasks still wait for are too large to continue as new; the run goes on as it is.');
      this.#history.goOn();
      return;
    }
    const shared = this.shared.snapshot();
    await continueAsNew<(input: RunInput) => Promise<RunResult>>({
      ...this.#input,
      dag: this.live.definition,
      carried: {
        ...live,
        held: this.#starts,
        restarts: [...this.#restarts],
        ...this.#children.snapshot(),
        ...this.#subRuns.snapshot(),
        ...(shared === undefined ? {} : { shared }),
      },
    });
  }

  /** Nothing is under way that would not survive it. */
  #mayContinueAsNew(): boolean {
    return (
      this.#history.isDue &&
      this.#direct.size === 0 &&
      this.#inbox.length === 0 &&
      this.#children.settled() &&
      this.#subRuns.settled() &&
      this.shared.settled()
    );
  }
}

/** What a task is handed may be larger than it once could. */
function measured(args: readonly Json[]): ReturnType<typeof measureCall> {
  const now = measureCall(args);
  if (now.bytes <= EARLIER_CALL_BYTES || patched(PATCHES.largerCalls)) return now;
  return measureCall(args, EARLIER_CALL_BYTES);
}
