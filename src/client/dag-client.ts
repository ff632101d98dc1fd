import { gzipSync } from 'node:zlib';
import {
  Client,
  Connection,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type ConnectionLike,
  type ConnectionOptions,
  type WorkflowExecutionInfo,
} from '@temporalio/client';
import { RawValue } from '@temporalio/common';
import { loadConfig } from '../config.js';
import type { Dag } from '../dag/dag.js';
import { DagwrightError } from '../dag/errors.js';
import type { JsonObject } from '../dag/json.js';
import type { RunState } from '../dag/run.js';
import type { DagDefinition } from '../spec/builder.js';
import { requireDag } from '../spec/dag-invalid.js';
import { resolveParams } from '../spec/params.js';
import { checkDag } from '../spec/parse.js';
import { isSealed } from '../spec/sealed-dag.js';
import { RUN_WORKFLOW, type RunInput } from '../workflows/messages.js';
import { dataConverter } from './data-converter.js';
import { requireNamespace } from './namespace.js';
import { mayPoll } from './poller.js';
import { RunHandle, stateOf } from './run-handle.js';

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
}

/** One run in a list. Times are ISO 8601. */
export interface RunSummary {
  readonly runId: string;
  readonly dag: string;
  /** `running` for a paused run too, and `failed` for every end that Temporal shows as failed. */
  readonly state: RunState;
  readonly startedAt: string;
  readonly endedAt?: string;
}

/** Which runs a list holds. */
export interface ListOptions {
  /** The latest so many. Default 50. */
  readonly limit?: number;
  /** Only runs of the dag of this name. */
  readonly dag?: string;
  /** Only runs in this state. */
  readonly state?: RunState;
}

/** Starts runs on Temporal and finds them again. */
export class DagClient {
  readonly taskQueue: string;
  readonly #client: Client;
  readonly #connection: ConnectionLike & { close(): Promise<void> };
  /** Set where a worker shares the connection: the first workflow task comes with the answer to the start. */
  readonly #eager: boolean;

  /** Over a connection that is there; `DagClient.connect` makes its own. */
  constructor(
    connection: ConnectionLike & { close(): Promise<void> },
    options: { readonly namespace: string; readonly taskQueue: string; readonly eager?: boolean },
  ) {
    this.#connection = connection;
    this.#client = new Client({ connection, namespace: options.namespace, dataConverter });
    this.taskQueue = options.taskQueue;
    this.#eager = options.eager ?? false;
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
    return new DagClient(connection, { namespace, taskQueue: options.taskQueue ?? config.taskQueue });
  }

  /**
   * Starts a run, or finds the one that was started under this id before.
   * @throws DagwrightError DAG_INVALID, DAG_TOO_LARGE, PARAM_INVALID, RUN_ID_INVALID; RUN_ID_TAKEN where the id belongs
   * to a run of another dag.
   */
  async start(definition: Dag | DagDefinition, options: StartOptions = {}): Promise<RunHandle> {
    const given = 'dag' in definition ? definition.dag : definition;
    const dag = isSealed(given) ? given : requireDag(checkDag(given));
    const input: RunInput = { dag, ...resolveParams(dag, options.params ?? {}) };
    const runId = options.runId ?? newRunId(dag.name);
    if (!RUN_ID.test(runId)) {
      throw new DagwrightError('RUN_ID_INVALID', `"${runId.slice(0, 210)}" cannot be a run id.`, {
        hint: 'Begin with a letter or digit; go on with letters, digits and ._:@/- to at most 200 characters.',
      });
    }
    const payload = payloadOf(input);
    try {
      await this.#client.workflow.start(RUN_WORKFLOW, {
        workflowId: runId,
        taskQueue: options.taskQueue ?? this.taskQueue,
        args: [payload],
        memo: { dag: dag.name },
        staticSummary: dag.name,
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        requestEagerStart: this.#eager,
      });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      await this.#checkSameDag(runId, dag.name);
    }
    return this.get(runId);
  }

  /** The run of this id. Asks nothing yet: a run that does not exist shows at the first call. */
  get(runId: string): RunHandle {
    return new RunHandle(this.#client, runId);
  }

  /** The latest runs, newest first. A run shows up about a second after its start. */
  async list(options: ListOptions = {}): Promise<RunSummary[]> {
    const runs: RunSummary[] = [];
    for await (const info of this.#client.workflow.list({ query: `WorkflowType = '${RUN_WORKFLOW}'` })) {
      // A run that continued as new is listed once, under its latest execution.
      if (info.status.name === 'CONTINUED_AS_NEW') continue;
      const run = summaryOf(info);
      if (options.dag !== undefined && run.dag !== options.dag) continue;
      if (options.state !== undefined && run.state !== options.state) continue;
      runs.push(run);
      if (runs.length >= (options.limit ?? 50)) break;
    }
    return runs;
  }

  /** Whether a worker polls the task queue (default: the client's), as far as the server and this machine know. */
  async hasWorker(taskQueue = this.taskQueue): Promise<boolean> {
    const { pollers } = await this.#client.workflowService.describeTaskQueue({
      namespace: this.#client.options.namespace,
      taskQueue: { name: taskQueue },
      taskQueueType: 1,
    });
    return (pollers ?? []).some((poller) => mayPoll(poller, Date.now()));
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

function ignoreNotFound(error: unknown): undefined {
  if (error instanceof WorkflowNotFoundError) return undefined;
  throw error;
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

function summaryOf(info: WorkflowExecutionInfo): RunSummary {
  return {
    runId: info.workflowId,
    dag: String(info.memo?.['dag'] ?? ''),
    state: stateOf(info.status.name),
    startedAt: info.startTime.toISOString(),
    ...(info.closeTime === undefined ? {} : { endedAt: info.closeTime.toISOString() }),
  };
}
