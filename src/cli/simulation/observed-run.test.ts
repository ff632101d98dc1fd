import { describe, expect, it } from 'vitest';
import type { TaskDescription } from '../../run/run.js';
import { observedIn } from './observed-run.js';

function task(name: string, more: Partial<TaskDescription>): TaskDescription {
  return { name, state: 'succeeded', attempts: 1, ...more };
}

describe('observedIn', () => {
  it('takes durations and failed attempts from the tasks that ran', () => {
    const { durations, failures } = observedIn({
      runId: 'r',
      dag: 'demo',
      state: 'failed',
      startedAt: '2026-11-01T12:00:00Z',
      counts: {},
      tasks: [
        task('a', { duration: 1_200, attempts: 3 }),
        task('b', { startedAt: '2026-11-01T12:00:00Z', endedAt: '2026-11-01T12:00:02Z' }),
        task('c', { state: 'failed', attempts: 2, duration: 10 }),
        task('old', { takenOver: true, duration: 9 }),
        task('fan[0]', { duration: 5, item: { of: 'fan', index: 0 } }),
        task('fan[1]', { attempts: 0, item: { of: 'fan', index: 1 } }),
        task('never', { state: 'upstream_failed', attempts: 0 }),
      ],
    });
    expect(Object.fromEntries(durations)).toEqual({ a: 1_200, b: 2_000, c: 10, 'fan[0]': 5, 'fan[1]': 0 });
    expect(Object.fromEntries(failures ?? [])).toEqual({ a: 2 / 3, b: 0, c: 1, 'fan[0]': 0 });
  });
});
