import { optimizedOrder, type SearchLimits } from './optimized-order.js';
import type { Plan } from './plan.js';
import type { Schedule } from './schedule.js';
import { simulate, type SimulationOptions } from './simulate.js';

/** The name of the order that is searched for; runs cannot have it, but they can have its priorities. */
export const OPTIMIZED = 'optimized';

/**
 * Searches for the best order of each plan's tasks, as if it had all slots, and simulates the plans in these orders. Where
 * the critical path does better after all (fan-outs, failures, other files on the slots), that is the schedule.
 */
export function simulateOptimized(
  plans: readonly Plan[],
  options: Omit<SimulationOptions, 'policy'>,
  limitsOf: () => SearchLimits,
): Schedule {
  const ordered = plans.map((plan) => prioritized(plan, optimizedOrder(plan, options.workers, limitsOf()).order));
  const found = simulate(ordered, { ...options, policy: 'priority' });
  const usual = simulate(plans, { ...options, policy: 'critical-path' });
  return { ...(totalOf(found) <= totalOf(usual) ? found : usual), policy: OPTIMIZED };
}

/** The plan with priorities by which its tasks go in this order. */
function prioritized(plan: Plan, order: readonly number[]): Plan {
  const { aging: _, ...dag } = plan.dag;
  const tasks = [...dag.tasks];
  order.forEach((task, place) => {
    tasks[task] = { ...tasks[task]!, priority: -place };
  });
  return { ...plan, dag: { ...dag, tasks } };
}

function totalOf({ runs }: Schedule): number {
  return runs.reduce((sum, { endedAt }) => sum + endedAt, 0);
}
