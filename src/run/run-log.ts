import type { RunEvent } from './run-event.js';
import { TASK_STATES } from '../dag/task-state.js';
import { CODE } from '../dag/task-table.js';

/** So many events are kept; the oldest are dropped. */
export const KEPT_EVENTS = 20_000;

/** What an event without a task is, by the number that stands where the state would. */
const RUN_EVENTS = ['run.began', 'run.ended', 'timer.fired', 'act'] as const;
const NO_TASK = -1;
/** Beside the states of a task. */
const REMINDED = TASK_STATES.length;

/** A log as plain JSON: of each event the milliseconds since the one before, the task (-1: none), the code; in a row. */
export interface RunLogSnapshot {
  readonly dropped: number;
  readonly rows: readonly number[];
}

/** What happened in a run, three numbers for each event. The texts beside them are looked up when somebody asks. */
export class RunLog {
  #at: number[] = [];
  #task: number[] = [];
  #code: number[] = [];
  #dropped = 0;

  static restore(snapshot: RunLogSnapshot | undefined): RunLog {
    const log = new RunLog();
    if (snapshot === undefined) return log;
    log.#dropped = snapshot.dropped;
    let at = 0;
    for (let row = 0; row + 2 < snapshot.rows.length; row += 3) {
      at += snapshot.rows[row]!;
      log.#push(at, snapshot.rows[row + 1]!, snapshot.rows[row + 2]!);
    }
    return log;
  }

  snapshot(): RunLogSnapshot {
    const rows: number[] = [];
    const first = Math.max(0, this.#at.length - KEPT_EVENTS);
    let before = 0;
    for (let row = first; row < this.#at.length; row++) {
      rows.push(this.#at[row]! - before, this.#task[row]!, this.#code[row]!);
      before = this.#at[row]!;
    }
    return { dropped: this.#dropped + first, rows };
  }

  /** Something happened to the run. */
  note(at: number, event: (typeof RUN_EVENTS)[number]): void {
    this.#push(at, NO_TASK, RUN_EVENTS.indexOf(event));
  }

  /** A person was reminded of what the task waits for. */
  reminded(at: number, task: number): void {
    this.#push(at, task, REMINDED);
  }

  /** Tasks moved: task, state before, state after, in a row. Steps on the way to a first start are left out. */
  moved(at: number, moves: readonly number[]): void {
    for (let i = 0; i + 2 < moves.length; i += 3) {
      const from = moves[i + 1]!;
      const to = moves[i + 2]!;
      if (to < CODE.running && from < CODE.running) continue;
      this.#push(at, moves[i]!, to);
    }
  }

  /** How many events were dropped, the oldest first. */
  get dropped(): number {
    return this.#dropped + Math.max(0, this.#at.length - KEPT_EVENTS);
  }

  /** The events, oldest first. `times` of ISO 8601; `messages` are for the caller to add. */
  *events(nameOf: (task: number) => string): Generator<RunEvent> {
    for (let row = Math.max(0, this.#at.length - KEPT_EVENTS); row < this.#at.length; row++) {
      const at = new Date(this.#at[row]!).toISOString();
      const task = this.#task[row]!;
      const code = this.#code[row]!;
      if (task === NO_TASK) yield { at, event: RUN_EVENTS[code] ?? 'act' };
      else if (code === REMINDED) yield { at, event: 'task.reminded', task: nameOf(task) };
      else yield { at, event: `task.${TASK_STATES[code]!}`, task: nameOf(task) };
    }
  }

  #push(at: number, task: number, code: number): void {
    this.#at.push(at);
    this.#task.push(task);
    this.#code.push(code);
    // Dropped in bulk: once for as many as are kept.
    if (this.#at.length < 2 * KEPT_EVENTS) return;
    this.#dropped += KEPT_EVENTS;
    this.#at = this.#at.slice(KEPT_EVENTS);
    this.#task = this.#task.slice(KEPT_EVENTS);
    this.#code = this.#code.slice(KEPT_EVENTS);
  }
}
