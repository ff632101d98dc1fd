import type { Act, ActAnswer, ActRecord, ActRequest } from './act.js';
import type { Explanation } from './explanation.js';
import type { Json, JsonObject } from '../dag/json.js';
import type { Task } from '../dag/dag.js';
import type { Progress } from '../dag/progress.js';
import type { RunEvent } from './run-event.js';
import type { PauseMode, RunEndState, RunState } from '../dag/run-state.js';
import type { ArtifactRef } from '../dag/artifact.js';
import type { CacheHit } from '../dag/task-call.js';
import type { PoolUse, Rate } from '../dag/pools.js';
import type { TaskError } from '../dag/task-error.js';
import type { TaskEndState, TaskState } from '../dag/task-state.js';

/** One task in a run, at the moment of asking. Times are ISO 8601. */
export interface TaskDescription {
  readonly name: string;
  readonly state: TaskState;
  /** Attempts begun; 0 where none was. */
  readonly attempts: number;
  readonly startedAt?: string;
  readonly endedAt?: string;
  /** Milliseconds from the latest start to the end, waits between attempts included; of a task that has ended. */
  readonly duration?: number;
  /** When it ran before that: it was stopped to go on later, or failed and the run made another attempt. The latest 20. */
  readonly earlierStarts?: readonly TaskStart[];
  /** The error that ended the task, or that the latest attempt failed with. */
  readonly error?: TaskError;
  /** The tasks that it needs; in runs of up to 500 tasks. */
  readonly needs?: readonly string[];
  /** It does not start until it is resumed. */
  readonly paused?: true;
  /** How far the running attempt says it is. */
  readonly progress?: Progress;
  /** Who runs the attempt, or ran the last one: `process@machine`. */
  readonly worker?: string;
  /** The worker group in which it runs, or ran last. */
  readonly group?: string;
  /** Bytes of the output as JSON. */
  readonly outputBytes?: number;
  /** It did not run here: the run that this one is a rerun of had its output. */
  readonly takenOver?: true;
  /** It did not run: this is what another run's task gave under the same key. */
  readonly cached?: CacheHit;
  /** The files that it left, by name. */
  readonly artifacts?: Readonly<Record<string, ArtifactRef>>;
  /** In a fan-out: the task whose item it is, and which, from 0. */
  readonly item?: ItemDescription;
  /** The task that it undoes. */
  readonly compensates?: string;
  /** It runs whatever becomes of the run, at its end. */
  readonly finally?: true;
  /** Of a task that fans out, once it has: its items. */
  readonly fanOut?: { readonly items: number; readonly ended: number; readonly failed: number };
  /** What a task in state `waiting` waits for. */
  readonly waitsFor?: WaitDescription;
  /** The run that it is: of a task that uses `dag`, once it has started. */
  readonly subRun?: string;
}

/** From when to when a task ran. ISO 8601. */
export interface TaskStart {
  readonly startedAt: string;
  readonly endedAt: string;
}

/** Which item of a fan-out a task is for. */
export interface ItemDescription {
  /** The task that fans out. */
  readonly of: string;
  /** From 0. */
  readonly index: number;
  /** The item in few words: `linux, 22`. Left out where it is long. */
  readonly value?: string;
}

/** What a task waits for. Times are ISO 8601. */
export type WaitDescription =
  /** A time: its own (`wait`), or that of the next time its handler is asked (`poll`). */
  | { readonly kind: 'time' | 'poll'; readonly until: string }
  | { readonly kind: 'event'; readonly event: string; readonly until?: string }
  | {
      readonly kind: 'approval';
      readonly message?: string;
      /** Who may; anybody where it is left out. */
      readonly approvers?: readonly string[];
      readonly until?: string;
      /** What happens then; left out: the task fails. */
      readonly default?: 'approve' | 'reject';
    };

/** How and by whom a run is paused. Times are ISO 8601. */
export interface PauseDescription {
  readonly mode: PauseMode;
  readonly at: string;
  readonly by?: string;
  /** When it goes on by itself. */
  readonly until?: string;
}

/** A run at the moment of asking. */
export interface RunDescription {
  readonly runId: string;
  readonly dag: string;
  readonly state: RunState;
  readonly startedAt: string;
  readonly endedAt?: string;
  /**
   * When it is thought to end, by what its tasks are thought to take; in the past where they take longer. Left out where that
   * cannot be told: it is paused, waits for somebody, or too little is known of its tasks.
   */
  readonly estimatedEnd?: string;
  /** Set where the run is paused. */
  readonly pause?: PauseDescription;
  /** The run of which this one is a rerun. */
  readonly rerunOf?: string;
  /** Tasks in flight at once. */
  readonly concurrency?: number;
  /** The order among ready tasks. */
  readonly policy?: string;
  /** Why ready tasks wait for what comes from outside of the run, where nothing else tells; in short sentences. */
  readonly held?: readonly string[];
  /** How the pools stand, by name; left out where there are none. */
  readonly pools?: Readonly<Record<string, PoolUse>>;
  /** What operators asked for, oldest first; the latest 200. */
  readonly acts?: readonly ActRecord[];
  /** Tasks per state. States that no task is in are left out. */
  readonly counts: Readonly<Partial<Record<TaskState, number>>>;
  /** In the order of declaration. */
  readonly tasks: readonly TaskDescription[];
}

