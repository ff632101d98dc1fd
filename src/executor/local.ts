import { randomUUID } from 'node:crypto';
import type { Handlers } from '../activities/handler.js';
import type { SecretSource } from '../activities/secrets.js';
import type { LogStore } from '../activities/log-store.js';
import { SYSTEM_CLOCK, type Clock } from '../activities/timer.js';
import type { Act, ActAnswer, ActRequest } from '../run/act.js';
import { ActingRun } from '../run/acting-run.js';
import type { DagWith } from '../dag/control.js';
import { retryOf, timeoutsOf, type Dag, type Task } from '../dag/dag.js';
import { DagwrightError } from '../dag/errors.js';
import type { SchedulerEvent, TimerName } from '../dag/event.js';
import type { EndedTask } from '../run/ended-task.js';
import { LiveRun, type HostInstruction } from '../run/live-run.js';
import type { StartedTask } from '../run/started-task.js';
import type { Progress } from '../dag/progress.js';
import { readAct } from '../run/read-act.js';
import type { Json, JsonObject } from '../dag/json.js';
import type { Explanation } from '../run/explanation.js';
import type { RunEvent } from '../run/run-event.js';
import type { Run, RunDescription, RunResult } from '../run/run.js';
import { startedRunId, subRunEnd } from '../run/sub-run-end.js';
import { measureCall } from '../dag/task-call.js';
import type { TaskError } from '../dag/task-error.js';
import { createPolicy } from '../policy/policies.js';
import { searchedDag } from '../simulator/optimized.js';
import type { BlobStore } from '../store/blob-store.js';
import { LocalTask } from './local-task.js';

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
  /** Where they go instead. Default: a store in `logFolder`. */
  readonly logs?: LogStore;
  /** Where `secrets.NAME` comes from; `environmentSecrets` takes variables. Default: there are none. */
  readonly secrets?: SecretSource;
  /** Where large outputs, artifacts and the cache are kept; see `openStore`. Default: none are. */
  readonly store?: BlobStore;
  /** Called soon after something changed, once for what changed together; ask `describe()` what it is. */
  readonly onChange?: () => void;
  /** What all waits and time limits go by. Default: the system's clock. */
  readonly clock?: Clock;
  /** Hears of each run that a task of this run is, as it begins; and of theirs. `parent`: the run that has the task. */
  readonly onSubRun?: (run: Run, parent: string, task: string) => void;
  /** Whether tasks may take what another run's task gave under the same key (`cache`). Default true. */
  readonly cache?: boolean;
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
  const run = new LocalRun(searchedDag(dag, { now: Date.now }), options);
  run.begin();
  return run;
}

/** @throws DagwrightError EXECUTOR_UNSUPPORTED. */
function requireOwn(tasks: readonly Task[]): void {
  const foreign = foreignAmong(tasks, '');
  if (foreign.length === 0) return;
  const names = foreign.slice(0, 5).join(', ') + (foreign.length > 5 ? `, and ${foreign.length - 5} more` : '');
  throw new DagwrightError('EXECUTOR_UNSUPPORTED', `Activities of other workers do not run locally: ${names}.`, {
    hint: 'Run the dag on Temporal: leave out `--local`.',
  });
}

/** By name, those of sub-dags with the task that is one: `load/charge`. */
function foreignAmong(tasks: readonly Task[], prefix: string): string[] {
  return tasks.flatMap(({ name, uses, with: settings }) => {
    if (uses === 'activity') return [`${prefix}${name}`];
    const dag = uses === 'dag' ? (settings as unknown as DagWith).dag : undefined;
    return dag === undefined ? [] : foreignAmong(dag.tasks, `${prefix}${name}/`);
  });
}

type SubRun = Extract<StartedTask, { readonly subRun: unknown }>['subRun'];

/** The scheduler's host in this process. */
class LocalRun extends ActingRun {
  readonly runId: string;
  readonly #options: LocalOptions;
  readonly #clock: Clock;
  readonly #live: LiveRun;
  readonly #running = new Map<number, LocalTask>();
  /** Running tasks that are runs of their own. */
  readonly #subRuns = new Map<number, LocalRun>();
  /** Tasks that wait for their next attempt: running, to the scheduler. */
  readonly #retrying = new Set<number>();
  /** What each attempt said of its progress last. */
  readonly #progress = new Map<number, Progress>();
  readonly #inbox: (() => HostInstruction[])[] = [];
  /** What drops each timer, by what it is for. */
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
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    const { params = {}, cache = true } = options;
    const { runId } = this;
    const more = { runId, createPolicy, params, takeOver: undefined, noCache: !cache, retriesHolders: true };
    this.#live = new LiveRun(dag, more);
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
  #take(news: () => HostInstruction[]): void {
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

