import { findOrStartServer } from '../../dev/stack.js';
import { DagWorker } from '../../worker/dag-worker.js';
import { loadFunctions } from '../../worker/load-functions.js';
import { EXIT } from '../exit-code.js';
import { onInterrupt } from '../interrupt.js';
import { print, printError } from '../output.js';
import { configFor, type ServerFlags } from '../server-flags.js';

export interface DevOptions extends ServerFlags {
  readonly functions?: readonly string[];
  readonly port?: number;
  readonly uiPort?: number;
}

/** `dagwright dev`: a server and a worker, until it is told to stop. */
export async function dev(options: DevOptions): Promise<number> {
  const config = configFor(options);
  const functions = await loadFunctions(options.functions ?? []);
  const { port, uiPort } = options;
  const server = await findOrStartServer(config, {
    onProgress: printError,
    ...(port === undefined ? {} : { port }),
    ...(uiPort === undefined ? {} : { uiPort }),
  });
  try {
    const { address, namespace, uiUrl } = server;
    const { taskQueue } = config;
    const worker = await DagWorker.start({ address, namespace, taskQueue, functions, config });
    print(`Temporal server: ${address}${server.startedHere ? '' : ' (was running already)'}`);
    if (uiUrl !== undefined) print(`Web UI:          ${uiUrl}`);
    print(`Worker:          task queue ${taskQueue}${namesOf(functions)}`);
    print(`State and logs:  ${config.stateFolder}`);
    print('Next, in another terminal: dagwright run path/to/dag.yaml');
    print('Ctrl-C stops it; runs go on when it is back.');
    const release = onInterrupt(() => {
      printError('Stopping; running tasks may end. Ctrl-C again quits at once.');
      void worker.shutdown().catch(() => undefined);
    });
    try {
      await worker.stopped;
    } finally {
      release();
    }
    return EXIT.succeeded;
  } finally {
    await server.stop();
  }
}

function namesOf(functions: readonly { readonly name: string }[]): string {
  return functions.length === 0 ? '' : `, functions ${functions.map(({ name }) => name).join(', ')}`;
}
