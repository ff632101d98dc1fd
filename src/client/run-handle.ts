import {
  ApplicationFailure,
  CancelledFailure,
  QueryNotRegisteredError,
  ServiceError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  isGrpcDeadlineError,
  isGrpcServiceError,
  type Client,
  type WorkflowExecutionDescription,
  type WorkflowExecutionStatusName,
  type WorkflowHandle,
} from '@temporalio/client';
import type { Act, ActAnswer } from '../dag/act.js';
import { ActingRun } from '../dag/acting-run.js';
import { DagwrightError } from '../dag/errors.js';
import type { Explanation } from '../dag/explanation.js';
import type { RunEvent } from '../dag/run-event.js';
import { isRunEnd, type RunResult, type RunState, type RunDescription } from '../dag/run.js';
import type { TaskState } from '../dag/task-state.js';
import {
  pauseSignal,
  RESULT_MEMO,
  resumeSignal,
  RUN_FAILURES,
  RUN_WORKFLOW,
  statusQuery,
} from '../workflows/messages.js';
import { withPendingActivities } from './pending-activities.js';

/** The numbers that gRPC has for them. */
const INVALID_ARGUMENT = 3;
const UNAVAILABLE = 14;

/** Milliseconds a worker has to answer a query. */
const QUERY_TIMEOUT = 10_000;

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
   * The run and each task now, with attempts and errors of those that run or wait for their next attempt.
   * @throws DagwrightError RUN_NOT_FOUND; NO_WORKER where the run goes on but no worker answers for it; RUN_TERMINATED;
   * SERVER_UNREACHABLE.
   */
  async describe(): Promise<RunDescription> {
    const description = await this.#describe();
    if (description.status.name !== 'RUNNING') return statusOfResult(await this.result());
    try {
      const status = await this.#query();
      return isRunEnd(status.state) ? status : withPendingActivities(status, description);
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return statusOfResult(await this.result());
      throw this.#queryError(error, description.taskQueue);
    }
  }

  async act(act: Act): Promise<ActAnswer> {
    await this.#control(async () => {
      if (act.type === 'pause') await this.#workflow.signal(pauseSignal, { mode: act.mode ?? 'drain' });
      else if (act.type === 'resume') await this.#workflow.signal(resumeSignal);
      else {
        // A cancel request to a workflow that has ended is answered as if it had not.
        const { status } = await this.#describe();
        if (status.name !== 'RUNNING') throw this.#ended();
        await this.#workflow.cancel();
      }
    });
    return { changed: true, message: '', state: 'running', tasks: [], tasksChanged: 0 };
  }

  async explain(): Promise<Explanation> {
    throw new Error('to come');
  }

  async history(): Promise<RunEvent[]> {
    throw new Error('to come');
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

  async #query(): Promise<RunDescription> {
    return this.#client.withDeadline(Date.now() + QUERY_TIMEOUT, () => this.#workflow.query(statusQuery));
  }

  #queryError(error: unknown, taskQueue: string): unknown {
    const silent = isGrpcDeadlineError(error) || (error instanceof ServiceError && isGrpcDeadlineError(error.cause));
    if (!silent && !(error instanceof QueryNotRegisteredError)) return this.#coded(error);
    return new DagwrightError('NO_WORKER', `The run ${this.runId} goes on, but no worker answers for it.`, {
      hint: `Start one with \`dagwright worker --task-queue ${taskQueue}\`, or \`dagwright dev\` for an embedded server.`,
      cause: error,
    });
  }

  async #control(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw this.#coded(error);
      await this.#describe();
      throw this.#ended(error);
    }
  }

  async #resultInMemo(cause: unknown): Promise<RunResult | undefined> {
    if (!(cause instanceof CancelledFailure)) return undefined;
    return (await this.#describe()).memo?.[RESULT_MEMO] as RunResult | undefined;
  }

  /** What the server's refusal, or its silence, means for a run. */
  #coded(error: unknown): unknown {
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

function statusOfResult(result: RunResult): RunDescription {
  const counts: Partial<Record<TaskState, number>> = {};
  const tasks = Object.entries(result.tasks).map(([name, { status: state, output, outputOmitted, ...task }]) => {
    counts[state] = (counts[state] ?? 0) + 1;
    void [output, outputOmitted];
    return { name, state, ...task };
  });
  const { runId, dag, startedAt, endedAt } = result;
  return { runId, dag, state: result.status, startedAt, endedAt, counts, tasks };
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
