import { describe, expect, it } from 'vitest';
import type { Dag, Task } from '../dag/dag.js';
import { learnedTimes } from './learned-times.js';

function task(name: string, needs: readonly string[] = [], more: Partial<Task> = {}): Task {
  return { name, uses: 'shell', with: { run: 'true' }, needs: needs.map((one) => ({ task: one })), ...more };
}

function dagOf(name: string, tasks: readonly Task[], more: Partial<Dag> = {}): Dag {
  return { name, params: {}, tasks, ...more };
}

function subDag(name: string, dag: Dag): Task {
  return task(name, [], { uses: 'dag', with: { dag } as never });
}

describe('learnedTimes', () => {
  it('is what was learned of a task, of the one that fans out for its items, and of what undoes it', () => {
    const dag = dagOf('d', [task('a'), task('b')]);
    const timeOf = learnedTimes(dag, { d: { a: { time: 7 }, 'a~undo': { time: 2 } }, other: { b: { time: 9 } } });
    expect(['a', 'a[3]', 'a~undo', 'a[3]~undo', 'b', 'toString'].map(timeOf)).toEqual([
      7,
      7,
      2,
      2,
      undefined,
      undefined,
    ]);
    expect(learnedTimes(dag)('a')).toBeUndefined();
  });

  it('is of a task that is a run of its own what that takes on its slots, its last tasks included', () => {
    const inner = dagOf('inner', [
      task('a', [], { estimate: 10 }),
      task('b', ['a']),
      task('c', ['a']),
      task('wait', ['a'], { uses: 'wait', with: { for: 5 } }),
      task('last', [], { finally: true }),
    ]);
    const dag = dagOf('outer', [subDag('sub', inner), subDag('narrow', { ...inner, concurrency: 1 })]);
    const timeOf = learnedTimes(dag, { inner: { a: { time: 99 }, b: { time: 20 }, last: { time: 3 } } });
    // Nothing is known of c: the median of the others.
    expect([timeOf('sub'), timeOf('sub[1]'), timeOf('narrow')]).toEqual([33, 33, 43]);
    expect(learnedTimes(dagOf('outer', [subDag('sub', dagOf('inner', [task('a')]))]))('sub')).toBeUndefined();
  });

  it('looks into runs within runs', () => {
    const innermost = dagOf('innermost', [task('a')]);
    const dag = dagOf('outer', [subDag('sub', dagOf('inner', [subDag('subsub', innermost)]))]);
    expect(learnedTimes(dag, { innermost: { a: { time: 12 } } })('sub')).toBe(12);
  });
});
