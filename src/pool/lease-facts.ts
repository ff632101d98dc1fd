import type { Dag } from '../dag/dag.js';
import { maxRunsPool } from '../dag/max-runs.js';
import type { PoolSettings } from '../dag/pools.js';
import type { Scheduler } from '../dag/scheduler.js';
import type { LeaseFacts } from './run-leases.js';

/** Stands for the run itself among its tasks: what it needs before any of them may start. */
export const RUN = -1;

/** A run, as far as pools that it shares ask. */
export interface Sharer {
  readonly scheduler: Scheduler;
  /** With the tasks that were added since it began. */
  readonly dag: Dag;
  /** Milliseconds of work that it has left. */
  remainingWork(): number;
}

/** What a run says of its tasks, and of itself, to the pools that it shares: those of its dag, and that of `maxRuns`. */
export function leaseFactsOf(run: Sharer, nameOf: (task: number) => string): LeaseFacts {
  return {
    demandsOf: (task) =>
      task === RUN ? [{ name: maxRunsPool(run.dag.name), slots: 1 }] : run.scheduler.ready.leases.demandsOf(task),
    settingsOf: (pool) => sharedSizeOf(run.dag, pool),
    priorityOf: (task) => (task === RUN ? 0 : run.scheduler.tasks.priority[task]!),
    remaining: () => run.remainingWork(),
    nameOf: (task) => (task === RUN ? run.dag.name : nameOf(task)),
  };
}

/** Whether runs of the dag share anything. */
export function sharesPools({ pools = {}, maxRuns }: Dag): boolean {
  return (
    maxRuns !== undefined || Object.values(pools).some((size) => typeof size === 'object' && size.scope === 'global')
  );
}

/** What the dag says of a pool that its runs share. */
function sharedSizeOf({ pools = {}, maxRuns }: Dag, pool: string): PoolSettings {
  const size = pools[pool];
  if (size === undefined) return { scope: 'global', ...(maxRuns === undefined ? {} : { slots: maxRuns }) };
  return typeof size === 'number' ? { slots: size } : size;
}
