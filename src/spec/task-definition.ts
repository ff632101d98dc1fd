import type { TaskContext } from '../activities/handler.js';
import type { Json, JsonObject } from '../dag/json.js';
import type { TriggerRule } from '../dag/trigger-rule.js';
import type { Duration, RetryOptions, TimeoutOptions } from './attempt-options.js';
import type { DagDefinition } from './dag-definition.js';
import type { FunctionDefinition } from './function-definition.js';
import type {
  Action,
  ActivityOptions,
  ApprovalOptions,
  ApprovalOutput,
  CompensateOptions,
  EventOptions,
  Expression,
  HttpOptions,
  PollOptions,
  ShellOptions,
  SwitchOptions,
  Templated,
} from './task-action.js';

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

/** Over what a task fans out: a `${{ }}` that gives a list, a list, every combination of lists, or whole numbers. */
export type ForEachOptions =
  | Expression
  | readonly Json[]
  | { readonly matrix: Readonly<Record<string, readonly Json[] | Expression>> }
  | {
      readonly range: {
        /** Default 0. */
        readonly from?: number | Expression;
        /** Included. */
        readonly to: number | Expression;
        /** Default 1. */
        readonly step?: number;
      };
    };

/** Slots of a pool. */
export interface PoolOptions {
  readonly name: string;
  /** Default 1. */
  readonly slots?: number;
}

/** What the worker group that runs a task must have. */
export interface RequiresOptions {
  /** It must have all of them. */
  readonly labels?: string | readonly string[];
  /** Cores: a number, or thousandths like `500m`. */
  readonly cpu?: number | string;
  /** Bytes, or an amount like `512Mi` or `4G`. */
  readonly memory?: number | string;
}

/** What every task may say. */
export interface CommonOptions<
  Needs extends readonly Needed[] = readonly Needed[],
  Each extends ForEachOptions | undefined = ForEachOptions | undefined,
> {
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
  /** When the task may start, tasks that it needs and nobody else waits for are cancelled. Default false. */
  readonly cancelRemaining?: boolean;
  /** Higher goes first, for policies that look at it. Default 0. */
  readonly priority?: number;
  /** How long the task is thought to take; of one that fans out, each item. Default: the median of the dag's. */
  readonly estimate?: Duration;
  /** By when it should have ended, from the run's begin, for the policy `edf`. Default: none. */
  readonly deadline?: Duration;
  /** Who the task is for, for the policies `round-robin` and `fair`. Default: that of all that name none. */
  readonly group?: string;
  /** What the task holds of the dag's `pools` while it runs; all, or it does not start. */
  readonly pool?: string | PoolOptions | readonly (string | PoolOptions)[];
  /** The policy `srtf` may stop the task for a shorter one; it goes on later from its checkpoint. Default false. */
  readonly preemptible?: boolean;
  /** How large its input is: a CEL expression that gives a number. A learned estimate grows with it. Default: it does not matter. */
  readonly size?: string | number;
  /** What the worker group must have: a label, several, or all there is to say. Default: nothing. */
  readonly requires?: string | readonly string[] | RequiresOptions;
  /** Tasks of one text go to the same worker group, under the placement `consistent-hash`; may hold `${{ }}`. Default: its name. */
  readonly affinity?: string;
  /** The task is done once for each item, and its output is the list of theirs. */
  readonly forEach?: Each;
  /** Items in flight at once. Default: as many as the run's concurrency allows. */
  readonly maxParallel?: number;
  /** How many items may fail, like 3 or `10%`. Default: all are done, and none may fail. */
  readonly tolerate?: number | `${number}%`;
  /** The handler is asked again until a condition holds. */
  readonly poll?: PollOptions;
  /** What undoes the task where it has succeeded and its run does not. */
  readonly compensate?: CompensateOptions;
  /** An earlier output of the same task with the same inputs, or under the same key, is taken instead. */
  readonly cache?: true | { readonly key?: string; readonly maxAge?: Duration };
  /** The JSON Schema of its output. Default: any. */
  readonly output?: JsonObject;
  /** Files that the task leaves, by name, and those that it takes, by the path where each is put. */
  readonly artifacts?: {
    readonly save?: Readonly<Record<string, string>>;
    /** `render.video`, or the task and the name under which it saves the file. */
    readonly load?: Readonly<Record<string, string | { readonly task: TaskDefinition; readonly artifact: string }>>;
  };
}

type Input<Given> = undefined extends Given
  ? { readonly input?: Templated<Given> }
  : { readonly input: Templated<Given> };

/** The output of a task that fans out is the list of those of its items; null stands for one without. */
type Out<Each, Output> = [Each] extends [undefined] ? Output : (Output | null)[];

/**
 * Defines a task. It does one thing: `run` (a shell script, or a function written in place), `shell`, `uses` (a
 * function made by `defineFunction`), `http`, `activity`, `subDag` (a dag made by `dag`), `wait`, `until`, `event`,
 * `approval` or `switch`.
 */
export function task<
  const Name extends string,
  const Needs extends readonly Needed[] = readonly [],
  const Each extends ForEachOptions | undefined = undefined,
>(name: Name, options: CommonOptions<Needs, Each> & { readonly run: string }): TaskDefinition<Name, Out<Each, Json>>;
export function task<
  const Name extends string,
  Output,
  const Needs extends readonly Needed[] = readonly [],
  const Each extends ForEachOptions | undefined = undefined,
>(
  name: Name,
  options: CommonOptions<Needs, Each> & { readonly run: (context: InlineContext<Needs>) => Output | Promise<Output> },
): TaskDefinition<Name, Out<Each, Output>>;
export function task<
  const Name extends string,
  Given,
  Output,
  const Each extends ForEachOptions | undefined = undefined,
>(
  name: Name,
  options: CommonOptions<readonly Needed[], Each> & {
    readonly uses: FunctionDefinition<string, Given, Output>;
  } & Input<NoInfer<Given>>,
): TaskDefinition<Name, Out<Each, Output>>;
export function task<const Name extends string, const Each extends ForEachOptions | undefined = undefined>(
  name: Name,
  options: CommonOptions<readonly Needed[], Each> & { readonly approval: ApprovalOptions },
): TaskDefinition<Name, Out<Each, ApprovalOutput>>;
export function task<const Name extends string>(
  name: Name,
  options: CommonOptions & SwitchOptions,
): TaskDefinition<Name, string>;
export function task<const Name extends string, const Each extends ForEachOptions | undefined = undefined>(
  name: Name,
  options: CommonOptions<readonly Needed[], Each> &
    (
      | { readonly shell: ShellOptions }
      | { readonly http: HttpOptions }
      | { readonly activity: ActivityOptions }
      | { readonly subDag: DagDefinition; readonly params?: Readonly<Record<string, Json>> }
      | { readonly event: EventOptions }
      | { readonly wait: Duration }
      | { readonly until: string }
    ),
): TaskDefinition<Name, Out<Each, Json>>;
export function task(name: string, options: TaskDefinition['options']): TaskDefinition {
  return { name, options };
}
