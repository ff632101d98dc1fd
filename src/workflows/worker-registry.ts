import {
  CancellationScope,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  log,
  proxyActivities,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { WorkerGroup } from '../dag/worker-group.js';
import {
  groupsChangedSignal,
  joiningWorkerIn,
  joinSignal,
  leavingSignal,
  presenceQueueOf,
  subscribeSignal,
  subscriptionIn,
  unsubscribeSignal,
  type JoiningWorker,
  type RegistryInput,
} from './group-messages.js';
import { groupsOf, type PresentWorker } from './live-workers.js';

/** Each is a pending activity, of which the server takes 2,000. */
const MOST_WORKERS = 1_000;
const MOST_RUNS = 10_000;
/** Signals that wait for their answer at once: the server takes 2,000. */
const SIGNALS_AT_ONCE = 200;
/** Milliseconds for which changes are gathered: workers come, and go, together. */
const GATHERED = 200;
/** Milliseconds before a new registry tells anything: where somebody ended the one before, its workers join again first. */
const SETTLING = 3_000;

/** A worker, with what ends its presence. */
interface Member extends PresentWorker {
  readonly presence: CancellationScope;
}

/**
 * The registry of the workers on one base task queue, and the teller of which groups live. It goes on for ever.
 *
 * A worker that has joined is there as long as its presence lasts: an activity on a task queue that it alone polls, with a
 * heartbeat each second. Nothing of that is written to the history. Where the heartbeats stop, the server hands the
 * activity out anew, which a worker that has only stalled takes; where nobody does, the worker is gone.
 */
export async function workerRegistry(input?: RegistryInput): Promise<void> {
  const registry = new WorkerRegistry(input ?? {});
  setHandler(joinSignal, (message: unknown) => registry.join(message));
  setHandler(leavingSignal, (message: unknown) => registry.leaving(message));
  setHandler(subscribeSignal, (message: unknown) => registry.subscribe(message));
  setHandler(unsubscribeSignal, (message: unknown) => registry.unsubscribe(message));
  await registry.run();
}

class WorkerRegistry {
  readonly #historyLimit: number;
  readonly #taskQueue = workflowInfo().taskQueue;
  readonly #members = new Map<string, Member>();
  /** The runs that want to know, with the time of what they were told last. */
  readonly #runs: Map<string, number>;
  /** Those of them that know something else. They are told in turn. */
  readonly #untold = new Set<string>();
  #groups: readonly WorkerGroup[];
  #changedAt: number;
  /** Changes are gathered, before any is told. */
  #waits = false;

  constructor({ historyLimit = Infinity, carried }: RegistryInput) {
    this.#historyLimit = historyLimit;
    this.#changedAt = carried?.changedAt ?? Date.now();
    this.#runs = new Map(carried?.runs);
    for (const [run, told] of this.#runs) if (told !== this.#changedAt) this.#untold.add(run);
    // They are there until their presence, which the change has ended, has not begun anew.
    const leaving = new Set(carried?.leaving);
    for (const worker of carried?.workers ?? []) this.#watch(worker, leaving.has(worker.id));
    this.#groups = groupsOf(this.#members.values());
    if (carried === undefined) this.#gather(SETTLING);
  }

  join(message: unknown): void {
    const worker = joiningWorkerIn(message);
    if (worker === undefined) return;
    const known = this.#members.get(worker.id);
    if (known === undefined && this.#members.size >= MOST_WORKERS) {
      return log.warn(`There are ${MOST_WORKERS} workers already: ${worker.identity} is not counted.`);
    }
    // Who joins again has lost its presence, whatever the server thinks.
    known?.presence.cancel();
    this.#watch(worker, false);
    this.#changed();
  }

  leaving(id: unknown): void {
    const known = this.#members.get(String(id));
    if (known === undefined) return;
    this.#members.set(known.worker.id, { ...known, leaving: true });
    this.#changed();
  }

  subscribe(message: unknown): void {
    const subscription = subscriptionIn(message);
    if (subscription === undefined) return;
    const { runId, known = -1 } = subscription;
    // The one that has not asked for longest is forgotten: it asks again.
    this.#runs.delete(runId);
    const [oldest] = this.#runs.keys();
    if (this.#runs.size >= MOST_RUNS && oldest !== undefined) this.unsubscribe(oldest);
    this.#runs.set(runId, known);
    if (known !== this.#changedAt) this.#untold.add(runId);
  }

  unsubscribe(runId: unknown): void {
    this.#runs.delete(String(runId));
    this.#untold.delete(String(runId));
  }

  async run(): Promise<void> {
    for (;;) {
      await condition(() => (this.#untold.size > 0 && !this.#waits) || this.#isLong());
      if (this.#isLong()) await this.#continueAsNew();
      await this.#tell();
    }
  }

  #watch(worker: JoiningWorker, leaving: boolean): void {
    const presence = new CancellationScope();
    this.#members.set(worker.id, { worker, leaving, presence });
    const ended = (): void => {
      if (this.#members.get(worker.id)?.presence !== presence) return;
      this.#members.delete(worker.id);
      this.#changed();
    };
    presence.run(() => presenceOf(this.#taskQueue, worker)).then(ended, ended);
  }

  #changed(): void {
    const groups = groupsOf(this.#members.values());
    if (JSON.stringify(groups) === JSON.stringify(this.#groups)) return;
    this.#groups = groups;
    this.#changedAt = Math.max(Date.now(), this.#changedAt + 1);
    if (this.#runs.size === 0) return;
    for (const run of this.#runs.keys()) this.#untold.add(run);
    if (!this.#waits) this.#gather(GATHERED);
  }

  #gather(time: number): void {
    this.#waits = true;
    void sleep(time).then(() => (this.#waits = false));
  }

  /** Tells some of those that know something else. */
  async #tell(): Promise<void> {
    const some = [...this.#untold].slice(0, SIGNALS_AT_ONCE);
    const message = { at: this.#changedAt, groups: this.#groups };
    await Promise.all(
      some.map(async (run) => {
        this.#untold.delete(run);
        try {
          await getExternalWorkflowHandle(run).signal(groupsChangedSignal, message);
          if (this.#runs.has(run)) this.#runs.set(run, message.at);
        } catch {
          // It has gone without a word.
          this.unsubscribe(run);
        }
      }),
    );
  }

  #isLong(): boolean {
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    return continueAsNewSuggested || historyLength >= this.#historyLimit;
  }

  async #continueAsNew(): Promise<never> {
    const members = [...this.#members.values()];
    return continueAsNew<typeof workerRegistry>({
      ...(Number.isFinite(this.#historyLimit) ? { historyLimit: this.#historyLimit } : {}),
      carried: {
        workers: members.map(({ worker }) => worker),
        leaving: members.filter(({ leaving }) => leaving).map(({ worker }) => worker.id),
        runs: [...this.#runs],
        changedAt: this.#changedAt,
      },
    });
  }
}

/**
 * Lasts as long as the worker is there. Three seconds without a heartbeat and two in which it is not taken up again: five
 * after its death a worker is gone, and one that was busy for less is not.
 */
function presenceOf(taskQueue: string, { id, identity }: JoiningWorker): Promise<void> {
  const activities = proxyActivities<{ presence(): Promise<void> }>({
    taskQueue: presenceQueueOf(taskQueue, id),
    heartbeatTimeout: 3_000,
    scheduleToStartTimeout: 2_000,
    startToCloseTimeout: '365 days',
    retry: { initialInterval: 10, backoffCoefficient: 1 },
    cancellationType: 'TRY_CANCEL',
    summary: identity,
  });
  return activities.presence();
}
