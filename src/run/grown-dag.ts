import type { Act } from './act.js';
import type { Dag } from '../dag/dag.js';

/** The dag with the tasks, and the dependencies, that the act adds. */
export function grownDag(dag: Dag, { tasks, needs = {} }: Extract<Act, { type: 'addTasks' }>): Dag {
  const grown = [...dag.tasks, ...tasks].map((task) => {
    const more = Object.hasOwn(needs, task.name) ? (needs[task.name] ?? []) : [];
    const have = new Set(task.needs.map((need) => need.task));
    const added = [...new Set(more)].filter((name) => !have.has(name)).map((name) => ({ task: name }));
    return added.length === 0 ? task : { ...task, needs: [...task.needs, ...added] };
  });
  return { ...dag, tasks: grown };
}
