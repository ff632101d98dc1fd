import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { RUN_STATES, type RunState } from '../dag/run-state.js';
import { RUN_WORKFLOW } from '../workflows/messages.js';
import { DAG_KEY, FAILED_TASKS_KEY, STATE_KEY, TAGS_KEY } from '../workflows/search-attribute-keys.js';
import { stateOf } from './run-handle.js';

/** One run in a list. Times are ISO 8601. */
export interface RunSummary {
  readonly runId: string;
  readonly dag: string;
  /** Where the server lacks Dagwright's search attributes, `running` for a paused run too, and `failed` for a timed-out one. */
  readonly state: RunState;
  readonly startedAt: string;
  readonly endedAt?: string;
  /** The dag's tags. */
  readonly tags: readonly string[];
  /** How many tasks have failed, as of a few seconds ago. */
  readonly failedTasks?: number;
  /** The run of which this one is a rerun. */
  readonly rerunOf?: string;
}

/** Which runs a list holds. */
export interface ListOptions {
  /** The latest so many. Default 50. */
  readonly limit?: number;
  /** Only runs of the dag of this name. */
  readonly dag?: string;
  /** Only runs in this state. */
  readonly state?: RunState;
  /** Only runs of dags with this tag. */
  readonly tag?: string;
  /** Only runs that began then or later. */
  readonly since?: Date;
}

/** A run that the server ended by itself has not written down that it ended. */
const OPEN_STATES: readonly unknown[] = ['running', 'paused', 'cancelling'] satisfies RunState[];

/**
 * The latest runs, newest first. The server lists those under way by their start, and those that ended by their end: a run
 * that ended before the oldest of the latest began cannot be among them.
 */
export async function listRuns(client: Client, options: ListOptions, hasAttributes: boolean): Promise<RunSummary[]> {
  const limit = options.limit ?? 50;
  const mayBeOpen = options.state === undefined || OPEN_STATES.includes(options.state);
  const mayHaveEnded = options.state === undefined || !OPEN_STATES.includes(options.state);
  const runs: RunSummary[] = [];
  if (mayBeOpen) {
    for await (const run of found(client, options, queryOf(options, hasAttributes, "= 'Running'"))) {
      runs.push(run);
      if (runs.length >= limit) break;
    }
  }
  if (mayHaveEnded) {
    for await (const run of found(client, options, queryOf(options, hasAttributes, "!= 'Running'"))) {
      if (runs.length >= limit && (run.endedAt ?? '') < runs[limit - 1]!.startedAt) break;
      runs.push(run);
      runs.sort((a, b) => (a.startedAt < b.startedAt ? 1 : a.startedAt > b.startedAt ? -1 : 0));
      runs.length = Math.min(runs.length, limit);
    }
  }
  return runs;
}

async function* found(client: Client, options: ListOptions, query: string): AsyncGenerator<RunSummary> {
  for await (const info of client.workflow.list({ query })) {
    // A run that continued as new is listed once, under its latest execution.
    if (info.status.name === 'CONTINUED_AS_NEW') continue;
    const run = summaryOf(info);
    if (options.dag !== undefined && run.dag !== options.dag) continue;
    if (options.state !== undefined && run.state !== options.state) continue;
    if (options.tag !== undefined && !run.tags.includes(options.tag)) continue;
    yield run;
  }
}

function queryOf(
  { dag, state, tag, since }: ListOptions,
  hasAttributes: boolean,
  status: "= 'Running'" | "!= 'Running'",
): string {
  const parts = [`WorkflowType = '${RUN_WORKFLOW}'`, `ExecutionStatus ${status}`];
  if (since !== undefined) parts.push(`StartTime >= '${since.toISOString()}'`);
  if (hasAttributes) {
    if (tag !== undefined) parts.push(`${TAGS_KEY.name} = ${quoted(tag)}`);
    // A dag's name, and a state, of runs that began without attributes are only known from elsewhere.
    if (dag !== undefined) parts.push(`(${DAG_KEY.name} = ${quoted(dag)} OR ${DAG_KEY.name} IS NULL)`);
    if (state === 'paused' || state === 'cancelling') parts.push(`${STATE_KEY.name} = ${quoted(state)}`);
  }
  return parts.join(' AND ');
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function summaryOf(info: WorkflowExecutionInfo): RunSummary {
  const attributes = info.typedSearchAttributes;
  const told = attributes.get(STATE_KEY);
  const known = stateOf(info.status.name);
  const isOpen = info.status.name === 'RUNNING';
  // Where the server ended the run, its own word counts.
  const fits = isRunState(told) && OPEN_STATES.includes(told) === isOpen;
  const { rerunOf } = (info.memo ?? {}) as { rerunOf?: string };
  const failed = attributes.get(FAILED_TASKS_KEY);
  return {
    runId: info.workflowId,
    dag: String(info.memo?.['dag'] ?? ''),
    state: fits ? told : known,
    startedAt: info.startTime.toISOString(),
    ...(info.closeTime === undefined ? {} : { endedAt: info.closeTime.toISOString() }),
    tags: attributes.get(TAGS_KEY) ?? [],
    ...(failed === undefined ? {} : { failedTasks: failed }),
    ...(rerunOf === undefined ? {} : { rerunOf }),
  };
}

function isRunState(text: string | undefined): text is RunState {
  return (RUN_STATES as readonly (string | undefined)[]).includes(text);
}
