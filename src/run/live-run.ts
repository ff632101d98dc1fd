import { isHandled, type Dag, type ForEach, type Task } from '../dag/dag.js';
import type { SchedulerEvent, TaskOutcome } from '../dag/event.js';
import type { Items } from '../dag/fan-outs.js';
import type { Instruction } from '../dag/instruction.js';
import { byteLength, type Json, type JsonObject } from '../dag/json.js';
import { isRunEnd } from '../dag/run-state.js';
import { Scheduler } from '../dag/scheduler.js';
import type { Snapshot } from '../dag/snapshot.js';
import type { ArtifactRef, CacheHit } from '../dag/task-call.js';
import type { TaskError } from '../dag/task-error.js';
import { CODE, HOLD } from '../dag/task-table.js';
import { itemHoldOf } from '../dag/task-traits.js';
import type { CreatePolicy } from '../dag/walk.js';
import { EXPRESSION_LIMITS } from '../expression/limits.js';
import { violations } from '../json-schema/violations.js';
import type { Act, ActAnswer, ActRecord, ActRequest } from './act.js';
import { changesIn } from './changes.js';
import { asksItems, conditionOf } from './conditions.js';
import { Controls } from './controls.js';
import { decide, refuse, type Decision } from './decision.js';
import type { SentEvent } from './event-inbox.js';
import { explain } from './explain.js';
import type { Explanation } from './explanation.js';
import { itemsOf } from './fan-out-items.js';
import { grownDag } from './grown-dag.js';
import { isoTime } from './iso-time.js';
import { itemName, makeTasks, withMadeTasks, withoutMadeTasks, type MadeTasks } from './made-tasks.js';
import { Polls, type PollState } from './polls.js';
import { RunExpressions, type Evaluated } from './run-expressions.js';
import type { RunEvent } from './run-event.js';
import { RunLog, type RunLogSnapshot } from './run-log.js';
import { RunRecord, type RecordSnapshot, type RunFacts } from './run-record.js';
import type { RunDescription, RunResult, TaskDescription } from './run.js';
import { startedTask, subRunIdOf, type StartedTask } from './started-task.js';

/** Where a task that was under way keeps what it left. */
const KEEPS_RECORD: readonly number[] = [CODE.succeeded, CODE.failed, CODE.waiting, CODE.skipped];
const FAILURES: readonly number[] = [CODE.failed, CODE.cancelled];
/** Items that the error of a fan-out names, and characters that it has. */
const SHOWN_ITEMS = 5;
const LONGEST_MESSAGE = 2_000;
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
  /** Tasks that the run made itself, in their order. */
  readonly made?: readonly MadeTasks[];
  /** What tasks that have not ended fan out over. */
  readonly items?: readonly (readonly [task: number, items: readonly Json[]])[];
  readonly polls?: readonly (readonly [task: number, state: PollState])[];
  /** Events that no task has taken yet. */
  readonly events?: readonly SentEvent[];
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

/** What a host is asked for; the rest a live run does itself. */
export type HostInstruction = Exclude<Instruction, { readonly type: 'compensate' }>;

/** What makes a live run. */
export interface LiveRunOptions {
  readonly runId: string;
  readonly createPolicy: CreatePolicy;
  /** Params with their defaults filled in. Default: none. */
  readonly params?: JsonObject;
  readonly takeOver?: TakeOver | undefined;
  /** No task takes an earlier output. Default false. */
  readonly noCache?: boolean;
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
  readonly noCache: boolean;
  readonly expressions: RunExpressions;
  readonly controls: Controls;
  readonly #polls: Polls;
  readonly #log: RunLog;
  readonly #index: Map<string, number>;
  readonly #acts: ActRecord[];
  readonly #pausedTasks: Map<number, PausedBy>;
  readonly #outputs = new Map<number, Json | undefined>();
  readonly #made: MadeTasks[];
  readonly #items: Map<number, readonly Json[]>;
  /** What moved by what is handled now: as in `TaskTable.moves`. */
  #moves: number[] = [];
  #dag: Dag;
  #paused: PausedBy | undefined;

