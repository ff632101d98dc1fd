import { describe, expect, it } from 'vitest';
import type { RunDescription, TaskDescription } from '../../run/run.js';
import { chartOf, densityOf, restOf } from './chart.js';

const BEGAN = Date.parse('2026-11-01T12:00:00Z');
const NOW = BEGAN + 100_000;

function at(seconds: number): string {
  return new Date(BEGAN + seconds * 1_000).toISOString();
}

function runOf(tasks: readonly TaskDescription[], more: Partial<RunDescription> = {}): RunDescription {
  return { runId: 'sales-1', dag: 'sales', state: 'running', startedAt: at(0), counts: {}, tasks, ...more };
}

function ran(name: string, from: number, to: number, more: Partial<TaskDescription> = {}): TaskDescription {
  return { name, state: 'succeeded', attempts: 1, startedAt: at(from), endedAt: at(to), ...more };
}

const running: TaskDescription = { name: 'busy', state: 'running', attempts: 1, startedAt: at(90) };
const pending: TaskDescription = { name: 'later', state: 'pending', attempts: 0 };

describe('chartOf', () => {
  it('has the time of each task that ran, the earliest first, and what runs lasts until now', () => {
    const chart = chartOf(runOf([running, ran('b', 5, 7), ran('a', 1, 5), pending]), NOW, 10);
    expect(chart.spans.map(({ task, from, to }) => [task.name, from, to])).toEqual([
      ['a', 1_000, 5_000],
      ['b', 5_000, 7_000],
      ['busy', 90_000, 100_000],
    ]);
    expect(chart).toMatchObject({ length: 100_000, leftOut: 0, notStarted: 1, takenOver: 0 });
    expect(restOf(chart)).toBe('1 did not start');
  });

  it('ends with the run, or with the last task where clocks differ', () => {
    expect(chartOf(runOf([ran('a', 1, 5)], { endedAt: at(6) }), NOW, 10).length).toBe(6_000);
    expect(chartOf(runOf([ran('a', 1, 8)], { endedAt: at(6) }), NOW, 10).length).toBe(8_000);
    expect(chartOf(runOf([]), BEGAN - 5_000, 10)).toMatchObject({ length: 1, spans: [] });
  });

  it('has all starts of a task that was stopped to go on later, also where it has not gone on yet', () => {
    const earlierStarts = [{ startedAt: at(1), endedAt: at(3) }];
    const { name, state, attempts } = pending;
    const chart = chartOf(
      runOf([ran('again', 8, 9, { earlierStarts }), { name, state, attempts, earlierStarts }]),
      NOW,
      10,
    );
    const first = { from: 1_000, to: 3_000 };
    expect(chart.spans).toMatchObject([
      { from: 1_000, to: 9_000, starts: [first, { from: 8_000, to: 9_000 }] },
      { ...first, starts: [first] },
    ]);
    expect(chart.notStarted).toBe(0);
  });

  it('never begins before the run does, nor ends before it begins', () => {
    const { spans } = chartOf(runOf([ran('a', -5, -2), ran('b', 4, 3)]), NOW, 10);
    expect(spans.map(({ from, to }) => [from, to])).toEqual([
      [0, 0],
      [4_000, 4_000],
    ]);
  });

  it('keeps the failed, the running and the longest where there is no room for all', () => {
    const short = Array.from({ length: 20_000 }, (_, i) => ran(`short-${i}`, i / 1_000, i / 1_000 + 0.1));
    const failed = Array.from({ length: 5 }, (_, i) => ran(`bad-${i}`, i, i + 0.01, { state: 'failed' }));
    const tasks = [...short, ...failed, running, ran('long', 0, 50)];
    const chart = chartOf(runOf(tasks), NOW, 9);
    const names = chart.spans.map(({ task }) => task.name);
    expect(names).toHaveLength(9);
    expect(names.filter((name) => name.startsWith('bad-'))).toHaveLength(3);
    expect(names).toEqual(expect.arrayContaining(['busy', 'long']));
    expect(chart.leftOut).toBe(tasks.length - 9);
    expect(restOf(chart)).toBe('19998 more ran (--all shows them)');
  });

  it('leaves out what ran in an earlier run', () => {
    const chart = chartOf(runOf([ran('old', -500, -400, { takenOver: true }), ran('new', 1, 2)]), NOW, 10);
    expect(chart.spans.map(({ task }) => task.name)).toEqual(['new']);
    expect(restOf(chart)).toBe('1 taken over from an earlier run');
  });
});

describe('a fan-out in a chart', () => {
  const items = Array.from({ length: 30 }, (_, index) =>
    ran(`convert[${index}]`, index, index + 5, { item: { of: 'convert', index } }),
  );
  const waiting: TaskDescription = { ...pending, name: 'convert[30]', item: { of: 'convert', index: 30 } };
  const run = runOf([ran('convert', 0, 40), ...items, waiting]);

  it('is one row that has the times of its items', () => {
    const chart = chartOf(run, NOW, 10);
    expect(chart.spans.map(({ task, items: own }) => [task.name, own?.length])).toEqual([['convert', 30]]);
    expect(chart.spans[0]?.items?.[1]).toEqual({ from: 1_000, to: 6_000 });
    expect(chart).toMatchObject({ leftOut: 0, notStarted: 0 });
  });

  it('has a row for each of its items where all are asked for', () => {
    const chart = chartOf(run, NOW, Infinity);
    expect(chart.spans).toHaveLength(31);
    expect(chart.spans.every(({ items: own }) => own === undefined)).toBe(true);
    expect(chart.notStarted).toBe(1);
  });
});

describe('densityOf', () => {
  it('counts what is under way in each part, what is shorter than a part included', () => {
    const spans = [
      { from: 0, to: 50 },
      { from: 25, to: 100 },
      { from: 60, to: 60 },
    ];
    expect(densityOf(spans, 100, 4)).toEqual([1, 2, 2, 1]);
    expect(densityOf([{ from: 100, to: 100 }], 100, 4)).toEqual([0, 0, 0, 1]);
    expect(densityOf([], 100, 2)).toEqual([0, 0]);
  });
});
