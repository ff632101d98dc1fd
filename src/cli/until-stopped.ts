import type { DagWorker } from '../worker/dag-worker.js';
import { printError } from './output.js';

/**
 * Waits until the worker has ended: because it was interrupted, after its running tasks have ended.
 * @throws what ended the worker, where it failed.
 */
export async function untilStopped(worker: DagWorker, interrupted: AbortSignal): Promise<void> {
  const stop = (): void => {
    printError('The worker takes no more tasks and lets the running ones end; Ctrl-C again quits at once.');
    // A failure shows below.
    worker.shutdown().catch(() => undefined);
  };
  if (interrupted.aborted) stop();
  interrupted.addEventListener('abort', stop);
  await worker.stopped;
}
