import type { PolicyFacts } from '../dag/policy.js';
import type { Key } from './columns.js';

/**
 * The task with the highest priority goes first. With aging a priority rises by 1 for each interval that its task waits,
 * so that every task comes first in the end. As all rise alike, the order of those that wait stays as it is: it is that of
 * the priorities which they would have had at one and the same time.
 */
export function priority(facts: PolicyFacts): readonly Key[] {
  const { aging } = facts;
  if (aging === undefined) return [(task) => -facts.priorityOf(task)];
  return [(task) => facts.readyAt(task) - facts.priorityOf(task) * aging];
}
