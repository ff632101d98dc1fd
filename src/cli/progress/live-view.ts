import type { WriteStream } from 'node:tty';
import { createLogUpdate } from 'log-update';
import type { RunStatus } from '../../dag/run.js';
import { renderProgress } from './render-progress.js';
import type { View } from './view.js';

const FRAME_MS = 125;
/** Above so many tasks a frame costs more than it shows; the picture is drawn half as often. */
const MANY_TASKS = 2_000;

/** A view that redraws itself in place on a terminal. It never takes more than the terminal's height. */
export function liveView(terminal: WriteStream): View {
  const show = createLogUpdate(terminal);
  const color = terminal.hasColors();
  let status: RunStatus | undefined;
  let note: string | undefined;
  let timer: NodeJS.Timeout | undefined;

  const draw = (animated: boolean): void => {
    if (status === undefined) return;
    // One column and one row less than there are: the last of each makes some terminals scroll or wrap.
    const width = Math.max(20, terminal.columns - 1);
    const height = Math.max(1, terminal.rows - 1);
    show(renderProgress(status, { width, height, now: Date.now(), color, animated, note }));
  };
  const redraw = (): void => draw(true);
  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
    terminal.off('resize', redraw);
  };

  return {
    update(next) {
      status = next;
      if (timer === undefined) {
        timer = setInterval(redraw, next.tasks.length > MANY_TASKS ? FRAME_MS * 2 : FRAME_MS);
        terminal.on('resize', redraw);
        redraw();
      }
    },
    say(line) {
      show.persist(`${line}\n`);
      draw(true);
    },
    note(next) {
      note = next;
    },
    end(last) {
      stop();
      status = last ?? status;
      note = undefined;
      draw(false);
      show.done();
    },
  };
}
