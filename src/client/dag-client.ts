import { gzipSync } from 'node:zlib';
import {
  Client,
  Connection,
  isGrpcServiceError,
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type ConnectionLike,
  type ConnectionOptions,
} from '@temporalio/client';
import { RawValue, type DataConverter } from '@temporalio/common';
import { loadConfig } from '../config.js';
import type { Dag } from '../dag/dag.js';
import { DagwrightError } from '../dag/errors.js';
import type { JsonObject } from '../dag/json.js';
import type { PoolChange } from '../pool/pool-message.js';
import type { PoolDescription } from '../pool/shared-pool.js';
import type { RerunOptions } from '../run/rerun.js';
import type { DagDefinition } from '../spec/builder.js';
import { requireDag } from '../spec/dag-invalid.js';
import { resolveParams } from '../spec/params.js';
import { checkDag } from '../spec/parse.js';
import { isSealed } from '../spec/sealed-dag.js';
import { searchedDag } from '../simulator/optimized.js';
import { RUN_WORKFLOW, type RunInput } from '../workflows/messages.js';
import { startOptionsOf } from '../workflows/start-options.js';
import { readStats, requireStats, type DagStats } from './dag-stats.js';
import { createDataConverter, dataConverter, listingConverter } from './data-converter.js';
import { EstimateReader } from './estimate-reader.js';
import { listRuns, type ListOptions, type RunSummary } from './list-runs.js';
import { listWorkers, type WorkerSummary } from './list-workers.js';
import { requireNamespace } from './namespace.js';
import { hasWorker } from './poller.js';
import { listPools, readPool, setPool } from './pools.js';
import { prepareRerun, type Rerun } from './rerun.js';
import { RunHandle } from './run-handle.js';
import { requirePriority, type RunPriority } from './run-priority.js';
import { rememberSearchAttributes, type OperatorConnection } from './search-attributes.js';

/** Bytes, compressed, of the dag and params that a run is started with; the server takes no payload over 2 MB. */
const MAXIMUM_INPUT_BYTES = 1_048_576;
const CONNECT_TIMEOUT_MS = 5_000;
const RUN_ID = /^[A-Za-z0-9][\w.:@/-]{0,199}$/;

/** Where the server is. What is left out comes from Temporal's environment variables and profiles. */
export interface ConnectOptions {
  /** `host:port`. Default: the profile's, else `localhost:7233`. */
  readonly address?: string;
  /** Default: the profile's, else `default`. */
  readonly namespace?: string;
  /** Where runs wait for workers. Default: DAGWRIGHT_TASK_QUEUE, else `dagwright`. */
  readonly taskQueue?: string;
}

/** How a run is started. */
export interface StartOptions {
  /**
   * The run's id: starting it twice under one id starts it once. A letter or digit, then letters, digits and `._:@/-`,
   * 200 in all. Default: the dag's name, the time and a random part.
   */
  readonly runId?: string;
  /** Values of the dag's params; those left out take their default. */
  readonly params?: Readonly<Record<string, unknown>>;
  /** Default: the client's. */
  readonly taskQueue?: string;
  /**
   * Where what runs share is: their pools, and worker groups. To be said where the run has a task queue of its own.
   * Default: the run's task queue.
   */
  readonly sharedTaskQueue?: string;
  /** Whether tasks may take what another run's task gave under the same key (`cache`). Default true. */
  readonly cache?: boolean;
  /** Which run goes first where the tasks of several wait for the same workers. Default: none does. */
  readonly priority?: RunPriority;
}

/** Starts runs on Temporal and finds them again. */
export class DagClient {
  readonly taskQueue: string;
  readonly #client: Client;
  readonly #connection: ConnectionLike & { close(): Promise<void> };
  /** Set where a worker shares the connection: the first workflow task comes with the answer to the start. */
  readonly #eager: boolean;
  readonly #hasSearchAttributes: () => Promise<boolean>;
  readonly #estimates = new EstimateReader((dag) => readStats(this.#client, dag));

