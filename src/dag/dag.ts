import type { Json, JsonObject } from './json.js';
import type { PlacementName } from './placement.js';
import type { PoolDemand, PoolSize } from './pools.js';
import type { TriggerRule } from './trigger-rule.js';
import type { Requirements } from './worker-group.js';

/** The handlers: what workers do. */
export const HANDLER_NAMES = ['shell', 'function', 'http', 'activity'] as const;
export type HandlerName = (typeof HANDLER_NAMES)[number];

/** What a run does itself, without a worker: `dag` is a run of its own; the others only wait, or choose. */
export const CONTROL_NAMES = ['dag', 'wait', 'event', 'approval', 'switch'] as const;
export type ControlName = (typeof CONTROL_NAMES)[number];

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

/**
 * What becomes of a task by the kind of its error. A rule fits where all that it names fits; the first that fits counts.
 * What it does not say of the waits is the task's own `retry`.
 */
export interface RetryRule extends Partial<RetryPolicy> {
  /** Of a shell task. */
  readonly exitCode?: readonly number[];
  /** Codes of errors (docs/errors.md), or types of the failures of foreign activities. */
  readonly code?: readonly string[];
  /** Of an HTTP answer: ranges, both ends included. */
  readonly status?: readonly (readonly [from: number, to: number])[];
  /** A CEL expression over `error`. */
  readonly when?: string;
  /** `fail`: no other attempt; `skip`: the task ends skipped. Default `retry`. */
  readonly then?: 'retry' | 'fail' | 'skip';
}

