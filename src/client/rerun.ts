import { QueryNotRegisteredError, type Client, type WorkflowExecutionDescription } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type { Dag } from '../dag/dag.js';
import { DagwrightError } from '../dag/errors.js';
import type { JsonObject } from '../dag/json.js';
import { planRerun, type RerunOptions, type RerunPlan } from '../run/rerun.js';
import type { RunResult } from '../run/run.js';
import { dagQuery, RUN_WORKFLOW, type RunInput } from '../workflows/messages.js';
import { readPayloads } from './data-converter.js';
import { isSilence, RunHandle } from './run-handle.js';

/** Milliseconds a worker has to say what dag the run ended with. */
const QUERY_TIMEOUT = 10_000;

/** An ended run, and what a new one would take over from it. */
export interface Rerun {
  /** The old run. */
  readonly rerunOf: string;
  /** Its dag, with the tasks that were added to it. */
  readonly dag: Dag;
  readonly params: JsonObject;
  /** Where the old run's workers are. */
  readonly taskQueue: string;
  /** What the new run is started with. */
  readonly takeOver: { readonly runId: string } & Pick<RerunPlan, 'omitted'> & {
      readonly tasks: RerunPlan['takeOver'];
    };
  /** The tasks that run, by name, in the order of declaration. */
  readonly runs: readonly string[];
  /** Those of `runs` that run only because an output was not kept: it was too large for the old run's result. */
  readonly again: readonly string[];
}

/**
 * Reads an ended run, and says what a rerun of it takes over. Starts nothing, and takes no worker, unless tasks were
 * added to the run.
 * @throws DagwrightError RUN_NOT_FOUND; RUN_NOT_ENDED; TASK_NOT_FOUND; ACT_REFUSED where no task is left to run;
 * RUN_TERMINATED where the run left no result, unless all of it shall run; NO_WORKER where tasks were added to the run
 * and nobody answers for it.
 */
export async function prepareRerun(client: Client, runId: string, options: RerunOptions = {}): Promise<Rerun> {
  const run = new RunHandle(client, runId);
  const description = await describe(client, run);
  if (description.status.name === 'RUNNING') {
    throw new DagwrightError('RUN_NOT_ENDED', `The run ${runId} goes on, so it cannot be run again.`, {
      hint: `Retry single tasks with \`dagwright retry ${runId} TASK\`, or cancel the run first.`,
    });
  }
  const result = await resultOf(run, options);
  const { dag: began, params } = await inputOf(client, description);
  const grown = result !== undefined && hasGrown(began, result) ? await grownDag(client, description) : began;
  const dag = withoutMadeTasks(grown);
  const plan = planRerun(dag, result, options);
  if (plan.runs.length === 0) {
    throw new DagwrightError('ACT_REFUSED', `Every task of the run ${runId} succeeded, so none is left to run.`, {
      hint: 'Say which run again: `--from TASK` for that task and what needs it, `--all` for all.',
    });
  }
  const nameOf = (task: number): string => dag.tasks[task]?.name ?? '';
  return {
    rerunOf: runId,
    dag,
    params,
    taskQueue: description.taskQueue,
    takeOver: { runId, tasks: plan.takeOver, omitted: plan.omitted },
    runs: plan.runs.map(nameOf),
    again: plan.again.map(nameOf),
  };
}

async function describe(client: Client, run: RunHandle): Promise<WorkflowExecutionDescription> {
  try {
    const description = await client.workflow.getHandle(run.runId).describe();
    if (description.type === RUN_WORKFLOW) return description;
  } catch (error) {
    await run.describe();
    throw error;
  }
  throw new DagwrightError('RUN_NOT_FOUND', `${run.runId} is not the id of a run.`, {
    hint: 'See the runs with `dagwright list`.',
  });
}

/** A run that was terminated left no result: all of it can run again, and nothing else. */
async function resultOf(run: RunHandle, options: RerunOptions): Promise<RunResult | undefined> {
  try {
    return await run.result();
  } catch (error) {
    if (!(error instanceof DagwrightError) || error.code !== 'RUN_TERMINATED') throw error;
    if (options.all) return undefined;
    throw new DagwrightError('RUN_TERMINATED', error.message, {
      hint: 'What it made is lost. `--all` runs all of it again.',
      cause: error,
    });
  }
}

/** What the run's last execution was started with. */
async function inputOf(client: Client, { workflowId, runId }: WorkflowExecutionDescription): Promise<RunInput> {
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace: client.options.namespace,
    execution: { workflowId, runId },
    maximumPageSize: 1,
  });
  const payloads = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  const [payload] = await readPayloads(client.options.loadedDataConverter, payloads);
  if (payload === undefined) throw new Error(`The history of the run ${workflowId} does not begin with its input.`);
  return defaultPayloadConverter.fromPayload<RunInput>(payload);
}

/** Whether the run ended with tasks that its input does not have, and that it did not make itself. */
function hasGrown(dag: Dag, result: RunResult): boolean {
  const names = new Set(dag.tasks.map(({ name }) => name));
  return Object.entries(result.tasks).some(
    ([name, { item, compensates }]) => !names.has(name) && item === undefined && compensates === undefined,
  );
}

/** The items of fan-outs, and compensations, are made anew by each run. */
function withoutMadeTasks(dag: Dag): Dag {
  return { ...dag, tasks: dag.tasks.filter(({ made }) => made === undefined) };
}

/** The dag that the run ended with: only a worker that replays the run knows it. */
async function grownDag(client: Client, { workflowId, runId, taskQueue }: WorkflowExecutionDescription): Promise<Dag> {
  const handle = client.workflow.getHandle(workflowId, runId);
  try {
    return await client.withDeadline(Date.now() + QUERY_TIMEOUT, () => handle.query(dagQuery));
  } catch (error) {
    if (!isSilence(error) && !(error instanceof QueryNotRegisteredError)) throw error;
    const message = `Tasks were added to the run ${workflowId}, and no worker answers for it that knows them.`;
    throw new DagwrightError('NO_WORKER', message, {
      hint: `Start one with \`dagwright worker --task-queue ${taskQueue}\`.`,
      cause: error,
    });
  }
}
