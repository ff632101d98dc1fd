import type { DagClient } from '../../client/dag-client.js';
import { DagwrightError } from '../../dag/errors.js';
import type { Dag } from '../../dag/dag.js';
import type { RunDescription } from '../../run/run.js';
import { isRunEnd } from '../../dag/run-state.js';
import type { Observed } from '../../simulator/plan.js';

/**
 * How the tasks of a run went that has ended.
 * @throws DagwrightError RUN_NOT_ENDED; RUN_NOT_FOUND; what the client throws.
 */
export async function observeRun(client: DagClient, runId: string): Promise<Observed> {
  const description = await client.get(runId).describe();
  if (isRunEnd(description.state)) return observedIn(description);
  throw new DagwrightError('RUN_NOT_ENDED', `The run ${runId} goes on, so its durations are not known.`, {
    hint: `See how far it is with \`dagwright status ${runId}\`.`,
  });
}

/** The dag that the run was of. */
export async function dagOfRun(client: DagClient, runId: string): Promise<Dag> {
  const { dag } = await client.prepareRerun(runId, { all: true });
  return dag;
}

export function observedIn({ tasks }: RunDescription): Observed {
  const durations = new Map<string, number>();
  const failures = new Map<string, number>();
  for (const { name, duration, startedAt, endedAt, attempts, state, item, takenOver } of tasks) {
    if (takenOver === true) continue;
    const took =
      duration ??
      (startedAt !== undefined && endedAt !== undefined ? Date.parse(endedAt) - Date.parse(startedAt) : undefined);
    // An item that was taken from the cache took nothing, and is one all the same.
    if (took !== undefined) durations.set(name, took);
    else if (item !== undefined) durations.set(name, 0);
    if (attempts > 0) failures.set(name, (state === 'failed' ? attempts : attempts - 1) / attempts);
  }
  return { durations, failures };
}
