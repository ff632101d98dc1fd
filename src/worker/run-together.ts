import type { Worker } from '@temporalio/worker';

/**
 * Runs Temporal's workers until all have ended. Where one fails, the others are shut down.
 * @throws what the first one failed with.
 */
export async function runTogether(workers: readonly Worker[]): Promise<void> {
  const runs = workers.map((worker) => worker.run());
  try {
    await Promise.all(runs);
  } catch (error) {
    shutdownAll(workers);
    await Promise.allSettled(runs);
    throw error;
  }
}

/** Lets them take no more tasks. */
export function shutdownAll(workers: readonly Worker[]): void {
  for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
}
