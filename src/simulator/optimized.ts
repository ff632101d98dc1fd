import { DEFAULT_CONCURRENCY, type Dag } from '../dag/dag.js';
import { OPTIMIZED } from '../dag/policy.js';
import { optimizedOrder, type SearchLimits } from './optimized-order.js';
import { planOf, type Plan } from './plan.js';
import type { Schedule } from './schedule.js';
import { simulate, type SimulationOptions } from './simulate.js';

/**
 * Searches for the best order of the dag's tasks, pools included, as if it had all the slots: the same dag with a priority
 * for each task and the policy `priority`, by which they go in this order. Priorities and `aging` of its own are gone.
 * @param dag One that was checked before.
 * @param slots Tasks that run at once, beside the dag's `concurrency`. At least 1.
 * @param estimateOf Milliseconds that a task is thought to take, by its name, where the dag does not say. Default: the median
 *   of those that are known.
 */
export function optimizedDag(
  dag: Dag,
  slots: number,
  limits: SearchLimits = {},
  estimateOf: (task: string) => number | undefined = () => undefined,
): Dag {
  const tasks = dag.tasks.map((task) => {
    const estimate = task.estimate ?? estimateOf(task.name);
    return estimate === undefined ? task : { ...task, estimate };
  });
  const { order } = optimizedOrder(planOf(dag.name, { ...dag, tasks }), slots, limits);
  return inOrder(dag, order);
}

/** What is given to a search before a run. */
export interface OrderSearch {
  /** Milliseconds: a clock. */
  readonly now: () => number;
  /** Milliseconds that are searched at most. Default 1,000. */
  readonly time?: number;
  /** Milliseconds that a task is thought to take, by its name, where the dag does not say. Default: not known. */
  readonly estimateOf?: (task: string) => number | undefined;
}

/** The dag as it is to be run: where its policy is `optimized`, with the priorities that a search found. */
export function searchedDag(dag: Dag, { now, time = 1_000, estimateOf }: OrderSearch): Dag {
  if (dag.policy !== OPTIMIZED) return dag;
  const end = now() + time;
  return optimizedDag(dag, dag.concurrency ?? DEFAULT_CONCURRENCY, { isOver: () => now() >= end }, estimateOf);
}

/**
 * Searches for the best order of each plan's tasks, as if it had all slots, and simulates the plans in these orders. Where
 * the critical path does better after all (fan-outs, failures, other files on the slots), that is the schedule.
 */
export function simulateOptimized(
  plans: readonly Plan[],
  options: Omit<SimulationOptions, 'policy'>,
  limitsOf: () => SearchLimits,
): Schedule {
  const ordered = plans.map((plan) => {
    return { ...plan, dag: inOrder(plan.dag, optimizedOrder(plan, options.workers, limitsOf()).order) };
  });
  const found = simulate(ordered, { ...options, policy: 'priority' });
  const usual = simulate(plans, { ...options, policy: 'critical-path' });
  return { ...(totalOf(found) <= totalOf(usual) ? found : usual), policy: OPTIMIZED };
}

/** The dag with priorities by which its tasks go in this order. */
function inOrder({ aging: _aging, ...dag }: Dag, order: readonly number[]): Dag {
  const tasks = [...dag.tasks];
  order.forEach((task, place) => {
    tasks[task] = { ...tasks[task]!, priority: -place };
  });
  return { ...dag, policy: 'priority', tasks };
}

function totalOf({ runs }: Schedule): number {
  return runs.reduce((sum, { endedAt }) => sum + endedAt, 0);
}
