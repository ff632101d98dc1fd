import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectionOptions } from '@temporalio/client';
import type { Config } from '../config.js';
import { DagwrightError } from '../dag/errors.js';
import { startDevServer } from './dev-server.js';
import { isProcessAlive, withLockFile } from './lock-file.js';
import { ensureNamespace, serverAnswers } from './server-answers.js';
import { forgetServer, isServerProcess, readServer, rememberServer, type KnownServer } from './server-file.js';
import { serverUsers } from './server-users.js';
import { findTemporalCli } from './temporal-cli.js';

const DEFAULT_PORT = 7233;
const DEFAULT_UI_PORT = 8233;
const ANSWER_MS = 5_000;
const SERVING_MS = 60_000;
const STOP_GRACE_MS = 10_000;

/** How {@link findOrStartServer} looks and reports. */
export interface FindOrStartOptions {
  /** Called with a line for people, where something takes long or is worth knowing. Default: silence. */
  readonly onProgress?: (line: string) => void;
  /** Where a server of somebody else is looked for, and the port wanted for an own one. Default 7233. */
  readonly port?: number;
  /** The Web UI's port wanted. Default 8233. */
  readonly uiPort?: number;
}

/** A Temporal server to use. */
export interface Server {
  /** `host:port`. */
  readonly address: string;
  /** The Web UI, where one is known. */
  readonly uiUrl: string | undefined;
  readonly namespace: string;
  /** Whether this call started it. */
  readonly startedHere: boolean;
  /** Whether Dagwright started it, here or earlier: it ends with the last command that uses it. */
  readonly shared: boolean;
  /** Lets the server go. One that Dagwright started ends when no process uses it any more; its state stays. */
  stop(): Promise<void>;
}

/**
 * The configured server; else the one that Dagwright started earlier on this state folder; else one that answers at
 * 127.0.0.1:7233; else a dev server started here, its state in `<stateFolder>/temporal.db`.
 * @throws DagwrightError SERVER_UNREACHABLE where an address is set and nothing answers there, SERVER_START_FAILED,
 * TEMPORAL_CLI_MISSING.
 */
export async function findOrStartServer(config: Config, options: FindOrStartOptions = {}): Promise<Server> {
  if (config.addressIsSet) return configuredServer(config);
  const onProgress = options.onProgress ?? (() => {});
  return withLockFile(
    join(config.stateFolder, 'server.lock'),
    async () => {
      const known = await knownServer(config);
      if (known !== undefined) return sharedServer(config, known, false);
      const nearby = await nearbyServer(config, options);
      return nearby ?? sharedServer(config, await startServer(config, options, onProgress), true);
    },
    (pid) => onProgress(`Waiting for process ${pid}, which is starting the server`),
  );
}

/**
 * The server that {@link findOrStartServer} would find; undefined where it would start one. To stop it does nothing.
 * @throws DagwrightError SERVER_UNREACHABLE where an address is set and nothing answers there, or where the server that
 * Dagwright started hangs.
 */
export async function findServer(config: Config, options: FindOrStartOptions = {}): Promise<Server | undefined> {
  if (config.addressIsSet) return configuredServer(config);
  const known = await knownServer(config);
  return known === undefined ? nearbyServer(config, options) : unowned(config, known);
}

/**
 * The same for a command that works on the server for long: the server stays as long as the command uses it.
 * @throws as {@link findServer}.
 */
export async function joinServer(config: Config): Promise<Server | undefined> {
  if (config.addressIsSet) return configuredServer(config);
  // Without the lock, the server might be about to end.
  const known = await withLockFile(join(config.stateFolder, 'server.lock'), async () => {
    const server = await knownServer(config);
    return server === undefined ? undefined : sharedServer(config, server, false);
  });
  return known ?? nearbyServer(config, {});
}

async function configuredServer(config: Config): Promise<Server> {
  const connection = clientConnectionOptions(config);
  const address = connection.address ?? '';
  if (!(await serverAnswers(connection, { timeout: ANSWER_MS }))) {
    throw new DagwrightError('SERVER_UNREACHABLE', `No Temporal server answers at ${address}.`, {
      hint: 'Start it, or correct TEMPORAL_ADDRESS (and the TLS settings or API key), or unset it to use a dev server.',
    });
  }
  return unowned(config, { address, uiUrl: undefined });
}