/** The retry policy of a task, and what differs by the kind of error. */
export interface TaskRetry extends Partial<RetryPolicy> {
  readonly rules?: readonly RetryRule[];
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

/**
 * Over what a task fans out: a list, a text that is one `${{ }}` and gives a list, every combination of some lists (an
 * item is an object), or whole numbers (`to` included; `from` is 0 and `step` 1 where they are left out).
 */
export type ForEach =
  | string
  | readonly Json[]
  | { readonly matrix: Readonly<Record<string, readonly Json[] | string>> }
  | { readonly range: { readonly from?: number | string; readonly to: number | string; readonly step?: number } };

/** Items that one fan-out may have. */
export const MAXIMUM_ITEMS = 10_000;

/** A handler that is asked again until its condition holds. Times are in milliseconds. */
export interface Poll {
  /** A CEL expression over `output`: what the handler gave. */
  readonly until: string;
  /** Between the first two times. */
  readonly interval: number;
  /** Each wait is the one before times this. Default 1. */
  readonly backoffCoefficient?: number;
  /** No wait is longer. Default: 10 times the interval. */
  readonly maximumInterval?: number;
  /** From the task's start; then it fails with POLL_TIMEOUT. Default: none. */
  readonly timeout?: number;
}

/** What undoes a task: run when the task has succeeded and its run does not. */
export interface Compensation {
  readonly uses: HandlerName;
  readonly with: JsonObject;
  readonly env?: Readonly<Record<string, string>>;
  readonly retry?: TaskRetry;
  readonly timeout?: Partial<Timeouts>;
}

/** Files that a task leaves for others, and takes from others. Paths are relative to the folder it runs in. */
export interface Artifacts {
  /** By the name under which others take it: the file's path. */
  readonly save?: Readonly<Record<string, string>>;
  /** By the path where the file is put. */
  readonly load?: Readonly<Record<string, { readonly task: string; readonly artifact: string }>>;
}

/** A vertex of a dag. */
export interface Task {
  /** Unique in its dag: a letter, then letters, digits, `_`, `-`. */
  readonly name: string;
  readonly description?: string;
  readonly uses: HandlerName | ControlName;
  /** The settings of what it uses, checked by its schema when the dag is read. May hold `${{ }}`. */
  readonly with: JsonObject;
  readonly needs: readonly Dependency[];
  readonly env?: Readonly<Record<string, string>>;
  readonly retry?: TaskRetry;
  readonly timeout?: Partial<Timeouts>;
  /** Which ends of the tasks that it needs let it start. Default `all_success`. */
  readonly triggerRule?: TriggerRule;
  /** A CEL expression, without `${{ }}`: where it is false when the task could start, the task is skipped. Default: true. */
  readonly when?: string;
  /** The run does not fail, and dependents start, though this task failed. Default false. */
  readonly continueOnError?: boolean;
  /** Higher goes first, for policies that look at it. Default 0. */
  readonly priority?: number;
  /** How long the task is thought to take, in milliseconds; of one that fans out, each item. Default: the median of the dag's. */
  readonly estimate?: number;
  /** Milliseconds from the run's begin by which the task should have ended, for the policy `edf`. Default: none. */
  readonly deadline?: number;
  /** Who the task is for, for the policies `round-robin` and `fair`. Default: the group of all that name none. */
  readonly group?: string;
  /** It fans out: it is done once for each item, and its output is the list of theirs. */
  readonly forEach?: ForEach;
  /** Items in flight at once. Default: as many as the run's concurrency allows. */
  readonly maxParallel?: number;
  /**
   * How many items may fail, or which share of them (0 to 1); once more have, no further item starts. Where it is left
   * out every item is done, and the task fails if one did.
   */
  readonly tolerate?: { readonly count: number } | { readonly share: number };
  /** The handler is asked again until a condition holds. */
  readonly poll?: Poll;
  /** It starts once all that is not `finally` has ended, whatever became of the run, and runs even where that was stopped. */
  readonly finally?: true;
  /** When its trigger rule lets it start, tasks that it needs and that have not ended are cancelled, if nobody else waits for them. */
  readonly cancelRemaining?: boolean;
  readonly compensate?: Compensation;
  /** An earlier output under the same key is taken instead. `key`: default a hash of the definition and what goes into it; `maxAge`: milliseconds. */
  readonly cache?: { readonly key?: string; readonly maxAge?: number };
  /** The JSON Schema of its output. Default: any. */
  readonly output?: JsonObject;
  readonly artifacts?: Artifacts;
  /** Slots of the dag's pools that it holds while it runs; all of them, or it does not start. */
  readonly pool?: readonly PoolDemand[];
  /** The policy `srtf` may stop it for a shorter one; it goes on later from its checkpoint. Default false. */
  readonly preemptible?: true;
  /** A CEL expression that gives how large its input is: a learned estimate grows with it. Default: it does not matter. */
  readonly size?: string;
  /** What the worker group that runs it must have. Default: nothing. */
  readonly requires?: Requirements;
  /** Tasks of one key go to the same worker group, under the placement `consistent-hash`. May hold `${{ }}`. Default: its name. */
  readonly affinity?: string;
  /**
   * Of tasks that a run makes itself, never in a file: of which task; the item, from 0, where it is one of a fan-out;
   * whether it undoes that task (of an item, too).
   */
  readonly made?: { readonly of: string; readonly item?: number; readonly undoes?: true };
}

/** The ends of a run that undo what its tasks did. */
export type CompensatedEnd = 'failed' | 'cancelled' | 'timed_out';

/** The canonical definition of a dag: what every reader of a dag file makes, and every host runs. Plain JSON. */
export interface Dag {
  readonly name: string;
  readonly description?: string;
  readonly params: Readonly<Record<string, Param>>;
  /** Tasks of one run in flight at once. Default 500. */
  readonly concurrency?: number;
  /**
   * The policy that says which ready task goes first when slots are scarce; or several, like `priority,sjf`, each for what
   * those before it leave open. Default `fcfs`.
   */
  readonly policy?: string;
  /** Milliseconds of waiting that raise a task's priority by 1. Default: waiting does not count. */
  readonly aging?: number;
  /** Tasks that one group is given in a row under `round-robin`. Default 1. */
  readonly quantum?: number;
  /** The weights of groups under `fair`: whole numbers, at least 1. Default 1 each. */
  readonly groups?: Readonly<Record<string, number>>;
  /** For finding runs: at most 20, each of 1 to 100 characters, none twice. */
  readonly tags?: readonly string[];
  /** After the first failure no task starts any more; running ones end; the run fails. Default false. */
  readonly failFast?: boolean;
  /** Milliseconds after which the run is stopped and ends `timed_out`. Default: none. */
  readonly timeout?: number;
  /** What a task takes where it does not say itself. */
  readonly defaults?: {
    readonly retry?: TaskRetry;
    readonly timeout?: Partial<Timeouts>;
    readonly env?: Readonly<Record<string, string>>;
  };
  /** Named slots that tasks hold while they run, by name. Default: none. */
  readonly pools?: Readonly<Record<string, PoolSize>>;
  /** Which worker group gets a task. Default: `least-loaded` for tasks with `requires`; all others go to the workers without a group. */
  readonly placement?: PlacementName;
  /** Runs of this dag that go on at once; further ones wait. Default: no limit. */
  readonly maxRuns?: number;
  /** What the run gives, by name; texts may hold `${{ }}`. What cannot be evaluated is null. */
  readonly outputs?: Readonly<Record<string, Json>>;
  /** After which ends the compensations of succeeded tasks run. Default: all three. */
  readonly compensateOn?: readonly CompensatedEnd[];
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
  const { rules: _, ...policy } = { ...DEFAULT_RETRY, ...dag.defaults?.retry, ...task.retry };
  return policy;
}

/** What differs by the kind of error: the task's own rules, else its dag's. */
export function retryRulesOf(dag: Dag, task: Task): readonly RetryRule[] {
  return task.retry?.rules ?? dag.defaults?.retry?.rules ?? [];
}

/** The time limits a task runs under: its own, else its dag's, else the default, field by field. */
export function timeoutsOf(dag: Dag, task: Task): Timeouts {
  if (dag.defaults?.timeout === undefined && task.timeout === undefined) return DEFAULT_TIMEOUTS;
  return { ...DEFAULT_TIMEOUTS, ...dag.defaults?.timeout, ...task.timeout };
}

/** Whether a worker does the task, rather than the run itself. */
export function isHandled(task: Task): task is Task & { readonly uses: HandlerName } {
  return (HANDLER_NAMES as readonly string[]).includes(task.uses);
}

/** The variables a task runs with: its dag's, overlaid by its own. */
export function envOf(dag: Dag, task: Task): Record<string, string> {
  return { ...dag.defaults?.env, ...task.env };
}
