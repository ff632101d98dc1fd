import {
  envOf,
  isHandled,
  retryOf,
  retryRulesOf,
  timeoutsOf,
  type Dag,
  type HandlerName,
  type RetryPolicy,
  type RetryRule,
  type Task,
} from './dag.js';
import type { ArtifactRef } from './artifact.js';
import { byteLength, type Json, type JsonObject } from './json.js';
import { storedBytes } from './stored-value.js';
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
  /** The policy that the rules differ from; only where there are some, or the run retries. */
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
  /** What an earlier attempt left, as its end had it, to go on from; of retries within one start the executor has it. */
  readonly checkpoint?: Json;
  /** There is one attempt: where another one is to follow, the failure says when, and the run makes it. */
  readonly retriedByRun?: true;
  /** Attempts of the earlier starts that this one retries: they count towards `maximumAttempts`, and for the wait. Default 0. */
  readonly failedBefore?: number;
  /** How large its input is: worth remembering with how long it took. */
  readonly size?: number;
}

/** A text that holds secrets. */
export interface SecretText {
  /** Where it stands: `['with', 'headers', 'Authorization']`. */
  readonly path: readonly (string | number)[];
  /** Its pieces in order: plain text, or an expression of which all roots are `secrets`. */
  readonly parts: readonly ({ readonly text: string } | { readonly secret: string })[];
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
  /** The settings and variables as they are handed on. Default: the task's own. */
  readonly with?: JsonObject;
  readonly env?: Readonly<Record<string, string>>;
  readonly secrets?: readonly SecretText[];
  readonly item?: Json;
  readonly index?: number;
  /** Milliseconds that one attempt may take, where that is less than its task says. */
  readonly timeLeft?: number;
  readonly cache?: TaskCall['cache'];
  readonly artifacts?: CalledArtifacts;
  readonly checkpoint?: Json;
  readonly retriedByRun?: true;
  /** Attempts of the earlier starts that this one retries. Default 0. */
  readonly failedBefore?: number;
  readonly size?: number;
}

/**
 * The call of one task.
 * @throws Error where it is no handler's, or a foreign activity: a bug of the host.
 */
export function taskCallOf(dag: Dag, task: Task, facts: CallFacts): TaskCall {
  if (!isHandled(task) || task.uses === 'activity') throw new Error(`The task ${task.name} has no call.`);
  const { params, needs, attemptsBefore = 0, secrets = [], item, index, cache, artifacts } = facts;
  const env = facts.env ?? envOf(dag, task);
  const retry = retryOf(dag, task);
  const retryRules = retryRulesOf(dag, task);
  return {
    runId: facts.runId,
    dag: dag.name,
    task: task.name,
    uses: task.uses,
    with: facts.with ?? task.with,
    ...(isEmpty(env) ? {} : { env }),
    ...(isEmpty(params) ? {} : { params }),
    ...(isEmpty(needs) ? {} : { needs }),
    maximumAttempts: retry.maximumAttempts,
    startToClose: Math.min(timeoutsOf(dag, task).startToClose, facts.timeLeft ?? Infinity),
    ...(dag.directory === undefined ? {} : { directory: dag.directory }),
    ...(attemptsBefore === 0 ? {} : { attemptsBefore }),
    ...(item === undefined ? {} : { item }),
    ...(index === undefined ? {} : { index }),
    ...(secrets.length === 0 ? {} : { secrets }),
    ...(retryRules.length === 0 ? {} : { retryRules }),
    ...(retryRules.length === 0 && facts.retriedByRun === undefined ? {} : { retry }),
    // A poll's output is of the handler, and checked where the poll is done.
    ...(task.output === undefined || task.poll !== undefined ? {} : { output: task.output }),
    ...(cache === undefined ? {} : { cache }),
    ...(artifacts === undefined ? {} : { artifacts }),
    ...(facts.checkpoint === undefined ? {} : { checkpoint: facts.checkpoint }),
    ...(facts.retriedByRun === undefined ? {} : { retriedByRun: facts.retriedByRun }),
    ...(facts.failedBefore === undefined || facts.failedBefore === 0 ? {} : { failedBefore: facts.failedBefore }),
    ...(facts.size === undefined ? {} : { size: facts.size }),
  };
}

function isEmpty(object: object): boolean {
  for (const _ in object) return false;
  return true;
}

/**
 * Bytes that a task may be handed: its settings, the params, the outputs of what it needs. A workflow has 5 seconds to
 * write it.
 */
const MAXIMUM_CALL_BYTES = 4 * 1024 * 1024;
/** Bytes of stored values that a task may be handed beside: its worker has all of it in memory. */
const MAXIMUM_STORED_BYTES = 128 * 1024 * 1024;

/**
 * The size of what a task is handed, as its run holds it, and the error that it ends with where that, or what it stands
 * for, is too large.
 * @param maximumBytes default 4 MiB; runs of earlier code had 1.5 MiB.
 */
export function measureCall(
  call: Json,
  maximumBytes: number = MAXIMUM_CALL_BYTES,
): { readonly bytes: number; readonly error?: TaskError } {
  const bytes = byteLength(call);
  const stored = storedBytes(call);
  if (bytes <= maximumBytes && stored <= MAXIMUM_STORED_BYTES) return { bytes };
  const message =
    stored > MAXIMUM_STORED_BYTES
      ? `The large outputs that the task is handed have ${stored} bytes; ${MAXIMUM_STORED_BYTES} may be.`
      : `The params and the outputs of what the task needs have ${bytes} bytes; ${maximumBytes} may be.`;
  const details = { bytes: bytes + stored };
  return { bytes, error: { code: 'TASK_INPUT_TOO_LARGE', message: `${message} Hand them on as artifacts.`, details } };
}
