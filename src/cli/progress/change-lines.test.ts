import { describe, expect, it } from 'vitest';
import type { RunDescription, TaskDescription } from '../../run/run.js';
import { changeLines } from './change-lines.js';
import { formatClock } from './duration.js';

const BEGAN = Date.parse('2026-11-01T12:00:00Z');
const NOW = BEGAN + 60_000;

function at(seconds: number): string {
  return new Date(BEGAN + seconds * 1_000).toISOString();
}

function clock(seconds: number): string {
  return formatClock(BEGAN + seconds * 1_000);
}

function runOf(tasks: readonly TaskDescription[], state: RunDescription['state'] = 'running'): RunDescription {
  return { runId: 'sales-1', dag: 'sales', state, startedAt: at(0), counts: {}, tasks };
}

const pending: TaskDescription = { name: 'load', state: 'pending', attempts: 0 };
const running: TaskDescription = { name: 'load', state: 'running', attempts: 1, startedAt: at(3) };
const error = { code: 'SHELL_EXIT', message: 'The command ended\nwith code 3.' };

describe('changeLines', () => {
  it('says nothing of tasks that did not begin', () => {
    expect(changeLines(undefined, runOf([pending]), NOW)).toEqual([]);
  });

  it('says when a task began, and when it ended and how long it took', () => {
    expect(changeLines(runOf([pending]), runOf([running]), NOW)).toEqual([`${clock(3)} load running`]);
    const ended: TaskDescription = { ...running, state: 'succeeded', endedAt: at(4.2) };
    expect(changeLines(runOf([running]), runOf([ended]), NOW)).toEqual([`${clock(4.2)} load succeeded (1.2 s)`]);
  });

  it('says nothing where nothing changed', () => {
    expect(changeLines(runOf([running]), runOf([running]), NOW)).toEqual([]);
  });

  it('tells each failed attempt, the next one, and the end, with the error in one line', () => {
    const retrying: TaskDescription = { ...running, state: 'retrying', error };
    const again: TaskDescription = { ...running, attempts: 2, error };
    const failed: TaskDescription = { ...again, state: 'failed', endedAt: at(9) };
    const steps = [runOf([running]), runOf([retrying]), runOf([again]), runOf([failed])];
    expect(steps.slice(1).flatMap((step, i) => changeLines(steps[i], step, NOW))).toEqual([
      `${formatClock(NOW)} load retrying: attempt 1 failed: SHELL_EXIT: The command ended with code 3.`,
      `${formatClock(NOW)} load running, attempt 2`,
      `${clock(9)} load failed (6.0 s, 2 attempts): SHELL_EXIT: The command ended with code 3.`,
    ]);
  });

  it('orders the changes of many tasks by their time', () => {
    const first: TaskDescription = { name: 'b', state: 'succeeded', attempts: 1, startedAt: at(1), endedAt: at(2) };
    const second: TaskDescription = { name: 'a', state: 'succeeded', attempts: 1, startedAt: at(1), endedAt: at(5) };
    expect(changeLines(undefined, runOf([second, first]), NOW)).toEqual([
      `${clock(2)} b succeeded (1.0 s)`,
      `${clock(5)} a succeeded (4.0 s)`,
    ]);
  });

  it('tells that the run pauses, and that it goes on', () => {
    const paused = runOf([running], 'paused');
    expect(changeLines(runOf([running]), paused, NOW)).toEqual([`${formatClock(NOW)} run sales-1 is paused`]);
    expect(changeLines(paused, runOf([running]), NOW)).toEqual([`${formatClock(NOW)} run sales-1 goes on`]);
  });

  it('tells who paused the run, and until when, also where one begins to look at a paused run', () => {
    const paused: RunDescription = {
      ...runOf([running], 'paused'),
      pause: { mode: 'drain', at: at(5), by: 'ana', until: at(90) },
    };
    const line = `${formatClock(NOW)} run sales-1 is paused by ana until ${clock(90)}`;
    expect(changeLines(runOf([running]), paused, NOW)).toEqual([line]);
    expect(changeLines(undefined, paused, NOW)).toEqual([`${clock(3)} load running`, line]);
  });

  it('tells that a task is paused, goes on, or was set back', () => {
    const held = runOf([{ ...pending, paused: true }]);
    const failed = runOf([{ ...running, state: 'failed', endedAt: at(4) }]);
    expect(changeLines(runOf([pending]), held, NOW)).toEqual([`${formatClock(NOW)} load is paused`]);
    expect(changeLines(held, runOf([pending]), NOW)).toEqual([`${formatClock(NOW)} load may start again`]);
    expect(changeLines(failed, runOf([pending]), NOW)).toEqual([`${formatClock(NOW)} load is to run again`]);
  });

  it('tells of a task that was stopped to start again', () => {
    const stopped = runOf([{ ...running, state: 'ready' }]);
    expect(changeLines(runOf([running]), stopped, NOW)).toEqual([
      `${formatClock(NOW)} load stopped, to start again later`,
    ]);
    expect(changeLines(runOf([pending]), stopped, NOW)).toEqual([]);
  });

  it('tells why tasks wait for what is outside of the run, once', () => {
    const held: RunDescription = { ...runOf([pending]), held: ['1 task waits for a worker group: none lives'] };
    const line = `${formatClock(NOW)} 1 task waits for a worker group: none lives`;
    expect(changeLines(runOf([pending]), held, NOW)).toEqual([line]);
    expect(changeLines(held, held, NOW)).toEqual([]);
  });

  it('tells what a task waits for, and how to answer; of a poll only once', () => {
    const waiting = (waitsFor: NonNullable<TaskDescription['waitsFor']>, attempts = 1): TaskDescription => ({
      ...running,
      state: 'waiting',
      attempts,
      waitsFor,
    });
    const approval = runOf([waiting({ kind: 'approval', approvers: ['ann'], message: 'Go?' })]);
    expect(changeLines(runOf([running]), approval, NOW, ' --namespace n')).toEqual([
      `${formatClock(NOW)} load waits for approval by ann: "Go?" - dagwright approve sales-1 load --by NAME --namespace n`,
    ]);
    expect(changeLines(runOf([running]), approval, NOW)).toEqual([
      `${formatClock(NOW)} load waits for approval by ann: "Go?"`,
    ]);
    expect(changeLines(approval, approval, NOW)).toEqual([]);
    const asked = (attempts: number): RunDescription => runOf([waiting({ kind: 'poll', until: at(90) }, attempts)]);
    const asks = (attempts: number): RunDescription => runOf([{ ...running, attempts }]);
    const looks = [asks(1), asked(1), asks(2), asked(2), asks(3)];
    expect(looks.slice(1).flatMap((look, i) => changeLines(looks[i], look, NOW))).toEqual([
      `${formatClock(NOW)} load is asked again until it says yes`,
    ]);
  });

  it('tells which run a task is, and which run an output came from', () => {
    const sub: TaskDescription = { ...running, subRun: 'sales-1/load' };
    expect(changeLines(undefined, runOf([sub]), NOW)).toEqual([`${clock(3)} load running -> sales-1/load`]);
    const cached: TaskDescription = {
      ...running,
      state: 'succeeded',
      endedAt: at(3),
      cached: { runId: 'sales-0', at: at(0) },
    };
    expect(changeLines(undefined, runOf([cached]), NOW)).toEqual([`${clock(3)} load succeeded, cached from sales-0`]);
  });

  const fanOut = (items: number, ended: number, failed: number): RunDescription =>
    runOf([
      { ...running, fanOut: { items, ended, failed } },
      ...Array.from({ length: items }, (_, index): TaskDescription => {
        const item = { name: `load[${index}]`, attempts: 1, startedAt: at(3), item: { of: 'load', index } };
        if (index >= ended) return { ...item, state: 'running' };
        return { ...item, state: index < failed ? 'failed' : 'succeeded', endedAt: at(4) };
      }),
    ]);

  it('tells of a fan-out with many items how far it is, at every tenth, and which items failed first', () => {
    expect(changeLines(runOf([running]), fanOut(1_000, 0, 0), NOW)).toEqual([
      `${formatClock(NOW)} load has 1000 items`,
    ]);
    expect(changeLines(fanOut(1_000, 0, 0), fanOut(1_000, 99, 2), NOW)).toEqual([
      `${clock(4)} load[0] failed (1.0 s)`,
      `${clock(4)} load[1] failed (1.0 s)`,
    ]);
    expect(changeLines(fanOut(1_000, 99, 2), fanOut(1_000, 100, 2), NOW)).toEqual([
      `${formatClock(NOW)} load: 100/1000 items, 2 failed`,
    ]);
    const steps = [fanOut(1_000, 100, 2), fanOut(1_000, 150, 15), fanOut(1_000, 199, 199)];
    const failures = steps.slice(1).flatMap((step, i) => changeLines(steps[i], step, NOW));
    expect(failures).toHaveLength(18);
    expect(failures.at(-1)).toBe(`${clock(4)} load[19] failed (1.0 s)`);
  });

  it('tells at its end of all of its items', () => {
    const over = (status: RunDescription): RunDescription => {
      const [parent, ...items] = status.tasks;
      return runOf([{ ...parent!, state: 'failed', endedAt: at(5) }, ...items]);
    };
    expect(changeLines(fanOut(1_000, 999, 2), over(fanOut(1_000, 1_000, 2)), NOW)).toEqual([
      `${clock(5)} load failed (2.0 s, 1000/1000 items, 2 failed)`,
    ]);
  });

  it('tells of a few items as of any task', () => {
    expect(changeLines(fanOut(3, 0, 0), fanOut(3, 1, 0), NOW)).toEqual([
      `${clock(4)} load[0] succeeded (1.0 s)`,
      `${formatClock(NOW)} load: 1/3 items`,
    ]);
  });
});
