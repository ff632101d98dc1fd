/**
 * The order among ready tasks when slots are scarce: a queue that says which goes next. Tasks are indexes into the
 * dag. Every policy is deterministic: what its own keys leave open is decided by the sequence numbers, lower first.
 */
export interface Policy {
  readonly name: string;
  /** How many tasks wait. */
  readonly size: number;
  /**
   * A task became ready. `sequence` says as the how manieth one in the run, from 0: no two waiting tasks share one. A
   * task that was interrupted comes back with the number it had, and so to its old place.
   * @throws Error where the task waits already.
   */
  add(task: number, sequence: number): void;
  /** Takes the task that goes next, or undefined where none waits. */
  next(): number | undefined;
  /** Takes a task out (it was cancelled, or skipped). False where it does not wait. */
  remove(task: number): boolean;
  /** The waiting tasks in the order of their sequence numbers. */
  waiting(): number[];
}