  /** Over a connection that is there; `DagClient.connect` makes its own. */
  constructor(
    connection: ConnectionLike & { close(): Promise<void> },
    options: {
      readonly namespace: string;
      readonly taskQueue: string;
      readonly eager?: boolean;
      /** See `createDataConverter`. Default: one that keeps nothing outside of Temporal. */
      readonly dataConverter?: DataConverter;
    },
  ) {
    this.#connection = connection;
    this.#client = new Client({
      connection,
      namespace: options.namespace,
      dataConverter: options.dataConverter ?? dataConverter,
    });
    this.taskQueue = options.taskQueue;
    this.#eager = options.eager ?? false;
    this.#hasSearchAttributes = rememberSearchAttributes(
      this.#client.connection as OperatorConnection,
      options.namespace,
    );
  }

  /**
   * Connects to Temporal.
   * @throws DagwrightError SERVER_UNREACHABLE where no server answers within 5 s, NAMESPACE_NOT_FOUND, CONFIG_INVALID.
   */
  static async connect(options: ConnectOptions = {}): Promise<DagClient> {
    const config = loadConfig();
    const configured = config.temporal.connectionOptions as ConnectionOptions;
    const address = options.address ?? configured.address ?? 'localhost:7233';
    let connection: Connection;
    try {
      connection = await Connection.connect({ ...configured, address, connectTimeout: CONNECT_TIMEOUT_MS });
    } catch (cause) {
      throw new DagwrightError('SERVER_UNREACHABLE', `No Temporal server answers at ${address}.`, {
        hint: 'Start one with `dagwright dev`, or set TEMPORAL_ADDRESS to where it is.',
        cause,
      });
    }
    const namespace = options.namespace ?? config.temporal.namespace ?? 'default';
    await requireNamespace(connection, namespace);
    return new DagClient(connection, {
      namespace,
      taskQueue: options.taskQueue ?? config.taskQueue,
      dataConverter: createDataConverter(config),
    });
  }

  /**
   * Starts a run, or finds the one that was started under this id before.
   * @throws DagwrightError DAG_INVALID, DAG_TOO_LARGE, PARAM_INVALID, PRIORITY_INVALID, RUN_ID_INVALID; RUN_ID_TAKEN
   * where the id belongs to a run of another dag.
   */
  async start(definition: Dag | DagDefinition, options: StartOptions = {}): Promise<RunHandle> {
    const given = 'dag' in definition ? definition.dag : definition;
    const dag = isSealed(given) ? given : requireDag(checkDag(given));
    return this.#start({ dag, ...resolveParams(dag, options.params ?? {}) }, options);
  }

  async #start(asked: RunInput, options: Omit<StartOptions, 'params'>): Promise<RunHandle> {
    const runId = options.runId ?? newRunId(asked.dag.name);
    if (!RUN_ID.test(runId)) {
      throw new DagwrightError('RUN_ID_INVALID', `"${runId.slice(0, 210)}" cannot be a run id.`, {
        hint: 'Begin with a letter or digit; go on with letters, digits and ._:@/- to at most 200 characters.',
      });
    }
    const priority = options.priority === undefined ? undefined : requirePriority(options.priority);
    try {
      const taskQueue = options.taskQueue ?? this.taskQueue;
      const { sharedTaskQueue = taskQueue } = options;
      const input = {
        ...asked,
        ...(options.cache === false ? { noCache: true } : {}),
        ...(sharedTaskQueue === taskQueue ? {} : { sharedTaskQueue }),
      };
      await this.#startWorkflow(input, runId, taskQueue, priority);
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      await this.#checkSameDag(runId, asked.dag.name);
    }
    return this.get(runId);
  }

  async #startWorkflow(
    asked: RunInput,
    runId: string,
    taskQueue: string,
    priority: RunPriority | undefined,
  ): Promise<void> {
    const estimates = await this.#estimates.estimatesFor(asked.dag);
    const learned = estimates?.[asked.dag.name] ?? {};
    const dag = searchedDag(asked.dag, {
      now: Date.now,
      estimateOf: (task) => (Object.hasOwn(learned, task) ? learned[task]?.time : undefined),
    });
    const start = async (hasAttributes: boolean): Promise<unknown> => {
      const input: RunInput = { ...asked, dag, ...(hasAttributes ? { searchAttributes: true } : {}) };
      return this.#client.workflow.start(RUN_WORKFLOW, {
        workflowId: runId,
        taskQueue,
        args: [payloadWith(input, estimates)],
        ...startOptionsOf(input),
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        requestEagerStart: this.#eager,
        ...(priority === undefined ? {} : { priority }),
      });
    };
    if (!(await this.#hasSearchAttributes())) return void (await start(false));
    try {
      await start(true);
    } catch (error) {
      // A part of the server may not know the attributes yet, or any more.
      if (!isInvalidArgument(error)) throw error;
      await start(false);
    }
  }

  /** The run of this id. Asks nothing yet: a run that does not exist shows at the first call. */
  get(runId: string): RunHandle {
    return new RunHandle(this.#client, runId);
  }

  /**
   * Runs a run again that has ended, as a new run: what succeeded is taken over with its outputs, the rest runs.
   * @param run The old run's id, or what `prepareRerun` gave.
   * @throws DagwrightError RUN_NOT_FOUND; RUN_NOT_ENDED; TASK_NOT_FOUND; ACT_REFUSED where no task is left to run;
   * RUN_TERMINATED, NO_WORKER as {@link DagClient.prepareRerun}; DAG_TOO_LARGE, PRIORITY_INVALID, RUN_ID_INVALID,
   * RUN_ID_TAKEN.
   */
  async rerun(run: string | Rerun, options: RerunOptions & Omit<StartOptions, 'params'> = {}): Promise<RunHandle> {
    const { dag, params, takeOver, taskQueue } = typeof run === 'string' ? await this.prepareRerun(run, options) : run;
    return this.#start({ dag, params, takeOver }, { taskQueue, ...options });
  }

  /** What {@link DagClient.rerun} would take over, and what it would run. Starts nothing; throws as that does. */
  prepareRerun(runId: string, options: RerunOptions = {}): Promise<Rerun> {
    return prepareRerun(this.#client, runId, options);
  }

  /**
   * The latest runs, newest first. A run shows up about a second after its start. Where the server lacks Dagwright's
   * search attributes, `paused` and `timed_out` cannot be told, and no run has tags.
   */
  async list(options: ListOptions = {}): Promise<RunSummary[]> {
    const { connection } = this.#client;
    const { namespace } = this.#client.options;
    const lister = new Client({ connection, namespace, dataConverter: listingConverter });
    return listRuns(lister, options, await this.#hasSearchAttributes());
  }

  /**
   * How long the tasks of a dag took, as of a few seconds ago: what runs order and estimate by where their tasks declare
   * no estimate. Needs no worker.
   * @throws DagwrightError STATS_NOT_FOUND
   */
  stats(dag: string): Promise<DagStats> {
    return requireStats(this.#client, dag);
  }

  /**
   * Whether a worker polls the task queue (default: the client's), as far as the server and this machine know.
   * @param kind For what: workers of a group poll it for runs, and not for the tasks of dags without a placement.
   */
  async hasWorker(taskQueue = this.taskQueue, kind: 'runs' | 'tasks' = 'runs'): Promise<boolean> {
    return hasWorker(this.#client, taskQueue, kind);
  }

  /**
   * The workers that have joined on the client's task queue, with what they are and how busy. Those of a group do, and
   * those that `dagwright worker` and `dagwright dev` start. No worker has to answer for it.
   */
  async workers(): Promise<WorkerSummary[]> {
    return listWorkers(this.#client, this.taskQueue);
  }

  /** The pools that runs share, by name, as of a few seconds ago. Needs no worker. */
  pools(): Promise<PoolDescription[]> {
    return listPools(this.#client);
  }

  /**
   * A pool that runs share, with who holds it and who waits: now where a worker answers, else as of a few seconds ago.
   * @throws DagwrightError POOL_NOT_FOUND
   */
  pool(name: string): Promise<PoolDescription> {
    return readPool(this.#client, name);
  }

  /**
   * Gives a pool that runs share another size, rate or policy, at once; makes it where there is none. It counts more than
   * what dags say. What is held beyond a smaller size stays held. Without a worker it is done when one comes.
   * @throws DagwrightError POOL_INVALID
   */
  setPool(name: string, change: PoolChange): Promise<void> {
    return setPool(this.#client, this.taskQueue, name, change);
  }

  /** Closes the connection. Runs go on. */
  async close(): Promise<void> {
    await this.#connection.close();
  }

  async #checkSameDag(runId: string, dag: string): Promise<void> {
    const info = await this.#client.workflow.getHandle(runId).describe().catch(ignoreNotFound);
    if (info === undefined || (info.type === RUN_WORKFLOW && info.memo?.['dag'] === dag)) return;
    const owner = info.type === RUN_WORKFLOW ? `a run of the dag ${String(info.memo?.['dag'])}` : `a ${info.type}`;
    throw new DagwrightError('RUN_ID_TAKEN', `The run id ${runId} belongs to ${owner}.`, {
      hint: 'Choose another run id.',
    });
  }
}

/** The number that gRPC has for it. */
const INVALID_ARGUMENT = 3;

function isInvalidArgument(error: unknown): boolean {
  return error instanceof ServiceError && isGrpcServiceError(error.cause) && error.cause.code === INVALID_ARGUMENT;
}

function ignoreNotFound(error: unknown): undefined {
  if (error instanceof WorkflowNotFoundError) return undefined;
  throw error;
}

/** The input with the estimates, where there is room for them. */
function payloadWith(input: RunInput, estimates: RunInput['estimates']): RawValue {
  if (estimates === undefined) return payloadOf(input);
  try {
    return payloadOf({ ...input, estimates });
  } catch {
    return payloadOf(input);
  }
}

/** The input as the server gets it. Written here once: for large texts the SDK's own encoder takes many times as long. */
function payloadOf(input: RunInput): RawValue {
  const data = Buffer.from(JSON.stringify(input satisfies RunInput as unknown as JsonObject));
  const bytes = data.length < MAXIMUM_INPUT_BYTES ? data.length : gzipSync(data).length;
  if (bytes < MAXIMUM_INPUT_BYTES) {
    return RawValue.fromPayload({ metadata: { encoding: Buffer.from('json/plain') }, data });
  }
  throw new DagwrightError('DAG_TOO_LARGE', `The dag and its params have ${bytes} bytes, compressed; 1 MiB may be.`, {
    hint: 'Move long scripts into files, or split the dag.',
  });
}

function newRunId(dag: string): string {
  const time = new Date().toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return `${dag}-${time}-${Math.random().toString(36).slice(2, 8)}`;
}
