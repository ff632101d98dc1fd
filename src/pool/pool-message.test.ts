import { describe, expect, it } from 'vitest';
import { readLeaseGrant, readLeaseRequest, readPoolChange } from './pool-message.js';

const REQUEST = { run: 'r', number: 1, holds: [[3, 1]], wants: [{ lease: 4, slots: 2, task: 't', priority: -1 }] };

describe('what a run says to a pool', () => {
  it.each([
    REQUEST,
    {
      ...REQUEST,
      more: 5,
      remaining: 0.5,
      weight: 2,
      runPriority: 1,
      settings: { slots: 4, rate: { count: 20, per: 60_000 } },
      began: 7,
    },
    { ...REQUEST, settings: {} },
    { run: 'r', number: 0, holds: [], wants: [] },
  ])('is taken where it makes sense: %#', (message) => {
    expect(readLeaseRequest(message)).toEqual(message);
  });

  it.each([
    undefined,
    null,
    'r',
    [],
    {},
    { ...REQUEST, run: '' },
    { ...REQUEST, run: 'r'.repeat(301) },
    { ...REQUEST, number: 1.5 },
    { ...REQUEST, number: -1 },
    { ...REQUEST, holds: undefined },
    { ...REQUEST, holds: [3] },
    { ...REQUEST, holds: [[3, 0]] },
    { ...REQUEST, holds: Array.from({ length: 2_001 }, (_, lease) => [lease, 1]) },
    { ...REQUEST, wants: [null] },
    { ...REQUEST, wants: [{ lease: 4, slots: 2 }] },
    { ...REQUEST, wants: [{ lease: 4, slots: Infinity, task: 't' }] },
    { ...REQUEST, wants: [{ lease: 4, slots: 2, task: 't', priority: NaN }] },
    { ...REQUEST, wants: [{ lease: 3, slots: 2, task: 't' }] },
    { ...REQUEST, more: -1 },
    { ...REQUEST, remaining: '5' },
    { ...REQUEST, weight: 0 },
    { ...REQUEST, runPriority: '1' },
    { ...REQUEST, settings: 4 },
    { ...REQUEST, settings: { slots: 0 } },
    { ...REQUEST, settings: { rate: '20/m' } },
    { ...REQUEST, settings: { rate: { count: 1, per: 0 } } },
    { ...REQUEST, began: null },
  ])('is dropped where it makes none: %#', (message) => {
    expect(readLeaseRequest(message)).toBeUndefined();
  });
});

describe('what a pool says to a run', () => {
  it('is taken where it makes sense, and dropped where it makes none', () => {
    expect(readLeaseGrant({ pool: 'p', leases: [1, 2], seen: 5 })).toEqual({ pool: 'p', leases: [1, 2], seen: 5 });
    for (const message of [undefined, 5, {}, { pool: 'p' }, { pool: 'p', leases: ['1'] }, { pool: 1, leases: [] }]) {
      expect(readLeaseGrant(message)).toBeUndefined();
    }
  });
});

describe('what an operator says to a pool', () => {
  it('is taken where it makes sense, and dropped where it makes none', () => {
    for (const change of [{}, { slots: 1 }, { slots: null, rate: null, policy: 'srtf' }]) {
      expect(readPoolChange(change)).toEqual(change);
    }
    for (const change of [undefined, null, 4, { slots: 0 }, { slots: '4' }, { rate: 20 }, { policy: 'sjf' }]) {
      expect(readPoolChange(change)).toBeUndefined();
    }
  });
});
