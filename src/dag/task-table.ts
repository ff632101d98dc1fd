import { TASK_STATES, type TaskState } from './task-state.js';

/** The number that the table stores for each state: its position in TASK_STATES. */
export const CODE = Object.fromEntries(TASK_STATES.map((state, code) => [state, code])) as Record<TaskState, number>;

/** Where a task may go from each state. The states that are not here are final. */
export const TRANSITIONS: Readonly<Partial<Record<TaskState, readonly TaskState[]>>> = {
  pending: ['ready', 'upstream_failed', 'cancelled'],
  ready: ['running', 'cancelled'],
  running: ['ready', 'succeeded', 'failed', 'cancelled'],
};

const ALLOWED = Uint16Array.from(TASK_STATES, (state) =>
  (TRANSITIONS[state] ?? []).reduce((mask, to) => mask | (1 << CODE[to]), 0),
);

/** What a run knows of each of its tasks, one array per column, and how many tasks are in each state. */
export class TaskTable {
  readonly size: number;
  /** The state's {@link CODE}. */
  readonly state: Uint8Array;
  /** How many dependencies have not succeeded. */
  readonly missing: Int32Array;
  /** The how manieth task of the run to become ready it was, from 0; -1 before. */
  readonly sequence: Int32Array;
  /** 1 for a running task that was told to stop only to start again later. */
  readonly interrupted: Uint8Array;
  /** Milliseconds; NaN where the task did not start. */
  readonly startedAt: Float64Array;
  /** Milliseconds; NaN where the task did not end. */
  readonly endedAt: Float64Array;
  /** Tasks per state, by its {@link CODE}. */
  readonly counts: Int32Array;

  constructor(inDegree: Int32Array) {
    this.size = inDegree.length;
    this.state = new Uint8Array(this.size);
    this.missing = inDegree.slice();
    this.sequence = new Int32Array(this.size).fill(-1);
    this.interrupted = new Uint8Array(this.size);
    this.startedAt = new Float64Array(this.size).fill(NaN);
    this.endedAt = new Float64Array(this.size).fill(NaN);
    this.counts = new Int32Array(TASK_STATES.length);
    this.counts[CODE.pending] = this.size;
  }

  is(task: number, state: TaskState): boolean {
    return this.state[task] === CODE[state];
  }

  stateOf(task: number): TaskState {
    return TASK_STATES[this.state[task] ?? -1]!;
  }

  count(state: TaskState): number {
    return this.counts[CODE[state]]!;
  }

  /**
   * Moves a task on.
   * @throws Error where it cannot go there from where it is: a bug of the scheduler.
   */
  move(task: number, to: TaskState): void {
    const from = this.state[task]!;
    const code = CODE[to];
    if ((ALLOWED[from]! & (1 << code)) === 0)
      throw new Error(`Task ${task} cannot go from ${TASK_STATES[from]} to ${to}.`);
    this.state[task] = code;
    this.counts[from]!--;
    this.counts[code]!++;
  }
}
