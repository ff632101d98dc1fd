import { EarlierStarts, type EarlierStartsSnapshot, type Start } from './earlier-starts.js';
import { isoTime } from './iso-time.js';
import type { Dag } from '../dag/dag.js';
import { byteLength, type Json } from '../dag/json.js';
import { isRunEnd, type RunState } from '../dag/run-state.js';
import type { RunResult, TaskResult, TaskDescription } from './run.js';
import type { ArtifactRef } from '../dag/artifact.js';
import type { CacheHit } from '../dag/task-call.js';
import type { TaskError } from '../dag/task-error.js';
import { isTaskEnd, type TaskState } from '../dag/task-state.js';

/** What a record must ask of the scheduler to describe a run. Times are milliseconds, or undefined where not set. */
export interface RunFacts {
  readonly state: RunState;
  readonly counts: Readonly<Record<TaskState, number>>;
  readonly runBeganAt: number | undefined;
  readonly runEndedAt: number | undefined;
  stateOf(task: number): TaskState;
  startedAt(task: number): number | undefined;
  endedAt(task: number): number | undefined;
  isPaused(task: number): boolean;
}

/** A record as plain JSON, for continue-as-new: `[task, value]` pairs, so that a task that has nothing takes no room. */
export interface RecordSnapshot {
  readonly attempts: readonly (readonly [number, number])[];
  /** Of tasks that run, and ran before: the attempts of their earlier starts. */
  readonly earlier?: readonly (readonly [number, number])[];
  readonly outputs: readonly (readonly [number, Json])[];
  readonly errors: readonly (readonly [number, TaskError])[];
  readonly omitted: readonly number[];
  /** Bytes of the omitted outputs, in the same order. */
  readonly omittedBytes?: readonly number[];
  /** Who ran the tasks: the names, and for each task the position of one. */
  readonly workers?: { readonly names: readonly string[]; readonly of: readonly (readonly [number, number])[] };
  /** Tasks whose output another run made. */
  readonly takenOver?: readonly number[];
  readonly artifacts?: readonly (readonly [number, Readonly<Record<string, ArtifactRef>>])[];
  readonly cached?: readonly (readonly [number, CacheHit])[];
  readonly starts?: EarlierStartsSnapshot;
}

/** How a task ended, as far as the record goes. */
export interface RecordedEnd {
  readonly attempts: number;
  readonly output?: Json;
  readonly error?: TaskError;
  readonly worker?: string;
  readonly artifacts?: Readonly<Record<string, ArtifactRef>>;
  readonly cached?: CacheHit;
}

/** Bytes of outputs that a run's result holds; the server takes no payload over 2 MB. Later ones are marked as omitted. */
export const KEPT_OUTPUT_BYTES = 1_048_576;
/** Bytes of errors that are kept whole; later ones keep their code and the beginning of their sentence. */
const WHOLE_ERROR_BYTES = 262_144;
const SHORT_MESSAGE_CHARACTERS = 120;
/** In larger runs nobody draws them, and they would be most of a description. */
const TASKS_WITH_NEEDS = 500;

/**
 * What a run knows of its tasks beyond their states: attempts, outputs, errors. Pure bookkeeping, the same in every
 * host; the scheduler decides without it.
 */
export class RunRecord {
  #dag: Dag;
  readonly #index: Map<string, number>;
  /** Attempts of earlier starts: a task that a pause interrupted starts again at attempt 1. */
  readonly #earlier = new Map<number, number>();
  readonly #attempts = new Map<number, number>();
  readonly #outputs = new Map<number, Json>();
  readonly #errors = new Map<number, TaskError>();
  /** Tasks whose output was dropped, with its bytes. */
  readonly #omitted = new Map<number, number>();
  readonly #workers = new Map<number, string>();
  readonly #takenOver = new Set<number>();
  readonly #artifacts = new Map<number, Readonly<Record<string, ArtifactRef>>>();
  readonly #cached = new Map<number, CacheHit>();
  #starts = new EarlierStarts();
  readonly #collect: (task: number) => readonly Json[] | undefined;
  #errorBytes = 0;

  /** @param collect The outputs of the items of a task that has fanned out: they are its own. */
  constructor(dag: Dag, collect: (task: number) => readonly Json[] | undefined = () => undefined) {
    this.#dag = dag;
    this.#collect = collect;
    this.#index = new Map(dag.tasks.map((task, index) => [task.name, index]));
  }

