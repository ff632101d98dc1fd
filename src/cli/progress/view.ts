import type { RunDescription } from '../../run/run.js';

/** What shows a run while it goes on. */
export interface View {
  /** The run has been looked at again. */
  update(status: RunDescription): void;
  /** A line that stays: news that is not the state of a task. */
  say(line: string): void;
  /** What the run waits for, under its header; undefined for nothing. */
  note(note: string | undefined): void;
  /** The last look stays on the screen; the view takes no more. */
  end(status?: RunDescription): void;
}
