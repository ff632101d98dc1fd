import { randomUUID } from 'node:crypto';
import type { Handlers } from '../activities/handler.js';
import { startTimer } from '../activities/timer.js';
import type { Act, ActAnswer } from '../dag/act.js';
import { ActingRun } from '../dag/acting-run.js';
import { retryOf, timeoutsOf, type Dag } from '../dag/dag.js';
import { DagwrightError } from '../dag/errors.js';
import type { SchedulerEvent } from '../dag/event.js';
import type { Instruction } from '../dag/instruction.js';
import type { Json, JsonObject } from '../dag/json.js';
import type { Explanation } from '../dag/explanation.js';
import type { RunEvent } from '../dag/run-event.js';
import { RunRecord, type RunFacts } from '../dag/run-record.js';
import { isRunEnd, type Run, type RunResult, type RunDescription } from '../dag/run.js';
import { Scheduler } from '../dag/scheduler.js';
import { measureCall, taskCallOf } from '../dag/task-call.js';
import { createPolicy } from '../policy/policies.js';
import { LocalTask, type LocalTaskEnd } from './local-task.js';

/** How a dag runs in this process. */
export interface LocalOptions {
  /** Default: the dag's name and a random part. */
  readonly runId?: string;
  /** Params with their defaults filled in. Default: none. */
  readonly params?: JsonObject;
  /** What its tasks may use; see `createHandlers`. */
  readonly handlers: Handlers;
  /** Where the attempts' logs go. */
  readonly logFolder: string;
  /** Called soon after something changed, once for what changed together; ask `describe()` what it is. */
  readonly onChange?: () => void;
  /** The clock, in whole milliseconds. Default: the system's. */
  readonly now?: () => number;
  /** Checks the scheduler after every event, in O(V + E): for tests. Default false. */
  readonly validate?: boolean;
}

/**
 * Runs a dag, checked before, in this process, without a server. Nothing of the run outlives the process. Keeps the
 * process alive until the run has ended.
 * @throws DagwrightError EXECUTOR_UNSUPPORTED where a task uses `activity`.
 */
export function runLocally(dag: Dag, options: LocalOptions): Run {
  const foreign = dag.tasks.filter((task) => task.uses === 'activity').map((task) => task.name);
  if (foreign.length > 0) {
    const names = foreign.slice(0, 5).join(', ') + (foreign.length > 5 ? `, and ${foreign.length - 5} more` : '');
    throw new DagwrightError('EXECUTOR_UNSUPPORTED', `Activities of other workers do not run locally: ${names}.`, {
      hint: 'Run the dag on Temporal: leave out `--local`.',
    });
  }
  const run = new LocalRun(dag, options);
  run.begin();
  return run;
}

/** The scheduler's host in this process. */
class LocalRun extends ActingRun {
  readonly runId: string;
  readonly #dag: Dag;
  readonly #options: LocalOptions;
  readonly #scheduler: Scheduler;
  readonly #record: RunRecord;
  readonly #running = new Map<number, LocalTask>();
  /** Tasks that wait for their next attempt: running, to the scheduler. */
  readonly #retrying = new Set<number>();
  readonly #inbox: SchedulerEvent[] = [];
  readonly #timers = new Map<string, () => void>();
  readonly #result: Promise<RunResult>;
  #resolve: (result: RunResult) => void = () => undefined;
  #reject: (bug: unknown) => void = () => undefined;
  /** A run that is paused, or whose functions wait for something of this process, must not let Node exit. */
  readonly #keepAlive = setInterval(() => undefined, 2 ** 31 - 1);
  #isHandling = false;
  #isBroken = false;
  #isChanging = false;

  constructor(dag: Dag, options: LocalOptions) {
    super();
    this.runId = options.runId ?? `${dag.name}-${randomUUID().slice(0, 8)}`;
    this.#dag = dag;
    this.#options = options;
    this.#scheduler = Scheduler.of(dag, createPolicy('fcfs'));
    this.#record = new RunRecord(dag);
    this.#result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whether anybody waits for the result is theirs to choose.
    this.#result.catch(() => undefined);
  }

  begin(): void {
    this.#post({ type: 'run.began', at: this.#now() });
  }

  result(): Promise<RunResult> {
    return this.#result;
  }

  async describe(): Promise<RunDescription> {
    return this.#record.status(this.runId, this.#facts());
  }

  async act(act: Act): Promise<ActAnswer> {
    const at = this.#now();
    if (act.type === 'pause') this.#operate({ type: 'operator.paused', at, mode: act.mode ?? 'drain' });
    else if (act.type === 'resume') this.#operate({ type: 'operator.resumed', at });
    else this.#operate({ type: 'operator.cancelled', at });
    return { changed: true, message: '', state: 'running', tasks: [], tasksChanged: 0 };
  }

