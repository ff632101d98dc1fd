/** Which run a shared pool serves next. */
export const POOL_POLICIES = ['fcfs', 'priority', 'fair', 'srtf'] as const;
export type PoolPolicy = (typeof POOL_POLICIES)[number];

/** What a pool's policy goes by: how a run stands that waits for it. */
export interface Waiter {
  /** The run's place in the line: lower came first. No two share one. */
  readonly place: number;
  /** Of the run: 1 goes first. */
  readonly runPriority: number;
  /** Of the task that the run would start next. */
  readonly priority: number;
  /** Milliseconds of work that the run has left, as far as it knows. */
  readonly remaining: number;
  /** Slots that the run holds. */
  readonly taken: number;
  /** Its share under `fair`. Above 0. */
  readonly weight: number;
  /** The number of the last grant to it. 0: none yet. */
  readonly served: number;
}

/** The priority of a run that says none: the middle of Temporal's five. */
export const DEFAULT_RUN_PRIORITY = 3;

type IsBefore = (a: Waiter, b: Waiter) => boolean;

const fcfs: IsBefore = (a, b) => a.place < b.place;

/**
 * - `fcfs`: who waits longest.
 * - `priority`: the run that goes first by its own priority, then the highest priority of a task, then who waits longest.
 * - `fair`: who holds the least for its weight; of those that hold the same, who was served longest ago: turns.
 * - `srtf`: the run with the least remaining work. Serving the shortest first gives the least mean completion time on one
 *   machine (Smith 1956; with preemption Schrage 1968).
 */
const ORDERS: Readonly<Record<PoolPolicy, IsBefore>> = {
  fcfs,
  priority: (a, b) => {
    if (a.runPriority !== b.runPriority) return a.runPriority < b.runPriority;
    return a.priority === b.priority ? fcfs(a, b) : a.priority > b.priority;
  },
  fair: (a, b) => {
    const [shareA, shareB] = [a.taken / a.weight, b.taken / b.weight];
    if (shareA !== shareB) return shareA < shareB;
    return a.served === b.served ? fcfs(a, b) : a.served < b.served;
  },
  srtf: (a, b) => (a.remaining === b.remaining ? fcfs(a, b) : a.remaining < b.remaining),
};

/** Whether the first of two goes before the other. One of two always does. */
export function orderOf(policy: PoolPolicy): IsBefore {
  return ORDERS[policy];
}

/** Whether there is a pool's policy of this name. */
export function isPoolPolicy(text: unknown): text is PoolPolicy {
  return (POOL_POLICIES as readonly unknown[]).includes(text);
}
