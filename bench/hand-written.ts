import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { dataConverter } from '../src/client/data-converter.js';
import type * as workflows from './hand-written-workflows.js';

const TASK_QUEUE = 'hand-written';

/** A worker for the hand-written workflows, with the settings that src/worker/dag-worker.ts gives its own. */
export class HandWritten {
  readonly #connection: NativeConnection;
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  readonly #client: Client;
  readonly #outside: Client;
  #runs = 0;

  private constructor(connection: NativeConnection, outside: Connection, worker: Worker) {
    this.#connection = connection;
    this.#worker = worker;
    this.#ended = worker.run();
    this.#client = new Client({ connection, dataConverter });
    this.#outside = new Client({ connection: outside, dataConverter });
  }

  /** After a DagWorker was started, so that both have the runtime that it installs. */
  static async start(address: string): Promise<HandWritten> {
    const connection = await NativeConnection.connect({ address });
    const worker = await Worker.create({
      connection,
      taskQueue: TASK_QUEUE,
      dataConverter,
      activities: { noop: async () => {} },
      workflowsPath: fileURLToPath(new URL('hand-written-workflows.ts', import.meta.url)),
      maxConcurrentActivityTaskExecutions: 100,
      maxEagerActivityReservationsPerWorkflowTask: 10,
      maxHeartbeatThrottleInterval: '1s',
      defaultHeartbeatThrottleInterval: '1s',
      shutdownGraceTime: 10_000,
      stickyQueueScheduleToStartTimeout: '5s',
    });
    return new HandWritten(connection, await Connection.connect({ address }), worker);
  }

  /** Starts a workflow as DagWorker's client does, over the worker's own connection, and waits for its end. */
  async run(name: keyof typeof workflows, ...args: number[]): Promise<void> {
    await this.#execute(this.#client, true, name, args);
  }

  /** The same as most programs do it: over a connection of the client's own. */
  async runFromOutside(name: keyof typeof workflows, ...args: number[]): Promise<void> {
    await this.#execute(this.#outside, false, name, args);
  }

  async stop(): Promise<void> {
    this.#worker.shutdown();
    await this.#ended;
    await this.#connection.close();
    await this.#outside.connection.close();
  }

  async #execute(client: Client, eager: boolean, name: keyof typeof workflows, args: number[]): Promise<void> {
    await client.workflow.execute<(...args: number[]) => Promise<void>>(name, {
      workflowId: `hand-written-${process.pid}-${++this.#runs}`,
      taskQueue: TASK_QUEUE,
      args,
      requestEagerStart: eager,
    });
  }
}
