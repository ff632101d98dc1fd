import type { Dag } from './dag.js';
import { byteLength, type Json } from './json.js';
import {
  isRunEnd,
  type RunResult,
  type RunState,
  type RunDescription,
  type TaskResult,
  type TaskDescription,
} from './run.js';
import type { TaskError } from './task-error.js';
import { isTaskEnd, type TaskState } from './task-state.js';

/** What a record must ask of the scheduler to describe a run. Times are milliseconds, or undefined where not set. */
export interface RunFacts {
  readonly state: RunState;
  readonly counts: Readonly<Record<TaskState, number>>;
  readonly runBeganAt: number | undefined;
  readonly runEndedAt: number | undefined;
  stateOf(task: number): TaskState;
  startedAt(task: number): number | undefined;
  endedAt(task: number): number | undefined;
}

/** A record as plain JSON, for continue-as-new: `[task, value]` pairs, so that a task that has nothing takes no room. */
export interface RecordSnapshot {
  readonly attempts: readonly (readonly [number, number])[];
  readonly outputs: readonly (readonly [number, Json])[];
  readonly errors: readonly (readonly [number, TaskError])[];
  readonly omitted: readonly number[];
}

/** Bytes of outputs that a run's result holds; the server takes no payload over 2 MB. Later ones are marked as omitted. */
export const KEPT_OUTPUT_BYTES = 1_048_576;
/** Bytes of errors that are kept whole; later ones keep their code and the beginning of their sentence. */
const WHOLE_ERROR_BYTES = 262_144;
const SHORT_MESSAGE_CHARACTERS = 120;

/**
 * What a run knows of its tasks beyond their states: attempts, outputs, errors. Pure bookkeeping, the same in every
 * host; the scheduler decides without it.
 */
export class RunRecord {
  readonly #dag: Dag;
  readonly #index: ReadonlyMap<string, number>;
  /** Attempts of earlier starts: a task that a pause interrupted starts again at attempt 1. */
  readonly #earlier = new Map<number, number>();
  readonly #attempts = new Map<number, number>();
  readonly #outputs = new Map<number, Json>();
  readonly #errors = new Map<number, TaskError>();
  readonly #omitted = new Set<number>();
  #errorBytes = 0;

  constructor(dag: Dag) {
    this.#dag = dag;
    this.#index = new Map(dag.tasks.map((task, index) => [task.name, index]));
  }

  static restore(dag: Dag, snapshot: RecordSnapshot): RunRecord {
    const record = new RunRecord(dag);
    for (const [task, attempts] of snapshot.attempts) record.#attempts.set(task, attempts);
    for (const [task, output] of snapshot.outputs) record.#outputs.set(task, output);
    for (const [task, error] of snapshot.errors) record.#keepError(task, error);
    for (const task of snapshot.omitted) record.#omitted.add(task);
    return record;
  }

  /** The task starts: its first attempt begins, after those of earlier starts. */
  began(task: number): void {
    const before = this.#attempts.get(task) ?? 0;
    this.#earlier.set(task, before);
    this.#attempts.set(task, before + 1);
    this.#errors.delete(task);
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
  ended(task: number, end: { attempts: number; output?: Json; error?: TaskError }): void {
    this.#attempts.set(task, (this.#earlier.get(task) ?? 0) + end.attempts);
    this.#earlier.delete(task);
    if (end.output !== undefined) this.#outputs.set(task, end.output);
    if (end.error === undefined) this.#errors.delete(task);
    else this.#keepError(task, end.error);
  }

  /** The outputs of the tasks that this one needs, by name; those without one are left out. */
  needsOf(task: number): Record<string, Json> {
    const outputs: Record<string, Json> = {};
    for (const { task: name } of this.#dag.tasks[task]?.needs ?? []) {
      const output = this.#outputs.get(this.#index.get(name) ?? -1);
      if (output !== undefined) outputs[name] = output;
    }
    return outputs;
  }

  /** The run now, every task in the order of declaration. */
  status(runId: string, facts: RunFacts): RunDescription {
    return {
      runId,
      dag: this.#dag.name,
      state: facts.state,
      startedAt: iso(facts.runBeganAt ?? 0),
      ...(facts.runEndedAt === undefined ? {} : { endedAt: iso(facts.runEndedAt) }),
      counts: Object.fromEntries(Object.entries(facts.counts).filter(([, count]) => count > 0)),
      tasks: this.#dag.tasks.map((task, index): TaskDescription => {
        const error = this.#errors.get(index);
        return {
          name: task.name,
          state: facts.stateOf(index),
          attempts: this.#attempts.get(index) ?? 0,
          ...timesOf(facts, index),
          ...(error === undefined ? {} : { error }),
        };
      }),
    };
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
      const output = this.#outputs.get(index);
      const error = this.#errors.get(index);
      if (output !== undefined) bytes += byteLength(output);
      const omitted = this.#omitted.has(index) || (output !== undefined && bytes > KEPT_OUTPUT_BYTES);
      tasks[task.name] = {
        status: state,
        attempts: this.#attempts.get(index) ?? 0,
        ...timesOf(facts, index),
        ...(omitted ? { outputOmitted: true } : output === undefined ? {} : { output }),
        ...(error === undefined ? {} : { error }),
      };
    });
    return { runId, dag: this.#dag.name, status, startedAt: iso(beganAt), endedAt: iso(endedAt), tasks };
  }

  /**
   * The record as JSON. Outputs that a task still waits for go first; of the others as many as fit.
   * Undefined where even the needed ones do not fit: the host then goes on without a snapshot.
   */
  snapshot(facts: RunFacts): RecordSnapshot | undefined {
    const waitedFor = this.#waitedFor(facts);
    const outputs: [number, Json][] = [];
    const omitted = [...this.#omitted];
    let bytes = 0;
    const needed = [...this.#outputs].filter(([task]) => waitedFor.has(task));
    const others = [...this.#outputs].filter(([task]) => !waitedFor.has(task));
    for (const [task, output] of needed) {
      bytes += byteLength(output);
      outputs.push([task, output]);
    }
    if (bytes > KEPT_OUTPUT_BYTES) return undefined;
    for (const [task, output] of others) {
      const size = byteLength(output);
      if (bytes + size > KEPT_OUTPUT_BYTES) omitted.push(task);
      else {
        bytes += size;
        outputs.push([task, output]);
      }
    }
    return { attempts: [...this.#attempts], outputs, errors: [...this.#errors], omitted };
  }

  #waitedFor(facts: RunFacts): Set<number> {
    const needed = new Set<number>();
    this.#dag.tasks.forEach((task, index) => {
      if (isTaskEnd(facts.stateOf(index))) return;
      for (const { task: name } of task.needs) needed.add(this.#index.get(name) ?? -1);
    });
    return needed;
  }

  #keepError(task: number, error: TaskError): void {
    this.#errorBytes += byteLength(error as unknown as Json);
    const short = { code: error.code, message: error.message.slice(0, SHORT_MESSAGE_CHARACTERS) };
    this.#errors.set(task, this.#errorBytes > WHOLE_ERROR_BYTES ? short : error);
  }
}

function timesOf(facts: RunFacts, task: number): { startedAt?: string; endedAt?: string } {
  const started = facts.startedAt(task);
  const ended = facts.endedAt(task);
  return {
    ...(started === undefined ? {} : { startedAt: iso(started) }),
    ...(ended === undefined ? {} : { endedAt: iso(ended) }),
  };
}

/** A time given as a number: no clock is read. */
function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
