import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  ApplicationFailure,
  CancelledFailure,
  QueryNotRegisteredError,
  ServiceError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  isGrpcCancelledError,
  isGrpcDeadlineError,
  isGrpcServiceError,
  type Client,
  type WorkflowExecutionDescription,
  type WorkflowExecutionStatusName,
  type WorkflowHandle,
} from '@temporalio/client';
import type { QueryDefinition } from '@temporalio/common';
import type { Act, ActAnswer, ActRequest, ActType } from '../run/act.js';
import { ActingRun } from '../run/acting-run.js';
import { DagwrightError, ERROR_CODES, type ErrorCode } from '../dag/errors.js';
import type { Explanation } from '../run/explanation.js';
import { byteLength } from '../dag/json.js';
import { readAct } from '../run/read-act.js';
import type { RunEvent } from '../run/run-event.js';
import { isRunEnd, type RunState } from '../dag/run-state.js';
import type { RunDescription, RunResult } from '../run/run.js';
import { checkTasks } from '../spec/added-tasks.js';
import { DagInvalidError } from '../spec/dag-invalid.js';
import type { TaskState } from '../dag/task-state.js';
import {
  describeQuery,
  explainQuery,
  historyQuery,
  RESULT_MEMO,
  RUN_FAILURES,
  RUN_WORKFLOW,
  type ActInput,
  type RefusedAct,
} from '../workflows/messages.js';
import {
  pendingActivitiesOf,
  withPendingActivities,
  withPendingActivity,
  type PendingActivity,
} from './pending-activities.js';
import { hasWorker } from './poller.js';

/** The numbers that gRPC has for them. */
const INVALID_ARGUMENT = 3;
const FAILED_PRECONDITION = 9;
const ABORTED = 10;
const UNAVAILABLE = 14;

/** Milliseconds a worker has to answer a query, or an update. */
const ANSWER_TIMEOUT = 10_000;
/** Times, and milliseconds between them, that an update is sent to a run that continues as new. */
const ATTEMPTS = 5;
const RETRY_INTERVAL = 200;
/** The acts that are kept as signals where no worker answers, and what the run will do. */
const PROMISES: Readonly<Partial<Record<ActType, string>>> = {
  pause: 'pause',
  resume: 'resume',
  cancel: 'cancel',
  sendEvent: 'take the event, if it fits,',
};
/** Child workflows that are asked for the progress of their tasks. */
const DESCRIBED_CHILDREN = 50;

/** A run on Temporal. Holds no state of its own: any number of handles, anywhere, may hold one run. */
export class RunHandle extends ActingRun {
  readonly runId: string;
  readonly #client: Client;
  readonly #workflow: WorkflowHandle;

  constructor(client: Client, runId: string) {
    super();
    this.runId = runId;
    this.#client = client;
    this.#workflow = client.workflow.getHandle(runId);
  }