  /**
   * @param dag without what the run made itself.
   * @throws Error where the dag is not sound, or the snapshot is of another one.
   */
  constructor(dag: Dag, options: LiveRunOptions, snapshot?: LiveRunSnapshot) {
    this.runId = options.runId;
    this.takeOver = options.takeOver;
    this.params = options.params ?? {};
    this.noCache = options.noCache ?? false;
    this.expressions = new RunExpressions(this);
    this.#made = [...(snapshot?.made ?? [])];
    this.#dag = withMadeTasks(dag, this.#made, (task) => asksItems(this.expressions, task));
    this.#items = new Map(snapshot?.items);
    this.scheduler = Scheduler.of(this.#dag, options.createPolicy, snapshot?.scheduler, (task) => this.#admit(task));
    const collect = (task: number): readonly Json[] | undefined => this.#collected(task);
    this.record = RunRecord.restore(this.#dag, snapshot?.record, collect);
    this.controls = new Controls(this, snapshot?.events);
    this.#polls = new Polls(snapshot?.polls);
    this.#log = RunLog.restore(snapshot?.log);
    this.#index = new Map(this.#dag.tasks.map((task, index) => [task.name, index]));
    this.#acts = [...(snapshot?.acts ?? [])];
    this.#paused = snapshot?.paused;
    this.#pausedTasks = new Map(snapshot?.pausedTasks);
    for (const [task, output, has] of snapshot?.outputs ?? []) this.#outputs.set(task, has ? output : undefined);
  }

  /** As plain JSON; undefined where the outputs that tasks wait for are too large. */
  snapshot(): LiveRunSnapshot | undefined {
    const items = [...this.#items].filter(([task]) => !this.scheduler.tasks.hasEnded(task));
    const record = this.record.snapshot(this.facts(), byteLength(items as unknown as Json));
    if (record === undefined) return undefined;
    const polls = this.#polls.snapshot();
    const events = this.controls.inbox.snapshot();
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
      ...(this.#made.length === 0 ? {} : { made: [...this.#made] }),
      ...(items.length === 0 ? {} : { items }),
      ...(polls.length === 0 ? {} : { polls }),
      ...(events.length === 0 ? {} : { events }),
    };
  }

  /** The dag, with the tasks that were added, and those that the run made itself. */
  get dag(): Dag {
    return this.#dag;
  }

  /** The dag, with the tasks that were added. */
  get definition(): Dag {
    return withoutMadeTasks(this.#dag);
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
  handle(event: SchedulerEvent): HostInstruction[] {
    return this.#handleAll([event], event.at);
  }

  /** Handles the events, and what the run then does itself. */
  #handleAll(events: readonly SchedulerEvent[], at: number): HostInstruction[] {
    this.#moves = [];
    const instructions: HostInstruction[] = [];
    // Grows as it is gone through.
    const queue: (SchedulerEvent | (() => SchedulerEvent | undefined))[] = [...events];
    for (const next of queue) {
      const event = typeof next === 'function' ? next() : next;
      if (event === undefined) continue;
      for (const instruction of this.#handleOne(event)) {
        if (instruction.type === 'compensate') queue.push(() => this.#compensate(instruction, at));
        else if (instruction.type === 'task.start' && this.#isOwn(instruction.task)) {
          queue.push(() => this.#startOwn(instruction.task, at));
        } else instructions.push(instruction);
      }
      if (event.type === 'timer.fired' && event.task !== undefined) {
        const { task } = event;
        queue.push(() => (this.scheduler.tasks.is(task, 'waiting') ? this.controls.fired(task, at) : undefined));
      }
    }
    return instructions;
  }

  #handleOne(event: SchedulerEvent): Instruction[] {
    // Conditions may look at what was taken over as soon as the run begins.
    if (event.type === 'run.began') this.#takeOver();
    const instructions = this.scheduler.handle(event);
    if (event.type === 'run.began') this.#log.note(event.at, 'run.began');
    if (event.type === 'timer.fired' && event.task === undefined) this.#log.note(event.at, 'timer.fired');
    this.#follow(event.at);
    if (instructions.at(-1)?.type === 'run.end') this.#log.note(event.at, 'run.ended');
    return instructions;
  }

  /** Whether the run does the task itself: it waits, chooses, or fans out. */
  #isOwn(task: number): boolean {
    return this.scheduler.tasks.hold[task] === HOLD.nothing;
  }

  #startOwn(task: number, at: number): SchedulerEvent | undefined {
    // It may have been stopped by what came before it.
    if (!this.scheduler.tasks.is(task, 'running')) return undefined;
    this.record.began(task);
    const { forEach, made } = this.#dag.tasks[task]!;
    return forEach === undefined || made !== undefined
      ? this.controls.start(task, at)
      : this.#fanOut(task, forEach, at);
  }

  #fanOut(task: number, forEach: ForEach, at: number): SchedulerEvent {
    const definition = this.#dag.tasks[task]!;
    const evaluate = (value: Json): Evaluated<Json> =>
      this.expressions.value(task, value, '`forEach`', EXPRESSION_LIMITS.items);
    const given = itemsOf(forEach, evaluate);
    if ('error' in given) return this.ended({ task, outcome: 'failed', attempts: 1, error: given.error }, at);
    const items = given.value;
    const { tasks: known = [], size: before = 0 } = this.scheduler.itemsOf(task) ?? {};
    const old = this.#items.get(task) ?? [];
    const isSame = (item: number): boolean =>
      this.scheduler.tasks.is(known[item]!, 'succeeded') && JSON.stringify(old[item]) === JSON.stringify(items[item]);
    const keep = items.flatMap((_, item) => (item < before && isSame(item) ? [item] : []));
    this.#items.set(task, items);
    if (items.length > known.length) {
      this.#make({
        at: this.#dag.tasks.length,
        of: definition.name,
        from: known.length,
        count: items.length - known.length,
      });
    }
    return {
      type: 'task.fanned-out',
      at,
      task,
      items: items.length,
      hold: itemHoldOf(definition),
      ...(definition.maxParallel === undefined ? {} : { maxParallel: definition.maxParallel }),
      ...(definition.tolerate === undefined ? {} : { tolerate: toleratedOf(definition.tolerate, items.length) }),
      ...(keep.length === 0 ? {} : { keep }),
    };
  }

