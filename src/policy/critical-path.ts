import type { PolicyFacts } from '../dag/policy.js';
import type { Key } from './columns.js';

/**
 * The task goes first from which on most is left to do one after the other (HEFT's upward rank), and among equals the one
 * that more tasks need. The run ends soonest, mostly.
 */
export function criticalPath(facts: PolicyFacts): readonly Key[] {
  return [(task) => -facts.rankOf(task), (task) => -facts.dependentsOf(task)];
}
