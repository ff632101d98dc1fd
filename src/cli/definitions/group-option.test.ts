import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { groupOption } from './group-option.js';

describe('groupOption', () => {
  it('reads the words of a worker group', () => {
    expect(groupOption('gpu:slots=8,speed=2.5,label=gpu,label=zone=eu,cpu=500m,memory=2Gi,cost=3,standby')).toEqual([
      {
        name: 'gpu',
        slots: 8,
        speed: 2.5,
        labels: ['gpu', 'zone=eu'],
        cpu: 0.5,
        memory: 2 * 2 ** 30,
        cost: 3,
        standby: true,
      },
    ]);
  });

  it('is one slot of speed 1 where it says no more, and comes behind the groups before', () => {
    const first = groupOption('a');
    expect(groupOption('b:slots=2', first).map(({ name, slots, speed }) => [name, slots, speed])).toEqual([
      ['a', 1, 1],
      ['b', 2, 1],
    ]);
  });

  it.each([
    ['', 'begin with a letter'],
    ['a b', 'begin with a letter'],
    ['a:', '"" is none of slots='],
    ['a:slots', '"slots" is none of'],
    ['a:toString=1', '"toString=1" is none of'],
    ['a:slots=0', 'slots=0: It must be a whole number from 1.'],
    ['a:slots=100001', 'at most 100000'],
    ['a:speed=0', 'speed=0: It must be a number above 0.'],
    ['a:cost=-1', 'cost=-1: It must be a number from 0.'],
    ['a:memory=lots', 'memory=lots: It must be a size'],
    ['a:standby=yes', '"standby=yes" is none of'],
    ['x:slots=1', 'The group x is there twice.'],
  ])('refuses %j', (text, message) => {
    const read = (): unknown => groupOption(text, groupOption('x'));
    expect(read).toThrow(InvalidArgumentError);
    expect(read).toThrow(message);
  });
});
