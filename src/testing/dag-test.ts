import type { RunEndState } from '../dag/run-state.js';
import type { Json, JsonObject } from '../dag/json.js';
import type { TaskEndState } from '../dag/task-state.js';

/** How one attempt of a double ends. It succeeds where `fail` is left out. */
export interface DoubleEnding {
  readonly output?: Json;
  /** Why it fails: the message, or more of the error. */
  readonly fail?: string | DoubleFailure;
  /** How long it takes, in milliseconds. Default 0. */
  readonly takes?: number;
}

/** The error of a double's attempt. */
export interface DoubleFailure {
  /** Default TASK_FAILED. */
  readonly code?: string;
  readonly message?: string;
  readonly details?: JsonObject;
  /** Whether another attempt makes sense. Default true. */
  readonly retryable?: boolean;
}

/** What stands in for a task: how each of its attempts ends, in order; the last says it for all that follow. */
export type TaskDouble = DoubleEnding | readonly DoubleEnding[];

/** What is decided where a task waits for an approval. */
export type Decision =
  | {
      readonly approve: true;
      /** Who decides. Default: the first who may. */
      readonly by?: string;
      readonly form?: Json;
    }
  | {
      /** Why. */
      readonly reject: string;
      readonly by?: string;
    };

/** What a task was handed; only what is named counts. */
export interface ExpectedInput {
  readonly with?: JsonObject;
  readonly env?: JsonObject;
  readonly item?: Json;
  readonly index?: number;
}

/** What a run must have come to. What is left out may be anything. Tasks are named as in {@link DagTest}. */
export interface Expectations {
  readonly run?: RunEndState;
  readonly tasks?: Readonly<Record<string, TaskEndState>>;
  /** Of the run. */
  readonly outputs?: JsonObject;
  /** Of tasks. */
  readonly output?: JsonObject;
  /** How many attempts tasks took. */
  readonly attempts?: Readonly<Record<string, number>>;
  /** Codes of the errors of tasks. */
  readonly errors?: Readonly<Record<string, string>>;
  /** These tasks started in this order; others may have between them. */
  readonly order?: readonly string[];
  /** What tasks were handed at their last start: these fields at least. */
  readonly inputs?: Readonly<Record<string, ExpectedInput>>;
}

/**
 * A test of a dag: it runs with doubles for its tasks, and must come to what is expected. An item of a fan-out is
 * `convert[1]`, and `convert` stands for each of them; what undoes a task is `charge~undo`; a task within one that is a
 * dag is `load/copy`.
 */
export interface DagTest {
  readonly name: string;
  /** When the run begins: ISO 8601. Default 2026-01-01T00:00:00Z. */
  readonly now?: string;
  readonly params?: JsonObject;
  /** Doubles. A task that has none succeeds at once, without an output. */
  readonly tasks?: Readonly<Record<string, TaskDouble>>;
  /** Sent as soon as the run begins: payloads by the names of the events. A list sends in its order. */
  readonly events?: JsonObject | readonly JsonObject[];
  /** Decided as soon as the task waits. Where nothing is said nobody decides, and the task's own timeout counts. */
  readonly approvals?: Readonly<Record<string, Decision>>;
  /** The run is cancelled when this task has started, which goes on until then. */
  readonly cancelAt?: string;
  readonly expect: Expectations;
}