  #perform(instruction: HostInstruction): void {
    switch (instruction.type) {
      case 'task.start':
        this.#start(instruction.task);
        break;
      case 'task.cancel':
        this.#running.get(instruction.task)?.cancel();
        this.#ask(instruction.task, cancelOf(instruction));
        break;
      case 'timer.set':
        this.#setTimer(instruction.timer, instruction.at, instruction.task);
        break;
      case 'timer.drop':
        this.#dropTimer(keyOf(instruction.timer, instruction.task));
        break;
      case 'lease.want':
      case 'lease.release':
        throw new Error("What runs share is counted here as the run's own.");
      case 'subrun.pause':
        this.#ask(instruction.task, { type: 'pause', mode: instruction.mode });
        break;
      case 'subrun.resume':
        this.#ask(instruction.task, { type: 'resume' });
        break;
      case 'run.end':
        clearInterval(this.#keepAlive);
        this.#resolve(this.#live.result());
        break;
    }
  }

  #start(index: number): void {
    const { handlers, logFolder, logs, secrets, store, clock } = this.#options;
    const { dag, record } = this.#live;
    const attemptsBefore = record.attemptsOf(index);
    record.began(index);
    const started = this.#live.callOf(index, attemptsBefore);
    if ('foreign' in started) throw new Error(`Task ${index} is an activity of another worker.`);
    if ('error' in started) return this.#failed(index, started.error);
    const { error } = measureCall(('subRun' in started ? started.subRun : started.call) as unknown as Json);
    if (error !== undefined) return this.#failed(index, error);
    if ('subRun' in started) return this.#startSubRun(index, started.subRun, attemptsBefore + 1);
    const { scheduleToClose } = timeoutsOf(dag, dag.tasks[index]!);
    const retry = retryOf(dag, dag.tasks[index]!);
    const task = new LocalTask(
      started.call,
      {
        handlers,
        logFolder,
        ...(logs === undefined ? {} : { logs }),
        ...(clock === undefined ? {} : { clock }),
        ...(secrets === undefined ? {} : { secrets }),
        ...(store === undefined ? {} : { store }),
        retry,
        scheduleToClose,
      },
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

  /** It cannot even begin. */
  #failed(task: number, error: TaskError): void {
    this.#ended(task, { outcome: 'failed', attempts: 0, error });
  }

  /** A run in this run: it has its own id, and so its own logs. */
  #startSubRun(index: number, { runId, dag, params }: SubRun, attempts: number): void {
    const run = new LocalRun(dag, {
      ...this.#options,
      runId: startedRunId(runId, attempts),
      params,
      onChange: () => this.#changed(),
    });
    this.#subRuns.set(index, run);
    this.#options.onSubRun?.(run, this.runId, this.#live.dag.tasks[index]!.name);
    run.begin();
    run.result().then(
      (result) => this.#ended(index, subRunEnd(result)),
      (bug: unknown) => this.#giveUp(bug),
    );
  }

  /** What it refuses is of no interest: it has ended, then. */
  #ask(task: number, act: Act): void {
    this.#subRuns
      .get(task)
      ?.act(act, { by: this.runId })
      .catch(() => undefined);
  }

  #ended(task: number, end: Omit<EndedTask, 'task'>): void {
    this.#running.delete(task);
    this.#subRuns.delete(task);
    this.#retrying.delete(task);
    this.#progress.delete(task);
    this.#post(this.#live.ended({ task, ...end }, this.#now()));
  }

  #setTimer(timer: TimerName, at: number, task: number | undefined): void {
    const key = keyOf(timer, task);
    this.#dropTimer(key);
    const drop = this.#clock.startTimer(Math.max(0, at - this.#now()), () => {
      this.#take(() => {
        // It may have been dropped, or set anew, in this very moment.
        if (this.#timers.get(key) !== drop || this.#isBroken) return [];
        this.#timers.delete(key);
        const whose = task === undefined ? {} : { task };
        return this.#live.handle({ type: 'timer.fired', at: this.#now(), timer, ...whose });
      });
    });
    this.#timers.set(key, drop);
  }

  #dropTimer(key: string): void {
    this.#timers.get(key)?.();
    this.#timers.delete(key);
  }

  /** A bug of the scheduler or of this host: stop everything rather than hang. */
  #giveUp(bug: unknown): void {
    this.#isBroken = true;
    clearInterval(this.#keepAlive);
    for (const drop of this.#timers.values()) drop();
    for (const task of this.#running.values()) task.cancel();
    for (const run of this.#subRuns.values()) run.#giveUp(bug);
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
    return this.#clock.now();
  }
}

function keyOf(timer: TimerName, task: number | undefined): string {
  return `${timer} ${task ?? ''}`;
}

/** How the run that a task is is cancelled. */
function cancelOf({ compensate }: Extract<HostInstruction, { type: 'task.cancel' }>): Act {
  return { type: 'cancel', ...(compensate === undefined ? {} : { compensate }) };
}
