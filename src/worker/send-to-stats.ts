import { Client, WorkflowNotFoundError, type ConnectionLike } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { readStats } from '../client/dag-stats.js';
import { hasWorker } from '../client/poller.js';
import type { KeptDurations } from '../estimate/task-durations.js';
import { samplesSignal, STATS_WORKFLOW, statsWorkflowId, type StatsInput } from '../workflows/stats-messages.js';
import type { SendSamples } from './duration-recorder.js';

/** Milliseconds that a server may take. */
const TIMEOUT = 5_000;
/** Dags of which it is remembered that their stats are in good hands. */
const MOST_SEEN = 10_000;

/**
 * Sends samples to the stats of their dag, which begin with the first. Where these are on a task queue that no worker polls
 * any more, it begins them anew on this worker's, with what was known.
 */
export function sendToStats(
  connection: ConnectionLike,
  options: { readonly namespace: string; readonly taskQueue: string; readonly dataConverter: DataConverter },
): SendSamples {
  const { namespace, taskQueue, dataConverter } = options;
  const client = new Client({ connection, namespace, dataConverter });
  const seen = new Set<string>();
  return async (dag, samples) => {
    await connection.withDeadline(Date.now() + TIMEOUT, async () => {
      const kept = seen.has(dag) ? undefined : await takeOver(client, dag, taskQueue);
      if (seen.size >= MOST_SEEN) seen.clear();
      seen.add(dag);
      await client.workflow.signalWithStart(STATS_WORKFLOW, {
        workflowId: statsWorkflowId(dag),
        taskQueue,
        args: [{ dag, ...(kept === undefined ? {} : { kept }) } satisfies StatsInput],
        signal: samplesSignal,
        signalArgs: [samples],
        staticSummary: `How long the tasks of ${dag} take`.slice(0, 200),
      });
    });
  };
}

/** Ends the stats of a dag where nobody carries them on, and gives what was known: of each task, its estimate as one success. */
async function takeOver(client: Client, dag: string, taskQueue: string): Promise<KeptDurations[] | undefined> {
  const info = await client.workflow.getHandle(statsWorkflowId(dag)).describe().catch(ignoreNotFound);
  if (info?.type !== STATS_WORKFLOW || info.status.name !== 'RUNNING' || info.taskQueue === taskQueue) return undefined;
  if (await hasWorker(client, info.taskQueue, 'runs')) return undefined;
  const stats = await readStats(client, dag);
  const stranded = client.workflow.getHandle(info.workflowId, info.runId);
  await stranded.terminate(`No worker polls ${info.taskQueue}: they go on on ${taskQueue}.`).catch(ignoreNotFound);
  return stats?.tasks.map(({ task, count, estimate }) => [task, count, [estimate], [null], [null]]);
}

function ignoreNotFound(error: unknown): undefined {
  if (error instanceof WorkflowNotFoundError) return undefined;
  throw error;
}
