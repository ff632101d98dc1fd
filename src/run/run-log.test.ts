import { describe, expect, it } from 'vitest';
import { KEPT_EVENTS, RunLog } from './run-log.js';
import { CODE } from '../dag/task-table.js';

function names(log: RunLog): string[] {
  return [...log.events((task) => `t${task}`)].map(({ event, task }) =>
    task === undefined ? event : `${task} ${event}`,
  );
}

describe('a run log', () => {
  it('tells what moved, but not the steps on the way to a first start', () => {
    const log = new RunLog();
    log.note(1, 'run.began');
    log.moved(1, [0, CODE.pending, CODE.ready, 0, CODE.ready, CODE.running, 1, CODE.ready, CODE.pending]);
    log.moved(2, [0, CODE.running, CODE.ready, 0, CODE.ready, CODE.running]);
    log.moved(3, [
      0,
      CODE.running,
      CODE.failed,
      1,
      CODE.pending,
      CODE.upstream_failed,
      1,
      CODE.upstream_failed,
      CODE.pending,
    ]);
    log.note(3, 'act');
    expect(names(log)).toEqual([
      'run.began',
      't0 task.running',
      't0 task.ready',
      't0 task.running',
      't0 task.failed',
      't1 task.upstream_failed',
      't1 task.pending',
      'act',
    ]);
    expect([...log.events(String)][1]).toEqual({ at: '1970-01-01T00:00:00.001Z', event: 'task.running', task: '0' });
  });

  it('keeps the latest events, counts those it dropped, and goes on the same from a snapshot', () => {
    const whole = new RunLog();
    let carried = new RunLog();
    for (let at = 0; at < 2.5 * KEPT_EVENTS; at++) {
      for (const log of [whole, carried]) log.moved(at, [at, CODE.ready, CODE.running]);
      if (at % 9_999 === 0) carried = RunLog.restore(JSON.parse(JSON.stringify(carried.snapshot())) as never);
      if (at % 7_777 !== 0) continue;
      expect(whole.dropped).toBe(Math.max(0, at + 1 - KEPT_EVENTS));
      expect(carried.dropped).toBe(whole.dropped);
    }
    for (const log of [whole, carried]) {
      const events = names(log);
      expect(events).toHaveLength(KEPT_EVENTS);
      expect(events[0]).toBe(`t${1.5 * KEPT_EVENTS} task.running`);
      expect(events.at(-1)).toBe(`t${2.5 * KEPT_EVENTS - 1} task.running`);
    }
    expect(carried.snapshot()).toEqual(whole.snapshot());
    expect(whole.snapshot().rows).toHaveLength(3 * KEPT_EVENTS);
  });

  it('keeps times across a snapshot', () => {
    const log = new RunLog();
    log.note(1_790_000_000_000, 'run.began');
    log.moved(1_790_000_000_250, [3, CODE.ready, CODE.running]);
    log.note(1_790_000_000_250, 'timer.fired');
    expect(log.snapshot().rows.slice(3)).toEqual([250, 3, CODE.running, 0, -1, 2]);
    const after = RunLog.restore(log.snapshot());
    expect([...after.events(String)]).toEqual([...log.events(String)]);
  });
});
