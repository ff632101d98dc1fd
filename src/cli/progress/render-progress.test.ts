import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RUN_STATES } from '../../dag/run-state.js';
import type { RunDescription, TaskDescription } from '../../run/run.js';
import { TASK_STATES, type TaskState } from '../../dag/task-state.js';
import { formatClock } from './duration.js';
import { renderProgress, type Screen } from './render-progress.js';
import { widthOf } from './text.js';

const BEGAN = Date.parse('2026-11-01T12:00:00Z');

function at(seconds: number): string {
  return new Date(BEGAN + seconds * 1_000).toISOString();
}

function runOf(tasks: readonly TaskDescription[], more: Partial<RunDescription> = {}): RunDescription {
  const counts: Partial<Record<TaskState, number>> = {};
  for (const { state } of tasks) counts[state] = (counts[state] ?? 0) + 1;
  return { runId: 'sales-1', dag: 'sales', state: 'running', startedAt: at(0), counts, tasks, ...more };
}

function screen(more: Partial<Screen> = {}): Screen {
  return { width: 100, height: 24, now: BEGAN + 5_000, color: false, ...more };
}

const extract: TaskDescription = {
  name: 'extract',
  state: 'succeeded',
  attempts: 1,
  startedAt: at(0),
  endedAt: at(1.2),
};
const load: TaskDescription = {
  name: 'load',
  state: 'retrying',
  attempts: 2,
  startedAt: at(2),
  error: { code: 'HTTP_STATUS', message: 'The answer had\nstatus 503.' },
};
const report: TaskDescription = { name: 'report', state: 'pending', attempts: 0 };

