import type { RunDescription } from '../../run/run.js';
import { changeLines } from './change-lines.js';
import type { View } from './view.js';

/**
 * A view for pipes, logs and CI: a line for each change, no cursor codes.
 * @param commands The flags of a command that reaches the run; undefined where none does.
 */
export function plainView(write: (line: string) => void, commands?: string): View {
  let previous: RunDescription | undefined;
  let lastNote: string | undefined;
  const update = (status: RunDescription): void => {
    for (const line of changeLines(previous, status, Date.now(), commands)) write(line);
    previous = status;
  };
  return {
    update,
    say: write,
    note(note) {
      if (note !== undefined && note !== lastNote) write(note);
      lastNote = note;
    },
    end(status) {
      if (status !== undefined) update(status);
    },
  };
}