/** A server of somebody else at the usual port. */
async function nearbyServer(config: Config, options: FindOrStartOptions): Promise<Server | undefined> {
  const port = options.port ?? DEFAULT_PORT;
  const address = `127.0.0.1:${port}`;
  if (!(await serverAnswers({ address }, { timeout: 1_000, namespace: namespaceOf(config) }))) return undefined;
  const uiUrl = `http://127.0.0.1:${options.uiPort ?? port + 1000}`;
  return unowned(config, { address, uiUrl: (await webAnswers(uiUrl)) ? uiUrl : undefined });
}

/** A server that is not ours to stop. */
function unowned(config: Config, { address, uiUrl }: Pick<Server, 'address' | 'uiUrl'>): Server {
  return { address, uiUrl, namespace: namespaceOf(config), startedHere: false, shared: false, stop: async () => {} };
}

function namespaceOf(config: Config): string {
  return config.temporal.namespace ?? 'default';
}

/** The connection settings of the configuration, for `Connection.connect` of @temporalio/client. */
export function clientConnectionOptions(config: Config): ConnectionOptions {
  const { address, tls, apiKey, metadata } = config.temporal.connectionOptions;
  return {
    ...(address === undefined ? {} : { address }),
    ...(tls === undefined ? {} : { tls }),
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

async function startServer(
  config: Config,
  options: FindOrStartOptions,
  onProgress: (line: string) => void,
): Promise<KnownServer> {
  const cli = await findTemporalCli(config, { onProgress });
  onProgress('Starting the Temporal dev server');
  const dbFile = join(config.stateFolder, 'temporal.db');
  try {
    const { address, uiUrl, pid } = await startDevServer({
      cli,
      dbFile,
      port: options.port ?? DEFAULT_PORT,
      uiPort: options.uiPort ?? DEFAULT_UI_PORT,
      namespace: namespaceOf(config),
      logFile: join(config.stateFolder, 'server.log'),
      outlive: true,
      // Written before it serves, so that where this process is killed meanwhile, the next one finds the server.
      onSpawn: (server) => rememberServer(config.stateFolder, { ...server, dbFile }),
    });
    return { address, uiUrl, pid, dbFile };
  } catch (error) {
    forgetServer(config.stateFolder);
    throw error;
  }
}

/** The server that Dagwright started earlier on this state folder, once it serves; undefined where it is gone. */
async function knownServer(config: Config): Promise<KnownServer | undefined> {
  const known = readServer(config.stateFolder);
  if (known === undefined) return undefined;
  const deadline = Date.now() + SERVING_MS;
  while (isServerProcess(known)) {
    if (await serverAnswers({ address: known.address }, { timeout: ANSWER_MS })) {
      await ensureNamespace({ address: known.address }, namespaceOf(config));
      return known;
    }
    if (Date.now() > deadline) {
      throw new DagwrightError('SERVER_UNREACHABLE', `The server started earlier (pid ${known.pid}) does not answer.`, {
        hint: `End process ${known.pid}; the next command starts another server on the same state.`,
      });
    }
    await delay(200);
  }
  return undefined;
}

function sharedServer(config: Config, server: KnownServer, startedHere: boolean): Server {
  const { stateFolder } = config;
  const users = serverUsers(stateFolder);
  users.join();
  // Where this process ends without a word, the server must not stay behind alone.
  const atExit = () => {
    const current = users.leave() ? readServer(stateFolder) : undefined;
    if (current !== undefined && isServerProcess(current)) process.kill(current.pid, 'SIGTERM');
  };
  process.once('exit', atExit);
  let stopping: Promise<void> | undefined;
  return {
    ...unowned(config, server),
    startedHere,
    shared: true,
    stop: () => {
      process.removeListener('exit', atExit);
      stopping ??= withLockFile(join(stateFolder, 'server.lock'), async () => {
        // Not `server`: it may have died since, and another process may have started a new one.
        const current = users.leave() ? readServer(stateFolder) : undefined;
        if (current === undefined) return;
        if (isServerProcess(current)) await endProcess(current.pid);
        forgetServer(stateFolder);
      });
      return stopping;
    },
  };
}

/** SIGTERM, and SIGKILL after a grace. */
async function endProcess(pid: number): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!isProcessAlive(pid)) return;
    process.kill(pid, signal);
    const deadline = Date.now() + STOP_GRACE_MS;
    while (isProcessAlive(pid) && Date.now() < deadline) await delay(50);
  }
}

async function webAnswers(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(1_000) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}
