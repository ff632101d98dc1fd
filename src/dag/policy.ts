import type { Json } from './json.js';

/** The name of every policy there is. */
export const POLICY_NAMES = ['fcfs', 'priority', 'sjf', 'srtf', 'critical-path', 'edf', 'round-robin', 'fair'] as const;

/** The name of a policy, as a dag says it. */
export type PolicyName = (typeof POLICY_NAMES)[number];

/**
 * The order that is searched for before the run, as a dag may say it: what starts the run puts a priority on each task.
 * A run that is started otherwise goes by the critical path.
 */
export const OPTIMIZED = 'optimized';

/** The policy by which a scheduler goes, of a dag that says this. */
export function livePolicyOf(policy: string): string {
  return policy === OPTIMIZED ? 'critical-path' : policy;
}

/** The policy of a dag that names none: first come, first served. */
export const DEFAULT_POLICY: PolicyName = 'fcfs';

/** Tasks that one group is given in a row under `round-robin`, where the dag does not say. */
export const DEFAULT_QUANTUM = 1;

/** Whether there is a policy of this name. */
export function isPolicyName(text: string): text is PolicyName {
  return (POLICY_NAMES as readonly string[]).includes(text);
}

/** Whether tasks that declare `preemptible` are stopped for one that goes first: where the first of the policies is `srtf`. */
export function preempts(policy: string): boolean {
  return policy === 'srtf' || policy.startsWith('srtf,');
}

/** Whether the policy shares the slots among the groups of tasks. */
export function sharesGroups(name: PolicyName): name is 'round-robin' | 'fair' {
  return name === 'round-robin' || name === 'fair';
}

/**
 * The policies in a text like `priority,sjf`: each orders what those before it leave open. Blanks around the names do not
 * count. `problem` says in a sentence why there are none.
 */
export function readPolicy(text: string): { readonly names: readonly PolicyName[] } | { readonly problem: string } {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !isPolicyName(name));
  if (unknown === OPTIMIZED) {
    return { problem: `${OPTIMIZED} is searched before a run: it stands alone, in the dag's file.` };
  }
  if (unknown !== undefined)
    return { problem: `There is no policy "${unknown}"; there are ${POLICY_NAMES.join(', ')}.` };
  const known = names as PolicyName[];
  const problem = combinationProblem(known);
  return problem === undefined ? { names: known } : { problem };
}

/** Why these policies make no sense together, in a sentence. */
export function combinationProblem(names: readonly PolicyName[]): string | undefined {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) return `The policy ${twice} is there twice.`;
  if (names.slice(0, -1).includes('fcfs')) return 'The policy fcfs leaves nothing open: it comes last.';
  const sharing = names.filter(sharesGroups);
  return sharing.length > 1 ? `Of ${sharing.join(' and ')} only one can share the slots among the groups.` : undefined;
}

/** What a policy may ask of a task: read when the task is added, and kept until it is given or removed. */
export interface PolicyFacts {
  /** Higher goes first. */
  priorityOf(task: number): number;
  /** Milliseconds: when the task became ready. */
  readyAt(task: number): number;
  /** Milliseconds that the task is thought to take. */
  estimateOf(task: number): number;
  /** Milliseconds that it is thought to take still: its estimate less what an earlier start of it did and left. */
  remainingOf(task: number): number;
  /** Milliseconds from the run's begin by which it should have ended; undefined where it does not matter. */
  deadlineOf(task: number): number | undefined;
  /** Milliseconds that the run takes at least from the start of this task on: HEFT's upward rank. */
  rankOf(task: number): number;
  /** How many tasks need it. */
  dependentsOf(task: number): number;
  /** The number of its group; groups are numbered in the order of declaration. */
  groupOf(task: number): number;
  /** The share of a group. A whole number, at least 1. */
  weightOf(group: number): number;
  /** Milliseconds of waiting that count as much as a priority that is higher by 1; undefined: waiting does not count. */
  readonly aging: number | undefined;
  /** Tasks that one group is given in a row. At least 1. */
  readonly quantum: number;
}

/**
 * The order among ready tasks when slots are scarce: a queue that says which goes next. Tasks are indexes into the
 * dag. Every policy is deterministic: what its own keys leave open is decided by the sequence numbers, lower first.
 */
export interface Policy {
  /** The canonical text: `sjf`, or `priority,sjf`. */
  readonly name: string;
  /** How many tasks wait. */
  readonly size: number;
  /**
   * A task became ready; it does not wait yet. `sequence` says as the how manieth one in the run, from 0: no two tasks
   * share one. A task that was interrupted comes back with the number it had, and so to its old place; one that was
   * removed because its facts change comes back with its number too, and goes where the new facts put it.
   */
  add(task: number, sequence: number): void;
  /** Takes the task that goes next, or undefined where none waits. */
  next(): number | undefined;
  /** Takes out a task that waits (it was cancelled, or skipped), by the sequence number that it was added with. */
  remove(task: number, sequence: number): void;
  /** The waiting tasks in the order of their sequence numbers. */
  waiting(): number[];
  /** The waiting tasks in the order in which `next` would give them. Sorts them all: for showing, not for starting. */
  order(): number[];
  /** What its order hangs on beside the tasks that wait; undefined where that is nothing. */
  memory(): Json | undefined;
  /** Goes on from what a policy of the same name remembered. To be said before a task is added. */
  recall(memory: Json): void;
}

/** Makes the policy of this name. */
export type CreatePolicy = (name: string, facts: PolicyFacts) => Policy;