/** How one task of a run ended. */
export interface TaskResult {
  readonly status: TaskEndState;
  /** Attempts begun; 0 where the task never started. */
  readonly attempts: number;
  readonly startedAt?: string;
  readonly endedAt?: string;
  /** When it ran before that: as in {@link TaskDescription}. */
  readonly earlierStarts?: readonly TaskStart[];
  readonly output?: Json;
  /** The task had an output, too large to be kept in the run's result. */
  readonly outputOmitted?: true;
  readonly error?: TaskError;
  /** Who ran the last attempt: `process@machine`. */
  readonly worker?: string;
  /** The worker group in which it ran last. */
  readonly group?: string;
  /** It did not run here: the run that this one is a rerun of had its output. */
  readonly takenOver?: true;
  readonly cached?: CacheHit;
  readonly artifacts?: Readonly<Record<string, ArtifactRef>>;
  /** In a fan-out: the task whose item it is, and which, from 0. */
  readonly item?: ItemDescription;
  /** The task that it undid. */
  readonly compensates?: string;
  /** It ran whatever became of the run, at its end. */
  readonly finally?: true;
  /** Of a task that fanned out: its items. */
  readonly fanOut?: { readonly items: number; readonly ended: number; readonly failed: number };
  /** The run that it was: of a task that uses `dag`, once it started. */
  readonly subRun?: string;
}

/** How a run ended: every task, and of the failed ones the error. */
export interface RunResult {
  readonly runId: string;
  readonly dag: string;
  readonly status: RunEndState;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly tasks: Readonly<Record<string, TaskResult>>;
  /** What the dag's `outputs` give; left out where it has none. */
  readonly outputs?: JsonObject;
  /** The run of which this one is a rerun. */
  readonly rerunOf?: string;
  /** What operators asked for, oldest first; the latest 200. Left out where nobody asked for anything. */
  readonly acts?: readonly ActRecord[];
}

/**
 * A run as its owner holds it: the same in this process (`local`) and on Temporal. What changes a run is durable, and
 * changes nothing a second time. All but `result` throw a DagwrightError: RUN_NOT_FOUND, RUN_ENDED; acts on tasks
 * TASK_NOT_FOUND; ACT_INVALID where the arguments make no sense, ACT_REFUSED where the state does not allow it.
 */
export interface Run {
  readonly runId: string;
  /** Waits for the end. A failed or cancelled run is a value too, not an error. */
  result(): Promise<RunResult>;
  /** The run and each task now. */
  describe(): Promise<RunDescription>;
  /** Why a task is not running. */
  explain(task: string): Promise<Explanation>;
  /** What happened, oldest first: the latest 20,000 events. */
  history(): Promise<RunEvent[]>;
  /** Does any act; the methods below say the same in fewer words. */
  act(act: Act, request?: ActRequest): Promise<ActAnswer>;
  /** Starts no more tasks. `mode`: what becomes of those that run (default `drain`); `until`: when it goes on by itself. */
  pause(options?: PauseOptions): Promise<ActAnswer>;
  /** Goes on where the pause left it. */
  resume(options?: ActRequest): Promise<ActAnswer>;
  /** Stops the running tasks, starts no more, and ends `cancelled`. */
  cancel(options?: ActRequest & { readonly reason?: string; readonly compensate?: boolean }): Promise<ActAnswer>;
  /** The task does not start until it is resumed; `interrupt` stops it where it runs. */
  pauseTask(task: string, options?: ActRequest & { readonly mode?: PauseMode }): Promise<ActAnswer>;
  resumeTask(task: string, options?: ActRequest): Promise<ActAnswer>;
  cancelTask(task: string, options?: ActRequest): Promise<ActAnswer>;
  /** The task ends `skipped`, and so do those that need it. */
  skipTask(task: string, options?: ActRequest): Promise<ActAnswer>;
  /** The task ends `succeeded`, with this output. */
  completeTask(task: string, options?: ActRequest & { readonly output?: Json }): Promise<ActAnswer>;
  /** The task runs again; those that it kept from running, too, where `dependents` is not false. */
  retryTask(task: string, options?: ActRequest & { readonly dependents?: boolean }): Promise<ActAnswer>;
  setPriority(task: string, priority: number, options?: ActRequest): Promise<ActAnswer>;
  setConcurrency(concurrency: number, options?: ActRequest): Promise<ActAnswer>;
  setPolicy(policy: string, options?: ActRequest): Promise<ActAnswer>;
  /** Another size of a pool of the run's own; what is left out stays. */
  setPool(
    pool: string,
    size: { readonly slots?: number; readonly rate?: Rate },
    options?: ActRequest,
  ): Promise<ActAnswer>;
  /** Something happened that tasks may wait for (`uses: event`); where none does, the next one that waits takes it. */
  sendEvent(event: string, options?: ActRequest & { readonly payload?: Json }): Promise<ActAnswer>;
  /** The task that waits for an approval goes on. */
  approve(task: string, options?: ActRequest & { readonly form?: Json }): Promise<ActAnswer>;
  /** The task that waits for an approval fails. */
  reject(task: string, options?: ActRequest & { readonly reason?: string }): Promise<ActAnswer>;
  /** New tasks; `needs` adds dependencies to tasks that have not started. */
  addTasks(tasks: readonly Task[], options?: AddTasksOptions): Promise<ActAnswer>;
}

/** How a run is paused. */
export interface PauseOptions extends ActRequest {
  readonly mode?: PauseMode;
  /** When the run goes on by itself. */
  readonly until?: Date | string;
}

/** What comes with new tasks. */
export interface AddTasksOptions extends ActRequest {
  /** Dependencies that existing tasks get, by the name of the task: `{ report: ['check'] }`. */
  readonly needs?: Readonly<Record<string, readonly string[]>>;
}
