import { describe, expect, it } from 'vitest';
import { requirePriority, type RunPriority } from './run-priority.js';

describe('requirePriority', () => {
  it.each<RunPriority>([
    {},
    { priorityKey: 1 },
    { priorityKey: 5 },
    { fairnessKey: 'ä'.repeat(32) },
    { priorityKey: 2, fairnessKey: 'acme', fairnessWeight: 0.001 },
    { fairnessKey: 'acme', fairnessWeight: 1_000 },
  ])('takes %j', (priority) => {
    expect(requirePriority(priority)).toBe(priority);
  });

  it.each<RunPriority>([
    { priorityKey: 0 },
    { priorityKey: 6 },
    { priorityKey: 1.5 },
    { priorityKey: NaN },
    { fairnessKey: '' },
    { fairnessKey: 'ä'.repeat(33) },
    { fairnessKey: 'acme', fairnessWeight: 0 },
    { fairnessKey: 'acme', fairnessWeight: 1_001 },
    { fairnessKey: 'acme', fairnessWeight: NaN },
    { fairnessWeight: 2 },
  ])('refuses %j', (priority) => {
    expect(() => requirePriority(priority)).toThrow(expect.objectContaining({ code: 'PRIORITY_INVALID' }));
  });
});
