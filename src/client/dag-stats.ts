import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { DagwrightError } from '../dag/errors.js';
import { unpackStats, type TaskStats } from '../estimate/stats.js';
import { STATS_MEMO, STATS_WORKFLOW, statsWorkflowId, type StatsMemo } from '../workflows/stats-messages.js';

/** How long the tasks of a dag took. */
export interface DagStats {
  readonly dag: string;
  /** When it was worked out; ISO 8601. */
  readonly at: string;
  /** By name. */
  readonly tasks: readonly TaskStats[];
}

/** What is known of the tasks of a dag, as of a few seconds ago; undefined where nothing is. One call; needs no worker. */
export async function readStats(client: Client, dag: string): Promise<DagStats | undefined> {
  const info = await client.workflow
    .getHandle(statsWorkflowId(dag))
    .describe()
    .catch((error: unknown) => {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    });
  // Whoever terminates it wants it to forget.
  if (info?.type !== STATS_WORKFLOW || info.status.name !== 'RUNNING') return undefined;
  const { at, tasks } = (info.memo?.[STATS_MEMO] ?? {}) as Partial<Record<keyof StatsMemo, unknown>>;
  if (typeof at !== 'string' || !Array.isArray(tasks)) return undefined;
  return { dag, at, tasks: tasks.flatMap((task) => unpackStats(task) ?? []) };
}

/** @throws DagwrightError STATS_NOT_FOUND. */
export async function requireStats(client: Client, dag: string): Promise<DagStats> {
  const stats = await readStats(client, dag);
  if (stats !== undefined) return stats;
  throw new DagwrightError('STATS_NOT_FOUND', `Nothing is known of how long tasks of a dag "${dag}" take.`, {
    hint: 'It is learned from tasks that succeed, a few seconds after they do. `dagwright list` has the names of dags.',
  });
}
