/** The name of every policy there is. */
export const POLICY_NAMES = ['fcfs', 'priority'] as const;

/** The name of a policy, as a dag says it. */
export type PolicyName = (typeof POLICY_NAMES)[number];

/** The policy of a dag that names none: first come, first served. */
export const DEFAULT_POLICY: PolicyName = 'fcfs';

/** Whether there is a policy of this name. */
export function isPolicyName(text: string): text is PolicyName {
  return (POLICY_NAMES as readonly string[]).includes(text);
}

/** What a policy may ask of a task: read when the task is added, and kept until it is given or removed. */
export interface PolicyFacts {
  /** Higher goes first. */
  priorityOf(task: number): number;
}

/**
 * The order among ready tasks when slots are scarce: a queue that says which goes next. Tasks are indexes into the
 * dag. Every policy is deterministic: what its own keys leave open is decided by the sequence numbers, lower first.
 */
export interface Policy {
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
}
