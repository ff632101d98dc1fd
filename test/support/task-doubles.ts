import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Json, JsonObject } from '../../src/dag/json.js';
import type { Dag, Task } from '../../src/dag/dag.js';
import { TaskFailure } from '../../src/activities/handler.js';
import { defineFunction } from '../../src/spec/function-definition.js';
import { z } from 'zod';

/** What a test lets an attempt end with. */
export interface Ending {
  readonly output?: Json;
  readonly fail?: {
    readonly message: string;
    /** Default TASK_FAILED. */
    readonly code?: string;
    readonly details?: JsonObject;
    readonly retryable?: boolean;
    readonly cause?: string;
  };
}

interface Attempt {
  readonly runId: string;
  readonly task: string;
  readonly attempt: number;
  readonly response: ServerResponse;
}

/**
 * Tasks that end when, and as, the test says. They ask the test over HTTP, so that they may run in a worker process
 * that the test kills.
 */
export class TaskDoubles {
  readonly #server: Server;
  /** Every attempt that began, in order. */
  readonly begun: { task: string; attempt: number }[] = [];
  readonly #open: Attempt[] = [];
  readonly #closed: Attempt[] = [];
  #waiters: (() => void)[] = [];
  /** How attempts end at once, where the test does not want to hold them. */
  auto: ((task: string, attempt: number, runId: string) => Ending | undefined) | undefined;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<TaskDoubles> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const doubles = new TaskDoubles(server);
    server.on('request', (request, response) => {
      const query = new URL(request.url ?? '', 'http://test').searchParams;
      const [runId = '', task = ''] = ['run', 'task'].map((name) => query.get(name) ?? '');
      doubles.#began({ runId, task, attempt: Number(query.get('attempt')), response });
    });
    return doubles;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** Where attempts ask. */
  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/`;
  }

  /** A task that says how far it is, and then asks this test how to end. */
  reporter(name: string, done: number, total: number, note: string): Task {
    return this.task(name, [], { with: { name: 'double', input: { url: this.url, progress: { done, total, note } } } });
  }

  /** A task that asks this test how to end. */
  task(name: string, needs: readonly string[] = [], more: Partial<Task> = {}): Task {
    const input = { url: this.url };
    return { name, uses: 'function', with: { name: 'double', input }, needs: needs.map((task) => ({ task })), ...more };
  }

  /** A task that leaves a checkpoint, asks this test how to end, and gives what it found of an earlier attempt: `{ found }`. */
  leaver(name: string, leave: string, more: Partial<Task> = {}): Task {
    return this.task(name, [], { with: { name: 'double', input: { url: this.url, leave } }, ...more });
  }

  /** A task that asks this test how to end by the handler `http`, for workers without the functions of tests. */
  request(name: string, needs: readonly string[] = [], more: Partial<Task> = {}): Task {
    const url = `${this.url}?${new URLSearchParams({ task: name, attempt: '1' }).toString()}`;
    return { name, uses: 'http', with: { url }, needs: needs.map((task) => ({ task })), ...more };
  }

  /** A task that does not stop when it is told to: only when the test says so, or after the grace of 10 s. */
  stubborn(name: string, needs: readonly string[] = []): Task {
    return this.task(name, needs, { with: { name: 'double', input: { url: this.url, stubborn: true } } });
  }

  dag(tasks: readonly Task[], more: Partial<Dag> = {}): Dag {
    return { name: 'doubles', params: {}, tasks, ...more };
  }

  /** Waits until the task is in an attempt that the test has not released. */
  async running(task: string): Promise<void> {
    await this.#until(() => this.#open.some((attempt) => attempt.task === task));
  }

  /** Waits until the task's attempts have begun so often. */
  async begunTimes(task: string, times: number): Promise<void> {
    await this.#until(() => this.begun.filter((attempt) => attempt.task === task).length >= times);
  }

  /** Waits until the attempt of the task was cut off: stopped, or dead with its worker. */
  async cutOff(task: string): Promise<void> {
    await this.#until(() => this.#closed.some((attempt) => attempt.task === task));
  }

  /** Ends the running attempt of the task; waits for one where none runs. */
  async release(task: string, ending: Ending = {}): Promise<void> {
    await this.running(task);
    const index = this.#open.findIndex((attempt) => attempt.task === task);
    for (const { response } of this.#open.splice(index, 1)) response.end(JSON.stringify(ending));
  }

  #began(attempt: Attempt): void {
    this.begun.push({ task: attempt.task, attempt: attempt.attempt });
    const ending = this.auto?.(attempt.task, attempt.attempt, attempt.runId);
    if (ending !== undefined) {
      attempt.response.end(JSON.stringify(ending));
    } else {
      this.#open.push(attempt);
      attempt.response.on('close', () => {
        const index = this.#open.indexOf(attempt);
        if (index >= 0) this.#closed.push(...this.#open.splice(index, 1));
        this.#wake();
      });
    }
    this.#wake();
  }

  async #until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  #wake(): void {
    for (const waiter of this.#waiters.splice(0)) waiter();
  }
}

/** What a worker must have registered for the doubles to run in it. */
export const doubleFunction = defineFunction('double', {
  input: z.object({
    url: z.string(),
    progress: z.object({ done: z.number(), total: z.number(), note: z.string() }).optional(),
    stubborn: z.boolean().optional(),
    leave: z.string().optional(),
  }),
  run: async ({ url, progress, stubborn, leave }, context) => {
    if (progress !== undefined) context.progress(progress, progress.note);
    if (leave !== undefined) context.checkpoint(leave);
    const { runId, task, attempt, signal } = context;
    const query = new URLSearchParams({ run: runId, task, attempt: String(attempt) });
    const response = await fetch(`${url}?${query.toString()}`, stubborn === true ? {} : { signal });
    const { output, fail } = (await response.json()) as Ending;
    if (fail !== undefined) {
      const cause = fail.cause === undefined ? {} : { cause: new Error(fail.cause) };
      const { code = 'TASK_FAILED', message, details, retryable = true } = fail;
      const error = { code, message, ...(details === undefined ? {} : { details }) };
      throw new TaskFailure(error, { retryable, ...cause });
    }
    return leave === undefined ? output : { found: context.lastCheckpoint ?? null };
  },
});

/** Does nothing, at once. */
export const noopFunction = defineFunction('noop', { run: () => undefined });
