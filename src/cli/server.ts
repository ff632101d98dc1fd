import type { Config } from '../config.js';
import { DagClient } from '../client/dag-client.js';
import { DagwrightError } from '../dag/errors.js';
import { findServer, type Server } from '../dev/stack.js';
import { configFor, type ServerFlags } from './server-flags.js';

/** A client, and the server it talks to. */
export interface Connected {
  readonly client: DagClient;
  readonly server: FoundServer;
}

/** The part of a server that matters to whoever did not start it. */
export type FoundServer = Pick<Server, 'address' | 'namespace' | 'uiUrl'>;

/**
 * Connects to a server; without one given, to the one that is configured or runs nearby. Starts none. Close the client
 * when done.
 * @throws DagwrightError SERVER_UNREACHABLE
 */
export async function connect(config: Config, given?: FoundServer): Promise<Connected> {
  const server = given ?? (await requireServer(config));
  const { address, namespace } = server;
  return { client: await DagClient.connect({ address, namespace, taskQueue: config.taskQueue }), server };
}

/**
 * The server that is configured or runs nearby.
 * @param find How it is found: to look at it, or to use it for long.
 * @throws DagwrightError SERVER_UNREACHABLE
 */
export async function requireServer(
  config: Config,
  find: (config: Config) => Promise<Server | undefined> = findServer,
): Promise<Server> {
  const server = await find(config);
  if (server !== undefined) return server;
  throw new DagwrightError('SERVER_UNREACHABLE', 'No Temporal server is set, and none runs nearby.', {
    hint: 'Start one with `dagwright dev`, or name one with --address or TEMPORAL_ADDRESS.',
  });
}

/** Connects, does the work, and closes. */
export async function withClient<T>(flags: ServerFlags, work: (connected: Connected) => Promise<T>): Promise<T> {
  const connected = await connect(configFor(flags));
  try {
    return await work(connected);
  } finally {
    await connected.client.close();
  }
}

/** Where the Web UI shows the run, if it is known. */
export function webUrlOf(server: FoundServer, runId: string): string | undefined {
  if (server.uiUrl === undefined) return undefined;
  const base = server.uiUrl.replace(/\/+$/, '');
  return `${base}/namespaces/${encodeURIComponent(server.namespace)}/workflows/${encodeURIComponent(runId)}`;
}
