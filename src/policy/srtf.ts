import type { PolicyFacts } from '../dag/policy.js';
import type { Key } from './columns.js';

/**
 * Shortest remaining time first: the task that is thought to take least from now on. Alone, or as the first of several,
 * it also stops running tasks that declare `preemptible`, for those that take less than what they still have to do.
 */
export function srtf(facts: PolicyFacts): readonly Key[] {
  return [(task) => facts.remainingOf(task)];
}