  /**
   * Waits for the end. A failed, cancelled or timed-out run is a value.
   * @throws DagwrightError RUN_NOT_FOUND; RUN_TERMINATED where the run was ended from outside, so that it left no result;
   * SERVER_UNREACHABLE where the server has gone for long.
   */
  async result(): Promise<RunResult> {
    try {
      return (await this.#workflow.result()) as RunResult;
    } catch (error) {
      if (!(error instanceof WorkflowFailedError)) throw this.#coded(error);
      const result = resultInFailure(error.cause) ?? (await this.#resultInMemo(error.cause));
      if (result !== undefined) return result;
      throw new DagwrightError('RUN_TERMINATED', `The run ${this.runId} ended without a result: ${sentence(error)}`, {
        hint: 'Its history in the Web UI tells who ended it, and why.',
        cause: error,
      });
    }
  }

  /**
   * The run and each task now, with attempts, progress and errors of those that run or wait for their next attempt. A
   * large run comes in pages, each as of its own moment.
   * @throws DagwrightError RUN_NOT_FOUND; NO_WORKER where the run goes on but no worker answers for it; RUN_TERMINATED;
   * SERVER_UNREACHABLE.
   */
  async describe(): Promise<RunDescription> {
    const workflow = await this.#describe();
    if (workflow.status.name !== 'RUNNING') return descriptionOfResult(await this.result());
    try {
      const { description, children } = await this.#pages();
      if (isRunEnd(description.state)) return description;
      const pending = [workflow, ...(await this.#describeChildren(children))].flatMap(pendingActivitiesOf);
      return withPendingActivities(description, pending);
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return descriptionOfResult(await this.result());
      throw this.#queryError(error, workflow.taskQueue);
    }
  }

  /**
   * Why a task is not running, as the run knows it, and the server.
   * @throws DagwrightError RUN_NOT_FOUND; TASK_NOT_FOUND; NO_WORKER where no worker answers: that of an ended run, too.
   */
  async explain(task: string): Promise<Explanation> {
    const workflow = await this.#describe();
    const answer = await this.#query(explainQuery, task).catch((error: unknown) => {
      throw this.#queryError(error, workflow.taskQueue);
    });
    if ('error' in answer) throw refusalOf(answer.error);
    if (answer.state !== 'running') return answer;
    const activity = await this.#pendingActivity(workflow, task);
    if (activity === undefined) return answer;
    return withPendingActivity(answer, activity, () =>
      hasWorker(this.#client, activity.taskQueue ?? workflow.taskQueue),
    );
  }

  /**
   * What happened, oldest first: the latest 20,000 events.
   * @throws DagwrightError RUN_NOT_FOUND; NO_WORKER where no worker answers: that of an ended run, too.
   */
  async history(): Promise<RunEvent[]> {
    const workflow = await this.#describe();
    return this.#query(historyQuery).catch((error: unknown) => {
      throw this.#queryError(error, workflow.taskQueue);
    });
  }

  /**
   * Does an act: an update, that the run's worker answers. `pause`, `resume`, `cancel` and `sendEvent` need no worker: without one
   * they are kept as signals until one comes, and the answer says so.
   * @throws DagwrightError RUN_NOT_FOUND, RUN_ENDED, TASK_NOT_FOUND, ACT_INVALID, ACT_REFUSED, DAG_INVALID; NO_WORKER
   * where nobody answered: the act may still be done, once, when a worker comes.
   */
  async act(act: Act, request: ActRequest = {}): Promise<ActAnswer> {
    const { type, ...fields } = act;
    const { by = this.#client.options.identity, id = randomUUID() } = request;
    const read = readAct(type, { ...fields, by, id });
    if (read.act.type === 'addTasks') requireTasks(read.act);
    const follows = type === 'cancel' ? { requestFollows: true } : {};
    const input: ActInput = { ...withoutType(read.act), ...read.request, ...follows };
    const answer = await this.#update(type, input);
    if (type === 'cancel') await this.#workflow.cancel().catch(() => undefined);
    return answer;
  }

  async #update(type: ActType, input: ActInput): Promise<ActAnswer> {
    // Not the act's own id: the server would give the first answer again, which says that something changed.
    const updateId = randomUUID();
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#client.withDeadline(Date.now() + ANSWER_TIMEOUT, () =>
          this.#workflow.executeUpdate<ActAnswer, [ActInput]>(type, { args: [input], updateId }),
        );
      } catch (error) {
        const refused = refusalInUpdate(error);
        if (refused !== undefined) throw refused;
        // Found by the server, but not by the update: it continued as new in this moment.
        const { status, taskQueue } = await this.#describe();
        if (status.name !== 'RUNNING') throw this.#ended(error);
        if (isSilence(error)) return this.#leaveSignal(type, input, taskQueue, error);
        if (attempt === ATTEMPTS || !isAbort(error)) throw this.#coded(error);
        await delay(RETRY_INTERVAL * attempt);
      }
    }
  }

  /** Nobody answers: some of the acts can wait in the history for a worker. */
  async #leaveSignal(type: ActType, input: ActInput, taskQueue: string, cause: unknown): Promise<ActAnswer> {
    const promise = PROMISES[type];
    if (promise === undefined) {
      throw new DagwrightError('NO_WORKER', `No worker answered for the run ${this.runId} in time.`, {
        hint: `The act may still be done when one comes. Start one with \`dagwright worker --task-queue ${taskQueue}\`, and ask again.`,
        cause,
      });
    }
    await this.#workflow.signal(type, input).catch((error: unknown) => {
      throw this.#coded(error);
    });
    const message = `No worker answers for the run; it will ${promise} when one does.`;
    return { changed: true, message, state: 'running', tasks: [], tasksChanged: 0 };
  }

  async #pages(): Promise<{ description: RunDescription; children: readonly string[] }> {
    const first = await this.#query(describeQuery, {});
    const tasks = [...first.description.tasks];
    let { next } = first;
    while (next !== undefined) {
      const page = await this.#query(describeQuery, { from: next });
      tasks.push(...page.description.tasks);
      next = page.next;
    }
    return { description: { ...first.description, tasks }, children: first.children ?? [] };
  }

  async #pendingActivity(workflow: WorkflowExecutionDescription, task: string): Promise<PendingActivity | undefined> {
    const isIt = (activity: PendingActivity): boolean => activity.task === task;
    const own = pendingActivitiesOf(workflow).find(isIt);
    if (own !== undefined) return own;
    const { children = [] } = await this.#query(describeQuery, { from: Number.MAX_SAFE_INTEGER });
    return (await this.#describeChildren(children)).flatMap(pendingActivitiesOf).find(isIt);
  }

  /** Tasks of a long run may be activities of child workflows. */
  async #describeChildren(children: readonly string[]): Promise<WorkflowExecutionDescription[]> {
    const described = children.slice(0, DESCRIBED_CHILDREN).map((child) =>
      this.#client.workflow
        .getHandle(child)
        .describe()
        .catch(() => undefined),
    );
    return (await Promise.all(described)).filter((child) => child !== undefined);
  }

  async #describe(): Promise<WorkflowExecutionDescription> {
    let description: WorkflowExecutionDescription;
    try {
      description = await this.#workflow.describe();
    } catch (error) {
      throw this.#coded(error);
    }
    if (description.type !== RUN_WORKFLOW) throw this.#notFound();
    return description;
  }

  async #query<Result, Args extends unknown[]>(query: QueryDefinition<Result, Args>, ...args: Args): Promise<Result> {
    return this.#client.withDeadline(Date.now() + ANSWER_TIMEOUT, () => this.#workflow.query(query, ...args));
  }

  #queryError(error: unknown, taskQueue: string): unknown {
    if (!isSilence(error) && !(error instanceof QueryNotRegisteredError)) return this.#coded(error);
    return this.#noWorker(taskQueue, error);
  }

  #noWorker(taskQueue: string, cause: unknown): DagwrightError {
    return new DagwrightError('NO_WORKER', `No worker answers for the run ${this.runId}: none is up, or it is busy.`, {
      hint: `Try again, or start one with \`dagwright worker --task-queue ${taskQueue}\`, or \`dagwright dev\` for an embedded server.`,
      cause,
    });
  }

  async #resultInMemo(cause: unknown): Promise<RunResult | undefined> {
    if (!(cause instanceof CancelledFailure)) return undefined;
    return (await this.#describe()).memo?.[RESULT_MEMO] as RunResult | undefined;
  }

  /** What the server's refusal, or its silence, means for a run. */
  #coded(error: unknown): unknown {
    // The store said no, while an answer was read.
    if (error instanceof ServiceError && error.cause instanceof DagwrightError) return error.cause;
    const code = error instanceof ServiceError && isGrpcServiceError(error.cause) ? error.cause.code : undefined;
    // An empty or overlong id is no argument for the server, and no run's id.
    if (error instanceof WorkflowNotFoundError || code === INVALID_ARGUMENT) return this.#notFound(error);
    if (code !== UNAVAILABLE) return error;
    return new DagwrightError('SERVER_UNREACHABLE', 'The Temporal server does not answer any more.', {
      hint: `The run is kept: \`dagwright status ${this.runId}\` shows it when the server and a worker are back.`,
      cause: error,
    });
  }

  #notFound(cause?: unknown): DagwrightError {
    return new DagwrightError('RUN_NOT_FOUND', `There is no run ${this.runId}.`, {
      hint: 'See the runs with `dagwright list`; look at the namespace and the server.',
      cause,
    });
  }

  #ended(cause?: unknown): DagwrightError {
    return new DagwrightError('RUN_ENDED', `The run ${this.runId} has ended.`, {
      hint: `See how with \`dagwright status ${this.runId}\`.`,
      cause,
    });
  }
}

