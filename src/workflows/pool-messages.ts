import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { LeaseGrant, LeaseRequest, PoolChange } from '../pool/pool-message.js';
import type { PoolDescription, PoolSnapshot } from '../pool/shared-pool.js';

/** The workflow type of a pool that runs share. */
export const POOL_WORKFLOW = 'sharedPool';
const ID_PREFIX = 'dagwright-pool/';

/** The workflow id of the pool of this name. */
export function poolIdOf(pool: string): string {
  return ID_PREFIX + pool;
}

/** What a pool's workflow is started with. */
export interface SharedPoolInput {
  readonly name: string;
  /** History events after which it continues as new. Default: as the server suggests. */
  readonly historyLimit?: number;
  /** Milliseconds of a run's silence after which the pool first looks whether it is still there. Default 10,000. */
  readonly probeInterval?: number;
  /** Milliseconds after which a pool that no run needs, and that no operator has set, ends. Default 1 hour. */
  readonly idleTime?: number;
  /** Set by the workflow itself when it continues as new. */
  readonly carried?: PoolSnapshot;
}

/** Run to pool: how the run stands. */
export const leaseRequestSignal = defineSignal<[LeaseRequest]>('leaseRequest');
/** Pool to run: what is the run's now. It fails where the run is gone. */
export const leasesGrantedSignal = defineSignal<[LeaseGrant]>('leasesGranted');
/** Operator to pool: another size, rate or policy. */
export const setPoolSignal = defineSignal<[PoolChange]>('setPool');

/** The pool as it stands; how many holders and waiters it names at most. */
export const poolQuery = defineQuery<PoolDescription, [number?]>('pool');
/** The memo field with the pool as it stood a moment ago. */
export const POOL_MEMO = 'dagwrightPool';
