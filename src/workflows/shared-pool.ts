import {
  CancellationScope,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  setHandler,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import { readLeaseRequest, readPoolChange, type LeaseGrant } from '../pool/pool-message.js';
import { SharedPool } from '../pool/shared-pool.js';
import { Silence } from '../pool/silence.js';
import { Alarm } from './alarm.js';
import {
  leaseRequestSignal,
  leasesGrantedSignal,
  POOL_MEMO,
  poolQuery,
  setPoolSignal,
  type SharedPoolInput,
} from './pool-messages.js';

/** Holders, and waiters, that the memo names, and an answer at most. */
const NAMED_IN_MEMO = 20;
const NAMED = 1_000;
/** Milliseconds between two changes of the memo: each is an event. */
const MEMO_INTERVAL = 2_000;
/** Signals under way beyond which no silent run is looked at: the server takes 2,000. */
const UNANSWERED = 500;
/** Milliseconds. */
const IDLE_TIME = 3_600_000;

/**
 * A pool that runs share. It hears all that a workflow task brought before it gives anything, then tells each run once.
 * It ends where no run has needed it for an hour, unless an operator has set it: the next run makes it anew.
 */
export async function sharedPool(input: SharedPoolInput): Promise<void> {
  // Nobody can cancel what others rely on; it can be terminated.
  await CancellationScope.nonCancellable(() => new PoolWorkflow(input).run());
}

class PoolWorkflow {
  readonly #input: SharedPoolInput;
  readonly #pool: SharedPool;
  readonly #silence: Silence;
  readonly #alarm: Alarm;
  #hasNews = true;
  /** Signals that the server has not answered. */
  #unanswered = 0;
  #memo = '';
  #memoAt = -Infinity;
  /** It changed too soon after the last change. */
  #isMemoDue = false;
  /** Since when no run has needed it, in milliseconds. */
  #idleSince: number | undefined;

  constructor(input: SharedPoolInput) {
    this.#input = input;
    this.#pool = new SharedPool(input.name, input.carried);
    this.#silence = new Silence(input.probeInterval);
    this.#alarm = new Alarm('the next look', () => (this.#hasNews = true));
    for (const run of this.#pool.runs()) this.#silence.heard(run, Date.now());
    setHandler(leaseRequestSignal, (message) => this.#heard(message));
    setHandler(setPoolSignal, (message) => {
      const change = readPoolChange(message);
      if (change === undefined) return;
      this.#pool.set(change);
      this.#hasNews = true;
    });
    setHandler(poolQuery, (named) => this.#pool.describe(Math.min(NAMED, Number(named ?? NAMED) || 0)));
  }

  /** Until nobody needs it, or it continues as new. */
  async run(): Promise<void> {
    for (;;) {
      this.#hasNews = false;
      // Beyond the limit nothing is begun that would have to be waited for.
      if (!this.#isLong()) this.#act(Date.now());
      else if (this.#unanswered === 0) await this.#continueAsNew();
      if (this.#isOver()) return;
      this.#alarm.set(this.#nextAt());
      await condition(() => this.#hasNews);
    }
  }

  #heard(message: unknown): void {
    const request = readLeaseRequest(message);
    if (request === undefined) return;
    const { run } = request;
    const now = Date.now();
    if (!this.#pool.hear(request, now)) return;
    if (this.#pool.seenOf(run) === undefined) this.#silence.forget(run);
    else this.#silence.heard(run, now);
    this.#hasNews = true;
  }

  #act(now: number): void {
    for (const { run, leases, asks } of this.#pool.grant(now)) this.#tell(run, leases, asks ? 0 : undefined);
    const silent = this.#unanswered < UNANSWERED ? this.#silence.take(now, this.#pool.isAwaited) : [];
    for (const run of silent) {
      this.#tell(run, this.#pool.heldBy(run), this.#pool.seenOf(run));
    }
    this.#showMemo(now);
  }

  #tell(run: string, leases: readonly number[], seen?: number): void {
    const grant: LeaseGrant = { pool: this.#pool.name, leases, ...(seen === undefined ? {} : { seen }) };
    this.#unanswered++;
    void getExternalWorkflowHandle(run)
      .signal(leasesGrantedSignal, grant)
      .catch(() => {
        this.#pool.gone(run);
        this.#silence.forget(run);
        this.#hasNews = true;
      })
      .finally(() => {
        this.#unanswered--;
        if (this.#unanswered === 0) this.#hasNews = true;
      });
  }

  /** What can be read without a worker: the server has it. */
  #showMemo(now: number): void {
    const description = this.#pool.describe(NAMED_IN_MEMO);
    const memo = JSON.stringify(description);
    this.#isMemoDue = memo !== this.#memo && now < this.#memoAt + MEMO_INTERVAL;
    if (memo === this.#memo || this.#isMemoDue) return;
    this.#memo = memo;
    this.#memoAt = now;
    upsertMemo({ [POOL_MEMO]: description });
  }

  #nextAt(): number | undefined {
    const { isAwaited } = this.#pool;
    const times = [
      this.#pool.opensAt(),
      this.#unanswered < UNANSWERED ? this.#silence.nextAt(isAwaited) : undefined,
      this.#isMemoDue ? this.#memoAt + MEMO_INTERVAL : undefined,
      this.#endsAt(),
    ];
    const next = Math.min(...times.map((at) => at ?? Infinity));
    return next === Infinity ? undefined : next;
  }

  #isOver(): boolean {
    const endsAt = this.#endsAt();
    return endsAt !== undefined && endsAt <= Date.now() && this.#unanswered === 0;
  }

  /** When it ends if nobody comes; undefined where it does not. */
  #endsAt(): number | undefined {
    const from = this.#pool.forgettableFrom();
    if (from === undefined) {
      this.#idleSince = undefined;
      return undefined;
    }
    this.#idleSince ??= Date.now();
    return Math.max(from, this.#idleSince + (this.#input.idleTime ?? IDLE_TIME));
  }

  #isLong(): boolean {
    const { historyLength, continueAsNewSuggested } = workflowInfo();
    return continueAsNewSuggested || historyLength >= (this.#input.historyLimit ?? Infinity);
  }

  async #continueAsNew(): Promise<void> {
    await continueAsNew<typeof sharedPool>({ ...this.#input, carried: this.#pool.snapshot() });
  }
}
