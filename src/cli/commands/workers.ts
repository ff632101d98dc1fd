import { EXIT } from '../exit-code.js';
import { outputHasColors, outputWidth, print, printError, printJson } from '../output.js';
import { renderWorkers } from '../render-workers.js';
import { withClient } from '../server.js';
import type { ServerFlags } from '../server-flags.js';

export interface WorkersOptions extends ServerFlags {
  readonly json?: true;
}

/** `dagwright workers` */
export async function workers(options: WorkersOptions): Promise<number> {
  const [found, taskQueue] = await withClient(
    options,
    async ({ client }) => [await client.workers(), client.taskQueue] as const,
  );
  if (options.json) printJson({ workers: found });
  else if (found.length === 0) printError(`No workers on the task queue ${taskQueue}.`);
  else print(renderWorkers(found, { width: outputWidth(), now: Date.now(), color: outputHasColors() }));
  return EXIT.succeeded;
}
