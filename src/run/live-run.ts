import { isoTime } from './iso-time.js';
import type { Act, ActAnswer, ActRecord, ActRequest } from './act.js';
import type { Dag } from '../dag/dag.js';
import { changesIn } from './changes.js';
import { decide, refuse, type Decision } from './decision.js';
import type { SchedulerEvent, TaskOutcome } from '../dag/event.js';
import { grownDag } from './grown-dag.js';
import { explain } from './explain.js';
import type { Explanation } from './explanation.js';
import type { Instruction } from '../dag/instruction.js';
import type { Json, JsonObject } from '../dag/json.js';
import { Conditions } from './conditions.js';
import { RunLog, type RunLogSnapshot } from './run-log.js';
import { RunRecord, type RecordSnapshot, type RunFacts } from './run-record.js';
import { isRunEnd } from '../dag/run-state.js';
import type { RunDescription, RunResult } from './run.js';
import type { RunEvent } from './run-event.js';
import { Scheduler } from '../dag/scheduler.js';
import type { Snapshot } from '../dag/snapshot.js';
import { taskCallOf, type ArtifactRef, type CacheHit, type TaskCall } from '../dag/task-call.js';
import type { TaskError } from '../dag/task-error.js';
import { CODE } from '../dag/task-table.js';
import type { CreatePolicy } from '../dag/walk.js';

/** Acts that a run remembers; the oldest are dropped. */
const KEPT_ACTS = 200;
/** Who paused something, and when (milliseconds). */
export interface PausedBy {
  readonly at: number;
  readonly by?: string;
}

/** What a run begins with that another run did: each task, with its output where it had one. */
export interface TakeOver {
  readonly runId: string;
  readonly tasks: readonly (readonly [task: number] | readonly [task: number, output: Json])[];
  /** Those of `tasks` that had an output which was not kept: nothing that runs needs it. */
  readonly omitted?: readonly number[];
}

/** What a live run is beyond its dag, as plain JSON. */
export interface LiveRunSnapshot {
  readonly scheduler: Snapshot;
  readonly record: RecordSnapshot;
  readonly log?: RunLogSnapshot;
  readonly acts?: readonly ActRecord[];
  readonly paused?: PausedBy;
  readonly pausedTasks?: readonly (readonly [task: number, by: PausedBy])[];
  /** Outputs that running tasks end with by an operator's word. */
  readonly outputs?: readonly (readonly [task: number, output: Json | null, hasOutput: boolean])[];
}

/** How a started task ended, as its host says. */
export interface EndedTask {
  readonly task: number;
  readonly outcome: TaskOutcome;
  readonly attempts: number;
  readonly output?: Json;
  readonly error?: TaskError;
  readonly worker?: string;
  readonly artifacts?: Readonly<Record<string, ArtifactRef>>;
  readonly cached?: CacheHit;
}

/**
 * What a host does where a task starts: the call of a handler, an activity of other workers, a run of its own, or
 * nothing: the task ends with this error.
 */
export type StartedTask =
  | { readonly call: TaskCall }
  | {
      readonly foreign: { readonly type: string; readonly taskQueue?: string; readonly args: readonly Json[] };
    }
  | { readonly subRun: { readonly runId: string; readonly dag: Dag; readonly params: JsonObject } }
  | { readonly error: TaskError };

/** What a host is asked for; the rest a live run does itself. */
export type HostInstruction = Exclude<Instruction, { readonly type: 'compensate' }>;

/** What makes a live run. */
export interface LiveRunOptions {
  readonly runId: string;
  readonly createPolicy: CreatePolicy;
  /** Params with their defaults filled in. Default: none. */
  readonly params?: JsonObject;
  readonly takeOver?: TakeOver | undefined;
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
  readonly #log: RunLog;
  readonly #index: Map<string, number>;
  readonly #acts: ActRecord[];
  readonly #pausedTasks: Map<number, PausedBy>;
  readonly #outputs = new Map<number, Json | undefined>();
  #dag: Dag;
  #paused: PausedBy | undefined;

