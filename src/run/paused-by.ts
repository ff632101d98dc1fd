import type { Act, ActRequest } from './act.js';

/** Who paused something, and when (milliseconds). */
export interface PausedBy {
  readonly at: number;
  readonly by?: string;
}

/** What is remembered of pauses, as plain JSON. */
export interface PausersSnapshot {
  readonly paused?: PausedBy;
  readonly pausedTasks?: readonly (readonly [task: number, by: PausedBy])[];
}

/** Who paused a run, and its tasks: the scheduler knows only that they are. */
export class Pausers {
  run: PausedBy | undefined;
  readonly tasks: Map<number, PausedBy>;

  constructor({ paused, pausedTasks }: PausersSnapshot = {}) {
    this.run = paused;
    this.tasks = new Map(pausedTasks);
  }

  snapshot(): PausersSnapshot {
    return {
      ...(this.run === undefined ? {} : { paused: this.run }),
      ...(this.tasks.size === 0 ? {} : { pausedTasks: [...this.tasks] }),
    };
  }

  /** An act is about to be done. */
  note(act: Act, { by }: ActRequest, at: number, indexOf: (task: string) => number | undefined): void {
    const pausedBy: PausedBy = { at, ...(by === undefined ? {} : { by }) };
    if (act.type === 'pause') this.run = pausedBy;
    else if (act.type === 'pauseTask') this.tasks.set(indexOf(act.task) ?? -1, pausedBy);
    else if (act.type === 'resumeTask') this.tasks.delete(indexOf(act.task) ?? -1);
  }
}
