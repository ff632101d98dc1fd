import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DagClient } from '../../src/client/dag-client.js';
import { buildCli, CliProcess, type Outcome } from './cli-process.js';
import { TestTemporal } from './temporal.js';

/** The built command line beside a server and a worker, on which the runs of others go on. */
export class CliStage {
  /** Where the commands run. */
  readonly folder: string;
  /** Starts runs, and is not the command line. */
  readonly client: DagClient;
  readonly #temporal: TestTemporal;
  #processes: CliProcess[] = [];

  private constructor(folder: string, temporal: TestTemporal, client: DagClient) {
    this.folder = folder;
    this.client = client;
    this.#temporal = temporal;
  }

  static async open(): Promise<CliStage> {
    await buildCli();
    const temporal = await TestTemporal.start();
    const { client } = await temporal.startWorker();
    return new CliStage(await mkdtemp(join(tmpdir(), 'dagwright cli ')), temporal, client);
  }

  /** Starts a command. */
  start(...args: readonly string[]): CliProcess {
    const own = { PATH: process.env['PATH'] ?? '', HOME: this.folder, TMPDIR: this.folder, CI: '1' };
    const env = {
      ...own,
      DAGWRIGHT_STATE: this.#temporal.config.stateFolder,
      TEMPORAL_ADDRESS: this.#temporal.address,
    };
    const started = new CliProcess(args, { folder: this.folder, env });
    this.#processes.push(started);
    return started;
  }

  /** Runs a command to its end. */
  run(...args: readonly string[]): Promise<Outcome> {
    return this.start(...args).ended;
  }

  /** What a command that succeeds prints as JSON. */
  async json<T = unknown>(...args: readonly string[]): Promise<T> {
    const { stdout, stderr, code } = await this.run(...args, '--json');
    if (code !== 0) throw new Error(`${args.join(' ')} exited with ${code}: ${stdout}${stderr}`);
    return JSON.parse(stdout) as T;
  }

  /** What a command that fails says with `--json`, and its exit code: `[1, 'RUN_ENDED']`. */
  async refusal(...args: readonly string[]): Promise<[code: number | null, error: string]> {
    const { stdout, code } = await this.run(...args, '--json');
    return [code, (JSON.parse(stdout) as { error?: { code: string } }).error?.code ?? 'none'];
  }

  /** Kills the commands that are left. */
  async clear(): Promise<void> {
    for (const one of this.#processes) one.signal('SIGKILL');
    await Promise.all(this.#processes.map((one) => one.ended));
    this.#processes = [];
  }

  async close(): Promise<void> {
    await this.#temporal.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}
