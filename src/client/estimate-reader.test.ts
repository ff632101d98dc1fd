import { describe, expect, it, vi } from 'vitest';
import type { Dag, Task } from '../dag/dag.js';
import type { DagStats } from './dag-stats.js';
import { EstimateReader } from './estimate-reader.js';

function task(name: string, more: Partial<Task> = {}): Task {
  return { name, uses: 'shell', with: { run: 'true' }, needs: [], ...more };
}

function dagOf(name: string, ...tasks: Task[]): Dag {
  return { name, params: {}, tasks };
}

function statsOf(dag: string, times: Readonly<Record<string, number>>): DagStats {
  const tasks = Object.entries(times).map(([name, estimate]) => {
    return { task: name, count: 9, samples: 9, estimate, p90: estimate, latest: estimate };
  });
  return { dag, at: '2026-11-01T12:00:00.000Z', tasks };
}

describe('EstimateReader', () => {
  it('gives what is known of tasks that declare nothing, and of what undoes them', async () => {
    const dag = dagOf(
      'd',
      task('a'),
      task('told', { estimate: 5 }),
      task('undone', { compensate: { uses: 'shell', with: { run: 'true' } } }),
      task('gone', { uses: 'wait', with: { for: 1 } }),
    );
    const known = statsOf('d', { a: 10, told: 20, undone: 30, 'undone~undo': 40, gone: 50, other: 60 });
    const reader = new EstimateReader(() => Promise.resolve(known));
    expect(await reader.estimatesFor(dag)).toEqual({
      d: { a: { time: 10 }, undone: { time: 30 }, 'undone~undo': { time: 40 } },
    });
  });

  it('asks for the dags within, each once in some seconds, and not for those that declare all', async () => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    try {
      const inner = dagOf('inner', task('a'));
      const told = dagOf('told', task('a', { estimate: 1 }));
      const sub = (name: string, dag: Dag): Task => task(name, { uses: 'dag', with: { dag } as never });
      const dag = dagOf('outer', task('a'), sub('b', inner), sub('c', inner), sub('d', told));
      const read = vi.fn<(name: string) => Promise<DagStats | undefined>>((name) =>
        Promise.resolve(name === 'inner' ? statsOf(name, { a: 7 }) : undefined),
      );
      const reader = new EstimateReader(read);
      const expected = {
        inner: { a: { time: 7 } },
        outer: { b: { time: 7 }, c: { time: 7 }, d: { time: 1 } },
      };
      expect(await reader.estimatesFor(dag)).toEqual(expected);
      expect(await reader.estimatesFor(dag)).toEqual(expected);
      expect(read.mock.calls.flat().toSorted()).toEqual(['inner', 'outer']);
      vi.advanceTimersByTime(5_000);
      await reader.estimatesFor(dag);
      expect(read).toHaveBeenCalledTimes(4);
    } finally {
      vi.useRealTimers();
    }
  });

  it('gives nothing where the server does not answer, or not soon, and never fails', async () => {
    const failing = new EstimateReader(() => Promise.reject(new Error('gone')));
    expect(await failing.estimatesFor(dagOf('d', task('a')))).toBeUndefined();
    const silent = new EstimateReader(() => new Promise(() => undefined));
    expect(await silent.estimatesFor(dagOf('d', task('a')))).toBeUndefined();
  });
});
