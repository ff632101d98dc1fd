import { describe, expect, it } from 'vitest';
import type { Task } from '../../dag/dag.js';
import { planOf } from '../../simulator/plan.js';
import { simulate } from '../../simulator/simulate.js';
import { chartOf } from '../gantt/chart.js';
import { describeSchedule } from './described-schedule.js';

function task(name: string, more: Partial<Task> = {}): Task {
  return { name, uses: 'shell', with: { run: 'true' }, needs: [], ...more };
}

describe('describeSchedule', () => {
  it('shows the pieces of a task that was stopped for a shorter one, in one row', () => {
    const plan = planOf('demo', {
      name: 'demo',
      params: {},
      tasks: [
        task('long', { estimate: 10_000, preemptible: true }),
        task('wait', { uses: 'wait', with: { for: 4_000 } }),
        task('short', { estimate: 3_000, needs: [{ task: 'wait' }] }),
      ],
    });
    const [run] = simulate([plan], { policy: 'srtf', workers: 1 }).runs;
    const description = describeSchedule(run!, 'srtf', 0);
    expect(description.counts).toEqual({ succeeded: 3 });
    const { spans } = chartOf(description, 13_000, 50);
    expect(spans.map(({ task: { name, state }, from, to, starts }) => [name, state, from, to, starts])).toEqual([
      [
        'long',
        'succeeded',
        0,
        13_000,
        [
          { from: 0, to: 4_000 },
          { from: 7_000, to: 13_000 },
        ],
      ],
      ['wait', 'succeeded', 0, 4_000, [{ from: 0, to: 4_000 }]],
      ['short', 'succeeded', 4_000, 7_000, [{ from: 4_000, to: 7_000 }]],
    ]);
  });

  it('counts the items of a fan-out, and says in which group a task ran', () => {
    const plan = planOf('demo', {
      name: 'demo',
      params: {},
      tasks: [task('fan', { estimate: 1_000, forEach: [1, 2, 3] })],
    });
    const groups = [{ name: 'g', slots: 2, speed: 1, labels: [] }];
    const [run] = simulate([plan], { policy: 'fcfs', workers: 2, groups }).runs;
    const { tasks } = describeSchedule(run!, 'fcfs', 0);
    expect(tasks.find(({ name }) => name === 'fan')?.fanOut).toEqual({ items: 3, ended: 3, failed: 0 });
    const items = tasks.filter(({ group }) => group === 'g');
    expect(items.map(({ name, item }) => [name, item])).toEqual(
      [0, 1, 2].map((index) => [`fan[${index}] · g`, { of: 'fan', index }]),
    );
  });
});
