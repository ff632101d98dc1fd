import type { PolicyFacts } from '../dag/policy.js';
import type { Key } from './columns.js';

/** Shortest job first: the task with the lowest estimate. Tasks wait least on average. */
export function sjf(facts: PolicyFacts): readonly Key[] {
  return [(task) => facts.estimateOf(task)];
}
