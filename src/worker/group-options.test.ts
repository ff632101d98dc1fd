import { describe, expect, it } from 'vitest';
import { joiningWorker, type GroupOptions } from './group-options.js';

describe('a worker as it joins', () => {
  it('is of no group where it has none', () => {
    expect(joiningWorker(3)).toEqual({
      id: expect.stringMatching(/^\d+@.*-[0-9a-f]{8}$/),
      identity: expect.stringMatching(/^\d+@/),
      slots: 3,
      speed: 1,
      labels: [],
    });
    expect(joiningWorker(3).id).not.toBe(joiningWorker(3).id);
  });

  it('has what its group says, each label once', () => {
    const has = { speed: 2, cpu: 2, memory: 7, cost: 1, standby: true };
    const worker = joiningWorker(1, { name: 'gpu', labels: ['b', 'a', 'b'], ...has });
    expect(worker).toMatchObject({ ...has, group: 'gpu', labels: ['a', 'b'] });
  });

  it.each<[GroupOptions, string]>([
    [{ name: '' }, 'the name'],
    [{ name: 'a/b' }, 'the name'],
    [{ name: 'g', labels: ['no spaces here'] }, 'a label'],
    [{ name: 'g', labels: Array.from({ length: 21 }, (_, i) => `l${i}`) }, '20 labels'],
    [{ name: 'g', speed: 0 }, 'speed'],
    [{ name: 'g', cpu: -1 }, 'cpu'],
    [{ name: 'g', memory: Infinity }, 'memory'],
    [{ name: 'g', cost: -1 }, 'cost'],
  ])('is refused: %j', (group, what) => {
    expect(() => joiningWorker(1, group)).toThrow(what);
  });
});
