import type { Json, JsonObject } from '../dag/json.js';
import type { ArtifactRef } from '../dag/artifact.js';
import type { CacheHit, TaskCall } from '../dag/task-call.js';
import type { TaskError } from '../dag/task-error.js';
import type { Masks } from './masks.js';

/** What an attempt that succeeded says. */
export interface TaskReport {
  readonly output?: Json;
  /** Who ran it: `process@machine`. */
  readonly worker?: string;
  /** Which attempt this was; the first is 1. */
  readonly attempt: number;
  /** The files that it left, by name. */
  readonly artifacts?: Readonly<Record<string, ArtifactRef>>;
  /** It did not run: this is what another run's task gave under the same key. */
  readonly cached?: CacheHit;
}

/** What a handler may use while it runs. Never Temporal's own context, so that handlers run locally too. */
export interface TaskContext {
  readonly runId: string;
  readonly task: string;
  /** Which attempt this is; the first is 1. */
  readonly attempt: number;
  /** `<run>/<task>`, in a fan-out `<run>/<task>/<index>`: the same for every attempt, so that a side effect can be made once. */
  readonly idempotencyKey: string;
  /** In a fan-out: the item, and its place from 0. */
  readonly item?: Json;
  readonly index?: number;
  /** Aborted when the task is cancelled, over its time, or its worker shuts down; its reason is an {@link AttemptStop}. */
  readonly signal: AbortSignal;
  /** The params of the run, defaults filled in. */
  readonly params: JsonObject;
  /** The outputs of the tasks that this one needs, by name. */
  readonly needs: JsonObject;
  /** Where this attempt's log goes. */
  readonly log: TaskLog;
  /**
   * Hides the secrets that the task was handed; left out where it was handed none. Logs, errors, notes and outputs are
   * masked anyway: this is for what is cut off before it gets there.
   */
  readonly masks?: Masks;
  /**
   * Says how far the attempt is: a fraction from 0 to 1, or how much of how much is done, and what it is at. Cheap: what
   * is said more than once a second may be left out. Never throws.
   */
  progress(report: number | { readonly done: number; readonly total: number }, note?: string): void;
  /** What an earlier attempt of the task left by `checkpoint`: go on from there. Left out where none did. */
  readonly lastCheckpoint?: Json;
  /**
   * Leaves where the attempt is, for one that follows: after a failure, a lost worker, or where the policy stops the task
   * for a shorter one (`preemptible`). JSON of at most 64 KiB; the latest counts. Say the `progress` it stands for first.
   * @throws TaskFailure CHECKPOINT_INVALID.
   */
  checkpoint(value: Json): void;
}

/** The log of one attempt. */
export interface TaskLog {
  /** The file that is written to; older parts of a long log lie beside it. Made at the first write. */
  readonly path: string;
  /** Appends a line. */
  write(line: string): void;
  /** Appends bytes as they are. Waits while the disk is behind, so that a stream piped here takes little memory. */
  append(bytes: Uint8Array): Promise<void>;
}

/** Why an attempt must stop before its end. */
export type StopCause = 'cancelled' | 'timed_out' | 'worker_shutdown';

/** The reason with which a host aborts an attempt's signal. A signal aborted with anything else counts as `cancelled`. */
export class AttemptStop extends Error {
  override readonly name = 'AttemptStop';
  readonly why: StopCause;

  constructor(why: StopCause) {
    super(`The attempt must stop: ${why}.`);
    this.why = why;
  }
}

/** The handlers a worker has, by name. */
export type Handlers = ReadonlyMap<string, Handler>;

/** What a task does. One small object per handler; registered in activities/handlers.ts. */
export interface Handler {
  readonly name: TaskCall['uses'];
  /**
   * Runs one attempt and gives its output, or undefined for none.
   * @throws TaskFailure for a failure it foresees; anything else becomes `TASK_FAILED`.
   */
  run(call: TaskCall, context: TaskContext): Promise<Json | undefined>;
}

/** A failure of an attempt, with what the retry rule must know. */
export class TaskFailure extends Error {
  override readonly name = 'TaskFailure';
  readonly error: TaskError;
  /** Whether another attempt makes sense. Default true. */
  readonly retryable: boolean;
  /** Whether the task ends skipped rather than failed, where there is no other attempt. Default false. */
  readonly skip: boolean;
  /** Milliseconds before the next attempt, where the failure knows better than the policy (`Retry-After`). */
  readonly nextRetryDelay: number | undefined;

  constructor(
    error: TaskError,
    options: { retryable?: boolean; skip?: boolean; nextRetryDelay?: number; cause?: unknown } = {},
  ) {
    super(error.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.error = error;
    this.retryable = options.retryable ?? true;
    this.skip = options.skip ?? false;
    this.nextRetryDelay = options.nextRetryDelay;
  }
}
