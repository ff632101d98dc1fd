import { setTimeout as delay } from 'node:timers/promises';
import { isGrpcServiceError, type ConnectionLike, type OperatorService } from '@temporalio/client';
import type { Logger } from '../observability/logger.js';
import { SEARCH_ATTRIBUTE_KEYS } from '../workflows/search-attribute-keys.js';

/** What of a connection this needs. Both kinds of Temporal's connections have it. */
export interface OperatorConnection extends Pick<ConnectionLike, 'withDeadline'> {
  readonly workflowService: Pick<ConnectionLike['workflowService'], 'countWorkflowExecutions'>;
  readonly operatorService: Pick<OperatorService, 'listSearchAttributes' | 'addSearchAttributes'>;
}

/** Milliseconds that new attributes get to be usable. A server's parts learn of them within 10 s. */
const USABLE_WITHIN = 15_000;
/** Milliseconds that a server with troubles gets to be well: a worker should not wait long for what it can do without. */
const WELL_WITHIN = 5_000;
const POLL_INTERVAL = 100;
/** Milliseconds for one call. */
const CALL_DEADLINE = 5_000;
/** Milliseconds after which a client that found none looks again: a worker may have added them since. */
const FORGET_NO_AFTER = 60_000;

/** The numbers that the server has for the types. */
const TYPE_NUMBERS = { KEYWORD: 2, INT: 3, KEYWORD_LIST: 7 } as const;

/** gRPC's codes of refusals that another try does not change. */
const GRPC = { invalidArgument: 3, permissionDenied: 7, unimplemented: 12, unauthenticated: 16 } as const;
const REFUSALS: ReadonlySet<number> = new Set(Object.values(GRPC));

/** A query that the server takes only where it knows them all. */
const PROBE = "DagwrightDag = '-' AND DagwrightState = '-' AND DagwrightFailedTasks = -1 AND DagwrightTags = '-'";

/**
 * Adds the search attributes that a namespace lacks, and waits until they can be used: at most 15 s, and only the first
 * time. Any number of workers may do so at once.
 * @returns whether runs may have them. Where the server does not allow it (Temporal Cloud adds them by its own means,
 * and then they are used), or has one of them with another type, a warning says so; that is never an error.
 */
export async function ensureSearchAttributes(
  connection: OperatorConnection,
  namespace: string,
  logger: Logger,
): Promise<boolean> {
  const began = Date.now();
  for (;;) {
    const failure = await tryToAdd(connection, namespace);
    if (failure === undefined) return true;
    if (Date.now() - began >= failure.patience) {
      logger.warn(`Runs get no search attributes: ${failure.why}.`, { namespace, ...codeOf(failure.cause) });
      return false;
    }
    await delay(POLL_INTERVAL);
  }
}

/** Whether the namespace has all search attributes, each with its type, so that a run may be started with them. */
export async function hasSearchAttributes(connection: OperatorConnection, namespace: string): Promise<boolean> {
  try {
    const known = await lookUp(connection, namespace);
    return known.missing.length === 0 && known.conflicting.length === 0 && known.usable;
  } catch {
    return false;
  }
}

/** {@link hasSearchAttributes}, which remembers a yes for ever and a no for a minute. */
export function rememberSearchAttributes(connection: OperatorConnection, namespace: string): () => Promise<boolean> {
  let answer: Promise<boolean> | undefined;
  let askAgainAt = 0;
  return () => {
    if (answer === undefined || Date.now() >= askAgainAt) {
      askAgainAt = Date.now() + FORGET_NO_AFTER;
      answer = hasSearchAttributes(connection, namespace);
      void answer.then((has) => {
        if (has) askAgainAt = Infinity;
      });
    }
    return answer;
  };
}

/** Why they cannot be used (yet). */
interface Failure {
  readonly why: string;
  /** Milliseconds after which to give up. */
  readonly patience: number;
  readonly cause?: unknown;
}

async function tryToAdd(connection: OperatorConnection, namespace: string): Promise<Failure | undefined> {
  try {
    const known = await lookUp(connection, namespace);
    const [conflicting] = known.conflicting;
    if (conflicting !== undefined) return { why: `${conflicting} is there with another type`, patience: 0 };
    if (known.missing.length > 0) await add(connection, namespace, known.missing);
    else if (known.usable) return undefined;
    return { why: 'the server does not know them yet', patience: USABLE_WITHIN };
  } catch (cause) {
    const final = isGrpcServiceError(cause) && REFUSALS.has(cause.code);
    return final
      ? { why: 'the server refuses to add them', patience: 0, cause }
      : { why: 'the server does not answer as it should', patience: WELL_WITHIN, cause };
  }
}

/** What a namespace has of them. */
interface Known {
  readonly missing: readonly Key[];
  /** Names of those that are there with another type. */
  readonly conflicting: readonly string[];
  /** Whether queries take them. */
  readonly usable: boolean;
}

type Key = (typeof SEARCH_ATTRIBUTE_KEYS)[number];

async function lookUp(connection: OperatorConnection, namespace: string): Promise<Known> {
  const [types, usable] = await Promise.all([listTypes(connection, namespace), takesQuery(connection, namespace)]);
  if (types === undefined) return { missing: usable ? [] : SEARCH_ATTRIBUTE_KEYS, conflicting: [], usable };
  return {
    missing: SEARCH_ATTRIBUTE_KEYS.filter(({ name }) => types[name] === undefined),
    conflicting: SEARCH_ATTRIBUTE_KEYS.filter(
      ({ name, type }) => types[name] !== undefined && types[name] !== TYPE_NUMBERS[type],
    ).map(({ name }) => name),
    usable,
  };
}

/** The number of each custom attribute's type; undefined where this is not for us to know, as on Temporal Cloud. */
async function listTypes(
  connection: OperatorConnection,
  namespace: string,
): Promise<Readonly<Record<string, number | undefined>> | undefined> {
  try {
    const { customAttributes } = await limited(connection, () =>
      connection.operatorService.listSearchAttributes({ namespace }),
    );
    return customAttributes ?? {};
  } catch (error) {
    if (isGrpcServiceError(error) && REFUSALS.has(error.code)) return undefined;
    throw error;
  }
}

async function takesQuery(connection: OperatorConnection, namespace: string): Promise<boolean> {
  try {
    await limited(connection, () => connection.workflowService.countWorkflowExecutions({ namespace, query: PROBE }));
    return true;
  } catch (error) {
    if (isGrpcServiceError(error) && error.code === GRPC.invalidArgument) return false;
    throw error;
  }
}

async function add(connection: OperatorConnection, namespace: string, keys: readonly Key[]): Promise<void> {
  const searchAttributes = Object.fromEntries(keys.map(({ name, type }) => [name, TYPE_NUMBERS[type]]));
  await limited(connection, () => connection.operatorService.addSearchAttributes({ namespace, searchAttributes }));
}

function limited<T>(connection: OperatorConnection, call: () => Promise<T>): Promise<T> {
  return connection.withDeadline(Date.now() + CALL_DEADLINE, call);
}

function codeOf(cause: unknown): { readonly code?: string } {
  return isGrpcServiceError(cause) ? { code: `GRPC_${cause.code}` } : {};
}
