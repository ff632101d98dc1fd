import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RUN_STATES } from '../../dag/run-state.js';
import type { RunDescription, TaskDescription } from '../../run/run.js';
import { TASK_STATES } from '../../dag/task-state.js';
import { formatClock } from '../progress/duration.js';
import { widthOf } from '../progress/text.js';
import { renderGantt, type GanttScreen } from './render-gantt.js';

const BEGAN = Date.parse('2026-11-01T12:00:00Z');

function at(seconds: number): string {
  return new Date(BEGAN + seconds * 1_000).toISOString();
}

function runOf(tasks: readonly TaskDescription[], more: Partial<RunDescription> = {}): RunDescription {
  return { runId: 'sales-1', dag: 'sales', state: 'running', startedAt: at(0), counts: {}, tasks, ...more };
}

function screen(more: Partial<GanttScreen> = {}): GanttScreen {
  return { width: 60, most: 20, now: BEGAN + 20_000, color: false, ...more };
}

const tasks: TaskDescription[] = [
  { name: 'extract', state: 'succeeded', attempts: 1, startedAt: at(0), endedAt: at(5) },
  { name: 'load', state: 'failed', attempts: 3, startedAt: at(5), endedAt: at(15) },
  { name: 'report', state: 'running', attempts: 1, startedAt: at(16) },
  { name: 'publish', state: 'pending', attempts: 0 },
];

describe('renderGantt', () => {
  it('draws each task over the time since the start, its state in the sign and in the bar', () => {
    expect(renderGantt(runOf(tasks), screen()).split('\n')).toEqual([
      'sales-1  running  20.0 s',
      `from ${formatClock(BEGAN)}`,
      '',
      '          0                  10s                20s',
      '          ├──────────────────┼──────────────────┼',
      '✔ extract ██████████         ┊                  ┊   5.0 s',
      '✖ load    ┊        ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓✖        ┊  10.0 s ×3',
      '● report  ┊                  ┊           ▒▒▒▒▒▒▒▸   4.0 s',
      '',
      '… 1 did not start',
      '▒▒▸ running  ███ succeeded  ▓▓✖ failed',
    ]);
  });

  it('draws each start of a task that was stopped, and at the last one how it stands', () => {
    const earlierStarts = [
      { startedAt: at(0), endedAt: at(5) },
      { startedAt: at(6), endedAt: at(6) },
    ];
    const again: TaskDescription = { name: 'again', state: 'failed', attempts: 3, startedAt: at(15), endedAt: at(20) };
    const chart = renderGantt(runOf([{ ...again, earlierStarts }], { state: 'failed', endedAt: at(20) }), screen());
    expect(chart).toMatch(/^✖ again ▓{2,} ▓ +▓{2,}✖ {2}20\.0 s ×3$/m);
    expect(chart).not.toContain('items at once');
  });

  it('gives the shortest task a cell', () => {
    const brief: TaskDescription = { name: 'brief', state: 'failed', attempts: 1, startedAt: at(20), endedAt: at(20) };
    expect(renderGantt(runOf([brief]), screen())).toMatch(/^✖ brief ┊ .*✖ {2}0\.0 s$/m);
  });

  it('says when an ended run ended', () => {
    const [, when] = renderGantt(runOf(tasks.slice(0, 2), { state: 'failed', endedAt: at(15) }), screen()).split('\n');
    expect(when).toBe(`from ${formatClock(BEGAN)} to ${formatClock(BEGAN + 15_000)}`);
  });

  it('says so where nothing has started', () => {
    expect(
      renderGantt(runOf(tasks.slice(3)), screen())
        .split('\n')
        .at(-1),
    ).toBe('… 1 did not start');
    expect(renderGantt(runOf([]), screen()).split('\n').at(-1)).toBe('There are no tasks.');
  });

  it('says how many tasks it leaves out', () => {
    const lines = renderGantt(runOf(tasks), screen({ most: 2 })).split('\n');
    expect(lines.filter((line) => /^[✔✖●] /.test(line)).map((line) => line.split(/\s+/)[1])).toEqual([
      'load',
      'report',
    ]);
    expect(lines).toContain('… 1 more ran (--all shows them), 1 did not start');
  });

  const fannedOut: TaskDescription[] = [
    {
      name: 'convert',
      state: 'failed',
      attempts: 1,
      startedAt: at(0),
      endedAt: at(20),
      fanOut: { items: 8, ended: 8, failed: 1 },
    },
    ...Array.from({ length: 8 }, (_, index): TaskDescription => {
      const item = { of: 'convert', index };
      return {
        name: `convert[${index}]`,
        state: 'succeeded',
        attempts: 1,
        startedAt: at(index),
        endedAt: at(10),
        item,
      };
    }),
  ];

  it('draws the items of a fan-out in one row, as high as many were under way, unless each is asked for', () => {
    expect(renderGantt(runOf(fannedOut), screen()).split('\n').slice(5)).toEqual([
      '✖ convert ▁▂▂▃▃▄▄▅▆▆▇▇██████                   20.0 s 8/8 ✖1',
      '',
      '▁▄█ items at once',
    ]);
    expect(renderGantt(runOf(fannedOut), screen({ most: Infinity })).match(/^✔ convert\[\d\] /gm)).toHaveLength(8);
  });

  const anyTask = fc.record({
    fanOut: fc.constantFrom({ items: 10_000, ended: 9_999, failed: 123 }, { items: 3, ended: 0, failed: 0 }),
    name: fc.stringMatching(/^[a-z][a-z0-9_-]{0,80}$/),
    state: fc.constantFrom(...TASK_STATES),
    attempts: fc.integer({ min: 0, max: 120 }),
    startedAt: fc.integer({ min: -10, max: 4_000_000 }).map(at),
    endedAt: fc.integer({ min: -10, max: 4_000_000 }).map(at),
  });

  it('is never wider than the screen, and colours change nothing but colours', () => {
    fc.assert(
      fc.property(
        fc.array(anyTask, { maxLength: 30 }),
        fc.constantFrom(...RUN_STATES),
        fc.integer({ min: 20, max: 160 }),
        (some, state, width) => {
          const [first, ...others] = some;
          const items = others.map((task, index): TaskDescription => ({
            ...task,
            name: `${first?.name}[${index}]`,
            item: { of: first?.name ?? '', index },
          }));
          const description = runOf([...some, ...items], { state, runId: 'a-rather-long-run-id-of-a-dag' });
          const plain = renderGantt(description, screen({ width }));
          expect(Math.max(...plain.split('\n').map(widthOf))).toBeLessThanOrEqual(width);
          const colored = renderGantt(description, screen({ width, color: true }));
          expect(stripVTControlCharacters(colored)).toBe(plain);
        },
      ),
      { numRuns: 200 },
    );
  });
});
