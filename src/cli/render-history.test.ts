import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../run/run-event.js';
import { formatClock, formatDay } from './progress/duration.js';
import { widthOf } from './progress/text.js';
import { renderHistory } from './render-history.js';

const BEGAN = Date.parse('2026-11-01T12:00:00Z');

function at(seconds: number): string {
  return new Date(BEGAN + seconds * 1_000).toISOString();
}

function clock(seconds: number): string {
  return formatClock(BEGAN + seconds * 1_000);
}

const events: RunEvent[] = [
  { at: at(0), event: 'run.began' },
  { at: at(0.1), event: 'task.running', task: 'extract' },
  { at: at(2), event: 'act', by: 'ana', message: 'The run is paused.' },
  { at: at(75), event: 'task.failed', task: 'extract', message: 'SHELL_EXIT: The command\nended with code 3.' },
  { at: at(75), event: 'run.ended', message: 'failed' },
];
const screen = { width: 80, color: false, began: at(0) };

describe('renderHistory', () => {
  it('gives each event its time of day, the time since the start, the task, who asked, and the message', () => {
    expect(renderHistory(events, screen).split('\n')).toEqual([
      formatDay(BEGAN),
      `${clock(0)}     +0.0 s  ◆ run.began`,
      `${clock(0.1)}     +0.1 s  ● running    extract`,
      `${clock(2)}     +2.0 s  » act                 ana  The run is paused.`,
      `${clock(75)}  +1 m 15 s  ✖ failed     extract`,
      '    SHELL_EXIT: The command ended with code 3.',
      `${clock(75)}  +1 m 15 s  ◆ run.ended  failed`,
    ]);
  });

  it('leaves out the columns that nothing is in', () => {
    const lines = renderHistory(events.slice(0, 1), screen).split('\n');
    expect(lines[1]).toBe(`${clock(0)}     +0.0 s  ◆ run.began`);
    expect(renderHistory([], screen)).toBe('');
  });

  it('keeps a message in its line where that is wide enough', () => {
    const lines = renderHistory(events, { ...screen, width: 90 }).split('\n');
    expect(lines.at(-2)).toMatch(/extract {7}SHELL_EXIT: The command ended with code 3\.$/);
  });

  it('says where another day begins', () => {
    const days = renderHistory([...events, { at: at(86_400), event: 'timer.fired' }], screen).split('\n');
    expect(days.filter((line) => /^\d{4}-\d\d-\d\d$/.test(line))).toEqual([
      formatDay(BEGAN),
      formatDay(BEGAN + 86_400_000),
    ]);
  });

  it.each([20, 40, 80, 120])('is never wider than %d columns, and shows no escape codes but its own', (width) => {
    const long: RunEvent = {
      at: at(100_000),
      event: 'task.upstream_failed',
      task: 'a'.repeat(100),
      by: '\u001b[2J日本語'.repeat(9),
      message: 'x'.repeat(300),
    };
    const plain = renderHistory([...events, long], { ...screen, width });
    expect(Math.max(...plain.split('\n').map(widthOf))).toBeLessThanOrEqual(width);
    expect(plain).not.toContain('\u001b');
    expect(stripVTControlCharacters(renderHistory([...events, long], { ...screen, width, color: true }))).toBe(plain);
  });
});
