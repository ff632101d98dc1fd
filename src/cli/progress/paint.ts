import type { RunState } from '../../dag/run-state.js';
import type { TaskState } from '../../dag/task-state.js';

/** A colour of a terminal's basic palette, so that the user's own theme decides how it looks. */
export type Color = 'red' | 'green' | 'yellow' | 'blue' | 'cyan' | 'dim' | 'bold' | 'none';

const CODES: Readonly<Record<Exclude<Color, 'none'>, readonly [number, number]>> = {
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  cyan: [36, 39],
  dim: [2, 22],
  bold: [1, 22],
};

/** Colours a text, or leaves it as it is. */
export type Paint = (text: string, color: Color) => string;

/** The painter for a terminal with colours (`true`) or without. */
export function paintFor(color: boolean): Paint {
  if (!color) return (text) => text;
  return (text, name) => {
    if (name === 'none' || text === '') return text;
    const [open, close] = CODES[name];
    return `\u001b[${open}m${text}\u001b[${close}m`;
  };
}

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] as const;
const SPINNER_FRAME = 125;

const TASK_LOOKS: Readonly<Record<TaskState, { readonly glyph: string; readonly color: Color }>> = {
  pending: { glyph: '○', color: 'dim' },
  ready: { glyph: '○', color: 'none' },
  queued: { glyph: '◌', color: 'cyan' },
  running: { glyph: '●', color: 'blue' },
  waiting: { glyph: '◔', color: 'cyan' },
  retrying: { glyph: '↻', color: 'yellow' },
  succeeded: { glyph: '✔', color: 'green' },
  failed: { glyph: '✖', color: 'red' },
  skipped: { glyph: '–', color: 'dim' },
  upstream_failed: { glyph: '⊘', color: 'red' },
  cancelled: { glyph: '■', color: 'yellow' },
};

/** The sign of a task that must not start until it is resumed. */
export const PAUSED_GLYPH = '‖';

const RUN_COLORS: Readonly<Record<RunState, Color>> = {
  running: 'blue',
  paused: 'yellow',
  cancelling: 'yellow',
  succeeded: 'green',
  failed: 'red',
  cancelled: 'yellow',
  timed_out: 'red',
};

/** The sign of a task's state. That of a running one turns with `now` (milliseconds), where it is given. */
export function glyphOf(state: TaskState, now?: number): string {
  if (state !== 'running' || now === undefined) return TASK_LOOKS[state].glyph;
  return SPINNER[Math.floor(now / SPINNER_FRAME) % SPINNER.length] ?? TASK_LOOKS.running.glyph;
}

/** The colour of a task's state. */
export function colorOf(state: TaskState): Color {
  return TASK_LOOKS[state].color;
}

/** The colour of a run's state. */
export function runColorOf(state: RunState): Color {
  return RUN_COLORS[state];
}
