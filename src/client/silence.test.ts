import { ServiceError } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { isSilence } from './run-handle.js';

const refused = (code: number, details: string): ServiceError =>
  new ServiceError('Failed to query Workflow', {
    cause: Object.assign(new Error(`${code}: ${details}`), { code, details, metadata: {} }),
  });

describe('isSilence', () => {
  it('is true where the server knows that nobody polls for the run', () => {
    expect(isSilence(refused(9, 'no poller seen for task queue recently, worker may be down'))).toBe(true);
  });

  it('is false of other refusals', () => {
    expect(isSilence(refused(9, 'the workflow has another state'))).toBe(false);
    expect(isSilence(refused(5, 'workflow not found'))).toBe(false);
  });
});
