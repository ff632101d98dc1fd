import type { WriteStream } from 'node:tty';
import { createLogUpdate } from 'log-update';
import type { RunDescription } from '../../run/run.js';
import { takeStrayOutput } from '../stray-output.js';
import { withFactsOf } from './made-status.js';
import { renderProgress } from './render-progress.js';
import { cleanLine } from './text.js';
import type { View } from './view.js';

const FRAME_MS = 125;
/** Above so many tasks a frame costs more than it shows; the picture is drawn half as often. */
const MANY_TASKS = 2_000;

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';

/**
 * A view that redraws itself in place on a terminal. It never takes more than the terminal's height. What else the
 * process prints while it shows goes above it, as lines that stay.
 * @param commands The flags of a command that reaches the run; undefined where none does.
 */
export function liveView(terminal: WriteStream, commands: string | undefined): View {
  const write = terminal.write.bind(terminal);
  const showCursor = (): void => void write(SHOW_CURSOR);
  // The picture itself must not count as stray output.
  const screen = Object.create(terminal, { write: { value: write } }) as WriteStream;
  const show = createLogUpdate(screen, { showCursor: true });
  const color = terminal.hasColors();
  let status: RunDescription | undefined;
  let note: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let releaseOutput = (): void => {};

  const draw = (animated: boolean): void => {
    if (status === undefined) return;
    // One column and one row less than there are: the last of each makes some terminals scroll or wrap.
    const width = Math.max(20, terminal.columns - 1);
    const height = Math.max(1, terminal.rows - 1);
    const look = { width, height, now: Date.now(), color, animated, note };
    show(renderProgress(status, { ...look, ...(commands === undefined ? {} : { commands }) }));
  };
  const redraw = (): void => draw(true);
  let frame = 0;
  const tick = (): void => {
    frame += 1;
    if (frame % 2 === 0 || (status?.tasks.length ?? 0) <= MANY_TASKS) redraw();
  };
  const say = (line: string): void => {
    show.persist(`${line}\n`);
    redraw();
  };
  const begin = (): void => {
    timer = setInterval(tick, FRAME_MS);
    terminal.on('resize', redraw);
    process.once('exit', showCursor);
    write(HIDE_CURSOR);
    releaseOutput = takeStrayOutput([process.stdout, process.stderr], (line) => say(cleanLine(line)));
    redraw();
  };

  return {
    update(next) {
      status = next;
      if (timer === undefined) begin();
    },
    say,
    note(next) {
      note = next;
    },
    end(last) {
      clearInterval(timer);
      timer = undefined;
      terminal.off('resize', redraw);
      releaseOutput();
      // A result does not say what its tasks need, nor which of them were the last.
      status = last === undefined ? status : withFactsOf(last, status);
      note = undefined;
      draw(false);
      show.done();
      process.off('exit', showCursor);
      showCursor();
    },
  };
}
