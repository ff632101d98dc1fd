import { describe, expect, it } from 'vitest';
import type { JoiningWorker } from './group-messages.js';
import { groupsOf, type PresentWorker } from './live-workers.js';

function present(group: string | undefined, more: Partial<JoiningWorker> = {}, leaving = false): PresentWorker {
  const own = group === undefined ? {} : { group };
  return { worker: { id: 'x', identity: '1@m', slots: 1, speed: 1, labels: [], ...own, ...more }, leaving };
}

describe('groups of workers', () => {
  it('are by name, and without workers that have none', () => {
    expect(groupsOf([present('b'), present(undefined), present('a')])).toEqual([
      { name: 'a', slots: 1, speed: 1, labels: [] },
      { name: 'b', slots: 1, speed: 1, labels: [] },
    ]);
    expect(groupsOf([])).toEqual([]);
  });

  it('add up slots, cores and memory, and have the mean speed and cost of a slot', () => {
    const small = present('g', { slots: 1, speed: 1, cpu: 2, memory: 100, cost: 4 });
    const large = present('g', { slots: 3, speed: 5, cpu: 6, memory: 300 });
    expect(groupsOf([small, large])).toEqual([
      { name: 'g', slots: 4, speed: 4, labels: [], cpu: 8, memory: 400, cost: 1 },
    ]);
  });

  it('have no limit where one of their workers has none', () => {
    expect(groupsOf([present('g', { cpu: 2, memory: 1 }), present('g', { memory: 2 })])).toEqual([
      { name: 'g', slots: 2, speed: 1, labels: [], memory: 3 },
    ]);
  });

  it('have the labels that all their workers have, and stand by where all do', () => {
    const [group] = groupsOf([
      present('g', { labels: ['c', 'a', 'b'], standby: true }),
      present('g', { labels: ['b', 'c'], standby: true }),
    ]);
    expect(group).toMatchObject({ labels: ['b', 'c'], standby: true });
    const mixed = groupsOf([present('g', { standby: true }), present('g', { labels: ['b'] })]);
    expect(mixed).toEqual([{ name: 'g', slots: 2, speed: 1, labels: [] }]);
  });

  it('count nothing of workers that leave, and have no slots left where all do', () => {
    const leaving = present('g', { slots: 4, speed: 3, labels: ['a'], cpu: 1 }, true);
    expect(groupsOf([leaving, present('g', { slots: 2, labels: ['b'], cpu: 2 })])).toEqual([
      { name: 'g', slots: 2, speed: 1, labels: ['b'], cpu: 2 },
    ]);
    expect(groupsOf([leaving])).toEqual([{ name: 'g', slots: 0, speed: 3, labels: ['a'], cpu: 1 }]);
  });
});
