import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { Client } from '@temporalio/client';
import type { NativeConnection, Worker, WorkerOptions } from '@temporalio/worker';
import { messageOf } from '../activities/failure.js';
import type { Logger } from '../observability/logger.js';
import {
  joinSignal,
  leavingSignal,
  PRESENCE_ACTIVITY,
  presenceQueueOf,
  REGISTRY_WORKFLOW,
  registryIdOf,
  type JoiningWorker,
  type WorkerBeat,
} from '../workflows/group-messages.js';

/** Milliseconds between two heartbeats. */
const BEAT_INTERVAL = 1_000;
/** Milliseconds in which the registry, where it continues as new, begins a new presence by itself. */
const REJOIN_AFTER = 500;
/** Milliseconds before a worker that has joined, and is given no presence, joins again. */
const JOIN_INTERVAL = 5_000;
/** Milliseconds for a word that nothing waits for. */
const SIGNAL_TIMEOUT = 2_000;
/** Milliseconds that the end may take, where the server does not answer. */
const END_TIMEOUT = 3_000;

/** Where a worker joins. */
export interface PresenceOptions {
  readonly connection: NativeConnection;
  readonly namespace: string;
  /** The base task queue. */
  readonly taskQueue: string;
  readonly worker: JoiningWorker;
  readonly logger: Logger;
  /** Tasks that run in the worker now. */
  running(): number;
  createWorker(options: WorkerOptions): Promise<Worker>;
}

/**
 * A worker's place in the registry of its base task queue. It joins, and serves the activity by which the registry knows
 * that it is there, on a task queue of its own; where it loses that, it joins again.
 */
export class Presence {
  readonly #options: PresenceOptions;
  readonly #client: Client;
  readonly #since = new Date().toISOString();
  readonly #end = new AbortController();
  #server: Worker | undefined;
  #serving: Promise<void> = Promise.resolve();
  /** Where the registry begins a new one before the old one has ended, there are two. */
  #presences = 0;
  #joins = false;
  #leaving: true | undefined;

  private constructor(options: PresenceOptions) {
    const { connection, namespace } = options;
    this.#options = options;
    this.#client = new Client({ connection, namespace });
  }

  /** Begins to serve, and joins in the background. */
  static async begin(options: PresenceOptions): Promise<Presence> {
    const presence = new Presence(options);
    await presence.#begin();
    return presence;
  }

  /** The worker takes no more tasks: its group does not count on its slots any more. */
  leave(): void {
    if (this.#leaving || this.#end.signal.aborted) return;
    this.#leaving = true;
    const { taskQueue, worker } = this.#options;
    const registry = this.#client.workflow.getHandle(registryIdOf(taskQueue));
    // Where it does not get there, the end tells the same.
    void this.#soon(() => registry.signal(leavingSignal, worker.id)).catch(() => undefined);
  }

  /** The worker is gone, its tasks have ended. */
  async end(): Promise<void> {
    this.#end.abort();
    if (this.#server?.getState() === 'RUNNING') this.#server.shutdown();
    await this.#serving;
  }

  async #begin(): Promise<void> {
    const { connection, namespace, taskQueue, worker, logger } = this.#options;
    this.#server = await this.#options.createWorker({
      connection,
      namespace,
      taskQueue: presenceQueueOf(taskQueue, worker.id),
      activities: { [PRESENCE_ACTIVITY]: () => this.#serve() },
      maxConcurrentActivityTaskExecutions: 5,
      maxConcurrentActivityTaskPolls: 1,
      maxHeartbeatThrottleInterval: BEAT_INTERVAL,
      defaultHeartbeatThrottleInterval: BEAT_INTERVAL,
      shutdownForceTime: END_TIMEOUT,
    });
    this.#serving = this.#server.run().catch((error: unknown) => {
      logger.warn(`The worker is not counted any more: ${messageOf(error)}`);
    });
    void this.#join();
  }

  /** The registry wants to know of this worker for as long as it is there. */
  async #serve(): Promise<void> {
    const context = Context.current();
    const { signal: ended } = this.#end;
    const beat = (): void => context.heartbeat(this.#beat());
    beat();
    this.#presences++;
    const beats = setInterval(beat, BEAT_INTERVAL);
    try {
      await Promise.race([context.cancelled, new Promise((resolve) => onAbort(ended, resolve))]);
    } finally {
      clearInterval(beats);
      this.#presences--;
      if (this.#presences === 0 && !ended.aborted) void this.#joinAgain();
    }
  }

  #beat(): WorkerBeat {
    const { worker, running } = this.#options;
    const leaving = this.#leaving === undefined ? {} : { leaving: this.#leaving };
    return { ...worker, running: running(), since: this.#since, ...leaving };
  }

  async #joinAgain(): Promise<void> {
    if (await this.#waited(REJOIN_AFTER)) await this.#join();
  }

  /** Says that it is there, until the registry wants to know of it. */
  async #join(): Promise<void> {
    if (this.#joins) return;
    this.#joins = true;
    const { taskQueue, worker, logger } = this.#options;
    let warned = false;
    while (this.#presences === 0 && !this.#end.signal.aborted) {
      try {
        await this.#soon(() =>
          this.#client.workflow.signalWithStart(REGISTRY_WORKFLOW, {
            workflowId: registryIdOf(taskQueue),
            taskQueue,
            args: [{}],
            signal: joinSignal,
            signalArgs: [worker],
          }),
        );
        // One that left before it joined anew.
        if (this.#leaving)
          await this.#soon(() =>
            this.#client.workflow.getHandle(registryIdOf(taskQueue)).signal(leavingSignal, worker.id),
          );
      } catch (error) {
        if (!warned && !this.#end.signal.aborted) logger.warn(`The worker is not counted yet: ${messageOf(error)}`);
        warned = true;
      }
      if (!(await this.#waited(JOIN_INTERVAL))) break;
    }
    this.#joins = false;
  }

  #soon<T>(call: () => Promise<T>): Promise<T> {
    return this.#options.connection.withDeadline(Date.now() + SIGNAL_TIMEOUT, call);
  }

  /** Whether the worker is still there after the wait. */
  async #waited(milliseconds: number): Promise<boolean> {
    const { signal } = this.#end;
    return sleep(milliseconds, undefined, { signal, ref: false }).then(
      () => true,
      () => false,
    );
  }
}

function onAbort(signal: AbortSignal, then: (value: unknown) => void): void {
  if (signal.aborted) then(undefined);
  else signal.addEventListener('abort', () => then(undefined), { once: true });
}
