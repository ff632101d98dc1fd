import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../run/run-event.js';
import { foldHistory } from './fold-history.js';

let second = 0;

function event(name: RunEvent['event'], task?: string, message?: string): RunEvent {
  second += 1;
  const at = new Date(Date.parse('2026-11-01T12:00:00Z') + second * 1_000).toISOString();
  return { at, event: name, ...(task === undefined ? {} : { task }), ...(message === undefined ? {} : { message }) };
}

function items(count: number, name: RunEvent['event'] = 'task.succeeded', of = 'convert'): RunEvent[] {
  return Array.from({ length: count }, (_, i) => event(name, `${of}[${i}]`));
}

describe('foldHistory', () => {
  it('counts the events of many items that follow one another, at the time of the last', () => {
    const events = [event('run.began'), ...items(40, 'task.running'), ...items(38), event('task.running', 'report')];
    expect(foldHistory(events)).toEqual([
      events[0],
      { at: events.at(-2)?.at, event: 'items', task: 'convert', message: '40 running, 38 succeeded' },
      events.at(-1),
    ]);
  });

  it('leaves a few of them, and all other events, as they are', () => {
    const events = [
      event('run.began'),
      ...items(3),
      event('task.succeeded', 'convert'),
      ...items(3),
      event('run.ended'),
    ];
    expect(foldHistory(events)).toEqual(events);
  });

  it('keeps failures and what somebody asked for, and counts the others of them where they are many', () => {
    const broken = Array.from({ length: 30 }, (_, i) => event('task.failed', `convert[${i}]`, 'X: Broke.'));
    const asked = event('act', 'convert[31]', 'It was skipped.');
    const lines = foldHistory([...items(5), asked, ...broken, ...items(5)]);
    expect(lines).toHaveLength(21);
    expect(lines[0]).toBe(asked);
    expect(lines.at(-1)).toMatchObject({ event: 'items', message: '10 succeeded, 11 failed' });
  });

  it('tells the fan-outs apart', () => {
    expect(foldHistory([...items(9), ...items(8, 'task.running', 'load')])).toMatchObject([
      { task: 'convert', message: '9 succeeded' },
      { task: 'load', message: '8 running' },
    ]);
  });
});
