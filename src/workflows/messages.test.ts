import { describe, expect, it } from 'vitest';
import { taskEndsIn } from './messages.js';

const end = { task: 0, outcome: 'failed', attempts: 1, error: { code: 'TASK_FAILED', message: 'no' } };

describe('taskEndsIn', () => {
  it.each([undefined, null, 'text', 1, {}, { length: 1 }])('finds no end in %j', (argument) => {
    expect(taskEndsIn(argument)).toEqual([]);
  });

  it.each([
    null,
    'text',
    [],
    {},
    { ...end, task: '0' },
    { ...end, task: 0.5 },
    { ...end, outcome: 'won' },
    { ...end, attempts: undefined },
    { ...end, error: null },
    { ...end, error: { code: 1, message: 'no' } },
    { ...end, artifacts: 'text' },
    { ...end, cached: 1 },
  ])('leaves out %j, and keeps the ends beside it', (nonsense) => {
    expect(taskEndsIn([nonsense, end])).toEqual([end]);
  });

  it('keeps all that an end may say', () => {
    const skipped = {
      task: 3,
      outcome: 'skipped',
      attempts: 2,
      subRun: 'outer/sub',
      artifacts: { report: { sha256: 'ab', bytes: 7 } },
      cached: { runId: 'earlier', at: '2026-11-01T00:00:00.000Z' },
    };
    expect(taskEndsIn([skipped])).toEqual([skipped]);
  });
});
