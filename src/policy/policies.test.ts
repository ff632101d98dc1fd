import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY, isPolicyName } from '../dag/policy.js';
import { createPolicy } from './policies.js';

describe('createPolicy', () => {
  it('refuses a name that no policy has', () => {
    expect(isPolicyName('lifo')).toBe(false);
    expect(isPolicyName('toString')).toBe(false);
    expect(isPolicyName(DEFAULT_POLICY)).toBe(true);
    expect(() => createPolicy('lifo', { priorityOf: () => 0 })).toThrow('There is no policy lifo.');
  });
});
