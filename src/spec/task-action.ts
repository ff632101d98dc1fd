import type { TaskContext } from '../activities/handler.js';
import type { Json, JsonObject } from '../dag/json.js';
import type { Duration, RetryOptions, TimeoutOptions } from './attempt-options.js';
import type { DagDefinition } from './dag-definition.js';
import type { FunctionDefinition } from './function-definition.js';
import type { TaskDefinition } from './task-definition.js';

/** Text with a `${{ }}`, which may give a value of any type. */
export type Expression = `${string}\${{${string}}}${string}`;

/** A value of which any part may be a `${{ }}`. */
export type Templated<Value> =
  Value | Expression | (Value extends object ? { readonly [Key in keyof Value]: Templated<Value[Key]> } : never);

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

/** A wait for an event that is sent to the run. The output is its payload. */
export interface EventOptions {
  readonly event: string;
  /** A CEL expression over `event`, the payload. Default: any event of the name. */
  readonly filter?: string;
  /** The JSON Schema of the payload. Default: any. */
  readonly schema?: JsonObject;
  /** After it the task fails with EVENT_TIMEOUT. Default: no limit. */
  readonly timeout?: Duration;
}

/** A wait for a person. */
export interface ApprovalOptions {
  /** What is asked; may hold `${{ }}`. */
  readonly message?: string;
  /** Who may decide. Default: anybody. */
  readonly approvers?: readonly string[];
  /** The JSON Schema of what the approver fills in. Default: any. */
  readonly form?: JsonObject;
  /** How often the run's history says that it still waits. Default: never. */
  readonly reminder?: Duration;
  /** After it `default` is taken. Default: no limit. */
  readonly timeout?: Duration;
  /** What counts after `timeout`. Left out, the task fails with APPROVAL_TIMEOUT. */
  readonly default?: 'approve' | 'reject';
}

/** What an approval gives. */
export interface ApprovalOutput {
  readonly decision: string;
  readonly by?: string;
  /** ISO 8601. */
  readonly at: string;
  readonly form?: Json;
}

/** The tasks of a branch. A name is for a task that is defined later. */
export type Branch = TaskDefinition | string | readonly (TaskDefinition | string)[];

/** A choice of a branch. The output is the name of the case, or `default`. */
export interface SwitchOptions {
  /** A CEL expression; its value, as text, is the name of the case. */
  readonly switch: string;
  readonly cases: Readonly<Record<string, Branch>>;
  /** What runs where no case fits. */
  readonly default?: Branch;
}

/** What a handler does. */
export interface HandlerAction {
  readonly run: string | ((context: never) => unknown);
  readonly shell: ShellOptions;
  readonly uses: FunctionDefinition;
  readonly input: unknown;
  readonly http: HttpOptions;
  readonly activity: ActivityOptions;
}

/** What a task does; it says one of these. */
export interface Action extends HandlerAction, SwitchOptions {
  readonly subDag: DagDefinition;
  readonly params: Readonly<Record<string, Json>>;
  readonly wait: Duration;
  readonly until: string;
  readonly event: EventOptions;
  readonly approval: ApprovalOptions;
}

/** Asks the handler of the task again until a condition holds; no slot is held between. */
export interface PollOptions {
  /** A CEL expression over `output`: what the handler gave. */
  readonly until: string;
  /** Between the first two times. */
  readonly interval: Duration;
  /** Each wait is the one before times this. Default 1. */
  readonly backoffCoefficient?: number;
  /** No wait is longer. Default: 10 times the interval. */
  readonly maximumInterval?: Duration;
  /** From the task's start; after it the task fails with POLL_TIMEOUT. Default: no limit. */
  readonly timeout?: Duration;
}

/** What undoes a task, where it has succeeded and its run does not: a script, or a handler. */
export type CompensateOptions =
  | string
  | ({
      readonly env?: Readonly<Record<string, string>>;
      readonly retry?: RetryOptions;
      readonly timeout?: TimeoutOptions;
    } & (
      | { readonly run: string | ((context: TaskContext) => unknown) }
      | { readonly uses: FunctionDefinition; readonly input?: unknown }
      | { readonly shell: ShellOptions }
      | { readonly http: HttpOptions }
      | { readonly activity: ActivityOptions }
    ));
