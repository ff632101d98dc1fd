import { joinServer } from '../../dev/stack.js';
import { DagwrightError } from '../../dag/errors.js';
import { createLogger } from '../../observability/logger.js';
import { DagWorker } from '../../worker/dag-worker.js';
import type { GroupOptions } from '../../worker/group-options.js';
import { loadFunctions } from '../../worker/load-functions.js';
import { FLAGS_OF_GROUPS, type GroupFlags } from '../definitions/group-flags.js';
import { EXIT } from '../exit-code.js';
import { takeInterrupts } from '../interrupt.js';
import { print } from '../output.js';
import { requireServer } from '../server.js';
import { configFor, type ServerFlags } from '../server-flags.js';
import { untilStopped } from '../until-stopped.js';
import { outliveStrayRejections } from '../stray-rejections.js';

export interface WorkerOptions extends ServerFlags, GroupFlags {
  readonly functions?: readonly string[];
  readonly slots?: number;
}

/** `dagwright worker`: until it is told to stop; then running tasks may end. */
export async function worker(options: WorkerOptions): Promise<number> {
  outliveStrayRejections();
  const group = groupOf(options);
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
      register: true,
      ...(slots === undefined ? {} : { slots }),
      ...(group === undefined ? {} : { group }),
    });
    const place = `task queue ${taskQueue} at ${address}, namespace ${namespace}`;
    print(`Worker ready: ${group === undefined ? '' : `group ${group.name}, `}${place}${describe(functions)}.`);
    await untilStopped(started, interrupt.signal);
  } finally {
    await server.stop();
    interrupt.release();
  }
  return EXIT.succeeded;
}

/** @throws DagwrightError USAGE */
function groupOf(options: WorkerOptions): GroupOptions | undefined {
  const { group: name, speed, label: labels, cpu, memory, cost, standby } = options;
  if (name !== undefined) {
    const given = { speed, labels, cpu, memory, cost, standby };
    const entries = Object.entries(given).filter(([, value]) => value !== undefined);
    return { name, ...(Object.fromEntries(entries) as Omit<GroupOptions, 'name'>) };
  }
  const flag = FLAGS_OF_GROUPS.find((one) => options[one] !== undefined);
  if (flag === undefined) return undefined;
  throw new DagwrightError('USAGE', `--${flag} is of a worker group, and there is no --group.`, {
    hint: `Add \`--group NAME\`, or leave out --${flag}.`,
  });
}

function describe(functions: readonly { readonly name: string }[]): string {
  if (functions.length === 0) return '';
  return `, functions ${functions.map(({ name }) => name).join(', ')}`;
}
