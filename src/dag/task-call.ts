import {
  envOf,
  isHandled,
  retryOf,
  timeoutsOf,
  type Dag,
  type HandlerName,
  type RetryPolicy,
  type RetryRule,
} from './dag.js';
import { byteLength, type Json, type JsonObject } from './json.js';
import type { TaskError } from './task-error.js';

/** Everything an attempt needs to know of its task: plain JSON, the one argument of every handler's activity. */
export interface TaskCall {
  readonly runId: string;
  readonly dag: string;
  readonly task: string;
  /** The handler that runs it. A foreign activity gets its own arguments, never a call. */
  readonly uses: Exclude<HandlerName, 'activity'>;
  readonly with: JsonObject;
  /** Left out where empty, as are `params` and `needs`: each task's call is kept in the run's history. */
  readonly env?: Readonly<Record<string, string>>;
  readonly params?: JsonObject;
  /** The outputs of the tasks that this one needs, by name; those without an output are left out. */
  readonly needs?: JsonObject;
  /** In a fan-out: the item, and its place from 0. */
  readonly item?: Json;
  readonly index?: number;
  /** Texts of `with` and `env` that hold secrets: the worker puts them in. */
  readonly secrets?: readonly SecretText[];
  /** What becomes of the task by the kind of its error. */
  readonly retryRules?: readonly RetryRule[];
  /** The policy that the rules differ from; only where there are some. */
  readonly retry?: RetryPolicy;
  /** The JSON Schema of the output. */
  readonly output?: JsonObject;
  /** `key`: what stands for the inputs; `null`: a hash of all of the call that matters. */
  readonly cache?: { readonly key: Json; readonly maxAge?: number };
  readonly artifacts?: CalledArtifacts;
  /** Attempts in all, the first included. */
  readonly maximumAttempts: number;
  /** Milliseconds one attempt may take. */
  readonly startToClose: number;
  /** The folder of the dag's file, if it came from one. */
  readonly directory?: string;
  /** Attempts of earlier starts: a task that was stopped, or retried, goes on counting. Default 0. */
  readonly attemptsBefore?: number;
}

/** A text that holds secrets. */
export interface SecretText {
  /** Where it stands: `['with', 'headers', 'Authorization']`. */
  readonly path: readonly (string | number)[];
  /** Its pieces in order: plain text, or an expression of which all roots are `secrets`. */
  readonly parts: readonly ({ readonly text: string } | { readonly secret: string })[];
}

/** A file that a task left, by its content. */
export interface ArtifactRef {
  /** SHA-256 of the content, in hexadecimal. */
  readonly sha256: string;
  readonly bytes: number;
}

/** Where an output that was made before comes from. `at`: ISO 8601. */
export interface CacheHit {
  readonly runId: string;
  readonly at: string;
}

/** The files that an attempt leaves and takes. */
export interface CalledArtifacts {
  /** By name: the path. */
  readonly save?: Readonly<Record<string, string>>;
  /** By path: what to put there. */
  readonly load?: Readonly<Record<string, ArtifactRef>>;
}

/** What a run adds to a task to make a call of it. */
export interface CallFacts {
  readonly runId: string;
  readonly params: JsonObject;
  readonly needs: JsonObject;
  /** Attempts of earlier starts. Default 0. */
  readonly attemptsBefore?: number;
}

/**
 * The call of one task.
 * @throws Error where the dag has no such task, or it is a foreign activity: a bug of the host.
 */
export function taskCallOf(dag: Dag, index: number, { runId, params, needs, attemptsBefore = 0 }: CallFacts): TaskCall {
  const task = dag.tasks[index];
  if (task === undefined || !isHandled(task) || task.uses === 'activity')
    throw new Error(`Task ${index} of the dag has no handler.`);
  const env = envOf(dag, task);
  return {
    runId,
    dag: dag.name,
    task: task.name,
    uses: task.uses,
    with: task.with,
    ...(isEmpty(env) ? {} : { env }),
    ...(isEmpty(params) ? {} : { params }),
    ...(isEmpty(needs) ? {} : { needs }),
    maximumAttempts: retryOf(dag, task).maximumAttempts,
    startToClose: timeoutsOf(dag, task).startToClose,
    ...(dag.directory === undefined ? {} : { directory: dag.directory }),
    ...(attemptsBefore === 0 ? {} : { attemptsBefore }),
  };
}

function isEmpty(object: object): boolean {
  for (const _ in object) return false;
  return true;
}

/** Bytes that a task may be handed: its settings, the params, the outputs of what it needs. The server takes 2 MB. */
const MAXIMUM_CALL_BYTES = 1_572_864;

/** The size of what a task is handed, and the error it ends with where that is too large. */
export function measureCall(call: Json): { readonly bytes: number; readonly error?: TaskError } {
  const bytes = byteLength(call);
  if (bytes <= MAXIMUM_CALL_BYTES) return { bytes };
  const message =
    `The params and the outputs of what the task needs have ${bytes} bytes; ${MAXIMUM_CALL_BYTES} may be. ` +
    'Hand large results on in files.';
  return { bytes, error: { code: 'TASK_INPUT_TOO_LARGE', message, details: { bytes } } };
}
