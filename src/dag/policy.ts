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
   * share one. A task that was interrupted comes back with the number it had, and so to its old place.
   */
  add(task: number, sequence: number): void;
  /** Takes the task that goes next, or undefined where none waits. */
  next(): number | undefined;
  /** Takes out a task that waits (it was cancelled, or skipped), by the sequence number that it was added with. */
  remove(task: number, sequence: number): void;
  /** The waiting tasks in the order of their sequence numbers. */
  waiting(): number[];
}
