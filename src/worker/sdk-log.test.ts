import type { LogEntry } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { createLogger } from '../observability/logger.js';
import { logSdkEntry } from './sdk-log.js';

function logged(entry: Omit<LogEntry, 'timestampNanos'>): Record<string, unknown>[] {
  const lines: string[] = [];
  const logger = createLogger({ level: 'debug', stream: { write: (line) => lines.push(line) } });
  logSdkEntry(logger, { timestampNanos: 0n, ...entry });
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('logSdkEntry', () => {
  it('keeps level, message, and which run and part of the SDK it is about', () => {
    const meta = { sdkComponent: 'worker', workflowId: 'r-1', taskQueue: 'q', namespace: 'n', runId: 'other' };
    expect(logged({ level: 'WARN', message: 'Slow', meta })).toEqual([
      expect.objectContaining({ level: 'warn', msg: 'Slow', run: 'r-1', component: 'worker', taskQueue: 'q' }),
    ]);
  });

  it('tells of an error its classes and where it was thrown, not what it says', () => {
    const error = new TypeError('token=hunter2', { cause: new RangeError('token=hunter2') });
    const [line] = logged({ level: 'ERROR', message: `Error while processing: ${error.message}`, meta: { error } });
    expect(line).toMatchObject({ level: 'error', msg: 'Error while processing', errors: ['TypeError', 'RangeError'] });
    expect(line?.['stack']).toEqual(expect.arrayContaining([expect.stringMatching(/^at .*sdk-log\.test/)]));
    expect(JSON.stringify(line)).not.toContain('hunter2');
  });

  it("tells of the native part's errors gRPC's code", () => {
    const error = 'Status { code: Unavailable, message: "hunter2" }';
    const [line] = logged({
      level: 'WARN',
      message: 'gRPC call poll_activity_task_queue retried 5 times',
      meta: { error },
    });
    expect(line).toMatchObject({ msg: 'gRPC call poll_activity_task_queue retried 5 times', code: 'Unavailable' });
    expect(JSON.stringify(line)).not.toContain('hunter2');
  });

  it('leaves out how tasks and runs end: that is told elsewhere', () => {
    expect(logged({ level: 'WARN', message: 'Activity failed', meta: { error: new Error('x') } })).toEqual([]);
  });

  it('leaves out that the workers of a group poll one task queue for tasks, and another for runs', () => {
    const message = 'No activities registered, not polling for activity tasks';
    expect(logged({ level: 'WARN', message, meta: {} })).toEqual([]);
  });
});
