import type { DagWith } from '../dag/control.js';
import { isHandled, type Dag, type Task } from '../dag/dag.js';
import type { JsonObject } from '../dag/json.js';
import { withoutItems } from './task-path.js';

/**
 * The dag as it runs with doubles: those of other workers' activities run here too, nothing takes or leaves files, and
 * nothing comes from a cache. A task that is a dag and has a double itself does not run that dag.
 * @param doubled The names of the doubles, as a test says them.
 */
export function doubledDag(dag: Dag, doubled: readonly string[]): Dag {
  const names = new Set(doubled.map(withoutItems));
  const inner = (one: Dag, prefix: string): Dag => ({
    ...one,
    tasks: one.tasks.map((task) => doubledTask(task, prefix)),
  });
  const doubledTask = (given: Task, prefix: string): Task => {
    const { artifacts: _, cache: _c, ...task } = given;
    const { compensate } = task;
    const own =
      compensate?.uses === 'activity' ? { ...task, compensate: { ...compensate, uses: 'function' as const } } : task;
    const path = prefix + task.name;
    if (task.uses !== 'dag') return isHandled(own) && own.uses === 'activity' ? { ...own, uses: 'function' } : own;
    const { dag: sub, params } = task.with as unknown as DagWith;
    if (!names.has(path))
      return { ...own, with: { ...task.with, dag: inner(sub, `${path}/`) as unknown as JsonObject } };
    return { ...own, uses: 'function', with: params === undefined ? {} : { params: params as JsonObject } };
  };
  return inner(dag, '');
}
