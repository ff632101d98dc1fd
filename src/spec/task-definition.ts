import type { TriggerRule } from '../dag/trigger-rule.js';
import type { TaskContext } from '../activities/handler.js';
import type { Json } from '../dag/json.js';
import type { FunctionDefinition } from './function-definition.js';

/** A length of time, as dag files write it: `500ms`, `90s`, `10m`, `2h`, `1d`, `1h30m`. */
export type Duration = string;

/** How often, and how far apart, a failed task is tried again. */
export interface RetryOptions {
  /** Attempts in all, the first included. Default 1: no retry. */
  readonly maximumAttempts?: number;
  /** The wait before the second attempt. Default `1s`. */
  readonly initialInterval?: Duration;
  /** Each wait is the one before times this. Default 2. */
  readonly backoffCoefficient?: number;
  /** No wait is longer. Default `1m`. */
  readonly maximumInterval?: Duration;
}

/** Time limits: a duration for one attempt, or each limit by its name. */
export type TimeoutOptions =
  | Duration
  | {
      /** One attempt. Default `1h`. */
      readonly startToClose?: Duration;
      /** All attempts together, waiting included. Default: no limit. */
      readonly scheduleToClose?: Duration;
      /** The wait for a worker. Default: no limit. */
      readonly scheduleToStart?: Duration;
      /** A worker silent for so long counts as dead. Default `10s`. */
      readonly heartbeat?: Duration;
    };

/** A task of a dag, made by {@link task}. `Output` is what the tasks that need it get. */
export interface TaskDefinition<Name extends string = string, Output = unknown> {
  readonly name: Name;
  /** As it was given to {@link task}. */
  readonly options: CommonOptions & Partial<Action>;
  /** Never there; carries the type. */
  types?(): Output;
}

/** A task that is needed, or the same with the seconds of transfer between the two. */
export type Needed = TaskDefinition | { readonly task: TaskDefinition; readonly weight: number };

type TaskOf<N> = N extends { readonly task: infer T } ? T : N;
/** Asks of each `N`, so that of none it gives no name: not every one. */
type NameOf<N> = N extends Needed ? (TaskOf<N> extends TaskDefinition<infer Name, infer _> ? Name : never) : never;
type OutputOf<N> = TaskOf<N> extends TaskDefinition<infer _, infer Output> ? Output : never;

/** The outputs of needed tasks, by name. */
export type OutputsOf<Needs extends readonly Needed[]> = {
  readonly [N in Needs[number] as NameOf<N>]: OutputOf<N>;
};

/** What a function written inside its task gets: the context of the attempt, with the needed outputs typed. */
export type InlineContext<Needs extends readonly Needed[]> = Omit<TaskContext, 'needs'> & {
  /** The outputs of the tasks that this one needs, by name. */
  readonly needs: OutputsOf<Needs>;
};

/** What every task may say. */
export interface CommonOptions<Needs extends readonly Needed[] = readonly Needed[]> {
  /** The tasks that must succeed first. */
  readonly needs?: Needs;
  readonly description?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly retry?: RetryOptions;
  readonly timeout?: TimeoutOptions;
  /**
   * Which ends of the tasks that it needs let it start. Default `all_success`; with another rule, an output that it needs
   * may be missing.
   */
  readonly triggerRule?: TriggerRule;
  /** A CEL expression: where it is false when the task could start, the task is skipped. Default: true. */
  readonly when?: string;
  /** The run goes on, and does not fail, though this task failed. Default false. */
  readonly continueOnError?: boolean;
  /** Higher goes first, for policies that look at it. Default 0. */
  readonly priority?: number;
  /** How long the task is thought to take. */
  readonly estimate?: Duration;
}

/** A shell script and how it runs. */
export interface ShellOptions {
  readonly run: string;
  /** Default `sh`. */
  readonly shell?: 'sh' | 'bash';
  /** Relative to the dag's folder. */
  readonly cwd?: string;
}

/** An HTTP request. */
export interface HttpOptions {
  readonly url: string;
  /** Default `GET`. */
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';
  readonly headers?: Readonly<Record<string, string>>;
  /** Text goes as it is; anything else as JSON. */
  readonly body?: Json;
  /** Statuses, or ranges like `200-299`, that count as success. Default `200-299`. */
  readonly expectStatus?: readonly (number | string)[];
  readonly timeout?: Duration;
  readonly maxBodyBytes?: number;
}

/** Any Temporal activity. */
export interface ActivityOptions {
  readonly type: string;
  /** Default: the run's own. */
  readonly taskQueue?: string;
  readonly args?: readonly Json[];
}

/** What a task does; it says one of these. */
export interface Action {
  readonly run: string | ((context: never) => unknown);
  readonly shell: ShellOptions;
  readonly uses: FunctionDefinition;
  readonly input: unknown;
  readonly http: HttpOptions;
  readonly activity: ActivityOptions;
}

type Input<Given> = undefined extends Given ? { readonly input?: Given } : { readonly input: Given };

/**
 * Defines a task. It does one thing: `run` (a shell script, or a function written in place), `shell`, `uses` (a
 * function made by `defineFunction`), `http` or `activity`.
 */
export function task<const Name extends string, const Needs extends readonly Needed[] = readonly []>(
  name: Name,
  options: CommonOptions<Needs> & { readonly run: string },
): TaskDefinition<Name, Json>;
export function task<const Name extends string, Output, const Needs extends readonly Needed[] = readonly []>(
  name: Name,
  options: CommonOptions<Needs> & { readonly run: (context: InlineContext<Needs>) => Output | Promise<Output> },
): TaskDefinition<Name, Output>;
export function task<const Name extends string, Given, Output>(
  name: Name,
  options: CommonOptions & { readonly uses: FunctionDefinition<string, Given, Output> } & Input<NoInfer<Given>>,
): TaskDefinition<Name, Output>;
export function task<const Name extends string>(
  name: Name,
  options: CommonOptions &
    ({ readonly shell: ShellOptions } | { readonly http: HttpOptions } | { readonly activity: ActivityOptions }),
): TaskDefinition<Name, Json>;
export function task(name: string, options: TaskDefinition['options']): TaskDefinition {
  return { name, options };
}
