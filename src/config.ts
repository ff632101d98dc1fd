import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadClientConnectConfig, type ClientConnectConfig } from '@temporalio/envconfig';
import { DagwrightError } from './dag/errors.js';
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from './observability/log-level.js';
import { parseDuration } from './dag/duration.js';
import { readBucket, type StorePlace } from './store/store-place.js';

/** Milliseconds that something may lie in the store unused, where nobody says: 30 days. */
const STORE_MAXIMUM_AGE = 30 * 86_400_000;
/** What is used within an hour must not be swept: a task may just have put it there for another. */
const STORE_MINIMUM_AGE = 3_600_000;

/** Everything that the environment and Temporal's profiles say. This file is the only reader of `process.env`. */
export interface Config {
  /** Where Temporal is: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TLS*, TEMPORAL_API_KEY, or a profile of temporal.toml. */
  readonly temporal: ClientConnectConfig;
  /** Whether an address was set. Where none is, a server found nearby, or an embedded one, may be used. */
  readonly addressIsSet: boolean;
  /** DAGWRIGHT_TASK_QUEUE. Default `dagwright`. */
  readonly taskQueue: string;
  /** DAGWRIGHT_STATE: the folder of the embedded server's state, and of task logs. Default `.dagwright` in the working folder. */
  readonly stateFolder: string;
  /**
   * DAGWRIGHT_STORE: where large values, artifacts and the cache are kept: a folder, or `s3://bucket/prefix` (region,
   * endpoint and credentials by AWS's own variables). Default: `store` in the state folder.
   */
  readonly store: StorePlace;
  /** Whether a store was set. Where none is, clients and workers may each have another. */
  readonly storeIsSet: boolean;
  /** DAGWRIGHT_STORE_MAX_AGE, in milliseconds: a worker sweeps what lies in the store unused for so long. Default 30 days. */
  readonly storeMaximumAge: number;
  /** Per-user cache (the Temporal CLI is kept there): `dagwright` in XDG_CACHE_HOME or `~/.cache`. */
  readonly cacheFolder: string;
  /** DAGWRIGHT_TEMPORAL_CLI or TEMPORAL_CLI_PATH: the Temporal CLI to use. */
  readonly temporalCli: string | undefined;
  /** Whether a terminal's colours are unwanted (NO_COLOR) or the terminal has no cursor (TERM=dumb, CI). */
  readonly plainTerminal: boolean;
  /** DAGWRIGHT_LOG_LEVEL: how much a worker logs. Default: whatever the command thinks right. */
  readonly logLevel: LogLevel | undefined;
  /** DAGWRIGHT_LOG_FORMAT. Default: `text` where stderr is a terminal, else `json`. */
  readonly logFormat: LogFormat | undefined;
  /** The environment as it is: for child processes, and for the variables that shell tasks inherit. */
  readonly environment: Readonly<NodeJS.ProcessEnv>;
}

/**
 * Reads the environment once.
 * @throws DagwrightError CONFIG_INVALID where a profile or a setting cannot be read.
 */
export function loadConfig(environment: Readonly<NodeJS.ProcessEnv> = process.env): Config {
  const temporal = loadTemporal(environment);
  const stateFolder = resolve(environment['DAGWRIGHT_STATE'] || '.dagwright');
  return {
    temporal,
    addressIsSet: temporal.connectionOptions.address !== undefined,
    taskQueue: environment['DAGWRIGHT_TASK_QUEUE'] || 'dagwright',
    stateFolder,
    store: loadStore(environment, join(stateFolder, 'store')),
    storeIsSet: Boolean(environment['DAGWRIGHT_STORE']),
    storeMaximumAge: loadStoreAge(environment['DAGWRIGHT_STORE_MAX_AGE']),
    cacheFolder: join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'dagwright'),
    temporalCli: environment['DAGWRIGHT_TEMPORAL_CLI'] || environment['TEMPORAL_CLI_PATH'] || undefined,
    plainTerminal: Boolean(environment['NO_COLOR'] || environment['CI'] || environment['TERM'] === 'dumb'),
    logLevel: oneOf(LOG_LEVELS, 'DAGWRIGHT_LOG_LEVEL', environment),
    logFormat: oneOf(LOG_FORMATS, 'DAGWRIGHT_LOG_FORMAT', environment),
    environment,
  };
}

function loadTemporal(environment: Readonly<NodeJS.ProcessEnv>): ClientConnectConfig {
  try {
    return loadClientConnectConfig({ overrideEnvVars: definedOf(environment) });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DagwrightError('CONFIG_INVALID', `Temporal's settings cannot be read: ${reason}`, {
      hint: 'Look at the TEMPORAL_ variables and at the profile in temporal.toml.',
      cause,
    });
  }
}

function loadStore(environment: Readonly<NodeJS.ProcessEnv>, fallback: string): StorePlace {
  const text = environment['DAGWRIGHT_STORE'] || fallback;
  if (!/^[a-z0-9]+:\/\//i.test(text)) return { folder: resolve(text) };
  // Servers other than AWS's have one host for all buckets.
  const hasEndpoint = Boolean(environment['AWS_ENDPOINT_URL_S3'] || environment['AWS_ENDPOINT_URL']);
  const bucket = readBucket(text, hasEndpoint);
  if (bucket !== undefined) return bucket;
  throw new DagwrightError('CONFIG_INVALID', `DAGWRIGHT_STORE is "${text.slice(0, 100)}", which it cannot be.`, {
    hint: 'Set it to the path of a folder, or to s3://bucket/prefix.',
  });
}

function loadStoreAge(text: string | undefined): number {
  if (text === undefined || text === '') return STORE_MAXIMUM_AGE;
  const age = parseDuration(text);
  if (age !== undefined && age >= STORE_MINIMUM_AGE) return age;
  throw new DagwrightError(
    'CONFIG_INVALID',
    `DAGWRIGHT_STORE_MAX_AGE is "${text.slice(0, 100)}", which it cannot be.`,
    {
      hint: 'Set it to a duration like 30d or 12h, at least 1h.',
    },
  );
}

/** Undefined where the variable is not set, or empty. */
function oneOf<T extends string>(
  allowed: readonly T[],
  name: string,
  environment: Readonly<NodeJS.ProcessEnv>,
): T | undefined {
  const text = environment[name];
  if (text === undefined || text === '') return undefined;
  const value = allowed.find((one) => one === text);
  if (value !== undefined) return value;
  throw new DagwrightError('CONFIG_INVALID', `${name} is "${text.slice(0, 100)}", which it cannot be.`, {
    hint: `Set it to ${allowed.slice(0, -1).join(', ')} or ${allowed.at(-1)}.`,
  });
}

function definedOf(environment: Readonly<NodeJS.ProcessEnv>): Record<string, string> {
  // An empty variable is one that somebody took back.
  return Object.fromEntries(Object.entries(environment).filter((e): e is [string, string] => Boolean(e[1])));
}
