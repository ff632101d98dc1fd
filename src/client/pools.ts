import { isGrpcServiceError, ServiceError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import { DagwrightError } from '../dag/errors.js';
import { readPoolChange, type PoolChange } from '../pool/pool-message.js';
import { SharedPool, type PoolDescription } from '../pool/shared-pool.js';
import {
  POOL_MEMO,
  POOL_WORKFLOW,
  poolIdOf,
  poolQuery,
  setPoolSignal,
  type SharedPoolInput,
} from '../workflows/pool-messages.js';

/** The number that gRPC has for it. */
const INVALID_ARGUMENT = 3;
/** Milliseconds that a worker has to say how a pool stands now. */
const ANSWER_TIMEOUT = 3_000;
/** As in dag files; and with a word before it, as the pools have that Dagwright makes itself. */
const NAME = /^[A-Za-z][\w-]{0,119}(?::[\w-]{1,120})?$/;

/** The pools that runs share, by name, as of a few seconds ago. Needs no worker. */
export async function listPools(client: Client): Promise<PoolDescription[]> {
  const pools: PoolDescription[] = [];
  const query = `WorkflowType = '${POOL_WORKFLOW}' AND ExecutionStatus = 'Running'`;
  for await (const { workflowId, memo } of client.workflow.list({ query })) {
    const pool = (memo?.[POOL_MEMO] as PoolDescription | undefined) ?? freshPool(workflowId.slice(poolIdOf('').length));
    pools.push(pool);
  }
  return pools.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * A pool that runs share, as it stands: now, if a worker answers, else a few seconds ago.
 * @throws DagwrightError POOL_NOT_FOUND.
 */
export async function readPool(client: Client, name: string): Promise<PoolDescription> {
  const pool = client.workflow.getHandle(poolIdOf(name));
  const info = await pool.describe().catch((error: unknown) => {
    if (error instanceof WorkflowNotFoundError || isInvalid(error)) return undefined;
    throw error;
  });
  if (info?.type !== POOL_WORKFLOW || info.status.name !== 'RUNNING') {
    throw new DagwrightError('POOL_NOT_FOUND', `There is no pool ${name} that runs share.`, {
      hint: 'See them with `dagwright pools`. The first run that needs one makes it; `dagwright pool NAME --slots N` does, too.',
    });
  }
  const remembered = (info.memo?.[POOL_MEMO] as PoolDescription | undefined) ?? freshPool(name);
  return client.withDeadline(Date.now() + ANSWER_TIMEOUT, () => pool.query(poolQuery)).catch(() => remembered);
}

/**
 * Gives a pool that runs share another size, rate or policy; makes it where there is none.
 * @throws DagwrightError POOL_INVALID.
 */
export async function setPool(client: Client, taskQueue: string, name: string, change: PoolChange): Promise<void> {
  const checked = requireChange(name, change);
  const input: SharedPoolInput = { name };
  const made = new SharedPool(name);
  made.set(checked);
  await client.workflow.signalWithStart(POOL_WORKFLOW, {
    workflowId: poolIdOf(name),
    taskQueue,
    args: [input],
    signal: setPoolSignal,
    signalArgs: [checked],
    memo: { [POOL_MEMO]: made.describe(0) },
    staticSummary: `the pool ${name}`.slice(0, 200),
  });
}

function requireChange(name: string, change: PoolChange): PoolChange {
  const { slots, rate, policy } = readPoolChange(change) ?? {};
  if (!NAME.test(name)) {
    throw new DagwrightError('POOL_INVALID', `"${name.slice(0, 130)}" cannot be the name of a pool.`, {
      hint: 'Begin with a letter; go on with letters, digits, `_` and `-` to at most 120 characters.',
    });
  }
  if (slots === undefined && rate === undefined && policy === undefined) {
    throw new DagwrightError('POOL_INVALID', `What is to be set of the pool ${name} makes no sense.`, {
      hint: 'Say `slots` (1 to 1,000,000), a `rate` ({ count, per } in milliseconds), or a `policy`: fcfs, priority, fair, srtf.',
    });
  }
  return {
    ...(slots === undefined ? {} : { slots }),
    ...(rate === undefined ? {} : { rate }),
    ...(policy === undefined ? {} : { policy }),
  };
}

/** One of which nothing is known yet. */
function freshPool(name: string): PoolDescription {
  return new SharedPool(name).describe(0);
}

function isInvalid(error: unknown): boolean {
  return error instanceof ServiceError && isGrpcServiceError(error.cause) && error.cause.code === INVALID_ARGUMENT;
}
