import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DagwrightError } from '../dag/errors.js';
import { serverAnswers } from './server-answers.js';

const START_DEADLINE_MS = 60_000;
const STOP_GRACE_MS = 10_000;
const PORT_TRIES = 5;

/**
 * What makes a chain of short tasks several times as fast: eager dispatch hands the next activity to the worker that
 * just reported, and the default poll rate of the transfer queue makes every other dispatch wait for its turn.
 */
const TUNING = [
  'system.enableActivityEagerExecution=true',
  'history.transferProcessorMaxPollRPS=5000',
  // Not for speed: without it the server ignores the priorities of runs.
  'matching.enableFairness=true',
];

/**
 * Fewer disk flushes. Nothing is lost when the server's process dies, whatever the signal; when the power does, the
 * last moments may be.
 */
const PRAGMAS = ['journal_mode=WAL', 'synchronous=normal'];

/** What {@link startDevServer} needs. */
export interface DevServerOptions {
  /** The Temporal CLI: see findTemporalCli. */
  readonly cli: string;
  /** The file that keeps the state. Default: memory only. */
  readonly dbFile?: string;
  /** The port wanted; another is taken where it is in use. Default 7233. */
  readonly port?: number;
  /** The Web UI's port wanted; another is taken where it is in use. Default 8233. */
  readonly uiPort?: number | 'none';
  /** The address to bind. Default 127.0.0.1. */
  readonly ip?: string;
  /** Where the server's log goes; replaced at each start. Default: a temporary file, removed when the server ends. */
  readonly logFile?: string;
  /** A namespace to create beside `default`. */
  readonly namespace?: string;
  /** Leaves out the tuning, to measure what it brings. Default false. */
  readonly plain?: boolean;
  /** More arguments for `temporal server start-dev`. */
  readonly extraArgs?: readonly string[];
  /** Lets the server live on where this process ends without stopping it. Default false. */
  readonly outlive?: boolean;
  /** Called as soon as the process exists, before it serves; again where another port had to be tried. */
  readonly onSpawn?: (server: { address: string; uiUrl: string | undefined; pid: number }) => void;
}

/** A Temporal dev server that this process started. */
export interface DevServer {
  /** `host:port`. */
  readonly address: string;
  readonly uiUrl: string | undefined;
  readonly pid: number;
  /** Settles when the process has ended, however. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** Ends it in order, and waits for that. May be called again. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): void;
}

/**
 * Starts a Temporal dev server and waits until it serves. It runs in a process group of its own, so that a terminal's
 * Ctrl-C does not end it before its clients.
 * @throws DagwrightError SERVER_START_FAILED with the last lines of its log.
 */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  const ip = options.ip ?? '127.0.0.1';
  for (let tries = 1; ; tries++) {
    const port = await freePort(ip, options.port ?? 7233, []);
    const uiPort = options.uiPort === 'none' ? undefined : await freePort(ip, options.uiPort ?? 8233, [port]);
    const started = await tryStart(options, ip, port, uiPort);
    if (!(started instanceof DagwrightError)) return started;
    // A port may be taken between our look and the server's start.
    if (tries === PORT_TRIES || !started.message.includes('address already in use')) throw started;
  }
}

async function tryStart(
  options: DevServerOptions,
  ip: string,
  port: number,
  uiPort: number | undefined,
): Promise<DevServer | DagwrightError> {
  const ownLogFolder = options.logFile === undefined ? mkdtempSync(join(tmpdir(), 'dagwright-server-')) : undefined;
  const logFile = options.logFile ?? join(ownLogFolder ?? '', 'server.log');
  const address = `${ip}:${port}`;
  const uiUrl = uiPort === undefined ? undefined : `http://${ip}:${uiPort}`;
  for (const file of [logFile, options.dbFile]) if (file !== undefined) mkdirSync(dirname(file), { recursive: true });

  // A file and no pipe: where this process is killed, a server with a broken pipe would die at its next log line.
  const log = openSync(logFile, 'w');
  const child = spawn(options.cli, argumentsFor(options, ip, port, uiPort), {
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const killAtExit = () => child.kill('SIGKILL');
  const exited = exitOf(child).finally(() => {
    process.removeListener('exit', killAtExit);
    if (ownLogFolder !== undefined) rmSync(ownLogFolder, { recursive: true, force: true });
  });
  if (!options.outlive) process.once('exit', killAtExit);
  if (child.pid !== undefined) options.onSpawn?.({ address, uiUrl, pid: child.pid });
  child.unref();

  let lines = '';
  const ended = exited.then(
    ({ code, signal }) => `it ended with ${signal ?? `code ${code}`}`,
    (error: unknown) => String(error),
  );
  // Read before the promise above lets the log go.
  child.once('exit', () => (lines = lastLines(logFile)));
  const failure = await Promise.race([untilServing(address, options.namespace), ended]);
  if (failure !== undefined || child.pid === undefined) {
    lines ||= lastLines(logFile);
    child.kill('SIGKILL');
    await ended;
    return new DagwrightError(
      'SERVER_START_FAILED',
      `The Temporal dev server did not start: ${failure}\n${lines}`.trim(),
      {
        hint: 'Look at the log above. A state file written by a newer Temporal CLI cannot be opened by an older one.',
      },
    );
  }
  return {
    address,
    uiUrl,
    pid: child.pid,
    exited,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
      await exited.finally(() => clearTimeout(timer));
    },
    kill: () => void child.kill('SIGKILL'),
  };
}

function argumentsFor(options: DevServerOptions, ip: string, port: number, uiPort: number | undefined): string[] {
  const args = ['server', 'start-dev', '--ip', ip, '--port', String(port)];
  args.push(...(uiPort === undefined ? ['--headless'] : ['--ui-port', String(uiPort)]));
  if (options.dbFile !== undefined) args.push('--db-filename', options.dbFile);
  if (options.namespace !== undefined && options.namespace !== 'default') args.push('--namespace', options.namespace);
  if (!options.plain) {
    for (const value of TUNING) args.push('--dynamic-config-value', value);
    if (options.dbFile !== undefined) for (const pragma of PRAGMAS) args.push('--sqlite-pragma', pragma);
  }
  return [...args, ...(options.extraArgs ?? [])];
}

/** Undefined once it serves, else why it does not. */
async function untilServing(address: string, namespace: string | undefined): Promise<string | undefined> {
  const deadline = Date.now() + START_DEADLINE_MS;
  while (Date.now() < deadline) {
    if (await serverAnswers({ address }, { timeout: 5_000, namespace: namespace ?? 'default' })) return undefined;
    await delay(50);
  }
  return `it did not serve within ${START_DEADLINE_MS / 1000} s`;
}

function exitOf(child: ChildProcess): DevServer['exited'] {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
}

function lastLines(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim().split('\n').slice(-10).join('\n');
  } catch {
    return '';
  }
}

/** The port wanted where it is free, else any free one. */
async function freePort(ip: string, wanted: number, taken: readonly number[]): Promise<number> {
  if (!taken.includes(wanted) && (await bindOnce(ip, wanted)) !== undefined) return wanted;
  const port = await bindOnce(ip, 0);
  if (port === undefined) throw new DagwrightError('SERVER_START_FAILED', `No port is free on ${ip}.`);
  return taken.includes(port) ? freePort(ip, 0, taken) : port;
}

function bindOnce(ip: string, port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(undefined));
    probe.listen(port, ip, () => {
      const address = probe.address();
      probe.close(() => resolve(address !== null && typeof address === 'object' ? address.port : undefined));
    });
  });
}
