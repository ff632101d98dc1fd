import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import { ACT_TYPES, type ActAnswer, type ActRequest } from '../run/act.js';
import type { Dag } from '../dag/dag.js';
import type { ErrorCode } from '../dag/errors.js';
import type { LearnedEstimates } from '../estimate/estimate.js';
import type { Explanation } from '../run/explanation.js';
import type { JsonObject } from '../dag/json.js';
import type { EndedTask } from '../run/ended-task.js';
import type { LiveRunSnapshot, TakeOver } from '../run/live-run.js';
import type { RunEvent } from '../run/run-event.js';
import type { RunDescription } from '../run/run.js';
import type { TaskError } from '../dag/task-error.js';
import type { SharedSnapshot } from './shared-resources.js';

/** The workflow type of a run. Its workflow id is the run id. */
export const RUN_WORKFLOW = 'runDag';

/** What the interpreter workflow is started with. */
export interface RunInput {
  /** The dag as it was at the start: editing its file changes no live run. */
  readonly dag: Dag;
  /** Params with their defaults filled in. */
  readonly params: JsonObject;
  /** History events after which the run continues as new. Default 8,000. */
  readonly historyLimit?: number;
  /** What another run did of this dag: this one is its rerun. */
  readonly takeOver?: TakeOver;
  /** The server knows Dagwright's search attributes, so the run keeps them up to date. Default false. */
  readonly searchAttributes?: boolean;
  /** The task queue of the workflows that runs share, and the base of worker groups. Default: the run's own. */
  readonly sharedTaskQueue?: string;
  /** No task takes what another run's task gave under the same key. Default false. */
  readonly noCache?: boolean;
  /** What was learned of tasks that declare no estimate, of the dag and of those within it. Default: nothing. */
  readonly estimates?: LearnedEstimates;
  /** The run is a task of this one, and tells it of its end. */
  readonly parent?: ParentRun;
  /**
   * Milliseconds after which a run first asks whether another is still there, of which it would be told nothing; it then
   * waits twice as long each time, up to sixty times this. Default 60,000.
   */
  readonly probeInterval?: number;
  /** Set by the workflow itself when it continues as new. */
  readonly carried?: Carried;
}

/** The run of which another is a task; the task is its index in the dag. */
export interface ParentRun {
  readonly runId: string;
  readonly task: number;
}

/** What a run takes along when it continues as new. */
export interface Carried extends LiveRunSnapshot {
  /** What it shares with other runs. */
  readonly shared?: SharedSnapshot;
  /** Tasks that the scheduler has started and the host has not: they start first. */
  readonly held: readonly number[];
  /** Tasks that run in a child workflow, with its id. */
  readonly detached: readonly (readonly [number, string])[];
  /** How often tasks were started before, where they were. */
  readonly restarts?: readonly (readonly [task: number, times: number])[];
  /** How many child workflows the run has started. */
  readonly children: number;
  /** Tasks that are runs of their own, with the id of that. Left out where there are none. */
  readonly subRuns?: readonly (readonly [task: number, runId: string])[];
}

/** How a started task ended, as another workflow may say. */
export interface TaskEnd extends EndedTask {
  /** The run that the task was. */
  readonly subRun?: string;
}

/** What comes with an act: its fields, who asks, and under which key. */
export type ActInput = Readonly<Record<string, unknown>> & ActRequest;

/**
 * One update for each act, of its name. The answer says what changed; what is refused never enters the history. Those
 * who cannot update (Temporal's Web UI) send the signals below.
 */
export const actUpdates = ACT_TYPES.map((type) => [type, defineUpdate<ActAnswer, [ActInput?]>(type)] as const);

/** The acts that are signals as well, with the same fields. What is refused changes nothing. */
export const actSignals = (['pause', 'resume', 'cancel', 'sendEvent', 'approve', 'reject'] as const).map(
  (type) => [type, defineSignal<[ActInput?]>(type)] as const,
);

/** The run and each task. */
export const statusQuery = defineQuery<RunDescription>('status');
/** The run, and its tasks from `from` on, as many as fit. */
export const describeQuery = defineQuery<DescriptionPage, [DescriptionRange?]>('describe');
/** Why a task is not running. The error of an unknown task is a value: a query that throws loses its code. */
export const explainQuery = defineQuery<Explanation | { readonly error: RefusedAct }, [string]>('explain');
/** What happened, oldest first. */
export const historyQuery = defineQuery<RunEvent[]>('history');
/** The dag, with the tasks that were added. */
export const dagQuery = defineQuery<Dag>('dag');

/** Which tasks a description holds. */
export interface DescriptionRange {
  /** Default 0. */
  readonly from?: number;
}

/** A part of a description; `next` is where the rest begins, if there is more. */
export interface DescriptionPage {
  readonly description: RunDescription;
  /** The child workflows that have tasks of the run. */
  readonly children?: readonly string[];
  readonly next?: number;
}

/** Why an act was refused, as it crosses Temporal: the code is the failure's type. */
export interface RefusedAct {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
}

/**
 * Child, or sub-run, to run: these tasks ended. With none it only asks whether there still is such a run: it fails where
 * there is not.
 */
export const tasksEndedSignal = defineSignal<[TaskEnd[]]>('tasksEnded');
/**
 * The ends in what came with a {@link tasksEndedSignal}. Anybody may send one, and a handler that throws would block the
 * run for good: what is no task's end is left out.
 */
export function taskEndsIn(argument: unknown): TaskEnd[] {
  return Array.isArray(argument) ? argument.filter(isEnd) : [];
}

const OUTCOMES: readonly unknown[] = ['succeeded', 'failed', 'cancelled', 'skipped'] satisfies TaskEnd['outcome'][];

function isEnd(value: unknown): value is TaskEnd {
  if (!isObject(value)) return false;
  const { task, outcome, attempts, error, artifacts, cached, retryAfter, progress } = value as Partial<
    Record<keyof TaskEnd, unknown>
  >;
  return (
    Number.isInteger(task) &&
    OUTCOMES.includes(outcome) &&
    Number.isInteger(attempts) &&
    (error === undefined || isError(error)) &&
    (artifacts === undefined || isObject(artifacts)) &&
    (cached === undefined || isObject(cached)) &&
    (retryAfter === undefined || isTime(retryAfter)) &&
    (progress === undefined || isTime(progress))
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isTime(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isError(value: unknown): value is TaskError {
  const { code, message } = (value ?? {}) as Partial<Record<keyof TaskError, unknown>>;
  return typeof code === 'string' && typeof message === 'string';
}

/** Run to child: cancel these tasks. */
export const cancelTasksSignal = defineSignal<[number[]]>('cancelTasks');

/** Failure types that a run ends with; the details hold its `RunResult`. */
export const RUN_FAILURES = { failed: 'RUN_FAILED', timed_out: 'RUN_TIMED_OUT', cancelled: 'RUN_CANCELLED' } as const;
/** The memo field that holds the result of a run that Temporal's own cancel request ended. */
export const RESULT_MEMO = 'dagwrightResult';
