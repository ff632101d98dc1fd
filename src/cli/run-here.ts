import { join } from 'node:path';
import { createHandlers } from '../activities/handlers.js';
import { environmentSecrets } from '../activities/secrets.js';
import { runLocally } from '../executor/local.js';
import { openStore } from '../store/open-store.js';
import { startSweeping } from '../store/sweeper.js';
import { takeInterrupts } from './interrupt.js';
import { watch } from './progress/watch.js';
import { reportResult } from './report-result.js';
import type { RunEnd, RunRequest } from './run-request.js';

/** Runs the dag in this process. Ctrl-C cancels it: nothing is kept that it could come back to. */
export async function runHere(request: RunRequest): Promise<RunEnd> {
  const { dag, params, functions, config, options, view } = request;
  const unheard = dag.tasks.filter(({ uses }) => uses === 'approval' || uses === 'event').map(({ name }) => name);
  if (unheard.length > 0) view.say(unheardWarning(unheard));
  const store = openStore(config.store);
  const stopSweeping = startSweeping(store, { maximumAge: config.storeMaximumAge, swept: () => undefined });
  const run = runLocally(dag, {
    ...(options.runId === undefined ? {} : { runId: options.runId }),
    params,
    cache: options.cache,
    handlers: createHandlers({ environment: config.environment, functions }),
    logFolder: join(config.stateFolder, 'logs'),
    secrets: environmentSecrets(config.environment),
    store,
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
    await stopSweeping();
  }
}

/** Tasks that a line names. */
const NAMED = 5;

/** No other command reaches a run in this process: what waits for one waits until its time is over. */
function unheardWarning(tasks: readonly string[]): string {
  const more = tasks.length > NAMED ? `, and ${tasks.length - NAMED} more` : '';
  const names = `${tasks.slice(0, NAMED).join(', ')}${more}`;
  return `warning: Nobody can send events or approvals to a run with --local; these wait for one: ${names}.`;
}
