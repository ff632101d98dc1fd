import { findOrStartServer } from '../../dev/stack.js';
import { createLogger } from '../../observability/logger.js';
import { DagWorker } from '../../worker/dag-worker.js';
import { loadFunctions } from '../../worker/load-functions.js';
import { EXIT } from '../exit-code.js';
import { takeInterrupts } from '../interrupt.js';
import { print, printError } from '../output.js';
import { untilStopped } from '../until-stopped.js';
import { configFor, type ServerFlags } from '../server-flags.js';
import { outliveStrayRejections } from '../stray-rejections.js';

export interface DevOptions extends ServerFlags {
  readonly functions?: readonly string[];
  readonly port?: number;
  readonly uiPort?: number;
}

/** `dagwright dev`: a server and a worker, until it is told to stop. */
export async function dev(options: DevOptions): Promise<number> {
  outliveStrayRejections();
  const config = configFor(options);
  const logger = createLogger({ level: config.logLevel ?? 'info', format: config.logFormat });
  const functions = await loadFunctions(options.functions ?? []);
  const { port, uiPort } = options;
  const interrupt = takeInterrupts();
  const server = await findOrStartServer(config, {
    onProgress: printError,
    ...(port === undefined ? {} : { port }),
    ...(uiPort === undefined ? {} : { uiPort }),
  });
  let worker: DagWorker | undefined;
  try {
    if (interrupt.signal.aborted) return EXIT.succeeded;
    const { address, namespace, uiUrl } = server;
    const { taskQueue } = config;
    worker = await DagWorker.start({ address, namespace, taskQueue, functions, config, logger, register: true });
    print(`Temporal server: ${address}${server.startedHere ? '' : ' (was running already)'}`);
    if (uiUrl !== undefined) print(`Web UI:          ${uiUrl}`);
    print(`Worker:          task queue ${taskQueue}${namesOf(functions)}`);
    print(`State and logs:  ${config.stateFolder}`);
    print('Next, in another terminal: dagwright run path/to/dag.yaml');
    print('Ctrl-C stops it; runs go on when it is back.');
    await untilStopped(worker, interrupt.signal);
    return EXIT.succeeded;
  } finally {
    // Where it failed, that is thrown already.
    await worker?.shutdown().catch(() => undefined);
    await server.stop();
    interrupt.release();
  }
}

function namesOf(functions: readonly { readonly name: string }[]): string {
  return functions.length === 0 ? '' : `, functions ${functions.map(({ name }) => name).join(', ')}`;
}