  async explain(): Promise<Explanation> {
    throw new Error('to come');
  }

  async history(): Promise<RunEvent[]> {
    throw new Error('to come');
  }

  /** @throws DagwrightError RUN_ENDED. */
  #operate(event: SchedulerEvent): void {
    if (isRunEnd(this.#scheduler.state)) {
      throw new DagwrightError('RUN_ENDED', `The run ${this.runId} has ended.`);
    }
    this.#post(event);
  }

  /** What a task does while its start is carried out may come back here: events wait for their turn. */
  #post(event: SchedulerEvent): void {
    this.#inbox.push(event);
    if (this.#isHandling) return;
    this.#isHandling = true;
    try {
      for (let next = this.#inbox.shift(); next !== undefined; next = this.#inbox.shift()) {
        if (this.#isBroken || isRunEnd(this.#scheduler.state)) continue;
        const instructions = this.#scheduler.handle(next);
        if (this.#options.validate === true) this.#scheduler.validate();
        for (const instruction of instructions) this.#perform(instruction);
      }
    } catch (bug) {
      this.#giveUp(bug);
    } finally {
      this.#isHandling = false;
    }
    this.#changed();
  }

  #perform(instruction: Instruction): void {
    switch (instruction.type) {
      case 'task.start':
        this.#start(instruction.task);
        break;
      case 'task.cancel':
        this.#running.get(instruction.task)?.cancel();
        break;
      case 'timer.set':
        this.#setTimer(instruction.timer, instruction.at);
        break;
      case 'timer.drop':
        this.#timers.get(instruction.timer)?.();
        this.#timers.delete(instruction.timer);
        break;
      case 'run.end':
        clearInterval(this.#keepAlive);
        this.#resolve(this.#record.result(this.runId, this.#facts()));
        break;
    }
  }

  #start(index: number): void {
    const { handlers, logFolder } = this.#options;
    this.#record.began(index);
    const dag = this.#dag;
    const params = this.#options.params ?? {};
    const call = taskCallOf(dag, index, { runId: this.runId, params, needs: this.#record.needsOf(index) });
    const { error } = measureCall([call as unknown as Json]);
    if (error !== undefined) return this.#ended(index, { outcome: 'failed', attempts: 0, error });
    const { scheduleToClose } = timeoutsOf(dag, dag.tasks[index]!);
    const retry = retryOf(dag, dag.tasks[index]!);
    const task = new LocalTask(
      call,
      { handlers, logFolder, retry, scheduleToClose },
      {
        attemptBegan: (attempt) => {
          this.#retrying.delete(index);
          this.#record.attemptBegan(index, attempt);
          this.#changed();
        },
        attemptFailed: (attempt, error) => {
          this.#retrying.add(index);
          this.#record.attemptFailed(index, attempt, error);
          this.#changed();
        },
      },
    );
    this.#running.set(index, task);
    task.run().then(
      (end) => this.#ended(index, end),
      (bug: unknown) => this.#giveUp(bug),
    );
  }

  #ended(task: number, end: LocalTaskEnd): void {
    this.#running.delete(task);
    this.#retrying.delete(task);
    this.#record.ended(task, end);
    this.#post({ type: 'task.ended', at: this.#now(), task, outcome: end.outcome });
  }

  #setTimer(timer: 'run-timeout', at: number): void {
    const drop = startTimer(Math.max(0, at - this.#now()), () => {
      this.#timers.delete(timer);
      this.#post({ type: 'timer.fired', at: this.#now(), timer });
    });
    this.#timers.set(timer, drop);
  }

  /** A bug of the scheduler or of this host: stop everything rather than hang. */
  #giveUp(bug: unknown): void {
    this.#isBroken = true;
    clearInterval(this.#keepAlive);
    for (const drop of this.#timers.values()) drop();
    for (const task of this.#running.values()) task.cancel();
    this.#reject(bug);
  }

  #changed(): void {
    const { onChange } = this.#options;
    if (onChange === undefined || this.#isChanging) return;
    this.#isChanging = true;
    queueMicrotask(() => {
      this.#isChanging = false;
      onChange();
    });
  }

  #facts(): RunFacts {
    const scheduler = this.#scheduler;
    const retrying = this.#retrying;
    const { counts } = scheduler;
    return {
      state: scheduler.state,
      counts: { ...counts, running: counts.running - retrying.size, retrying: retrying.size },
      runBeganAt: scheduler.runBeganAt,
      runEndedAt: scheduler.runEndedAt,
      stateOf: (task) => (retrying.has(task) ? 'retrying' : scheduler.stateOf(task)),
      startedAt: (task) => scheduler.startedAt(task),
      endedAt: (task) => scheduler.endedAt(task),
    };
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}
