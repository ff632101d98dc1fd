import {
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  startChild,
} from '@temporalio/workflow';
import { readLeaseGrant, type LeaseRequest } from '../pool/pool-message.js';
import { RunLeases, type LeaseFacts, type LeasesSnapshot } from '../pool/run-leases.js';
import { leaseRequestSignal, POOL_WORKFLOW, poolIdOf, type SharedPoolInput } from './pool-messages.js';

/** Milliseconds between two tries to reach a pool; twice as long each time, up to the second. */
const FIRST_REST = 1_000;
const LONGEST_REST = 60_000;

/** What a run tells of itself, and is told. */
export interface LeasesHost extends LeaseFacts {
  /** The task has all that it needs of shared pools. */
  granted(task: number): void;
}

/** How pools are reached. */
export interface PoolLink {
  /** Fails where there is no such pool. */
  tell(pool: string, request: LeaseRequest): Promise<void>;
  /** Makes the pool. Where there is one, nothing happens. */
  make(pool: string): Promise<void>;
  /** Waits so many milliseconds, or until it is told to stop waiting. */
  rest(milliseconds: number, isOver: () => boolean): Promise<unknown>;
}

/**
 * The pools that a run shares with others, from the run's side. Each is told how the run stands by one message at a
 * time: what changes meanwhile goes with the next one.
 */
export class Leases {
  readonly #host: LeasesHost;
  readonly #link: PoolLink;
  readonly #leases: RunLeases;
  readonly #sends = new Map<string, Promise<void>>();
  #isClosing = false;

  /**
   * @param host It is asked at once, where something is carried.
   * @param began Milliseconds: when the run began, if it does now.
   */
  constructor(runId: string, carried: LeasesSnapshot | undefined, host: LeasesHost, began: number, link: PoolLink) {
    this.#host = host;
    this.#link = link;
    this.#leases = new RunLeases(runId, host, began, carried);
  }

  /** Goes on after the run continued as new: pools are told how it stands. */
  begin(): void {
    this.flush();
  }

  /** The task needs what it holds of shared pools. Asked again, nothing changes. */
  want(task: number): void {
    if (this.#leases.want(task)) this.#host.granted(task);
  }

  /** The task needs it no more, whether it has it or not. */
  release(task: number): void {
    this.#leases.release(task);
  }

  /** Tells the pools what has changed. To be called once all that a workflow task brought is done. */
  flush(): void {
    for (const pool of this.#leases.changed()) {
      if (!this.#sends.has(pool)) this.#sends.set(pool, this.#send(pool));
    }
  }

  /** What came with a {@link leasesGrantedSignal}. Anybody may send one: what makes no sense is dropped. */
  grantedBySignal(message: unknown): void {
    const grant = readLeaseGrant(message);
    if (grant === undefined) return;
    for (const task of this.#leases.granted(grant, this.#sends.has(grant.pool))) this.#host.granted(task);
    this.flush();
  }

  /** Whether the pools have been told all, as they must before the run continues as new. */
  settled(): boolean {
    return this.#sends.size === 0 && this.#leases.changed().length === 0;
  }

  /** Undefined where the run has never asked for anything. */
  snapshot(): LeasesSnapshot | undefined {
    return this.#leases.snapshot();
  }

  /** Gives everything back. Resolves when the pools were told. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#leases.releaseAll();
    this.flush();
    await Promise.all(this.#sends.values());
  }

  async #send(pool: string): Promise<void> {
    // Not before the caller has noted it.
    await Promise.resolve();
    try {
      while (this.#leases.isChanged(pool)) await this.#deliver(pool);
    } finally {
      this.#sends.delete(pool);
    }
  }

  async #deliver(pool: string): Promise<void> {
    for (let wait = FIRST_REST; !(await this.#isTold(pool)); wait = Math.min(2 * wait, LONGEST_REST)) {
      // A pool that is not there has nothing to take back.
      if (this.#leases.isEmpty(pool)) return;
      await this.#link.make(pool).catch(() => undefined);
      if (await this.#isTold(pool)) return;
      await this.#link.rest(wait, () => this.#isClosing);
    }
  }

  async #isTold(pool: string): Promise<boolean> {
    try {
      await this.#link.tell(pool, this.#leases.request(pool, Date.now()));
      return true;
    } catch {
      return false;
    }
  }
}

/** Acts may ask for something in the scope that Temporal's own request to cancel the run has cancelled. */
export const temporalLink = (taskQueue: string): PoolLink => ({
  tell: (pool, request) =>
    CancellationScope.nonCancellable(() =>
      getExternalWorkflowHandle(poolIdOf(pool)).signal(leaseRequestSignal, request),
    ),
  make: (name) =>
    CancellationScope.nonCancellable(async () => {
      await startChild<(input: SharedPoolInput) => Promise<void>>(POOL_WORKFLOW, {
        workflowId: poolIdOf(name),
        taskQueue,
        args: [{ name }],
        parentClosePolicy: ParentClosePolicy.ABANDON,
        staticSummary: `the pool ${name}`.slice(0, 200),
      });
    }),
  rest: (milliseconds, isOver) => CancellationScope.nonCancellable(() => condition(isOver, milliseconds)),
});
