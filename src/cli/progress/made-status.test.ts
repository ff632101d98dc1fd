import { describe, expect, it } from 'vitest';
import type { RunResult } from '../../run/run.js';
import { statusOfResult, statusOfStart, withFactsOf, withFanOuts } from './made-status.js';

const ended = { startedAt: '2026-11-01T12:00:00.000Z', endedAt: '2026-11-01T12:00:04.200Z', attempts: 1 };

describe('statusOfStart', () => {
  it('has every task pending', () => {
    const task = { uses: 'shell', with: { run: 'true' }, needs: [] } as const;
    const dag = {
      name: 'sales',
      params: {},
      tasks: [
        { ...task, name: 'a' },
        { ...task, name: 'b', needs: [{ task: 'a' }] },
      ],
    };
    expect(statusOfStart(dag, 'sales-1', Date.parse(ended.startedAt))).toEqual({
      runId: 'sales-1',
      dag: 'sales',
      state: 'running',
      startedAt: ended.startedAt,
      counts: { pending: 2 },
      tasks: [
        { name: 'a', state: 'pending', attempts: 0 },
        { name: 'b', state: 'pending', attempts: 0, needs: ['a'] },
      ],
    });
  });
});

describe('statusOfResult', () => {
  it('says the same of every task as the result does, outputs aside', () => {
    const { startedAt, endedAt } = ended;
    const result: RunResult = {
      runId: 'sales-1',
      dag: 'sales',
      status: 'succeeded',
      startedAt,
      endedAt,
      tasks: { a: { ...ended, status: 'succeeded', output: 1 }, b: { ...ended, status: 'skipped' } },
    };
    expect(statusOfResult(result)).toEqual({
      runId: 'sales-1',
      dag: 'sales',
      state: 'succeeded',
      startedAt: ended.startedAt,
      endedAt: ended.endedAt,
      counts: { succeeded: 1, skipped: 1 },
      tasks: [
        { name: 'a', state: 'succeeded', ...ended },
        { name: 'b', state: 'skipped', ...ended },
      ],
    });
  });
});

describe('statusOfResult, of fan-outs', () => {
  it('says how many items there were, and how many failed', () => {
    const { startedAt, endedAt } = ended;
    const item = (index: number, status: 'succeeded' | 'failed') =>
      ({ ...ended, status, item: { of: 'a', index } }) as const;
    const result: RunResult = {
      runId: 'r',
      dag: 'd',
      status: 'failed',
      startedAt,
      endedAt,
      tasks: { a: { ...ended, status: 'failed' }, 'a[0]': item(0, 'succeeded'), 'a[1]': item(1, 'failed') },
      outputs: { rows: 3 },
    };
    const status = statusOfResult(result);
    expect(status).not.toHaveProperty('outputs');
    expect(status.tasks[0]?.fanOut).toEqual({ items: 2, ended: 2, failed: 1 });
    expect(status.tasks[1]).toEqual({ ...ended, name: 'a[0]', state: 'succeeded', item: { of: 'a', index: 0 } });
  });
});

describe('withFanOuts', () => {
  it('counts the items, and leaves what the run itself says of them', () => {
    const task = (name: string, of?: string, state: 'running' | 'failed' = 'failed') =>
      ({ name, state, attempts: 1, ...(of === undefined ? {} : { item: { of, index: 0 } }) }) as const;
    const known = { ...task('b'), fanOut: { items: 9, ended: 8, failed: 7 } };
    const run = { runId: 'r', dag: 'd', state: 'running', startedAt: ended.startedAt, counts: {} } as const;
    const tasks = [task('a'), known, task('c'), task('a[0]', 'a'), task('a[1]', 'a', 'running'), task('b[0]', 'b')];
    expect(
      withFanOuts({ ...run, tasks })
        .tasks.map(({ fanOut }) => fanOut)
        .slice(0, 3),
    ).toEqual([{ items: 2, ended: 1, failed: 1 }, known.fanOut, undefined]);
  });
});

describe('withFactsOf', () => {
  const run = { runId: 'r', dag: 'd', state: 'succeeded', startedAt: ended.startedAt, counts: {} } as const;
  const task = { state: 'succeeded', attempts: 1 } as const;

  it('says of each task what the earlier look knew and a result does not', () => {
    const earlier = {
      ...run,
      tasks: [{ ...task, name: 'a' }, { ...task, name: 'b', needs: ['a'], finally: true, subRun: 'r/b' } as const],
    };
    const later = {
      ...run,
      tasks: [
        { ...task, name: 'new' },
        { ...task, name: 'b' },
      ],
    };
    const [added, known] = withFactsOf(later, earlier).tasks;
    expect(added).not.toHaveProperty('needs');
    expect(known).toEqual({ ...task, name: 'b', needs: ['a'], finally: true, subRun: 'r/b' });
    expect(withFactsOf(later, undefined)).toEqual(later);
  });
});