  #compensate({ tasks, order }: Extract<Instruction, { type: 'compensate' }>, at: number): SchedulerEvent {
    this.#make({ at: this.#dag.tasks.length, of: tasks.map((task) => this.#dag.tasks[task]!.name), order });
    return { type: 'compensations.added', at, count: tasks.length, order };
  }

  #make(made: MadeTasks): void {
    const find = (name: string): Task => this.#dag.tasks[this.#index.get(name) ?? -1]!;
    const tasks = makeTasks(made, find, (task) => asksItems(this.expressions, task));
    this.#made.push(made);
    this.#grow({ ...this.#dag, tasks: [...this.#dag.tasks, ...tasks] });
  }

  /** Remembers how a started task ended; the event is for the host to hand in. */
  ended(end: EndedTask, at: number): SchedulerEvent {
    const { task } = end;
    const definition = this.#dag.tasks[task]!;
    const checked = this.#checked(end, definition, at);
    this.record.ended(task, checked.end);
    if (checked.until !== undefined) return { type: 'task.waits', at, task, until: checked.until };
    return { type: 'task.ended', at, task, outcome: checked.end.outcome };
  }

  /** What the run itself makes of how a task ended: whether a poll goes on, whether the output is as it must be. */
  #checked(end: EndedTask, definition: Task, at: number): { readonly end: EndedTask; readonly until?: number } {
    if (end.outcome !== 'succeeded') return { end };
    const { poll, output: schema } = definition;
    const { output: given, ...rest } = end;
    const failed = (error: TaskError): { end: EndedTask } => ({ end: { ...rest, outcome: 'failed', error } });
    if (poll !== undefined) {
      const startedAt = this.scheduler.startedAt(end.task) ?? at;
      const polled = this.#polls.polled(
        this.expressions,
        end.task,
        { ...definition, poll },
        { output: given, startedAt, at },
      );
      if ('error' in polled) return failed(polled.error);
      if ('until' in polled) return { end: rest, until: polled.until };
    }
    if (schema === undefined || (isHandled(definition) && definition.uses !== 'activity' && poll === undefined)) {
      return { end };
    }
    const broken = violations(schema, given ?? null);
    if (broken.length === 0) return { end };
    return failed({ code: 'TASK_OUTPUT_INVALID', message: `The output breaks its schema: ${broken.join('; ')}.` });
  }

  /**
   * Whether the run allows the act now.
   * @throws DagwrightError RUN_ENDED, TASK_NOT_FOUND, ACT_REFUSED, ACT_INVALID, DAG_INVALID.
   */
  check(act: Act, request: ActRequest, at: number): void {
    if (this.#earlier(request) === undefined) this.#decide(act, request, at);
  }

  /**
   * Does the act.
   * @throws DagwrightError as {@link LiveRun.check}. Nothing has changed then.
   */
  act(
    act: Act,
    request: ActRequest,
    at: number,
  ): { readonly answer: ActAnswer; readonly instructions: HostInstruction[] } {
    const earlier = this.#earlier(request);
    if (earlier !== undefined) return { answer: this.#answer(false, earlier.message, []), instructions: [] };
    const { event, does, message: decided } = this.#decide(act, request, at);
    this.#log.note(at, 'act');
    const changed = event !== undefined || does !== undefined;
    if (event !== undefined) this.#prepare(act, request, at);
    const instructions = changed ? this.#handleAll(event === undefined ? (does?.() ?? []) : [event], at) : [];
    const moves = changed ? this.#moves : [];
    const message = act.type === 'retryTask' ? decided + alsoStopped(instructions) : decided;
    const task = 'task' in act ? act.task : undefined;
    this.#remember({
      at: new Date(at).toISOString(),
      act: act.type,
      ...(task === undefined ? {} : { task }),
      ...request,
      changed,
      message,
    });
    return { answer: this.#answer(changed, message, moves), instructions };
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
      tasks: this.record.tasks(facts, from, to).map((task, i) => ({ ...task, ...this.#seen(from + i) })),
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
    const result = this.record.result(this.runId, this.facts());
    const tasks = { ...result.tasks };
    for (const { name, made } of this.#dag.tasks) {
      if (made !== undefined) tasks[name] = { ...tasks[name]!, ...seenMade(made) };
    }
    const outputs = this.#outputsOf();
    return {
      ...result,
      tasks,
      ...(outputs === undefined ? {} : { outputs }),
      ...(this.takeOver === undefined ? {} : { rerunOf: this.takeOver.runId }),
      ...(this.#acts.length === 0 ? {} : { acts: [...this.#acts] }),
    };
  }

  #outputsOf(): JsonObject | undefined {
    const { outputs } = this.#dag;
    if (outputs === undefined) return undefined;
    const values = Object.entries(outputs).map(([name, given]): [string, Json] => {
      const evaluated = this.expressions.value(-1, given, `\`${name}\` of \`outputs\``);
      return [name, 'error' in evaluated ? null : evaluated.value];
    });
    return Object.fromEntries(values);
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
    return startedTask(this, task, attemptsBefore);
  }

  /** The outputs of the tasks that this one needs, by name; of one that undoes another, those that that one had, and its own. */
  handedOutputs(task: number): JsonObject {
    const { made } = this.#dag.tasks[task]!;
    if (made === undefined) return this.record.needsOf(task);
    const origin = this.#index.get(made.of) ?? -1;
    if (made.undoes !== true) return this.record.needsOf(origin);
    const name = made.item === undefined ? made.of : itemName(made.of, made.item);
    const output = this.record.outputOf(this.#index.get(name) ?? -1);
    return { ...this.record.needsOf(origin), ...(output === undefined ? {} : { [made.of]: output }) };
  }

  /** In a fan-out: the item of the task. */
  itemOf(task: number): Json | undefined {
    const { made } = this.#dag.tasks[task] ?? {};
    if (made?.item === undefined) return undefined;
    return this.#items.get(this.#index.get(made.of) ?? -1)?.[made.item];
  }

  /** A file that a task left. */
  artifactOf(task: string, artifact: string): ArtifactRef | undefined {
    const artifacts = this.record.artifactsOf(this.#index.get(task) ?? -1);
    return artifacts !== undefined && Object.hasOwn(artifacts, artifact) ? artifacts[artifact] : undefined;
  }

  /** A person is reminded that the task waits for them. */
  reminded(task: number, at: number): void {
    this.#log.reminded(at, task);
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
      ...(error === undefined
        ? {}
        : {
            error: {
              code: error.code,
              message: error.message,
              ...(error.details === undefined ? {} : { details: error.details }),
            },
          }),
    };
  }

  /** The outputs of a task's items, in their order; null for one without. Undefined where it has none to collect. */
  #collected(task: number): readonly Json[] | undefined {
    const group = this.scheduler.itemsOf(task);
    if (group === undefined || !this.scheduler.tasks.is(task, 'succeeded')) return undefined;
    // An operator's word is the output then.
    if (this.scheduler.tasks.forced[task] === 1) return undefined;
    return group.tasks.slice(0, group.size).map((item) => this.record.outputOf(item) ?? null);
  }

  /** What is shown of a task beyond its record. */
  #seen(task: number): Partial<TaskDescription> {
    const { made, finally: last, uses } = this.#dag.tasks[task]!;
    const group = this.scheduler.itemsOf(task);
    const waitsFor = this.controls.waitsFor(task);
    const isSubRun = uses === 'dag' && this.scheduler.startedAt(task) !== undefined && group === undefined;
    const subRun = isSubRun ? subRunIdOf(this.runId, this.#dag.tasks[task]!) : undefined;
    if (made === undefined && last === undefined && group === undefined && waitsFor === undefined && !isSubRun)
      return {};
    return {
      ...seenMade(made),
      ...(last === undefined ? {} : { finally: last }),
      ...(group === undefined
        ? {}
        : { fanOut: { items: group.size, ended: group.size - group.open, failed: group.failed } }),
      ...(waitsFor === undefined ? {} : { waitsFor }),
      ...(subRun === undefined ? {} : { subRun }),
    };
  }

  #admit(task: number): 'start' | 'skipped' | 'failed' {
    const condition = conditionOf(this.expressions, task, this.#dag.tasks[task]!);
    if (condition.verdict === 'failed') this.record.ended(task, { attempts: 0, error: condition.error });
    return condition.verdict;
  }

  #decide(act: Act, request: ActRequest, at: number): Decision {
    return decide(this, act, request, at);
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
    for (const move of moves) this.#moves.push(move);
    for (let i = 0; i + 2 < moves.length; i += 3) {
      const task = moves[i]!;
      const from = moves[i + 1]!;
      const to = moves[i + 2]!;
      const wasUnderWay = from === CODE.running || from === CODE.waiting;
      const isVoid = wasUnderWay && !KEEPS_RECORD.includes(to);
      if (isVoid || from >= CODE.succeeded) this.record.reopened(task);
      if (to >= CODE.succeeded || from >= CODE.succeeded) this.#polls.forget(task);
      const group = to === CODE.failed ? this.scheduler.itemsOf(task) : undefined;
      if (group !== undefined) this.record.failed(task, this.#fanOutError(group));
      if (this.#outputs.size === 0 || to !== CODE.succeeded || !this.#outputs.has(task)) continue;
      this.record.decided(task, this.#outputs.get(task));
      this.#outputs.delete(task);
    }
  }

  #fanOutError({ tasks, size, failed }: Readonly<Items>): TaskError {
    const failures = tasks.slice(0, size).filter((item) => FAILURES.includes(this.scheduler.tasks.state[item]!));
    const shown = failures.slice(0, SHOWN_ITEMS).map((item) => {
      const error = this.record.errorOf(item);
      const name = this.#dag.tasks[item]!.name;
      return error === undefined
        ? `${name} (${this.scheduler.stateOf(item)})`
        : `${name} (${error.code}: ${error.message})`;
    });
    const more = failures.length > shown.length ? `, and ${failures.length - shown.length} more` : '';
    const message = `${failed} of ${size} items failed: ${shown.join(', ')}${more}`.slice(0, LONGEST_MESSAGE);
    return { code: 'FANOUT_FAILED', message, details: { items: size, failed } };
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

function seenMade(made: Task['made']): Partial<TaskDescription> {
  if (made === undefined) return {};
  const { of, item, undoes } = made;
  if (undoes === true) return { compensates: item === undefined ? of : itemName(of, item) };
  return item === undefined ? {} : { item: { of, index: item } };
}

/** How many items may fail. */
function toleratedOf(tolerate: NonNullable<Task['tolerate']>, items: number): number {
  return 'count' in tolerate ? tolerate.count : Math.floor(tolerate.share * items);
}

/** A retry that sets back what runs by the failure says so: people may wait for it. */
function alsoStopped(instructions: readonly HostInstruction[]): string {
  const count = instructions.filter(({ type }) => type === 'task.cancel').length;
  if (count === 0) return '';
  return ` ${count} running task${count === 1 ? ' that needs it is' : 's that need it are'} told to stop, to run again later.`;
}

function wordsOf(act: ActRecord | undefined): Partial<RunEvent> {
  if (act === undefined) return {};
  const { task, by, message } = act;
  return { ...(task === undefined ? {} : { task }), ...(by === undefined ? {} : { by }), message };
}
