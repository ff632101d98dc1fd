import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { DagClient } from '../../src/client/dag-client.js';
import { dataConverter } from '../../src/client/data-converter.js';
import { loadConfig, type Config } from '../../src/config.js';
import { startDevServer, type DevServer } from '../../src/dev/dev-server.js';
import { findTemporalCli } from '../../src/dev/temporal-cli.js';
import { DagWorker, type DagWorkerOptions } from '../../src/worker/dag-worker.js';
import { doubleFunction, noopFunction } from './task-doubles.js';
import './workflow-bundle.js';

/** The task queue of all its workers. */
export const TASK_QUEUE = 'test';
/** What `secrets.TOKEN` is, with the workers of this process. */
export const TEST_TOKEN = 'tok-"12345"';
const WORKER = fileURLToPath(new URL('worker-process.ts', import.meta.url));
/** Each of the processes that run test files side by side has ports of its own: a server comes back on the one it had. */
const PORT = 17_233 + 10 * Number(process.env['VITEST_POOL_ID'] ?? 0);

/** A worker in a process of its own. */
export interface WorkerProcess {
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
}

/** A real Temporal server with its state in a file, and workers that run the task doubles. */
export class TestTemporal {
  readonly folder: string;
  readonly config: Config;
  #server!: DevServer;
  #client: DagClient | undefined;
  #connection: Connection | undefined;
  readonly #workers: DagWorker[] = [];
  readonly #processes: ChildProcess[] = [];

  private constructor(folder: string) {
    this.folder = folder;
    this.config = loadConfig({
      ...process.env,
      DAGWRIGHT_STATE: join(folder, 'state'),
      DAGWRIGHT_SECRET_TOKEN: TEST_TOKEN,
    });
  }

  static async start(): Promise<TestTemporal> {
    const temporal = new TestTemporal(await mkdtemp(join(tmpdir(), 'dagwright-temporal-')));
    await temporal.startServer();
    return temporal;
  }

  get address(): string {
    return this.#server.address;
  }

  /** Starts the server on the file: the first time, or again. */
  async startServer(): Promise<void> {
    this.#server = await startDevServer({
      cli: await findTemporalCli(this.config),
      dbFile: join(this.folder, 'temporal.db'),
      port: PORT,
      uiPort: 'none',
    });
  }

  /** SIGKILL to the server; connections to it are dropped. */
  async killServer(): Promise<void> {
    this.#server.kill();
    await this.#server.exited;
    await this.#disconnect();
  }

  async client(): Promise<DagClient> {
    this.#client ??= await DagClient.connect({ address: this.address, taskQueue: TASK_QUEUE });
    return this.#client;
  }

  /** Temporal's own client, for what a stranger to Dagwright would send or read. */
  async temporalClient(): Promise<Client> {
    this.#connection ??= await Connection.connect({ address: this.address });
    return new Client({ connection: this.#connection, dataConverter });
  }

  /** A worker in this process. */
  async startWorker(options: Pick<DagWorkerOptions, 'slots' | 'group' | 'register'> = {}): Promise<DagWorker> {
    const worker = await DagWorker.start({
      address: this.address,
      taskQueue: TASK_QUEUE,
      functions: [doubleFunction, noopFunction],
      config: this.config,
      ...options,
    });
    this.#workers.push(worker);
    return worker;
  }

  /** A worker that can be killed. Resolves when it polls. */
  async spawnWorker(taskQueue = TASK_QUEUE): Promise<WorkerProcess> {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', WORKER, this.address, taskQueue, this.config.stateFolder],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    this.#processes.push(child);
    const exited = once(child, 'exit');
    const ready = once(child.stdout, 'data');
    await Promise.race([ready, exited.then(() => Promise.reject(new Error('The worker process ended at once.')))]);
    return {
      kill: async () => {
        child.kill('SIGKILL');
        await exited;
      },
    };
  }

  async stop(): Promise<void> {
    for (const child of this.#processes) child.kill('SIGKILL');
    await Promise.all(this.#workers.map((worker) => worker.shutdown().catch(() => undefined)));
    await this.#disconnect();
    await this.#server.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #disconnect(): Promise<void> {
    await this.#client?.close();
    await this.#connection?.close();
    this.#client = undefined;
    this.#connection = undefined;
  }
}
