import type { Hold } from './task-traits.js';
import { TASK_STATES, type TaskState } from './task-state.js';
import { TRIGGER_RULES, verdictOf, type Verdict } from './trigger-rule.js';

/** The number that the table stores for each state: its position in TASK_STATES. */
export const CODE = Object.fromEntries(TASK_STATES.map((state, code) => [state, code])) as Record<TaskState, number>;

/** Where a task may go from each state. An end is left only by an operator's word, about it or a task that it needs. */
export const TRANSITIONS: Readonly<Record<TaskState, readonly TaskState[]>> = {
  pending: ['ready', 'succeeded', 'failed', 'skipped', 'upstream_failed', 'cancelled'],
  ready: ['running', 'pending', 'succeeded', 'failed', 'skipped', 'cancelled'],
  queued: [],
  running: ['waiting', 'ready', 'pending', 'succeeded', 'failed', 'skipped', 'cancelled'],
  waiting: ['ready', 'pending', 'succeeded', 'failed', 'skipped', 'cancelled'],
  retrying: [],
  succeeded: ['pending'],
  failed: ['pending'],
  skipped: ['pending'],
  upstream_failed: ['pending'],
  cancelled: ['pending'],
};

const ALLOWED = Uint16Array.from(TASK_STATES, (state) =>
  TRANSITIONS[state].reduce((mask, to) => mask | (1 << CODE[to]), 0),
);

/** What becomes of a running task that was told to stop, once it has. */
export const STOP = {
  /** It was not told to stop, or the whole run was. */
  none: 0,
  /** It starts again. */
  again: 1,
  cancelled: 2,
  skipped: 3,
  succeeded: 4,
} as const;

/** What a started task holds: see `Hold`. */
export const HOLD: Readonly<Record<Hold, number>> = { slot: 0, nothing: 1, run: 2 };

/** What a run knows of each of its tasks, one array per column, and how many tasks are in each state. */
export class TaskTable {
  readonly size: number;
  /** The state's {@link CODE}. */
  readonly state: Uint8Array;
  /** The position of the trigger rule in TRIGGER_RULES. */
  readonly rule: Uint8Array;
  /** How many dependencies there are, and of those, how many have ended, and how: see `UpstreamCounts`. */
  readonly needs: Int32Array;
  readonly done: Int32Array;
  readonly succeeded: Int32Array;
  readonly failed: Int32Array;
  readonly upstreamFailed: Int32Array;
  readonly skipped: Int32Array;
  /** The how manieth task of the run to become ready it was, from 0; -1 before. */
  readonly sequence: Int32Array;
  /** Of a running task, a {@link STOP}. */
  readonly stop: Uint8Array;
  /** 1 for a task that an operator has paused. */
  readonly paused: Uint8Array;
  /** 1 for a task that is as it is by an operator's word, whatever its dependencies say. */
  readonly forced: Uint8Array;
  /** 1 for a task that its own condition ended: it could have started. */
  readonly declined: Uint8Array;
  /** 1 for a task that was cancelled because nobody needs it any more. */
  readonly unneeded: Uint8Array;
  /** What it holds while it runs: a {@link HOLD}. */
  readonly hold: Uint8Array;
  /** The position of its stage in STAGES. */
  readonly stage: Uint8Array;
  /** Whose item it is; -1 for a task that is none. */
  readonly parent: Int32Array;
  /** Higher goes first, for policies that look at it. */
  readonly priority: Float64Array;
  /** Milliseconds; when it got its place in `sequence`. */
  readonly readyAt: Float64Array;
  /** Milliseconds; when its timer fires, NaN where it has none. */
  readonly dueAt: Float64Array;
  /** Milliseconds; NaN where the task did not start. */
  readonly startedAt: Float64Array;
  /** Milliseconds; NaN where the task did not end. */
  readonly endedAt: Float64Array;
  /** Tasks per state, by its {@link CODE}. */
  readonly counts: Int32Array;
  /** Tasks that run and hold a slot. */
  slots = 0;
  /** The moves since it was last emptied: task, state before, state after; one after the other. */
  readonly moves: number[] = [];

  constructor(inDegree: Int32Array) {
    this.size = inDegree.length;
    this.state = new Uint8Array(this.size);
    this.rule = new Uint8Array(this.size);
    this.needs = inDegree;
    this.done = new Int32Array(this.size);
    this.succeeded = new Int32Array(this.size);
    this.failed = new Int32Array(this.size);
    this.upstreamFailed = new Int32Array(this.size);
    this.skipped = new Int32Array(this.size);
    this.sequence = new Int32Array(this.size).fill(-1);
    this.stop = new Uint8Array(this.size);
    this.paused = new Uint8Array(this.size);
    this.forced = new Uint8Array(this.size);
    this.declined = new Uint8Array(this.size);
    this.unneeded = new Uint8Array(this.size);
    this.hold = new Uint8Array(this.size);
    this.stage = new Uint8Array(this.size);
    this.parent = new Int32Array(this.size).fill(-1);
    this.dueAt = new Float64Array(this.size).fill(NaN);
    this.priority = new Float64Array(this.size);
    this.readyAt = new Float64Array(this.size).fill(NaN);
    this.startedAt = new Float64Array(this.size).fill(NaN);
    this.endedAt = new Float64Array(this.size).fill(NaN);
    this.counts = new Int32Array(TASK_STATES.length);
    this.counts[CODE.pending] = this.size;
  }

  /** The same tasks, and pending ones behind them. Whoever grows it counts the ends of dependencies anew. */
  grown(inDegree: Int32Array): TaskTable {
    const table = new TaskTable(inDegree);
    table.state.set(this.state);
    table.rule.set(this.rule);
    table.sequence.set(this.sequence);
    table.stop.set(this.stop);
    table.paused.set(this.paused);
    table.forced.set(this.forced);
    table.declined.set(this.declined);
    table.unneeded.set(this.unneeded);
    table.hold.set(this.hold);
    table.stage.set(this.stage);
    table.parent.set(this.parent);
    table.dueAt.set(this.dueAt);
    table.slots = this.slots;
    table.priority.set(this.priority);
    table.readyAt.set(this.readyAt);
    table.startedAt.set(this.startedAt);
    table.endedAt.set(this.endedAt);
    table.counts.set(this.counts);
    table.counts[CODE.pending]! += table.size - this.size;
    table.moves.push(...this.moves);
    return table;
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

  /** How many were started, and have not ended. */
  get underWay(): number {
    return this.counts[CODE.running]! + this.counts[CODE.waiting]!;
  }

  /** What the task's trigger rule says, by the ends of its dependencies so far. */
  verdict(task: number): Verdict {
    const total = this.needs[task]!;
    const done = this.done[task]!;
    const succeeded = this.succeeded[task]!;
    // What nearly every task is: spares it the rest.
    if (this.rule[task] === 0 && done === succeeded) return done === total ? 'start' : 'wait';
    return verdictOf(TRIGGER_RULES[this.rule[task]!]!, {
      total,
      done,
      succeeded,
      failed: this.failed[task]!,
      upstreamFailed: this.upstreamFailed[task]!,
      skipped: this.skipped[task]!,
    });
  }

  /** Whether the task was started, and has not ended. */
  isUnderWay(task: number): boolean {
    return this.state[task] === CODE.running || this.state[task] === CODE.waiting;
  }

  /** Whether the task has ended, for now. */
  hasEnded(task: number): boolean {
    return this.state[task]! >= CODE.succeeded;
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
    if (this.hold[task] !== HOLD.nothing) this.slots += +(code === CODE.running) - +(from === CODE.running);
    this.moves.push(task, from, code);
  }
}
