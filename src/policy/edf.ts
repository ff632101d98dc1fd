import type { PolicyFacts } from '../dag/policy.js';
import type { Key } from './columns.js';

/** Earliest deadline first; tasks without one come last. */
export function edf(facts: PolicyFacts): readonly Key[] {
  return [(task) => facts.deadlineOf(task) ?? Number.MAX_VALUE];
}