function resultInFailure(cause: unknown): RunResult | undefined {
  if (!(cause instanceof ApplicationFailure)) return undefined;
  const types: readonly string[] = Object.values(RUN_FAILURES);
  return types.includes(cause.type ?? '') ? (cause.details?.[0] as RunResult) : undefined;
}

function sentence(error: WorkflowFailedError): string {
  return error.cause?.message ?? error.message;
}

/** An ended run, described from its result: no worker is needed for it. */
export function descriptionOfResult(result: RunResult): RunDescription {
  const counts: Partial<Record<TaskState, number>> = {};
  const tasks = Object.entries(result.tasks).map(([name, { status: state, output, outputOmitted, ...task }]) => {
    counts[state] = (counts[state] ?? 0) + 1;
    void outputOmitted;
    const { startedAt, endedAt } = task;
    const took =
      startedAt === undefined || endedAt === undefined ? undefined : Date.parse(endedAt) - Date.parse(startedAt);
    return {
      name,
      state,
      ...task,
      ...(took === undefined ? {} : { duration: took }),
      ...(output === undefined ? {} : { outputBytes: byteLength(output) }),
    };
  });
  const { status: state, outputs: _, ...run } = result;
  return { ...run, state, counts, tasks };
}

/**
 * The workflow itself has no schema of tasks: it must be given sound ones.
 * @throws DagInvalidError
 */
