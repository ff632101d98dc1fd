import type { Json, JsonObject } from './json.js';
import type { TriggerRule } from './trigger-rule.js';

/** What a task does: the name of the handler that runs it. */
export type HandlerName = 'shell' | 'function' | 'http' | 'activity';

/** The type of a param, as written in a dag file. */
export type ParamType = 'string' | 'number' | 'integer' | 'boolean' | 'json';

/** A value that a run is started with. A param without `default` is required. */
export interface Param {
  readonly type: ParamType;
  readonly default?: Json;
  readonly description?: string;
  /** The values allowed. Any value of the type where it is left out. */
  readonly enum?: readonly Json[];
}

/** An edge: the task that must succeed first. */
export interface Dependency {
  readonly task: string;
  /** Seconds of transfer between the two tasks. Default 0. */
  readonly weight?: number;
}

/** How often, and how far apart, a failed task is tried again. Intervals are in milliseconds. */
export interface RetryPolicy {
  /** Attempts in all, the first included. Default 1: no retry. */
  readonly maximumAttempts: number;
  /** Milliseconds before the second attempt. Default 1,000. */
  readonly initialInterval: number;
  /** Each interval is the one before times this. Default 2. */
  readonly backoffCoefficient: number;
  /** No interval is longer, in milliseconds. Default 60,000. */
  readonly maximumInterval: number;
}

/** Time limits of a task, in milliseconds. */
export interface Timeouts {
  /** One attempt, from its start. Default 1 hour. */
  readonly startToClose: number;
  /** All attempts together, waiting included. Default: none. */
  readonly scheduleToClose?: number;
  /** The wait for a worker. Default: none. */
  readonly scheduleToStart?: number;
  /** A worker silent for so long counts as dead, and the task moves to another. Default 10 seconds. */
  readonly heartbeat: number;
}

/** A vertex of a dag. */
export interface Task {
  /** Unique in its dag: a letter, then letters, digits, `_`, `-`. */
  readonly name: string;
  readonly description?: string;
  readonly uses: HandlerName;
  /** The handler's own settings, checked by its schema when the dag is read. */
  readonly with: JsonObject;
  readonly needs: readonly Dependency[];
  readonly env?: Readonly<Record<string, string>>;
  readonly retry?: Partial<RetryPolicy>;
  readonly timeout?: Partial<Timeouts>;
  /** Which ends of the tasks that it needs let it start. Default `all_success`. */
  readonly triggerRule?: TriggerRule;
  /** A CEL expression, without `${{ }}`: where it is false when the task could start, the task is skipped. Default: true. */
  readonly when?: string;
  /** The run does not fail, and dependents start, though this task failed. Default false. */
  readonly continueOnError?: boolean;
  /** Higher goes first, for policies that look at it. Default 0. */
  readonly priority?: number;
  /** How long the task is thought to take, in milliseconds. */
  readonly estimate?: number;
}

/** The canonical definition of a dag: what every reader of a dag file makes, and every host runs. Plain JSON. */
export interface Dag {
  readonly name: string;
  readonly description?: string;
  readonly params: Readonly<Record<string, Param>>;
  /** Tasks of one run in flight at once. Default 500. */
  readonly concurrency?: number;
  /** The name of the policy that says which ready task goes first when slots are scarce. Default `fcfs`. */
  readonly policy?: string;
  /** For finding runs: at most 20, each of 1 to 100 characters, none twice. */
  readonly tags?: readonly string[];
  /** After the first failure no task starts any more; running ones end; the run fails. Default false. */
  readonly failFast?: boolean;
  /** Milliseconds after which the run is stopped and ends `timed_out`. Default: none. */
  readonly timeout?: number;
  /** What a task takes where it does not say itself. */
  readonly defaults?: {
    readonly retry?: Partial<RetryPolicy>;
    readonly timeout?: Partial<Timeouts>;
    readonly env?: Readonly<Record<string, string>>;
  };
  /** The folder of the dag's file: where its shell tasks run, on a worker that has that folder. */
  readonly directory?: string;
  /** In the order of declaration, which breaks every tie. */
  readonly tasks: readonly Task[];
}

/** Tasks of one run in flight where the dag does not say. Well below the server's limit of 2,000 pending activities. */
export const DEFAULT_CONCURRENCY = 500;
/** The most that `concurrency` may say. */
export const MAXIMUM_CONCURRENCY = 1_500;

const DEFAULT_RETRY: RetryPolicy = {
  maximumAttempts: 1,
  initialInterval: 1_000,
  backoffCoefficient: 2,
  maximumInterval: 60_000,
};

const DEFAULT_TIMEOUTS: Timeouts = { startToClose: 3_600_000, heartbeat: 10_000 };

/** The retry policy a task runs under: its own, else its dag's, else the default, field by field. */
export function retryOf(dag: Dag, task: Task): RetryPolicy {
  if (dag.defaults?.retry === undefined && task.retry === undefined) return DEFAULT_RETRY;
  return { ...DEFAULT_RETRY, ...dag.defaults?.retry, ...task.retry };
}

/** The time limits a task runs under: its own, else its dag's, else the default, field by field. */
export function timeoutsOf(dag: Dag, task: Task): Timeouts {
  if (dag.defaults?.timeout === undefined && task.timeout === undefined) return DEFAULT_TIMEOUTS;
  return { ...DEFAULT_TIMEOUTS, ...dag.defaults?.timeout, ...task.timeout };
}

/** The variables a task runs with: its dag's, overlaid by its own. */
export function envOf(dag: Dag, task: Task): Record<string, string> {
  return { ...dag.defaults?.env, ...task.env };
}