describe('renderProgress', () => {
  it('shows the run, the counts, and each task with time, attempts and error', () => {
    expect(renderProgress(runOf([extract, load, report]), screen())).toBe(
      [
        'sales-1  running  5.0 s',
        '████████████████▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌░░░░░░░░░░░░░░░░  1/3',
        '1 succeeded · 1 retrying · 1 pending',
        '',
        '  ✔ extract  succeeded     1.2 s',
        '  ↻ load     retrying      3.0 s  attempt 2  HTTP_STATUS: The answer had status 503.',
        '  ○ report   pending',
      ].join('\n'),
    );
  });

  it('names the dag where the run id does not', () => {
    const lines = renderProgress(runOf([extract], { runId: 'nightly' }), screen()).split('\n');
    expect(lines[0]).toBe('sales  nightly  running  5.0 s');
  });

  it('stops the clock when the run has ended', () => {
    const status = runOf([extract], { state: 'succeeded', endedAt: at(1.5) });
    expect(renderProgress(status, screen())).toMatch(/^sales-1 {2}succeeded {2}1\.5 s\n█+ {2}1\/1\n1 succeeded\n/);
  });

  it('puts an error on a line of its own where the terminal is narrow', () => {
    const lines = renderProgress(runOf([load]), screen({ width: 40 })).split('\n');
    expect(lines.slice(-2)).toEqual(['  ↻ load     3.0 s ×2', '    HTTP_STATUS: The answer had status…']);
  });

  it('shows what is under way and what failed first where there is no room for all, and sums up the rest', () => {
    const many = Array.from({ length: 90 }, (_, i): TaskDescription => ({ ...report, name: `later-${i}` }));
    const ends = Array.from({ length: 20 }, (_, i): TaskDescription => ({
      ...extract,
      name: `done-${i}`,
      endedAt: at(i),
    }));
    const broken: TaskDescription = { ...extract, name: 'broken', state: 'failed' };
    const busy: TaskDescription = { name: 'busy', state: 'running', attempts: 1, startedAt: at(1) };
    const lines = renderProgress(runOf([...many, ...ends, broken, busy, load]), screen({ height: 12 })).split('\n');
    expect(lines).toHaveLength(12);
    expect(lines.slice(4).map((line) => line.trim().split(/\s+/)[1])).toEqual([
      'load',
      'busy',
      'broken',
      'done-19',
      'done-18',
      'done-17',
      'done-16',
      '90',
    ]);
    expect(lines.at(-1)).toBe('  … 90 more pending, 16 more succeeded');
  });

  it('keeps a third of the room for failures however much is under way', () => {
    const busy = Array.from({ length: 50 }, (_, i): TaskDescription => ({
      ...load,
      name: `busy-${i}`,
      state: 'running',
    }));
    const broken = Array.from({ length: 50 }, (_, i): TaskDescription => ({
      ...extract,
      name: `b-${i}`,
      state: 'failed',
    }));
    const text = renderProgress(runOf([...busy, ...broken]), screen({ width: 200, height: 24 }));
    expect(text.match(/✖ b-/g)?.length).toBeGreaterThanOrEqual(6);
    expect(text.match(/● busy-/g)?.length).toBeGreaterThanOrEqual(10);
  });

  it('shows every task where the height has no end', () => {
    const many = Array.from({ length: 500 }, (_, i): TaskDescription => ({ ...report, name: `t${i}` }));
    expect(renderProgress(runOf(many), screen({ height: Infinity })).split('\n')).toHaveLength(504);
  });

  const convert: TaskDescription = { ...extract, name: 'convert-everything', needs: ['extract'] };
  const merged: TaskDescription = { ...report, needs: ['convert-everything', 'load'] };
  const grown = [extract, merged, { ...load, needs: ['extract'] }, convert, { ...extract, name: 'lint' }];
  const rowsFor = (tasks: readonly TaskDescription[], more: Partial<Screen>): string[] =>
    renderProgress(runOf(tasks), screen(more)).split('\n').slice(4);

  it('draws the tasks as a tree of what needs what', () => {
    expect(rowsFor(grown, { width: 80 })).toEqual([
      '  ✔ extract                succeeded     1.2 s',
      '  ↻ ├─ load                retrying      3.0 s  attempt 2',
      '    │  HTTP_STATUS: The answer had status 503.',
      '  ✔ └─ convert-everything  succeeded     1.2 s',
      '  ○    └─ report           pending',
      '  ✔ lint                   succeeded     1.2 s',
    ]);
    expect(rowsFor(grown, { width: 60 })).toEqual([
      '  ✔ extract                   1.2 s',
      '  ↻ ├─ load                   3.0 s ×2',
      '    │  HTTP_STATUS: The answer had status 503.',
      '  ✔ └─ convert-everything     1.2 s',
      '  ○    └─ report',
      '  ✔ lint                      1.2 s',
    ]);
  });

  it('draws no tree where the names would be lost, where not every task has a row, or where nothing is needed', () => {
    const narrow = rowsFor(grown, { width: 36 });
    expect(narrow.map((line) => line.trim().split(/ +/)[1])).toEqual([
      'extract',
      'report',
      'load',
      'The',
      'convert-everything',
      'lint',
    ]);
    expect(rowsFor(grown, { height: 7 }).join('\n')).not.toMatch(/[├└]/);
    expect(rowsFor([extract, report], {}).join('\n')).not.toMatch(/[├└]/);
  });

  it('turns the sign of running tasks only where it is animated', () => {
    const status = runOf([{ name: 'busy', state: 'running', attempts: 1, startedAt: at(0) }]);
    expect(renderProgress(status, screen())).toContain('● busy');
    const first = renderProgress(status, screen({ animated: true }));
    const second = renderProgress(status, screen({ animated: true, now: BEGAN + 5_125 }));
    expect(first.split('\n').at(-1)).not.toBe(second.split('\n').at(-1));
  });

  it('shows the note under the counts', () => {
    const lines = renderProgress(runOf([report]), screen({ note: 'No worker answers.' })).split('\n');
    expect(lines[3]).toBe('No worker answers.');
  });

  it('shows how far running tasks say they are, with their own numbers and words', () => {
    const busy: TaskDescription = { name: 'busy', state: 'running', attempts: 1, startedAt: at(1) };
    const tasks: TaskDescription[] = [
      { ...busy, name: 'counts', progress: { fraction: 0.7, done: 7, total: 10, note: 'third\u001b[2J file' } },
      { ...busy, name: 'says', progress: { note: 'warming up' } },
      { ...busy, name: 'again', attempts: 2, error: { code: 'X', message: 'Broke.' }, progress: { fraction: 1 } },
      { ...busy, name: 'over', state: 'succeeded', progress: { fraction: 0.9 }, endedAt: at(3) },
    ];
    expect(renderProgress(runOf(tasks), screen()).split('\n').slice(4)).toEqual([
      '  ● counts  running       4.0 s  ███████░░░  70 %  7/10  third file',
      '  ● says    running       4.0 s  warming up',
      '  ● again   running       4.0 s  attempt 2  ██████████ 100 %  X: Broke.',
      '  ✔ over    succeeded     2.0 s',
    ]);
    expect(
      renderProgress(runOf(tasks), screen({ width: 42 }))
        .split('\n')
        .slice(4),
    ).toEqual([
      '  ● counts     4.0 s  ███████░░░  70 %',
      '  ● says       4.0 s  warming up',
      '  ● again      4.0 s ×2  ██████████ 100 %',
      '    X: Broke.',
      '  ✔ over       2.0 s',
    ]);
  });

  it('marks tasks that are paused, and those whose output came from an earlier run', () => {
    const tasks: TaskDescription[] = [
      { ...report, paused: true },
      { ...extract, takenOver: true },
      { ...extract, name: 'past', paused: true },
    ];
    expect(renderProgress(runOf(tasks), screen()).split('\n').slice(4)).toEqual([
      '  ‖ report   pending              paused',
      '  ✔ extract  succeeded            taken over',
      '  ✔ past     succeeded     1.2 s',
    ]);
  });

  it('says who paused the run, when, and until when, and what it is a rerun of', () => {
    const pause = { mode: 'interrupt', at: at(3), by: 'ana', until: at(600) } as const;
    const status = runOf([report], { state: 'paused', pause, rerunOf: 'sales-0' });
    const clock = (seconds: number): string => formatClock(BEGAN + seconds * 1_000);
    expect(
      renderProgress(status, screen({ note: 'No worker answers.' }))
        .split('\n')
        .slice(3, 5),
    ).toEqual([
      'No worker answers.',
      `paused by ana at ${clock(3)} (running tasks were stopped), goes on at ${clock(600)} · rerun of sales-0`,
    ]);
    const plain = runOf([report], { state: 'paused', pause: { mode: 'drain', at: at(3) } });
    expect(renderProgress(plain, screen()).split('\n')[3]).toBe(`paused at ${clock(3)}`);
  });

  it('says how fast it goes and how long it may take, where there is room', () => {
    const tasks = [...Array.from({ length: 10 }, () => extract), ...Array.from({ length: 60 }, () => report)];
    const bar = (width: number): string => renderProgress(runOf(tasks), screen({ width })).split('\n')[1] ?? '';
    expect(bar(100)).toMatch(/^[█░]{48} {2}10\/70 {2}2 tasks\/s {2}about 30 s left$/);
    expect(bar(60)).toMatch(/^[█░]{36} {2}10\/70 {2}about 30 s left$/);
    expect(bar(30)).toMatch(/^[█░]{23} {2}10\/70$/);
  });

  it('says under the counts what it waits for where nothing runs', () => {
    const waiting: TaskDescription = { ...report, state: 'waiting', waitsFor: { kind: 'event', event: 'paid' } };
    const lines = renderProgress(runOf([extract, waiting]), screen()).split('\n');
    expect(lines[3]).toBe('nothing runs; it waits for event paid (report)');
    const paused = renderProgress(runOf([extract, waiting], { state: 'paused' }), screen());
    expect(paused).not.toContain('nothing runs');
  });

  it('gives no estimate where a task waits, and does not count a fan-out beside its items', () => {
    const items = Array.from({ length: 20 }, (_, index): TaskDescription => ({
      ...extract,
      ...(index < 10 ? {} : { state: 'running' }),
      name: `load[${index}]`,
      item: { of: 'load', index },
    }));
    const parent: TaskDescription = { ...load, state: 'running', fanOut: { items: 20, ended: 10, failed: 0 } };
    const bar = (...tasks: TaskDescription[]): string => renderProgress(runOf(tasks), screen()).split('\n')[1] ?? '';
    expect(bar(parent, ...items)).toMatch(/ 10\/21 {2}2 tasks\/s {2}a few seconds left$/);
    expect(bar(parent, ...items, { ...report, state: 'waiting' })).toMatch(/ 10\/22 {2}2 tasks\/s$/);
  });

  it('lets no escape code of an error through', () => {
    const evil = { ...load, error: { code: 'X', message: 'a\u001b[2Jb\u0007c\u009b1A' } };
    // oxlint-disable-next-line no-control-regex -- this is what must not be there
    expect(renderProgress(runOf([evil]), screen())).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });

  const anyTask = fc.record({
    needs: fc.array(fc.nat(59), { maxLength: 3 }),
    name: fc.stringMatching(/^[a-z][a-z0-9_-]{0,80}$/),
    state: fc.constantFrom(...TASK_STATES),
    attempts: fc.integer({ min: 0, max: 12 }),
    startedAt: fc.constant(at(1)),
    paused: fc.option(fc.constant(true as const), { nil: undefined }),
    progress: fc.option(
      fc.record({ fraction: fc.double({ min: 0, max: 1, noNaN: true }), note: fc.string({ unit: 'binary' }) }),
      { nil: undefined },
    ),
    kind: fc.constantFrom('task', 'item', 'undo', 'finally'),
    fanOut: fc.option(fc.constant({ items: 10_000, ended: 4_000, failed: 12 }), { nil: undefined }),
    waitsFor: fc.option(
      fc.constantFrom<NonNullable<TaskDescription['waitsFor']>>(
        { kind: 'time', until: at(90) },
        { kind: 'event', event: 'some-event-with-a-name' },
        { kind: 'approval', message: 'May it go on?', approvers: ['ann', 'bob'], until: at(9_000) },
      ),
      { nil: undefined },
    ),
    subRun: fc.option(fc.constant('a-rather-long-run-id-of-a-dag/with-a-task'), { nil: undefined }),
    error: fc.option(fc.record({ code: fc.constant('TASK_FAILED'), message: fc.string({ unit: 'binary' }) }), {
      nil: undefined,
    }),
  });

  it('is never wider nor higher than the screen, and colours change nothing but colours', () => {
    fc.assert(
      fc.property(
        fc.array(anyTask, { maxLength: 60 }),
        fc.constantFrom(...RUN_STATES),
        fc.integer({ min: 20, max: 160 }),
        fc.integer({ min: 1, max: 50 }),
        fc.boolean(),
        (tasks, state, width, height, items) => {
          const first = tasks[0];
          const known = tasks.map(
            ({ error, paused, progress, needs, kind, fanOut, waitsFor, subRun, ...task }, i): TaskDescription => ({
              ...task,
              ...(kind === 'item' && first !== undefined && i > 0
                ? { name: `${first.name}[${i}]`, item: { of: first.name, index: i } }
                : {}),
              ...(kind === 'undo' ? { compensates: task.name } : {}),
              ...(kind === 'finally' ? { finally: true } : {}),
              ...(fanOut === undefined ? {} : { fanOut }),
              ...(waitsFor === undefined ? {} : { waitsFor }),
              ...(subRun === undefined ? {} : { subRun }),
              needs: needs.filter((needed) => needed < i).map((needed) => tasks[needed]!.name),
              ...(error === undefined ? {} : { error }),
              ...(paused === undefined ? {} : { paused }),
              ...(progress === undefined ? {} : { progress }),
            }),
          );
          const status = runOf(known, { state, runId: 'a-rather-long-run-id-of-a-dag' });
          const shown = screen({ width, height, note: 'note '.repeat(20), items, commands: ' --namespace n' });
          const plain = renderProgress(status, shown);
          const lines = plain.split('\n');
          expect(lines.length).toBeLessThanOrEqual(height);
          expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(width);
          const colored = renderProgress(status, { ...shown, color: true });
          expect(stripVTControlCharacters(colored)).toBe(plain);
        },
      ),
      { numRuns: 200 },
    );
  });
});
