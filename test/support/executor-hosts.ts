import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHandlers } from '../../src/activities/handlers.js';
import { environmentSecrets } from '../../src/activities/secrets.js';
import type { Dag, Task } from '../../src/dag/dag.js';
import type { JsonObject } from '../../src/dag/json.js';
import { expect, vi } from 'vitest';
import type { Run, RunResult, TaskDescription } from '../../src/run/run.js';
import { runLocally } from '../../src/executor/local.js';
import { resolveParams } from '../../src/spec/params.js';
import { openStore } from '../../src/store/open-store.js';
import { doubleFunction, noopFunction } from './task-doubles.js';
import { TEST_TOKEN, TestTemporal } from './temporal.js';

/** What each executor must give to run the contract. */
export interface ExecutorHost {
  /** @param params Default: those of the dag. */
  start(dag: Dag, params?: JsonObject): Promise<Run>;
  /** Where the attempts' logs are. */
  readonly logFolder: string;
  /** All that a server has of the run, as text; empty where there is none. */
  history(runId: string): Promise<string>;
  stop(): Promise<void>;
}

async function localHost(): Promise<ExecutorHost> {
  const folder = await mkdtemp(join(tmpdir(), 'dagwright-local-'));
  const handlers = createHandlers({ environment: process.env, functions: [doubleFunction, noopFunction] });
  const logFolder = join(folder, 'logs');
  const secrets = environmentSecrets({ DAGWRIGHT_SECRET_TOKEN: TEST_TOKEN });
  const store = openStore({ folder: join(folder, 'store') });
  return {
    start: async (dag, given = {}) => {
      const { params } = resolveParams(dag, given);
      return runLocally(dag, { params, handlers, logFolder, secrets, store, validate: true });
    },
    logFolder,
    history: async () => '',
    stop: () => rm(folder, { recursive: true, force: true }),
  };
}

async function temporalHost(): Promise<ExecutorHost> {
  const temporal = await TestTemporal.start();
  const worker = await temporal.startWorker();
  return {
    start: (dag, params = {}) => worker.client.start(dag, { params }),
    logFolder: join(temporal.config.stateFolder, 'logs'),
    history: async (runId) => {
      const history = await (await temporal.temporalClient()).workflow.getHandle(runId).fetchHistory();
      // Payloads are bytes.
      return JSON.stringify(history, (_, value: unknown) =>
        value instanceof Uint8Array ? Buffer.from(value).toString() : value,
      );
    },
    stop: () => temporal.stop(),
  };
}

/** Every executor, by name, with what starts it. */
export const EXECUTORS = [
  ['local', localHost],
  ['temporal', temporalHost],
] as const;

export function shell(name: string, run: string, more: Partial<Task> = {}): Task {
  return { name, uses: 'shell', with: { run }, needs: [], ...more };
}

/** How each task ended. */
export function states(result: RunResult): Record<string, string> {
  return Object.fromEntries(Object.entries(result.tasks).map(([name, task]) => [name, task.status]));
}

/** A task whose output is what it was handed by those that it needs. */
export function reader(name: string, ...needs: string[]): Task {
  return shell(name, 'cat "$DAGWRIGHT_NEEDS" > "$DAGWRIGHT_OUTPUT"', { needs: needs.map((task) => ({ task })) });
}

/** A failure that no other attempt mends. */
export function broken(message: string): { fail: { message: string; retryable: false } } {
  return { fail: { message, retryable: false } };
}

export async function taskOf(run: Run, name: string): Promise<TaskDescription | undefined> {
  return (await run.describe()).tasks.find((task) => task.name === name);
}

/** How long, in milliseconds, to wait for what must come. */
export const POLL = { timeout: 20_000, interval: 20 };

/** Waits until the tasks are in these states. */
export async function stand(run: Run, wanted: Readonly<Record<string, string>>): Promise<void> {
  // `expect.poll` asks for the one test that runs; there may be several at once.
  await vi.waitFor(async () => {
    const { tasks } = await run.describe();
    expect(Object.fromEntries(tasks.map(({ name, state }) => [name, state]))).toMatchObject(wanted);
  }, POLL);
}
