import { describe, expect, it } from 'vitest';
import { joiningWorkerIn, liveGroupsIn, subscriptionIn } from './group-messages.js';

const WORKER = { id: 'w-1', identity: '1@m', group: 'gpu', slots: 2, speed: 1, labels: ['a'] };
const GROUP = { name: 'gpu', slots: 0, speed: 1, labels: ['a'] };

describe('what comes as a message', () => {
  it('is a worker where all makes sense, without what does not belong to it', () => {
    expect(joiningWorkerIn(WORKER)).toEqual(WORKER);
    const full = { ...WORKER, cpu: 2, memory: 1, cost: 0, standby: true };
    expect(joiningWorkerIn({ ...full, more: 1 })).toEqual(full);
    expect(joiningWorkerIn({ ...WORKER, standby: 'yes' })).toEqual(WORKER);
  });

  it.each([
    ...[undefined, null, 7, 'x', [], {}],
    { ...WORKER, id: '' },
    { ...WORKER, id: 'x'.repeat(201) },
    { ...WORKER, identity: 1 },
    { ...WORKER, group: '' },
    { ...WORKER, slots: 0 },
    { ...WORKER, slots: 1.5 },
    { ...WORKER, speed: 0 },
    { ...WORKER, speed: null },
    { ...WORKER, labels: 'a' },
    { ...WORKER, labels: Array.from({ length: 21 }, () => 'a') },
    { ...WORKER, cpu: -1 },
    { ...WORKER, memory: '1' },
    { ...WORKER, cost: -1 },
  ])('is no worker: %j', (message) => {
    expect(joiningWorkerIn(message)).toBeUndefined();
  });

  it('is a subscription where it names a run', () => {
    expect(subscriptionIn({ runId: 'r' })).toEqual({ runId: 'r' });
    expect(subscriptionIn({ runId: 'r', known: 7 })).toEqual({ runId: 'r', known: 7 });
    for (const message of [undefined, null, {}, { runId: '' }, { runId: 1 }]) {
      expect(subscriptionIn(message)).toBeUndefined();
    }
  });

  it('is the groups that live where each makes sense', () => {
    expect(liveGroupsIn({ at: 1, groups: [] })).toEqual({ at: 1, groups: [] });
    expect(liveGroupsIn({ at: 1, groups: [GROUP] })).toEqual({ at: 1, groups: [GROUP] });
    const wrong = [
      null,
      {},
      { ...GROUP, slots: -1 },
      { ...GROUP, speed: 0 },
      { ...GROUP, name: 1 },
      { ...GROUP, cpu: 0 },
    ];
    for (const group of wrong) expect(liveGroupsIn({ at: 1, groups: [GROUP, group] })).toBeUndefined();
    for (const message of [undefined, null, [], { groups: [] }, { at: 'x', groups: [] }, { at: 1, groups: {} }]) {
      expect(liveGroupsIn(message)).toBeUndefined();
    }
  });
});
