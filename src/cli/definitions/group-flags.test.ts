import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addGroupFlags } from './group-flags.js';

function parsed(...args: readonly string[]): unknown {
  const command = addGroupFlags(new Command().exitOverride().configureOutput({ writeErr: () => {} }));
  return command.parse(args, { from: 'user' }).opts();
}

describe('the flags of a group', () => {
  it('are read', () => {
    const labels = ['--label', 'gpu', '--label', 'zone=eu-1'];
    expect(
      parsed(
        '--group',
        'g.1',
        '--speed',
        '2.5',
        ...labels,
        '--cpu',
        '500m',
        '--memory',
        '2Ki',
        '--cost',
        '0',
        '--standby',
      ),
    ).toEqual({
      ...{ group: 'g.1', speed: 2.5, label: ['gpu', 'zone=eu-1'], cpu: 0.5, memory: 2_048, cost: 0, standby: true },
    });
    expect(parsed()).toEqual({});
  });

  it.each([
    ['--group', ''],
    ['--group', 'a/b'],
    ['--group', 'x'.repeat(65)],
    ['--speed', '0'],
    ['--speed', 'fast'],
    ['--label', 'two words'],
    ['--cpu', '0'],
    ['--memory', '64gb'],
    ['--cost', 'much'],
    ['--cost', ''],
    ['--cost', '0x0'],
  ])('are refused: %s "%s"', (flag, value) => {
    expect(() => parsed(flag, value)).toThrow('is invalid');
  });
});
