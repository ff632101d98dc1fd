import { describe, expect, it } from 'vitest';
import type { TaskDescription, WaitDescription } from '../../run/run.js';
import { formatClock } from './duration.js';
import { idleText, waitText } from './wait-text.js';

const NOW = Date.parse('2026-11-01T12:00:00Z');
const soon = new Date(NOW + 90_000).toISOString();
const clock = formatClock(soon);

describe('waitText', () => {
  it.each<[WaitDescription, string]>([
    [{ kind: 'time', until: soon }, `waits until ${clock} (in 1 m 30 s)`],
    [{ kind: 'time', until: new Date(NOW - 1).toISOString() }, `waits until ${formatClock(NOW - 1)} (any moment)`],
    [{ kind: 'poll', until: soon }, 'asks again in 1 m 30 s'],
    [{ kind: 'event', event: 'pa\u001b[2Jid' }, 'waits for event paid'],
    [{ kind: 'event', event: 'paid', until: soon }, `waits for event paid until ${clock}`],
    [{ kind: 'approval' }, 'waits for approval'],
    [{ kind: 'approval', until: soon }, `waits for approval until ${clock} (then it fails)`],
    [{ kind: 'approval', until: soon, default: 'approve' }, `waits for approval until ${clock} (then approved)`],
    [
      { kind: 'approval', until: soon, default: 'reject', message: 'Go?' },
      `waits for approval until ${clock} (then rejected): "Go?"`,
    ],
    [{ kind: 'approval', approvers: ['a', 'b', 'c', 'd', 'e'] }, 'waits for approval by a, b, c and 2 more'],
  ])('says of %j: %s', (wait, text) => {
    expect(waitText(wait, NOW)).toBe(text);
  });
});

describe('idleText', () => {
  const waiting = (name: string, waitsFor: WaitDescription): TaskDescription => ({
    name,
    state: 'waiting',
    attempts: 1,
    waitsFor,
  });
  const pending: TaskDescription = { name: 'later', state: 'pending', attempts: 0 };
  const paid = waiting('charge', { kind: 'event', event: 'paid' });

  it('says what a run waits for in which nothing runs', () => {
    const tasks = [
      pending,
      paid,
      waiting('deploy', { kind: 'approval' }),
      waiting('sleep', { kind: 'time', until: soon }),
      waiting('more', { kind: 'poll', until: soon }),
    ];
    expect(idleText(tasks, NOW)).toBe(
      `nothing runs; it waits for event paid (charge), an approval (deploy), ${clock} (sleep), and 1 more`,
    );
  });

  it('says nothing where something runs, or nothing waits', () => {
    expect(idleText([paid, { name: 'busy', state: 'running', attempts: 1 }], NOW)).toBeUndefined();
    expect(idleText([pending], NOW)).toBeUndefined();
  });

  it('does not take a fan-out for something that runs, whose items all wait', () => {
    const fanOut: TaskDescription = {
      name: 'ask',
      state: 'running',
      attempts: 1,
      fanOut: { items: 1, ended: 0, failed: 0 },
    };
    const item: TaskDescription = { ...waiting('ask[0]', { kind: 'approval' }), item: { of: 'ask', index: 0 } };
    expect(idleText([fanOut, item], NOW)).toBe('nothing runs; it waits for an approval (ask[0])');
  });
});
