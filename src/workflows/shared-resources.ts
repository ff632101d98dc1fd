import { workflowInfo } from '@temporalio/workflow';
import type { WorkerGroup } from '../dag/worker-group.js';
import type { HostInstruction, LiveRun } from '../run/live-run.js';
import { leaseFactsOf, RUN, sharesPools } from '../pool/lease-facts.js';
import type { LeasesSnapshot } from '../pool/run-leases.js';
import type { LiveGroupsMessage } from './group-messages.js';
import { Leases, temporalLink } from './leases.js';
import { LiveGroups } from './live-groups.js';

/** What a run takes along of what it shares, when it continues as new. */
export interface SharedSnapshot {
  readonly leases?: LeasesSnapshot;
  readonly groups?: LiveGroupsMessage;
}

/** What becomes of what a run asked for. Called from signals' handlers. */
export interface SharedNews {
  granted(task: number): void;
  admitted(): void;
  groupsChanged(groups: readonly WorkerGroup[]): void;
}

/** What a run shares with others: pools, the number of runs that its dag may have, worker groups. Only what it uses costs. */
export class SharedResources {
  readonly #leases: Leases | undefined;
  readonly #groups: LiveGroups | undefined;

  constructor(live: LiveRun, taskQueue: string, carried: SharedSnapshot | undefined, news: SharedNews) {
    const { scheduler, runId } = live;
    if (sharesPools(live.dag)) {
      const host = {
        ...leaseFactsOf(live, (task) => live.dag.tasks[task]!.name),
        // Temporal's own: 0 stands for none.
        weight: () => workflowInfo().priority?.fairnessWeight || 1,
        runPriority: () => workflowInfo().priority?.priorityKey || undefined,
        granted: (task: number) => (task === RUN ? news.admitted() : news.granted(task)),
      };
      this.#leases = new Leases(runId, carried?.leases, host, Date.now(), temporalLink(taskQueue));
      if (scheduler.isHeldBack && carried === undefined) this.#leases.want(RUN);
    }
    if (!scheduler.isPlaced) return;
    const onChange = (groups: readonly WorkerGroup[]): void => news.groupsChanged(groups);
    this.#groups = new LiveGroups(runId, taskQueue, onChange, carried?.groups);
  }

  /** Begins to ask. Not for a scope that the run's cancellation reaches. */
  begin(): void {
    this.#leases?.begin();
    this.#groups?.begin();
  }

  perform({ type, task }: Extract<HostInstruction, { readonly type: 'lease.want' | 'lease.release' }>): void {
    if (type === 'lease.want') this.#leases?.want(task);
    else this.#leases?.release(task);
  }

  /** Tells of what has changed. To be called once all is done that there was to do. */
  flush(): void {
    this.#leases?.flush();
  }

  leasesGranted(message: unknown): void {
    this.#leases?.grantedBySignal(message);
  }

  groupsChanged(message: unknown): void {
    this.#groups?.changedBySignal(message);
  }

  /** Whether the server has answered all, as it must have before the run continues as new. */
  settled(): boolean {
    return (this.#leases?.settled() ?? true) && (this.#groups?.settled() ?? true);
  }

  snapshot(): SharedSnapshot | undefined {
    const leases = this.#leases?.snapshot();
    const groups = this.#groups?.snapshot();
    if (leases === undefined && groups === undefined) return undefined;
    return { ...(leases === undefined ? {} : { leases }), ...(groups === undefined ? {} : { groups }) };
  }

  /** The run ends: it gives everything back. */
  async close(): Promise<void> {
    await Promise.all([this.#leases?.close(), this.#groups?.close()]);
  }
}
