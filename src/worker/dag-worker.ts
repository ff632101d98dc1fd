import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type {
  InjectedSinks,
  NativeConnection,
  NativeConnectionOptions,
  Worker,
  WorkerOptions,
} from '@temporalio/worker';
import type { RegisteredFunction } from '../activities/function.js';
import { messageOf } from '../activities/failure.js';
import { createHandlers } from '../activities/handlers.js';
import { environmentSecrets, type SecretSource } from '../activities/secrets.js';
import { DagClient } from '../client/dag-client.js';
import { createDataConverter } from '../client/data-converter.js';
import { requireNamespace } from '../client/namespace.js';
import { ensureSearchAttributes } from '../client/search-attributes.js';
import { loadConfig, type Config } from '../config.js';
import { DagwrightError } from '../dag/errors.js';
import { taskQueueOf } from '../dag/worker-group.js';
import type { DurationSinks } from '../estimate/measured-task.js';
import type { Logger } from '../observability/logger.js';
import { openStore } from '../store/open-store.js';
import { startSweeping, type SweepEnd } from '../store/sweeper.js';
import { DurationRecorder } from './duration-recorder.js';
import { joiningWorker, type GroupOptions } from './group-options.js';
import { Presence } from './presence.js';
import { runTogether, shutdownAll } from './run-together.js';
import { logSdkEntry } from './sdk-log.js';
import { sendToStats } from './send-to-stats.js';
import { createActivities } from './task-activities.js';

/** What a worker polls, and what it offers. What is left out comes from the configuration. */
export interface DagWorkerOptions {
  /** `host:port`. Default: the configured address, else `localhost:7233`. */
  readonly address?: string;
  readonly namespace?: string;
  readonly taskQueue?: string;
  /** The functions that `uses: function` tasks may call. Default: none. */
  readonly functions?: Iterable<RegisteredFunction>;
  /** Tasks that run at once in this worker. Default 100. */
  readonly slots?: number;
  /**
   * The worker group that it belongs to: it takes the tasks that a dag's placement gives to that, and none of those that
   * need no group. Default: none; it takes those.
   */
  readonly group?: GroupOptions;
  /** Whether it joins the registry, for `dagwright workers` to show it. Default: where it belongs to a group. */
  readonly register?: boolean;
  /** Milliseconds that running tasks get to end at `shutdown`; then they are stopped, and run again elsewhere. Default 10,000. */
  readonly shutdownGrace?: number;
  /**
   * Where the worker's own lines go: of attempts, and of the Temporal SDK (one for the whole process: the last worker's
   * that was started). Default: stderr, from DAGWRIGHT_LOG_LEVEL on; where that is not set, only warnings, and none of
   * attempts.
   */
  readonly logger?: Logger;
  /**
   * Where `secrets.NAME` comes from: gives the value of a name, or undefined. Default: the environment's variables
   * `DAGWRIGHT_SECRET_<NAME>`.
   */
  readonly secrets?: SecretSource;
  /** Default: read from the environment. */
  readonly config?: Config;
}

/** A worker: it takes tasks of any run on its task queue, and decides for the runs what comes next. */
export class DagWorker {
  /** Starts and finds runs over the worker's own connection: runs begin faster than over one of their own. */
  readonly client: DagClient;
  readonly #workers: readonly Worker[];
  readonly #presence: Presence | undefined;
  readonly #connection: NativeConnection;
  readonly #stopSweeping: () => Promise<void>;
  readonly #recorder: DurationRecorder;
  /** Settles when the worker has ended: fulfilled after `shutdown`, rejected where it failed. */
  readonly stopped: Promise<void>;

  private constructor(
    workers: readonly Worker[],
    presence: Presence | undefined,
    connection: NativeConnection,
    client: DagClient,
    stopSweeping: () => Promise<void>,
    recorder: DurationRecorder,
  ) {
    this.#workers = workers;
    this.#presence = presence;
    this.#connection = connection;
    this.client = client;
    this.#stopSweeping = stopSweeping;
    this.#recorder = recorder;
    this.stopped = this.#run();
    // Whoever does not look at it is told by the tasks that stay where they are.
    this.stopped.catch(() => undefined);
  }