  /** @throws Error where the dag is not sound, or the snapshot is of another one. */
  constructor(dag: Dag, options: LiveRunOptions, snapshot?: LiveRunSnapshot) {
    this.runId = options.runId;
    this.takeOver = options.takeOver;
    this.#dag = dag;
    this.params = options.params ?? {};
    const conditions = new Conditions(this);
    const admit = (task: number): 'start' | 'skipped' | 'failed' => this.#admit(conditions, task);
    this.scheduler = Scheduler.of(dag, options.createPolicy, snapshot?.scheduler, admit);
    this.record = snapshot === undefined ? new RunRecord(dag) : RunRecord.restore(dag, snapshot.record);
    this.#log = RunLog.restore(snapshot?.log);
    this.#index = new Map(dag.tasks.map((task, index) => [task.name, index]));
    this.#acts = [...(snapshot?.acts ?? [])];
    this.#paused = snapshot?.paused;
    this.#pausedTasks = new Map(snapshot?.pausedTasks);
    for (const [task, output, has] of snapshot?.outputs ?? []) this.#outputs.set(task, has ? output : undefined);
  }

  /** As plain JSON; undefined where the outputs that tasks wait for are too large. */
  snapshot(): LiveRunSnapshot | undefined {
    const record = this.record.snapshot(this.facts());
    if (record === undefined) return undefined;
    return {
      scheduler: this.scheduler.snapshot(),
      record,
      log: this.#log.snapshot(),
      ...(this.#acts.length === 0 ? {} : { acts: [...this.#acts] }),
      ...(this.#paused === undefined ? {} : { paused: this.#paused }),
      ...(this.#pausedTasks.size === 0 ? {} : { pausedTasks: [...this.#pausedTasks] }),
      ...(this.#outputs.size === 0
        ? {}
        : { outputs: [...this.#outputs].map(([task, value]) => [task, value ?? null, value !== undefined] as const) }),
    };
  }

  /** The dag, with the tasks that were added. */
  get dag(): Dag {
    return this.#dag;
  }

  /** What operators asked for, oldest first. */
  get acts(): readonly ActRecord[] {
    return this.#acts;
  }

  /** Who paused the run. */
  get pausedBy(): PausedBy | undefined {
    return this.scheduler.pauseMode === undefined ? undefined : this.#paused;
  }

  /** The position of the task of this name. */
  indexOf(name: string): number | undefined {
    return this.#index.get(name);
  }

  /** The tasks that are paused. */
  pausedTasks(): number[] {
    return [...this.#pausedTasks.keys()].filter((task) => this.scheduler.tasks.paused[task] === 1);
  }

  /** Who paused the task. */
  taskPausedBy(task: number): PausedBy | undefined {
    return this.scheduler.tasks.paused[task] === 1 ? (this.#pausedTasks.get(task) ?? { at: 0 }) : undefined;
  }

  /** The first event. */
  begin(at: number): SchedulerEvent {
    const succeeded = this.takeOver?.tasks.map(([task]) => task);
    return { type: 'run.began', at, ...(succeeded === undefined ? {} : { succeeded }) };
  }

  /** Takes an event in and says what to do now; see `Scheduler.handle`. */
  handle(event: SchedulerEvent): Instruction[] {
    // Conditions may look at what was taken over as soon as the run begins.
    if (event.type === 'run.began') this.#takeOver();
    const instructions = this.scheduler.handle(event);
    if (event.type === 'run.began') this.#log.note(event.at, 'run.began');
    if (event.type === 'timer.fired') this.#log.note(event.at, 'timer.fired');
    this.#follow(event.at);
    if (instructions.at(-1)?.type === 'run.end') this.#log.note(event.at, 'run.ended');
    return instructions;
  }

  /** Remembers how a started task ended; the event is for the host to hand in. */
  ended(end: EndedTask, at: number): SchedulerEvent {
    this.record.ended(end.task, end);
    return { type: 'task.ended', at, task: end.task, outcome: end.outcome };
  }

  /**
   * Whether the run allows the act now.
   * @throws DagwrightError RUN_ENDED, TASK_NOT_FOUND, ACT_REFUSED, ACT_INVALID, DAG_INVALID.
   */
  check(act: Act, request: ActRequest, at: number): void {
    if (this.#earlier(request) === undefined) this.#decide(act, at);
  }

  /**
   * Does the act.
   * @throws DagwrightError as {@link LiveRun.check}. Nothing has changed then.
   */
  act(act: Act, request: ActRequest, at: number): { readonly answer: ActAnswer; readonly instructions: Instruction[] } {
    const earlier = this.#earlier(request);
    if (earlier !== undefined) return { answer: this.#answer(false, earlier.message, []), instructions: [] };
    const { event, message: decided } = this.#decide(act, at);
    this.#log.note(at, 'act');
    if (event !== undefined) this.#prepare(act, request, at);
    const instructions = event === undefined ? [] : this.handle(event);
    const moves = event === undefined ? [] : [...this.scheduler.tasks.moves];
    const message = act.type === 'retryTask' ? decided + alsoStopped(instructions) : decided;
    const task = 'task' in act ? act.task : undefined;
    this.#remember({
      at: new Date(at).toISOString(),
      act: act.type,
      ...(task === undefined ? {} : { task }),
      ...request,
      changed: event !== undefined,
      message,
    });
    return { answer: this.#answer(event !== undefined, message, moves), instructions };
  }

  /** The run now; with a range, of its tasks only those. */
  describe(from = 0, to = this.#dag.tasks.length): RunDescription {
    const { scheduler } = this;
    const facts = this.facts();
    const { pauseMode: mode, resumesAt, runBeganAt, runEndedAt } = scheduler;
    const by = this.#paused?.by;
    return {
      runId: this.runId,
      dag: this.#dag.name,
      state: scheduler.state,
      startedAt: isoTime(runBeganAt ?? 0),
      ...(runEndedAt === undefined ? {} : { endedAt: isoTime(runEndedAt) }),
      ...(mode === undefined
        ? {}
        : {
            pause: {
              mode,
              at: isoTime(this.#paused?.at ?? runBeganAt ?? 0),
              ...(by === undefined ? {} : { by }),
              ...(resumesAt === undefined ? {} : { until: isoTime(resumesAt) }),
            },
          }),
      ...(this.takeOver === undefined ? {} : { rerunOf: this.takeOver.runId }),
      concurrency: scheduler.concurrency,
      policy: scheduler.policy.name,
      ...(this.#acts.length === 0 ? {} : { acts: [...this.#acts] }),
      counts: Object.fromEntries(Object.entries(facts.counts).filter(([, count]) => count > 0)),
      tasks: this.record.tasks(facts, from, to),
    };
  }

  /** @throws DagwrightError TASK_NOT_FOUND. */
  explain(name: string): Explanation {
    const task = this.#index.get(name);
    if (task === undefined) throw refuse.unknownTask(name, this.#index.keys());
    return explain(this, task);
  }

  /** What happened, oldest first. */
  history(): RunEvent[] {
    const events = [...this.#log.events((task) => this.#dag.tasks[task]?.name ?? '')];
    let act = this.#acts.length;
    const failed = new Set<string>();
    for (let i = events.length - 1; i >= 0; i--) {
      const event = events[i]!;
      if (event.event === 'act') events[i] = { ...event, ...wordsOf(this.#acts[--act]) };
      else if (event.event === 'run.ended') events[i] = { ...event, message: this.scheduler.state };
      else if (event.event === 'task.failed' && !failed.has(event.task ?? '')) {
        // Only the latest error is known.
        failed.add(event.task ?? '');
        const error = this.record.errorOf(this.#index.get(event.task ?? '') ?? -1);
        if (error !== undefined) events[i] = { ...event, message: `${error.code}: ${error.message}` };
      }
    }
    return events;
  }

  /** How many events the history has lost: it keeps the latest. */
  get eventsDropped(): number {
    return this.#log.dropped;
  }

  /** How the run ended. */
  result(): RunResult {
    return {
      ...this.record.result(this.runId, this.facts()),
      ...(this.takeOver === undefined ? {} : { rerunOf: this.takeOver.runId }),
      ...(this.#acts.length === 0 ? {} : { acts: [...this.#acts] }),
    };
  }

  /** What the record must know of the scheduler. A host that knows more says it in `over`. */
  facts(over: Partial<RunFacts> = {}): RunFacts {
    const { scheduler } = this;
    return {
      state: scheduler.state,
      counts: scheduler.counts,
      runBeganAt: scheduler.runBeganAt,
      runEndedAt: scheduler.runEndedAt,
      stateOf: (task) => scheduler.stateOf(task),
      startedAt: (task) => scheduler.startedAt(task),
      endedAt: (task) => scheduler.endedAt(task),
      isPaused: (task) => scheduler.tasks.paused[task] === 1,
      ...over,
    };
  }

  /**
   * What the task is handed when it starts; its expressions are evaluated now. `attemptsBefore`: attempts of its earlier
   * starts.
   */
  callOf(task: number, attemptsBefore = 0): StartedTask {
    const definition = this.#dag.tasks[task];
    if (definition === undefined) throw new Error(`The run has no task ${task}.`);
    if (definition.uses === 'activity') {
      const { type, taskQueue, args = [] } = definition.with as { type: string; taskQueue?: string; args?: Json[] };
      return { foreign: { type, args, ...(taskQueue === undefined ? {} : { taskQueue }) } };
    }
    const needs = this.record.needsOf(task);
    return { call: taskCallOf(this.#dag, task, { runId: this.runId, params: this.params, needs, attemptsBefore }) };
  }

  /** What an expression may know of a task. Asked while an event is taken in: an operator's output may be on its way. */
  factsOf(task: number): JsonObject {
    const status = this.scheduler.stateOf(task);
    const output = this.#outputs.has(task) ? this.#outputs.get(task) : this.record.outputOf(task);
    const error = status === 'failed' ? this.record.errorOf(task) : undefined;
    return {
      status,
      attempts: this.record.attemptsOf(task),
      ...(output === undefined || status !== 'succeeded' ? {} : { output }),
      ...(error === undefined ? {} : { error: { code: error.code, message: error.message } }),
    };
  }

  #admit(conditions: Conditions, task: number): 'start' | 'skipped' | 'failed' {
    const condition = conditions.of(task);
    if (condition.verdict === 'failed') this.record.ended(task, { attempts: 0, error: condition.error });
    return condition.verdict;
  }

  #decide(act: Act, at: number): Decision {
    return decide(this, act, at);
  }

  /** What the act changes beside the scheduler. */
  #prepare(act: Act, { by }: ActRequest, at: number): void {
    const pausedBy: PausedBy = { at, ...(by === undefined ? {} : { by }) };
    switch (act.type) {
      case 'pause':
        this.#paused = pausedBy;
        break;
      case 'pauseTask':
        this.#pausedTasks.set(this.#index.get(act.task) ?? -1, pausedBy);
        break;
      case 'resumeTask':
        this.#pausedTasks.delete(this.#index.get(act.task) ?? -1);
        break;
      case 'completeTask':
        this.#outputs.set(this.#index.get(act.task) ?? -1, act.output);
        break;
      case 'skipTask':
      case 'cancelTask':
        // It may run still, and have been completed: the latest word counts.
        this.#outputs.delete(this.#index.get(act.task) ?? -1);
        break;
      case 'addTasks':
        this.#grow(grownDag(this.#dag, act));
        break;
      default:
        break;
    }
  }

  #grow(dag: Dag): void {
    for (let task = this.#dag.tasks.length; task < dag.tasks.length; task++)
      this.#index.set(dag.tasks[task]!.name, task);
    this.#dag = dag;
    this.record.grow(dag);
  }

  #follow(at: number): void {
    const { moves } = this.scheduler.tasks;
    this.#log.moved(at, moves);
    for (let i = 0; i + 2 < moves.length; i += 3) {
      const task = moves[i]!;
      const from = moves[i + 1]!;
      const to = moves[i + 2]!;
      const isVoid = from === CODE.running && to !== CODE.succeeded && to !== CODE.failed;
      if (isVoid || from >= CODE.succeeded) this.record.reopened(task);
      if (this.#outputs.size === 0 || to !== CODE.succeeded || !this.#outputs.has(task)) continue;
      this.record.decided(task, this.#outputs.get(task));
      this.#outputs.delete(task);
    }
  }

  #takeOver(): void {
    const omitted = new Set(this.takeOver?.omitted);
    for (const [task, ...outputs] of this.takeOver?.tasks ?? []) {
      this.record.takenOver(task, outputs[0], omitted.has(task));
    }
  }

  #earlier({ id }: ActRequest): ActRecord | undefined {
    return id === undefined ? undefined : this.#acts.find((act) => act.id === id);
  }

  #remember(act: ActRecord): void {
    this.#acts.push(act);
    if (this.#acts.length > KEPT_ACTS) this.#acts.shift();
  }

  #answer(changed: boolean, message: string, moves: readonly number[]): ActAnswer {
    const changes = changesIn(moves, (task) => this.#dag.tasks[task]?.name ?? '');
    return { changed, message, state: this.scheduler.state, ...changes };
  }

  /** Whether nothing can change any more. */
  get hasEnded(): boolean {
    return isRunEnd(this.scheduler.state);
  }
}

/** A retry that sets back what runs by the failure says so: people may wait for it. */
function alsoStopped(instructions: readonly Instruction[]): string {
  const count = instructions.filter(({ type }) => type === 'task.cancel').length;
  if (count === 0) return '';
  return ` ${count} running task${count === 1 ? ' that needs it is' : 's that need it are'} told to stop, to run again later.`;
}

function wordsOf(act: ActRecord | undefined): Partial<RunEvent> {
  if (act === undefined) return {};
  const { task, by, message } = act;
  return { ...(task === undefined ? {} : { task }), ...(by === undefined ? {} : { by }), message };
}
