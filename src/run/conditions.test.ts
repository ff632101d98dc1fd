import { describe, expect, it } from 'vitest';
import { dagOf, LiveRunDriver } from '../../test/support/live-run-driver.js';
import type { Dag } from '../dag/dag.js';
import type { TakeOver } from './live-run.js';

/** `c` needs `a` and has a condition; `d` needs `c`; `other` keeps the run alive. */
function begun(when: string, more: Partial<Dag> = {}, takeOver?: TakeOver): LiveRunDriver {
  const dag = dagOf({ a: [], c: ['a'], d: ['c'], other: [] }, more);
  const tasks = dag.tasks.map((task) =>
    task.name === 'c' ? { ...task, when, triggerRule: 'all_done' as const } : task,
  );
  const driver = new LiveRunDriver({ ...dag, tasks }, takeOver);
  driver.began();
  return driver;
}

describe('a task with a condition', () => {
  it('starts where it is true, and is skipped where it is false, with what needs it', () => {
    const runs = begun('tasks.a.output.rows > 1');
    runs.succeeded('a', { output: { rows: 2 } });
    expect(runs.states).toBe('a=succeeded c=running d=pending other=running');
    const skips = begun('tasks.a.output.rows > 1');
    skips.succeeded('a', { output: { rows: 1 } });
    expect(skips.states).toBe('a=succeeded c=skipped d=skipped other=running');
    expect(skips.live.explain('c').reasons[0]).toMatchObject({ code: 'condition' });
  });

  it('sees how a task failed', () => {
    const driver = begun("tasks.a.status == 'failed' && tasks.a.error.code == 'X' && tasks.a.attempts == 3");
    driver.failed('a', { attempts: 3, error: { code: 'X', message: 'no' } });
    expect(driver.states).toContain('c=running');
  });

  it('fails without an attempt where it has no value, and says why', () => {
    const driver = begun('tasks.a.output.rows > 1');
    driver.succeeded('a', { output: {} });
    expect(driver.states).toBe('a=succeeded c=failed d=upstream_failed other=running');
    expect(driver.live.describe().tasks[1]).toMatchObject({
      attempts: 0,
      error: { code: 'EXPRESSION_FAILED', message: expect.stringContaining('`rows`') },
    });
  });

  it('stops the rest where its failure does, with failFast', () => {
    const driver = begun('tasks.a.output.rows > 1', { failFast: true });
    driver.succeeded('a');
    expect(driver.succeeded('other')).toEqual(['end failed']);
  });

  it('sees the output that an operator gave', () => {
    const driver = begun('tasks.a.output == 7');
    driver.failed('a');
    expect(driver.states).toContain('c=failed');
    driver.act('completeTask', { task: 'a', output: 7 });
    expect(driver.states).toBe('a=succeeded c=running d=pending other=running');
  });

  it('is asked again when what it looks at is retried', () => {
    const driver = begun("tasks.a.status == 'succeeded'");
    driver.failed('a');
    expect(driver.states).toBe('a=failed c=skipped d=skipped other=running');
    driver.carry();
    driver.act('retryTask', { task: 'a' });
    expect(driver.states).toBe('a=running c=pending d=pending other=running');
    driver.succeeded('a');
    expect(driver.states).toContain('c=running');
  });

  it('sees what another run did, from the beginning', () => {
    const driver = begun('tasks.a.output == 5', {}, { runId: 'old', tasks: [[0, 5]] });
    expect(driver.states).toBe('a=succeeded c=running d=pending other=running');
  });

  it('is refused with tasks that are added where it cannot be read, or names no task', () => {
    const driver = begun('true');
    const task = { name: 'n', uses: 'shell', with: { run: 'x' }, needs: [] };
    const add = (when: string): unknown => driver.act('addTasks', { tasks: [{ ...task, when }] });
    expect(() => add('1 +')).toThrow(expect.objectContaining({ code: 'DAG_INVALID' }));
    expect(() => add('tasks.zz.output')).toThrow(expect.objectContaining({ code: 'TASK_NOT_FOUND' }));
    add("tasks.a.status == 'running'");
    expect(driver.states).toContain('n=running');
  });
});
