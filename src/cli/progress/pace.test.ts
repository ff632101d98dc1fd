import { describe, expect, it } from 'vitest';
import type { RunDescription, TaskDescription } from '../../run/run.js';
import { formatLeft, formatRate, paceOf } from './pace.js';

const BEGAN = Date.parse('2026-11-01T12:00:00Z');

function at(seconds: number): string {
  return new Date(BEGAN + seconds * 1_000).toISOString();
}

function runOf(tasks: readonly TaskDescription[], more: Partial<RunDescription> = {}): RunDescription {
  return { runId: 'r', dag: 'd', state: 'running', startedAt: at(0), counts: {}, tasks, ...more };
}

function ended(second: number, more: Partial<TaskDescription> = {}): TaskDescription {
  return { name: 't', state: 'succeeded', attempts: 1, startedAt: at(0), endedAt: at(second), ...more };
}

const pending: TaskDescription = { name: 'p', state: 'pending', attempts: 0 };
const now = BEGAN + 10_000;

describe('paceOf', () => {
  it('is the tasks that ended by the time it took, and the rest by that rate', () => {
    const tasks = [ended(1), ended(2), ended(3), ended(9), ended(10), ...Array<TaskDescription>(20).fill(pending)];
    expect(paceOf(runOf(tasks), now)).toEqual({ perSecond: 0.5, left: 40_000 });
  });

  it('counts what ended of late, not what ended long ago', () => {
    const early = Array.from({ length: 100 }, () => ended(5));
    const late = [ended(150), ended(170), ended(190)];
    expect(paceOf(runOf([...early, ...late, pending]), BEGAN + 200_000)).toEqual({ perSecond: 0.05, left: 20_000 });
  });

  it('says nothing on the ground of less than three ends, or of a run that has only begun', () => {
    expect(paceOf(runOf([ended(1), ended(2), pending]), now)).toEqual({});
    expect(paceOf(runOf([ended(1), ended(1), ended(1), pending]), BEGAN + 1_500)).toEqual({});
  });

  it.each(['paused', 'cancelling', 'succeeded', 'failed'] as const)('says nothing of a run that is %s', (state) => {
    expect(paceOf(runOf([ended(1), ended(2), ended(3), pending], { state }), now)).toEqual({});
  });

  it('counts no task that did not run here', () => {
    const tasks = [
      ended(1, { state: 'skipped', attempts: 0 }),
      ended(2, { state: 'upstream_failed', attempts: 0 }),
      ended(3, { takenOver: true }),
      ended(4, { state: 'failed' }),
    ];
    expect(paceOf(runOf([...tasks, pending]), now)).toEqual({});
  });

  it('counts of a running task only the part that it says is left', () => {
    const running: TaskDescription = { ...pending, state: 'running', attempts: 2, progress: { fraction: 0.75 } };
    expect(paceOf(runOf([ended(1), ended(2), ended(3), ended(4), ended(5), running]), now)).toMatchObject({
      left: 500,
    });
  });

  it('waits for the task that takes longest by its own report', () => {
    const slow: TaskDescription = {
      name: 's',
      state: 'running',
      attempts: 1,
      startedAt: at(0),
      progress: { fraction: 0.1 },
    };
    expect(paceOf(runOf([ended(1), ended(2), ended(3), slow]), now).left).toBeCloseTo(90_000);
    expect(paceOf(runOf([slow]), now).left).toBeCloseTo(90_000);
    expect(paceOf(runOf([slow, pending]), now)).toEqual({});
  });

  it('goes by the end that the run foresees, until that has passed', () => {
    const tasks = [ended(1), ended(2), ended(3), ended(9), ended(10), ...Array<TaskDescription>(20).fill(pending)];
    const foreseen = { estimatedEnd: at(70) };
    expect(paceOf(runOf(tasks, foreseen), now)).toEqual({ perSecond: 0.5, left: 60_000 });
    expect(paceOf(runOf([pending], foreseen), now)).toEqual({ left: 60_000 });
    expect(paceOf(runOf([pending], foreseen), BEGAN + 500)).toEqual({ left: 69_500 });
    expect(paceOf(runOf(tasks, { estimatedEnd: at(9) }), now)).toEqual({ perSecond: 0.5, left: 40_000 });
    const slow: TaskDescription = {
      ...pending,
      state: 'running',
      attempts: 1,
      startedAt: at(0),
      progress: { fraction: 0.1 },
    };
    expect(paceOf(runOf([slow], foreseen), now).left).toBeCloseTo(90_000);
    expect(paceOf(runOf(tasks, { ...foreseen, state: 'paused' }), now)).toEqual({});
  });

  it('estimates nothing where a task is paused: it may be so for ever', () => {
    const held: TaskDescription = { ...pending, paused: true };
    expect(paceOf(runOf([ended(1), ended(2), ended(3), ended(4), ended(5), held]), now)).toEqual({ perSecond: 0.5 });
  });
});

describe('formatRate', () => {
  it('takes the unit that reads best', () => {
    expect([120.4, 9.96, 3.21, 1, 0.5, 0.02, 0.002, 0].map(formatRate)).toEqual([
      '120 tasks/s',
      '10 tasks/s',
      '3.2 tasks/s',
      '1 tasks/s',
      '30 tasks/min',
      '1.2 tasks/min',
      '7.2 tasks/h',
      '0 tasks/h',
    ]);
  });
});

describe('formatLeft', () => {
  it('is no more exact than an estimate can be', () => {
    expect(
      [0, 7_400, 8_000, 43_000, 58_000, 150_000, 3_200_000, 3_400_000, 4_500_000, 7_200_000].map(formatLeft),
    ).toEqual([
      'a few seconds left',
      'a few seconds left',
      'about 10 s left',
      'about 45 s left',
      'about 1 min left',
      'about 3 min left',
      'about 53 min left',
      'about 1 h left',
      'about 1 h 20 min left',
      'about 2 h left',
    ]);
    expect([11.4, 47, 49, 240].map((hours) => formatLeft(hours * 3_600_000))).toEqual([
      'about 11 h left',
      'about 47 h left',
      'about 2 days left',
      'about 10 days left',
    ]);
  });
});