  static restore(
    dag: Dag,
    snapshot: RecordSnapshot | undefined,
    collect?: (task: number) => readonly Json[] | undefined,
  ): RunRecord {
    const record = new RunRecord(dag, collect);
    if (snapshot === undefined) return record;
    for (const [task, attempts] of snapshot.attempts) record.#attempts.set(task, attempts);
    for (const [task, attempts] of snapshot.earlier ?? []) record.#earlier.set(task, attempts);
    for (const [task, output] of snapshot.outputs) record.#outputs.set(task, output);
    for (const [task, error] of snapshot.errors) record.#keepError(task, error);
    snapshot.omitted.forEach((task, i) => record.#omitted.set(task, snapshot.omittedBytes?.[i] ?? 0));
    for (const [task, name] of snapshot.workers?.of ?? []) {
      record.#workers.set(task, snapshot.workers?.names[name] ?? '');
    }
    for (const task of snapshot.takenOver ?? []) record.#takenOver.add(task);
    for (const [task, artifacts] of snapshot.artifacts ?? []) record.#artifacts.set(task, artifacts);
    for (const [task, hit] of snapshot.cached ?? []) record.#cached.set(task, hit);
    record.#starts = new EarlierStarts(snapshot.starts);
    return record;
  }

  /** The task starts: its first attempt begins, after those of earlier starts. */
  began(task: number): void {
    const before = this.#attempts.get(task) ?? 0;
    if (before > 0) this.#earlier.set(task, before);
    this.#attempts.set(task, before + 1);
    this.#errors.delete(task);
  }

  /** The task, which has run from then until now, goes on later. Times are milliseconds. */
  stopped(task: number, from: number, to: number): void {
    this.#starts.add(task, from, to);
  }

  /** The attempt of this number (the first since the start is 1) failed, and another will follow. */
  attemptFailed(task: number, attempt: number, error: TaskError): void {
    this.#attempts.set(task, (this.#earlier.get(task) ?? 0) + attempt);
    this.#errors.set(task, error);
  }

  /** The attempt of this number begins. */
  attemptBegan(task: number, attempt: number): void {
    this.#attempts.set(task, (this.#earlier.get(task) ?? 0) + attempt);
  }

  /** The task ended, after so many attempts since its start. */
  ended(task: number, end: RecordedEnd): void {
    this.#attempts.set(task, (this.#earlier.get(task) ?? 0) + end.attempts);
    this.#earlier.delete(task);
    if (end.output !== undefined) this.#outputs.set(task, end.output);
    if (end.worker !== undefined) this.#workers.set(task, end.worker);
    if (end.artifacts !== undefined) this.#artifacts.set(task, end.artifacts);
    if (end.cached !== undefined) this.#cached.set(task, end.cached);
    if (end.error === undefined) this.#errors.delete(task);
    else this.#keepError(task, end.error);
  }

  /** The task failed with what became of its items. */
  failed(task: number, error: TaskError): void {
    this.#keepError(task, error);
  }

  /** An operator decided how the task ended. */
  decided(task: number, output: Json | undefined): void {
    this.reopened(task);
    if (output !== undefined) this.#outputs.set(task, output);
  }

  /** The task is open again, or its end is not its own: what it left is void. */
  reopened(task: number): void {
    this.#outputs.delete(task);
    this.#omitted.delete(task);
    this.#errors.delete(task);
    this.#takenOver.delete(task);
    this.#artifacts.delete(task);
    this.#cached.delete(task);
  }

  /** Another run did the task. */
  takenOver(task: number, output: Json | undefined, isOmitted: boolean): void {
    this.#takenOver.add(task);
    if (isOmitted) this.#omitted.set(task, 0);
    if (output !== undefined) this.#outputs.set(task, output);
  }

  /** The error that the task ended with, or that its latest attempt failed with. */
  errorOf(task: number): TaskError | undefined {
    return this.#errors.get(task);
  }

  outputOf(task: number): Json | undefined {
    return this.#collect(task) ?? this.#outputs.get(task);
  }

  /** The files that the task left, by name. */
  artifactsOf(task: number): Readonly<Record<string, ArtifactRef>> | undefined {
    return this.#artifacts.get(task);
  }

  /** Whether the task had an output that was too large to be kept. */
  hasLostOutput(task: number): boolean {
    return this.#omitted.has(task);
  }

  attemptsOf(task: number): number {
    return this.#attempts.get(task) ?? 0;
  }

  /** Tasks with an error, the first that got one first. */
  tasksWithErrors(): IterableIterator<number> {
    return this.#errors.keys();
  }

  /** More tasks, behind those there are. */
  grow(dag: Dag): void {
    for (let task = this.#index.size; task < dag.tasks.length; task++) this.#index.set(dag.tasks[task]!.name, task);
    this.#dag = dag;
  }

  /** The outputs of the tasks that this one needs, by name; those without one are left out. */
  needsOf(task: number): Record<string, Json> {
    const outputs: Record<string, Json> = {};
    for (const { task: name } of this.#dag.tasks[task]?.needs ?? []) {
      const output = this.outputOf(this.#index.get(name) ?? -1);
      if (output !== undefined) outputs[name] = output;
    }
    return outputs;
  }

  /** The tasks now, in the order of declaration: from one on, up to another. */
  tasks(facts: RunFacts, from = 0, to = this.#dag.tasks.length): TaskDescription[] {
    const tellsNeeds = this.#dag.tasks.length <= TASKS_WITH_NEEDS;
    return this.#dag.tasks.slice(from, to).map((task, i): TaskDescription => {
      const index = from + i;
      const error = this.#errors.get(index);
      const worker = this.#workers.get(index);
      const outputBytes = this.#outputBytes(index);
      return {
        name: task.name,
        state: facts.stateOf(index),
        attempts: this.#attempts.get(index) ?? 0,
        ...timesOf(facts, index),
        ...durationOf(facts, index),
        ...startsOf(this.#starts.of(index)),
        ...(tellsNeeds && task.needs.length > 0 ? { needs: task.needs.map((need) => need.task) } : {}),
        ...(error === undefined ? {} : { error }),
        ...(facts.isPaused(index) ? { paused: true } : {}),
        ...(worker === undefined ? {} : { worker }),
        ...(outputBytes === undefined ? {} : { outputBytes }),
        ...(this.#takenOver.has(index) ? { takenOver: true } : {}),
        ...this.#left(index),
      };
    });
  }

  #left(task: number): { cached?: CacheHit; artifacts?: Readonly<Record<string, ArtifactRef>> } {
    const cached = this.#cached.get(task);
    const artifacts = this.#artifacts.get(task);
    return { ...(cached === undefined ? {} : { cached }), ...(artifacts === undefined ? {} : { artifacts }) };
  }

  #outputBytes(task: number): number | undefined {
    const output = this.outputOf(task);
    return output === undefined ? this.#omitted.get(task) : byteLength(output);
  }

  /** The run's end. Outputs past the limit are marked as omitted, the ones declared first are kept. */
  result(runId: string, facts: RunFacts): RunResult {
    const { state: status, runBeganAt: beganAt, runEndedAt: endedAt } = facts;
    if (!isRunEnd(status) || beganAt === undefined || endedAt === undefined) throw new Error('The run has not ended.');
    const tasks: Record<string, TaskResult> = {};
    let bytes = 0;
    this.#dag.tasks.forEach((task, index) => {
      const state = facts.stateOf(index);
      if (!isTaskEnd(state)) throw new Error(`The run ended, but its task ${task.name} is ${state}.`);
      // The task that fans out has those of its items.
      const isItem = task.made !== undefined && task.made.undoes !== true;
      const output = isItem ? undefined : this.outputOf(index);
      const error = this.#errors.get(index);
      const worker = this.#workers.get(index);
      if (output !== undefined) bytes += byteLength(output);
      const omitted = this.#omitted.has(index) || (output !== undefined && bytes > KEPT_OUTPUT_BYTES);
      tasks[task.name] = {
        status: state,
        attempts: this.#attempts.get(index) ?? 0,
        ...timesOf(facts, index),
        ...startsOf(this.#starts.of(index)),
        ...(omitted ? { outputOmitted: true } : output === undefined ? {} : { output }),
        ...(error === undefined ? {} : { error }),
        ...(worker === undefined ? {} : { worker }),
        ...(this.#takenOver.has(index) ? { takenOver: true } : {}),
        ...this.#left(index),
      };
    });
    return { runId, dag: this.#dag.name, status, startedAt: isoTime(beganAt), endedAt: isoTime(endedAt), tasks };
  }

  /**
   * The record as JSON. Outputs that a task still waits for go first; of the others as many as fit.
   * Undefined where even the needed ones do not fit: the host then goes on without a snapshot.
   * @param taken bytes that something else takes of what may be.
   * @param limit bytes of outputs that may be. Default {@link KEPT_OUTPUT_BYTES}.
   */
  snapshot(facts: RunFacts, taken = 0, limit = KEPT_OUTPUT_BYTES): RecordSnapshot | undefined {
    const waitedFor = this.#waitedFor(facts);
    const starts = this.#starts.snapshot();
    const outputs: [number, Json][] = [];
    const omitted = new Map(this.#omitted);
    let bytes = taken;
    const needed = [...this.#outputs].filter(([task]) => waitedFor.has(task));
    const others = [...this.#outputs].filter(([task]) => !waitedFor.has(task));
    for (const [task, output] of needed) {
      bytes += byteLength(output);
      outputs.push([task, output]);
    }
    if (bytes > limit) return undefined;
    for (const [task, output] of others) {
      const size = byteLength(output);
      if (bytes + size > limit) omitted.set(task, size);
      else {
        bytes += size;
        outputs.push([task, output]);
      }
    }
    return {
      attempts: [...this.#attempts],
      ...(this.#earlier.size === 0 ? {} : { earlier: [...this.#earlier] }),
      outputs,
      errors: [...this.#errors],
      omitted: [...omitted.keys()],
      ...(omitted.size === 0 ? {} : { omittedBytes: [...omitted.values()] }),
      ...(this.#workers.size === 0 ? {} : { workers: writeWorkers(this.#workers) }),
      ...(this.#takenOver.size === 0 ? {} : { takenOver: [...this.#takenOver] }),
      ...(this.#artifacts.size === 0 ? {} : { artifacts: [...this.#artifacts] }),
      ...(this.#cached.size === 0 ? {} : { cached: [...this.#cached] }),
      ...(starts === undefined ? {} : { starts }),
    };
  }

  /** The tasks whose output something still waits for: what needs them, and the fan-outs whose items they are. */
  #waitedFor(facts: RunFacts): Set<number> {
    const needed = new Set<number>();
    this.#dag.tasks.forEach((task, index) => {
      const isOpen = !isTaskEnd(facts.stateOf(index));
      if (isOpen) for (const { task: name } of task.needs) needed.add(this.#index.get(name) ?? -1);
    });
    this.#dag.tasks.forEach(({ made }, index) => {
      if (made === undefined || made.undoes) return;
      const of = this.#index.get(made.of) ?? -1;
      if (needed.has(of) || !isTaskEnd(facts.stateOf(of))) needed.add(index);
    });
    return needed;
  }

  #keepError(task: number, error: TaskError): void {
    this.#errorBytes += byteLength(error as unknown as Json);
    const short = { code: error.code, message: error.message.slice(0, SHORT_MESSAGE_CHARACTERS) };
    this.#errors.set(task, this.#errorBytes > WHOLE_ERROR_BYTES ? short : error);
  }
}

/** There are few workers and many tasks: each name once. */
function writeWorkers(workers: ReadonlyMap<number, string>): NonNullable<RecordSnapshot['workers']> {
  const names = [...new Set(workers.values())];
  const positions = new Map(names.map((name, position) => [name, position]));
  return { names, of: [...workers].map(([task, name]) => [task, positions.get(name) ?? 0]) };
}

function durationOf(facts: RunFacts, task: number): { duration?: number } {
  const started = facts.startedAt(task);
  const ended = facts.endedAt(task);
  return started === undefined || ended === undefined ? {} : { duration: ended - started };
}

function startsOf(starts: readonly Start[]): Pick<TaskDescription, 'earlierStarts'> {
  if (starts.length === 0) return {};
  return { earlierStarts: starts.map(([from, to]) => ({ startedAt: isoTime(from), endedAt: isoTime(to) })) };
}

function timesOf(facts: RunFacts, task: number): { startedAt?: string; endedAt?: string } {
  const started = facts.startedAt(task);
  const ended = facts.endedAt(task);
  return {
    ...(started === undefined ? {} : { startedAt: isoTime(started) }),
    ...(ended === undefined ? {} : { endedAt: isoTime(ended) }),
  };
}
