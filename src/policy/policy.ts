/**
 * The order among ready tasks when slots are scarce: a queue that says which goes next. Tasks are indexes into the
 * dag. Every policy is deterministic: what the keys leave open is decided by the order in which tasks were added.
 */
export interface Policy {
  readonly name: string;
  /** How many tasks wait. */
  readonly size: number;
  /** A task became ready. */
  add(task: number): void;
  /** Takes the task that goes next, or undefined where none waits. */
  next(): number | undefined;
  /** Takes a task out (it was cancelled, or skipped). False where it does not wait. */
  remove(task: number): boolean;
  /** The waiting tasks in the order in which they were added: added again in this order, the queue is the same. */
  waiting(): number[];
}
