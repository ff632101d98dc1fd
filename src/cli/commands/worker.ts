import { joinServer } from '../../dev/stack.js';
import { createLogger } from '../../observability/logger.js';
import { DagWorker } from '../../worker/dag-worker.js';
import { loadFunctions } from '../../worker/load-functions.js';
import { EXIT } from '../exit-code.js';
import { takeInterrupts } from '../interrupt.js';
import { print } from '../output.js';
import { requireServer } from '../server.js';
import { configFor, type ServerFlags } from '../server-flags.js';
import { untilStopped } from '../until-stopped.js';
import { outliveStrayRejections } from '../stray-rejections.js';

export interface WorkerOptions extends ServerFlags {
  readonly functions?: readonly string[];
  readonly slots?: number;
}

/** `dagwright worker`: until it is told to stop; then running tasks may end. */
export async function worker(options: WorkerOptions): Promise<number> {
  outliveStrayRejections();
  const config = configFor(options);
  const logger = createLogger({ level: config.logLevel ?? 'info', format: config.logFormat });
  const functions = await loadFunctions(options.functions ?? []);
  const interrupt = takeInterrupts();
  const server = await requireServer(config, joinServer);
  try {
    const { address, namespace } = server;
    const { taskQueue } = config;
    const { slots } = options;
    const started = await DagWorker.start({
      address,
      namespace,
      taskQueue,
      functions,
      config,
      logger,
      ...(slots === undefined ? {} : { slots }),
    });
    print(`Worker ready: task queue ${taskQueue} at ${address}, namespace ${namespace}${describe(functions)}.`);
    await untilStopped(started, interrupt.signal);
  } finally {
    await server.stop();
    interrupt.release();
  }
  return EXIT.succeeded;
}

function describe(functions: readonly { readonly name: string }[]): string {
  if (functions.length === 0) return '';
  return `, functions ${functions.map(({ name }) => name).join(', ')}`;
}
