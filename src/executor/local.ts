import { randomUUID } from 'node:crypto';
import type { Handlers } from '../activities/handler.js';
import { startTimer } from '../activities/timer.js';
import type { Act, ActAnswer, ActRequest } from '../run/act.js';
import { ActingRun } from '../run/acting-run.js';
import { retryOf, timeoutsOf, type Dag, type Task } from '../dag/dag.js';
import { DagwrightError } from '../dag/errors.js';
import type { SchedulerEvent, TimerName } from '../dag/event.js';
import type { Instruction } from '../dag/instruction.js';
import { LiveRun } from '../run/live-run.js';
import type { Progress } from '../dag/progress.js';
import { readAct } from '../run/read-act.js';
import type { Json, JsonObject } from '../dag/json.js';
import type { Explanation } from '../run/explanation.js';
import type { RunEvent } from '../run/run-event.js';
import type { Run, RunDescription, RunResult } from '../run/run.js';
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
  requireOwn(dag.tasks);
  const run = new LocalRun(dag, options);
  run.begin();
  return run;
}

/** @throws DagwrightError EXECUTOR_UNSUPPORTED. */
function requireOwn(tasks: readonly Task[]): void {
  const foreign = tasks.filter((task) => task.uses === 'activity').map((task) => task.name);
  if (foreign.length === 0) return;
  const names = foreign.slice(0, 5).join(', ') + (foreign.length > 5 ? `, and ${foreign.length - 5} more` : '');
  throw new DagwrightError('EXECUTOR_UNSUPPORTED', `Activities of other workers do not run locally: ${names}.`, {
    hint: 'Run the dag on Temporal: leave out `--local`.',
  });
}

/** The scheduler's host in this process. */
class LocalRun extends ActingRun {
  readonly runId: string;
  readonly #options: LocalOptions;
  readonly #live: LiveRun;
  readonly #running = new Map<number, LocalTask>();
  /** Tasks that wait for their next attempt: running, to the scheduler. */
  readonly #retrying = new Set<number>();
  /** What each attempt said of its progress last. */
  readonly #progress = new Map<number, Progress>();
  readonly #inbox: (() => Instruction[])[] = [];
  readonly #timers = new Map<TimerName, () => void>();
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
    this.#options = options;
    this.#live = new LiveRun(dag, {
      runId: this.runId,
      createPolicy,
      params: options.params ?? {},
      takeOver: undefined,
    });
    this.#result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whether anybody waits for the result is theirs to choose.
    this.#result.catch(() => undefined);
  }

  begin(): void {
    this.#post(this.#live.begin(this.#now()));
  }

  result(): Promise<RunResult> {
    return this.#result;
  }

  async describe(): Promise<RunDescription> {
    const description = this.#live.describe();
    const counts = { ...description.counts };
    const tasks = description.tasks.map((task, index) => {
      const progress = task.state === 'running' ? this.#progress.get(index) : undefined;
      const state = this.#retrying.has(index) ? 'retrying' : task.state;
      if (state === task.state && progress === undefined) return task;
      return { ...task, state, ...(progress === undefined ? {} : { progress }) };
    });
    if (this.#retrying.size > 0) {
      counts.retrying = this.#retrying.size;
      counts.running = (counts.running ?? 0) - this.#retrying.size;
      if (counts.running === 0) delete counts.running;
    }
    return { ...description, counts, tasks };
  }

  async explain(task: string): Promise<Explanation> {
    const explanation = this.#live.explain(task);
    const index = this.#live.indexOf(task) ?? -1;
    if (!this.#retrying.has(index)) return explanation;
    const error = this.#live.record.errorOf(index);
    const why = error === undefined ? '' : `: ${error.code}: ${error.message}`;
    const message = `Attempt ${this.#live.record.attemptsOf(index)} failed, and the next one is set${why}`;
    return { ...explanation, state: 'retrying', reasons: [{ code: 'retrying', message }] };
  }

  async history(): Promise<RunEvent[]> {
    return this.#live.history();
  }

  /** Whatever is under way goes first: a task may ask for it while its own start is carried out. */
  act(act: Act, request: ActRequest = {}): Promise<ActAnswer> {
    return new Promise((resolve, reject) => {
      this.#take(() => {
        try {
          if (this.#isBroken) throw new DagwrightError('RUN_ENDED', `The run ${this.runId} has broken down.`);
          const { type, ...fields } = act;
          const read = readAct(type, { ...fields, ...request });
          if (read.act.type === 'addTasks') requireOwn(read.act.tasks);
          const { answer, instructions } = this.#live.act(read.act, read.request, this.#now());
          resolve(answer);
          return instructions;
        } catch (error) {
          reject(error as Error);
          return [];
        }
      });
    });
  }

  #post(event: SchedulerEvent): void {
    this.#take(() => (this.#isBroken || this.#live.hasEnded ? [] : this.#live.handle(event)));
  }

  /** What a task does while its start is carried out may come back here: it waits for its turn. */
  #take(news: () => Instruction[]): void {
    this.#inbox.push(news);
    if (this.#isHandling) return;
    this.#isHandling = true;
    try {
      for (let next = this.#inbox.shift(); next !== undefined; next = this.#inbox.shift()) {
        const instructions = next();
        if (this.#options.validate === true) this.#live.scheduler.validate();
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
        this.#resolve(this.#live.result());
        break;
    }
  }

  #start(index: number): void {
    const { handlers, logFolder } = this.#options;
    const { dag, record } = this.#live;
    const attemptsBefore = record.attemptsOf(index);
    record.began(index);
    const params = this.#options.params ?? {};
    const call = taskCallOf(dag, index, { runId: this.runId, params, needs: record.needsOf(index), attemptsBefore });
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
          this.#progress.delete(index);
          record.attemptBegan(index, attempt);
          this.#changed();
        },
        progressed: (progress) => {
          this.#progress.set(index, progress);
          this.#changed();
        },
        attemptFailed: (attempt, error) => {
          this.#retrying.add(index);
          record.attemptFailed(index, attempt, error);
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
    this.#progress.delete(task);
    this.#post(this.#live.ended({ task, ...end }, this.#now()));
  }

  #setTimer(timer: TimerName, at: number): void {
    const drop = startTimer(Math.max(0, at - this.#now()), () => {
      this.#timers.delete(timer);
      // It may have been dropped in this very moment.
      this.#take(() => {
        const isSet = this.#live.scheduler.timers().some((set) => set.timer === timer && set.at === at);
        return isSet && !this.#isBroken ? this.#live.handle({ type: 'timer.fired', at: this.#now(), timer }) : [];
      });
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

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}