  /**
   * Connects, and polls from then on. Adds Dagwright's search attributes to the namespace where they are missing.
   * Sweeps the store, then and each hour.
   * @throws DagwrightError SERVER_UNREACHABLE, NAMESPACE_NOT_FOUND, CONFIG_INVALID, STORE_FAILED.
   * @throws Error where two functions have one name.
   */
  static async start(options: DagWorkerOptions = {}): Promise<DagWorker> {
    const { group } = options;
    const slots = options.slots ?? 100;
    const joining = joiningWorker(slots, group);
    const config = options.config ?? loadConfig();
    const logger = options.logger ?? (await defaultLogger(config));
    // Where nobody asked for a log, `dagwright run` shows by itself how its attempts end.
    const attemptLogger = options.logger ?? (config.logLevel === undefined ? undefined : logger);
    const sdk = await loadSdk(logger);
    const handlers = createHandlers({ environment: config.environment, functions: options.functions ?? [] });
    const address = options.address ?? config.temporal.connectionOptions.address ?? 'localhost:7233';
    const namespace = options.namespace ?? config.temporal.namespace ?? 'default';
    const taskQueue = options.taskQueue ?? config.taskQueue;
    const store = openStore(config.store);
    await store.open();
    const dataConverter = createDataConverter(config);
    const connection = await connect(sdk, { ...config.temporal.connectionOptions, address });
    await requireNamespace(connection, namespace);
    const searchAttributes = ensureSearchAttributes(connection, namespace, logger);
    const recorder = new DurationRecorder(sendToStats(connection, { namespace, taskQueue, dataConverter }), {
      logger,
      speed: joining.speed,
    });
    const base = {
      connection,
      namespace,
      taskQueue,
      dataConverter,
      shutdownGraceTime: options.shutdownGrace ?? 10_000,
    };
    const sinks: InjectedSinks<DurationSinks> = {
      durations: { took: { fn: (_, task, milliseconds) => recorder.tookElsewhere(task, milliseconds) } },
    };
    const runs = { ...workflowCode(), sinks, stickyQueueScheduleToStartTimeout: '5s' } as const;
    const tasks = {
      activities: createActivities(handlers, {
        logFolder: join(config.stateFolder, 'logs'),
        secrets: options.secrets ?? environmentSecrets(config.environment),
        store,
        onSuccess: recorder.took,
        ...(attemptLogger === undefined ? {} : { logger: attemptLogger }),
      }),
      maxConcurrentActivityTaskExecutions: slots,
      // A task queue that holds this worker's own tasks hands them over with the answer to the workflow task.
      maxEagerActivityReservationsPerWorkflowTask: Math.min(slots, 10),
      // A cancelled task hears of it with the answer to a heartbeat, so these go out each second.
      maxHeartbeatThrottleInterval: '1s',
      defaultHeartbeatThrottleInterval: '1s',
    } as const;
    // Runs go on where only workers with a group live.
    const workers =
      group === undefined
        ? [await sdk.Worker.create({ ...base, ...tasks, ...runs })]
        : [
            await sdk.Worker.create({ ...base, ...tasks, taskQueue: taskQueueOf(taskQueue, group.name) }),
            await sdk.Worker.create({ ...base, ...runs }),
          ];
    const presence = !(options.register ?? group !== undefined)
      ? undefined
      : await Presence.begin({
          ...{ connection, namespace, taskQueue, logger },
          worker: joining,
          running: () => workers[0]?.getStatus().numInFlightActivities ?? 0,
          createWorker: (own) => sdk.Worker.create(own),
        });
    const client = new DagClient(connection, { namespace, taskQueue, eager: true, dataConverter });
    const stopSweeping = startSweeping(store, {
      maximumAge: config.storeMaximumAge,
      swept: (end) => logSweep(logger, store.place, end),
    });
    const started = new DagWorker(workers, presence, connection, client, stopSweeping, recorder);
    await searchAttributes;
    return started;
  }

  async #run(): Promise<void> {
    try {
      await runTogether(this.#workers);
    } finally {
      await this.#presence?.end();
      await this.#stopSweeping();
      await this.#recorder.close();
      await this.#connection.close();
    }
  }

  /** Takes no more tasks, gives the running ones `shutdownGrace` to end, stops them, and closes. */
  async shutdown(): Promise<void> {
    this.#presence?.leave();
    // While it still polls, it may itself take in what its tasks took: the next run goes by it.
    await this.#recorder.flushWithin(FLUSH_TIMEOUT);
    shutdownAll(this.#workers);
    await this.stopped;
  }
}

/** Milliseconds by which a shutdown may be late for it. */
const FLUSH_TIMEOUT = 500;

type Sdk = typeof import('@temporalio/worker');

let loaded: Promise<Sdk> | undefined;
/** The SDK has one log for all workers of a process. */
let sdkLogger: Logger | undefined;

/** The native part of the SDK, which takes long to load: only for those who start a worker. Set up once per process. */
function loadSdk(logger: Logger): Promise<Sdk> {
  sdkLogger = logger;
  loaded ??= import('@temporalio/worker').then((sdk) => {
    sdk.Runtime.install({
      logger: new sdk.DefaultLogger('WARN', (entry) => logSdkEntry(sdkLogger ?? logger, entry)),
      telemetryOptions: { logging: { forward: {}, filter: 'temporalio_sdk_core=WARN' } },
      // Whoever runs the process decides what a signal means.
      shutdownSignals: [],
    });
    return sdk;
  });
  return loaded;
}

function logSweep(logger: Logger, store: string, end: SweepEnd): void {
  if ('removed' in end) logger.info(`Removed ${end.removed} files from the store ${store} that nobody used for long`);
  else logger.warn(`The store could not be swept: ${messageOf(end.error)}`, { code: 'STORE_FAILED' });
}

async function defaultLogger(config: Config): Promise<Logger> {
  const { createLogger } = await import('../observability/logger.js');
  return createLogger({ level: config.logLevel ?? 'warn', format: config.logFormat });
}

async function connect(sdk: Sdk, options: NativeConnectionOptions): Promise<NativeConnection> {
  try {
    return await sdk.NativeConnection.connect(options);
  } catch (cause) {
    throw new DagwrightError('SERVER_UNREACHABLE', `No Temporal server answers at ${String(options.address)}.`, {
      hint: 'Start one with `dagwright dev`, or set TEMPORAL_ADDRESS to where it is.',
      cause,
    });
  }
}

/** The bundle that the build made; where this runs straight from its TypeScript, that, bundled at the start. */
function workflowCode(): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath' | 'bundlerOptions'> {
  const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
  const bundle = pathOf('../workflow-bundle.js');
  if (existsSync(bundle)) return { workflowBundle: { codePath: bundle } };
  // As in scripts/bundle-workflows.mjs.
  const preloadModules = [pathOf('../run/live-run.ts')];
  return { workflowsPath: pathOf('../workflows/index.ts'), bundlerOptions: { preloadModules } };
}