function requireTasks({ tasks, needs }: Extract<Act, { type: 'addTasks' }>): void {
  const checked = checkTasks({ tasks, ...(needs === undefined ? {} : { needs }) });
  if (checked.tasks === undefined) throw new DagInvalidError(checked.diagnostics);
}

function withoutType({ type, ...fields }: Act): Readonly<Record<string, unknown>> {
  void type;
  return fields;
}

/** Why the run refused the update; undefined where it is another error. */
function refusalInUpdate(error: unknown): DagwrightError | undefined {
  if (!(error instanceof WorkflowUpdateFailedError) || !(error.cause instanceof ApplicationFailure)) return undefined;
  const { type, message, details } = error.cause;
  if (type === null || type === undefined || !Object.hasOwn(ERROR_CODES, type)) return undefined;
  const [more] = (details ?? []) as [{ hint?: string }?];
  return refusalOf({ code: type as ErrorCode, message, ...(more?.hint === undefined ? {} : { hint: more.hint }) });
}

function refusalOf({ code, message, hint }: RefusedAct): DagwrightError {
  return new DagwrightError(code, message, hint === undefined ? {} : { hint });
}

/**
 * Whether nobody answered in time. Where the server sees first that the time is over, it says `cancelled`; where nobody
 * has polled for minutes, it says so at once.
 */
export function isSilence(error: unknown): boolean {
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return true;
  const cause = error instanceof ServiceError ? error.cause : error;
  if (isGrpcDeadlineError(cause) || isGrpcCancelledError(cause)) return true;
  return isGrpcServiceError(cause) && cause.code === FAILED_PRECONDITION && cause.details.startsWith('no poller seen');
}

/** Whether the run had no time for it: it continued as new. */
function isAbort(error: unknown): boolean {
  if (error instanceof WorkflowNotFoundError || error instanceof WorkflowUpdateFailedError) return true;
  return error instanceof ServiceError && isGrpcServiceError(error.cause) && error.cause.code === ABORTED;
}

/** The state that Temporal's own status tells. */
export function stateOf(status: WorkflowExecutionStatusName): RunState {
  switch (status) {
    case 'COMPLETED':
      return 'succeeded';
    case 'FAILED':
      return 'failed';
    case 'CANCELLED':
    case 'TERMINATED':
      return 'cancelled';
    case 'TIMED_OUT':
      return 'timed_out';
    default:
      return 'running';
  }
}
