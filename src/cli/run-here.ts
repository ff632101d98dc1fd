import { join } from 'node:path';
import { createHandlers } from '../activities/handlers.js';
import { runLocally } from '../executor/local.js';
import { takeInterrupts } from './interrupt.js';
import { watch } from './progress/watch.js';
import { reportResult } from './report-result.js';
import type { RunEnd, RunRequest } from './run-request.js';

/** Runs the dag in this process. Ctrl-C cancels it: nothing is kept that it could come back to. */
export async function runHere(request: RunRequest): Promise<RunEnd> {
  const { dag, params, functions, config, options, view } = request;
  const run = runLocally(dag, {
    ...(options.runId === undefined ? {} : { runId: options.runId }),
    params,
    handlers: createHandlers({ environment: config.environment, functions }),
    logFolder: join(config.stateFolder, 'logs'),
  });
  const interrupt = takeInterrupts();
  interrupt.signal.addEventListener('abort', () => {
    view.say('Cancelling the run; Ctrl-C again quits at once.');
    // It may have ended in this very moment.
    run.cancel().catch(() => undefined);
  });
  try {
    await watch(run, view, new AbortController().signal);
    return reportResult(request, await run.result());
  } finally {
    interrupt.release();
  }
}
