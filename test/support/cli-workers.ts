import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildCli, CliProcess } from './cli-process.js';
import { TASK_QUEUE, type TestTemporal } from './temporal.js';

/** Processes of `dagwright worker`, for tests to stop, to hold and to kill. They start faster than workers from the source. */
export class CliWorkers {
  readonly #temporal: TestTemporal;
  readonly #folder: string;
  /** What commands that start from now on poll. */
  taskQueue = TASK_QUEUE;
  #processes: CliProcess[] = [];

  private constructor(temporal: TestTemporal, folder: string) {
    this.#temporal = temporal;
    this.#folder = folder;
  }

  static async open(temporal: TestTemporal): Promise<CliWorkers> {
    await buildCli();
    return new CliWorkers(temporal, await mkdtemp(join(tmpdir(), 'dagwright-workers-')));
  }

  /** Starts a worker with these flags; resolves when it is ready. */
  async start(...flags: readonly string[]): Promise<CliProcess> {
    const process = this.command('worker', ...flags);
    await process.says(/Worker ready/);
    return process;
  }

  /** Of a file in the folder where they run. */
  path(file: string): string {
    return join(this.#folder, file);
  }

  /** Starts any command beside them. */
  command(...args: readonly string[]): CliProcess {
    const env = {
      PATH: process.env['PATH'] ?? '',
      HOME: this.#folder,
      TMPDIR: this.#folder,
      DAGWRIGHT_STATE: this.#temporal.config.stateFolder,
      DAGWRIGHT_TASK_QUEUE: this.taskQueue,
      TEMPORAL_ADDRESS: this.#temporal.address,
    };
    const started = new CliProcess(args, { folder: this.#folder, env });
    this.#processes.push(started);
    return started;
  }

  /** SIGKILL to all that are left. */
  async clear(): Promise<void> {
    for (const one of this.#processes) {
      // One that is held would not even die.
      one.signal('SIGCONT');
      one.signal('SIGKILL');
    }
    await Promise.all(this.#processes.map((one) => one.ended));
    this.#processes = [];
  }

  async close(): Promise<void> {
    await this.clear();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** SIGKILL, and waits until it is gone. */
export async function kill(process: CliProcess): Promise<void> {
  process.signal('SIGKILL');
  await process.ended;
}
