import type { Dag, Task } from '../../dag/dag.js';

/** A task's name with its marks: `convert [*]` fans out, `clean [dag]` is a dag of its own. */
export function labelOf({ name, uses, forEach }: Task): string {
  const marks = [...(uses === 'dag' ? ['dag'] : []), ...(forEach === undefined ? [] : ['*'])];
  return marks.length === 0 ? name : `${name} [${marks.join(' ')}]`;
}

/** The tasks that start when all others have ended, apart from the others. */
export function withoutFinally(dag: Dag): { readonly ordinary: Dag; readonly last: Dag } {
  return {
    ordinary: { ...dag, tasks: dag.tasks.filter((task) => task.finally !== true) },
    last: { ...dag, tasks: dag.tasks.filter((task) => task.finally === true) },
  };
}

/** The dag with labels for names. */
export function labelled(dag: Dag): Dag {
  const labels = new Map(dag.tasks.map((task) => [task.name, labelOf(task)]));
  const tasks = dag.tasks.map((task) => ({
    ...task,
    name: labelOf(task),
    needs: task.needs.map((need) => ({ ...need, task: labels.get(need.task) ?? need.task })),
  }));
  return { ...dag, tasks };
}
