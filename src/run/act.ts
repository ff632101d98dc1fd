import type { Task } from '../dag/dag.js';
import type { Json } from '../dag/json.js';
import type { Rate } from '../dag/pools.js';
import type { PauseMode, RunState } from '../dag/run-state.js';
import type { TaskState } from '../dag/task-state.js';

/** What an operator may ask of a live run. Plain JSON: it is what Temporal's updates of the same names carry. */
export type Act =
  /** Starts no more tasks. `until`, an ISO 8601 time, resumes by itself then. */
  | { readonly type: 'pause'; readonly mode?: PauseMode; readonly until?: string }
  /** Goes on where the pause left the run. */
  | { readonly type: 'resume' }
  /**
   * Stops the running tasks, starts no more, and ends the run `cancelled`. `requestFollows`: Temporal's own request to
   * cancel comes next, and the run waits a moment for it, so as to close as cancelled there too.
   */
  | {
      readonly type: 'cancel';
      readonly reason?: string;
      readonly requestFollows?: boolean;
      /** Whether what succeeded is undone. Default: as the dag says (`compensateOn`). */
      readonly compensate?: boolean;
    }
  /** The task does not start until it is resumed. One that runs: `interrupt` stops it, and it starts again then. */
  | { readonly type: 'pauseTask'; readonly task: string; readonly mode?: PauseMode }
  | { readonly type: 'resumeTask'; readonly task: string }
  /** The task ends `cancelled`; its attempt, if one runs, is stopped. */
  | { readonly type: 'cancelTask'; readonly task: string }
  /** The task ends `skipped`, and so do those that need it; its attempt, if one runs, is stopped. */
  | { readonly type: 'skipTask'; readonly task: string }
  /** The task ends `succeeded`, with this output, whatever became of it before; its dependents go on. */
  | { readonly type: 'completeTask'; readonly task: string; readonly output?: Json }
  /** A task that failed, or was cancelled or skipped, runs again; `dependents` (default true): they are set back too. */
  | { readonly type: 'retryTask'; readonly task: string; readonly dependents?: boolean }
  /** Higher goes first, for policies that look at it. */
  | { readonly type: 'setPriority'; readonly task: string; readonly priority: number }
  /** Tasks of the run in flight at once. Those that run beyond it are let end. */
  | { readonly type: 'setConcurrency'; readonly concurrency: number }
  /** The order among ready tasks from now on. */
  | { readonly type: 'setPolicy'; readonly policy: string }
  /** Another size of a pool of the run's own; what is left out stays. What is held beyond a smaller one is let end. */
  | { readonly type: 'setPool'; readonly pool: string; readonly slots?: number; readonly rate?: Rate }
  /** Something happened: tasks that wait for an event of this name take it; where none does, the next one that waits. */
  | { readonly type: 'sendEvent'; readonly event: string; readonly payload?: Json }
  /** A task that waits for an approval goes on. `form`: what the approver filled in. */
  | { readonly type: 'approve'; readonly task: string; readonly form?: Json }
  /** A task that waits for an approval fails, with APPROVAL_REJECTED. */
  | { readonly type: 'reject'; readonly task: string; readonly reason?: string }
  /** New tasks; `needs` adds dependencies to tasks that have not started: `{ report: [check] }`. */
  | {
      readonly type: 'addTasks';
      readonly tasks: readonly Task[];
      readonly needs?: Readonly<Record<string, readonly string[]>>;
    };

/** The name of an act: the name of Temporal's update, too. */
export type ActType = Act['type'];

/** Every act there is. */
export const ACT_TYPES = [
  'pause',
  'resume',
  'cancel',
  'pauseTask',
  'resumeTask',
  'cancelTask',
  'skipTask',
  'completeTask',
  'retryTask',
  'setPriority',
  'setConcurrency',
  'setPolicy',
  'setPool',
  'addTasks',
  'sendEvent',
  'approve',
  'reject',
] as const satisfies readonly ActType[];

/** Who asks, and under which key. */
export interface ActRequest {
  /** Who asks, for the run's list of acts. */
  readonly by?: string;
  /** An act with the id of an earlier one changes nothing and gets the earlier answer's sentence. */
  readonly id?: string;
}

/** What an act did. */
export interface ActAnswer {
  /** False where the run was so already, or the act was done before under the same id. */
  readonly changed: boolean;
  /** One sentence. */
  readonly message: string;
  /** The run's state after it. */
  readonly state: RunState;
  /** Tasks whose state changed with it, at most 100; what follows later (a stopped attempt's end) is not among them. */
  readonly tasks: readonly { readonly name: string; readonly from: TaskState; readonly to: TaskState }[];
  /** How many changed in all. */
  readonly tasksChanged: number;
}

/** An act as the run remembers it. Outputs and definitions of tasks are left out. */
export interface ActRecord {
  /** ISO 8601. */
  readonly at: string;
  readonly act: ActType;
  /** The task it was about. */
  readonly task?: string;
  /** Who asked; left out where nobody said. */
  readonly by?: string;
  readonly id?: string;
  readonly changed: boolean;
  /** One sentence that says what it did. */
  readonly message: string;
}
