import type { Dag, Task } from '../../dag/dag.js';
import { buildGraph, findCycles } from '../../dag/graph.js';
import { planOf, type Plan } from '../plan.js';
import { planInvalid } from './plan-invalid.js';

/** A task of a file that is no dag file. */
export interface GraphTask {
  readonly name: string;
  /** Milliseconds. */
  readonly duration: number;
  /** The positions of the tasks that it needs. */
  readonly needs: readonly number[];
  /** Seconds of transfer from each of `needs`. */
  readonly weights?: readonly number[];
}

/** Tasks that one file may have, as in dag files. */
export const MOST_TASKS = 100_000;

/**
 * The plan of a graph of tasks with their times.
 * @param placeOf Where the task stands in its file.
 * @throws DagwrightError PLAN_INVALID where tasks need each other in a circle.
 */
export function graphPlan(file: string, tasks: readonly GraphTask[], placeOf: (task: number) => number | string): Plan {
  const from = tasks.flatMap(({ needs }) => needs);
  const to = tasks.flatMap(({ needs }, task) => needs.map(() => task));
  const [cycle] = findCycles(buildGraph(tasks.length, from, to));
  if (cycle !== undefined) {
    const path = [...cycle, cycle[0]!].map((task) => tasks[task]!.name);
    const text = path.length > 12 ? [...path.slice(0, 6), '…', ...path.slice(-5)] : path;
    throw planInvalid(
      file,
      placeOf(cycle[0]!),
      `Tasks need each other in a circle: ${text.join(' needs ')}.`,
      'Take one of the dependencies out.',
    );
  }
  const dag: Dag = {
    name: file,
    params: {},
    tasks: tasks.map(({ name, duration, needs, weights }): Task => ({
      name,
      uses: 'shell',
      with: { run: 'true' },
      needs: needs.map((task, position) => {
        const weight = weights?.[position] ?? 0;
        return { task: tasks[task]!.name, ...(weight === 0 ? {} : { weight }) };
      }),
      estimate: duration,
    })),
  };
  return planOf(file, dag);
}
