import { describe, expect, it } from 'vitest';
import type { Dag, Task } from '../dag/dag.js';
import { withSubDags } from './sub-dag-times.js';

function task(name: string, needs: readonly string[] = [], more: Partial<Task> = {}): Task {
  return { name, uses: 'shell', with: { run: 'true' }, needs: needs.map((one) => ({ task: one })), ...more };
}

function dagOf(name: string, tasks: readonly Task[], more: Partial<Dag> = {}): Dag {
  return { name, params: {}, tasks, ...more };
}

function subDag(name: string, dag: Dag, more: Partial<Task> = {}): Task {
  return task(name, [], { uses: 'dag', with: { dag } as never, ...more });
}

describe('withSubDags', () => {
  it('adds of a task that is a run of its own what that takes on its slots, its last tasks included', () => {
    const inner = dagOf('inner', [
      task('a', [], { estimate: 10 }),
      task('b', ['a']),
      task('c', ['a']),
      task('wait', ['a'], { uses: 'wait', with: { for: 5 } }),
      task('last', [], { finally: true }),
    ]);
    const tasks = [
      subDag('sub', inner),
      subDag('narrow', { ...inner, concurrency: 1 }),
      subDag('told', inner, { estimate: 7 }),
    ];
    // Nothing is known of c: the median of the others.
    const learned = { inner: { b: { time: 20 }, last: { time: 3 } }, outer: { x: { time: 1 } } };
    expect(withSubDags(dagOf('outer', tasks), learned)).toEqual({
      inner: learned.inner,
      outer: { x: { time: 1 }, sub: { time: 33 }, narrow: { time: 43 } },
    });
  });

  it('looks into runs within runs', () => {
    const inner = dagOf('inner', [
      subDag('innermost', dagOf('innermost', [task('a')])),
      task('b', [], { estimate: 3 }),
    ]);
    const dag = dagOf('outer', [subDag('sub', inner)]);
    expect(withSubDags(dag, { innermost: { a: { time: 12 } } })).toEqual({
      innermost: { a: { time: 12 } },
      inner: { innermost: { time: 12 } },
      outer: { sub: { time: 12 } },
    });
  });

  it('adds nothing where nothing is known', () => {
    expect(withSubDags(dagOf('outer', [subDag('sub', dagOf('inner', [task('a')]))]), {})).toEqual({});
  });
});
