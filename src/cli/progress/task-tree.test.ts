import { describe, expect, it } from 'vitest';
import type { TaskDescription } from '../../run/run.js';
import { treeOf } from './task-tree.js';

/** Tasks, each with what it needs. */
function tasksOf(needs: Readonly<Record<string, readonly string[]>>): TaskDescription[] {
  return Object.entries(needs).map(([name, needed]) => ({
    name,
    state: 'pending',
    attempts: 0,
    ...(needed.length === 0 ? {} : { needs: needed }),
  }));
}

function drawn(needs: Readonly<Record<string, readonly string[]>>): string[] | undefined {
  return treeOf(tasksOf(needs))?.map(({ task, lead }) => lead + task.name);
}

describe('treeOf', () => {
  it('puts a task below what it needs, and siblings in the order of declaration', () => {
    expect(drawn({ last: ['b'], a: [], c: ['a'], b: ['a'], other: [] })).toEqual([
      'a',
      '├─ c',
      '└─ b',
      '   └─ last',
      'other',
    ]);
  });

  it('draws a task once, below the deepest of those that it needs', () => {
    expect(drawn({ a: [], b: ['a'], c: ['b'], d: ['c', 'a', 'b'] })).toEqual(['a', '└─ b', '   └─ c', '      └─ d']);
  });

  it('draws what joins branches below the one declared last, however it names them', () => {
    expect(drawn({ a: [], b1: ['a'], b2: ['a'], b3: ['a'], end: ['b3', 'b1', 'b2'] })).toEqual([
      'a',
      '├─ b1',
      '├─ b2',
      '└─ b3',
      '   └─ end',
    ]);
  });

  it('keeps the lines of those above beside a further line of a task', () => {
    const below = treeOf(tasksOf({ a: [], b: ['a'], c: ['b'], d: ['a'] }))?.map((branch) => branch.below);
    expect(below).toEqual(['│  ', '│  │  ', '│     ', '   ']);
  });

  it('makes no tree where nothing is needed, or where that is not known', () => {
    expect(drawn({ a: [], b: [] })).toBeUndefined();
    expect(drawn({ a: ['gone'], b: [] })).toBeUndefined();
  });

  it('draws every task of a long chain', () => {
    const chain = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`t${i}`, i === 0 ? [] : [`t${i - 1}`]]));
    expect(drawn(chain)).toHaveLength(500);
  });
});
