import type { Dag } from './dag.js';
import type { Json, JsonObject } from './json.js';

/** The settings of a task that is a run of its own. */
export interface DagWith {
  /** The whole dag: a file, or a name, was read when the dag was checked. */
  readonly dag: Dag;
  /** May hold `${{ }}`. */
  readonly params?: Readonly<Record<string, Json>>;
}

/** The settings of a task that waits: for so many milliseconds, or until a time (ISO 8601). Both may be `${{ }}`. */
export type WaitWith = { readonly for: number | string } | { readonly until: string };

/** The settings of a task that waits for an event. Its output is the event's payload. */
export interface EventWith {
  readonly event: string;
  /** A CEL expression over `event` (the payload), and what `when` may look at. Default: any event of the name. */
  readonly filter?: string;
  /** The JSON Schema of the payload; an event that breaks it is refused. Default: any. */
  readonly schema?: JsonObject;
  /** Milliseconds; then the task fails with EVENT_TIMEOUT. Default: none. */
  readonly timeout?: number;
}

/** The settings of a task that waits for a person. Its output: `{ decision, by?, at, form? }`. */
export interface ApprovalWith {
  /** What is asked; may hold `${{ }}`. */
  readonly message?: string;
  /** Who may decide, by the name that comes with the act. Default: anybody. */
  readonly approvers?: readonly string[];
  /** The JSON Schema of what the approver fills in. Default: any. */
  readonly form?: JsonObject;
  /** Milliseconds between reminders in the run's history. Default: none. */
  readonly reminder?: number;
  /** Milliseconds until `default` is taken. Default: none. */
  readonly timeout?: number;
  /** Left out, the task fails with APPROVAL_TIMEOUT. */
  readonly default?: 'approve' | 'reject';
}

/**
 * The settings of a task that chooses a branch. Its output is the name of the case, or `default`. The tasks of the
 * branches have conditions on that: it is the reader of dag files that gives them.
 */
export interface SwitchWith {
  /** A CEL expression; its value as text is compared with the names of the cases. */
  readonly on: string;
  /** By the value: the tasks of the branch. */
  readonly cases: Readonly<Record<string, readonly string[]>>;
  readonly default?: readonly string[];
}
