import type { Dag } from '../dag/dag.js';
import { DagwrightError } from '../dag/errors.js';
import { graphOf, neighbours, type Adjacency } from '../dag/graph.js';
import type { Json } from '../dag/json.js';
import type { RunResult } from './run.js';

/** Which tasks of an ended run run again. Those that did not succeed always do. */
export interface RerunOptions {
  /** These run again too, whatever became of them. */
  readonly from?: readonly string[];
  /** Every task runs again. Default false. */
  readonly all?: boolean;
  /** What needs a task that runs again, directly or through others, runs again too. Default true. */
  readonly downstream?: boolean;
  /**
   * What the tasks in `from` need, directly or through others, runs again too; without `from`, what those need that did
   * not succeed. Default false.
   */
  readonly upstream?: boolean;
}

/** What a rerun takes over and what it does. Tasks are indexes into the dag, in its order. */
export interface RerunPlan {
  /** Tasks that are not run: their outputs are those of the old run. One without an output has none beside it. */
  readonly takeOver: readonly (readonly [task: number] | readonly [task: number, output: Json])[];
  /** Tasks of `takeOver` that had an output, which the old run did not keep: nothing that runs needs it. */
  readonly omitted: readonly number[];
  /** Tasks that run. */
  readonly runs: readonly number[];
  /** Those of `runs` that run only because the output of one of them was not kept. */
  readonly again: readonly number[];
}

/**
 * What to do of an ended run in a new one.
 * @param old How it ended; undefined, where that is not known, makes every task run.
 * @throws DagwrightError TASK_NOT_FOUND where the dag has no task of a name in `from`.
 */
export function planRerun(dag: Dag, old: RunResult | undefined, options: RerunOptions = {}): RerunPlan {
  const results = dag.tasks.map(({ name }) => (Object.hasOwn(old?.tasks ?? {}, name) ? old?.tasks[name] : undefined));
  const from = indexesOf(dag, options.from ?? []);
  const undone = undoneIn(old);
  const isDone = (task: number): boolean =>
    results[task]?.status === 'succeeded' && !undone.has(dag.tasks[task]?.name ?? '');
  const failed = [...dag.tasks.keys()].filter((task) => !isDone(task));
  const { dependencies, dependents } = graphOf(dag);

  const needed = options.upstream ? reach(from.length > 0 ? from : failed, [dependencies]) : [];
  const chosen = options.all ? dag.tasks.keys() : [...failed, ...from, ...needed];
  const onward = (options.downstream ?? true) ? [dependents] : [];
  const wanted = withFinally(dag, reach(chosen, onward));
  const isLost = (task: number): boolean => results[task]?.outputOmitted === true;
  const runs = reach(wanted, onward, { dependencies, isLost });

  const tasks = [...dag.tasks.keys()];
  const kept = tasks.filter((task) => !runs.has(task));
  return {
    takeOver: kept.map((task) => {
      const output = results[task]?.output;
      return output === undefined ? [task] : [task, output];
    }),
    omitted: kept.filter(isLost),
    runs: tasks.filter((task) => runs.has(task)),
    again: tasks.filter((task) => runs.has(task) && !wanted.has(task)),
  };
}

/** The tasks that are as if they had not been done; of a fan-out it is enough that one of its items is. */
function undoneIn(old: RunResult | undefined): Set<string> {
  const undone = new Set<string>();
  for (const { status, compensates } of Object.values(old?.tasks ?? {})) {
    if (compensates === undefined || status !== 'succeeded') continue;
    undone.add(old?.tasks[compensates]?.item?.of ?? compensates);
  }
  return undone;
}

/** What is done at the end of a run, whatever becomes of it, is done at the end of each that does anything else. */
function withFinally(dag: Dag, runs: ReadonlySet<number>): Set<number> {
  const isFinally = (task: number): boolean => dag.tasks[task]?.finally === true;
  if ([...runs].every(isFinally)) return new Set(runs);
  return new Set([...runs, ...[...dag.tasks.keys()].filter(isFinally)]);
}

function indexesOf(dag: Dag, names: readonly string[]): number[] {
  const indexes = new Map(dag.tasks.map(({ name }, index) => [name, index]));
  return names.map((name) => {
    const index = indexes.get(name);
    if (index !== undefined) return index;
    throw new DagwrightError('TASK_NOT_FOUND', `The run has no task "${name}".`, {
      hint: 'See its tasks with `dagwright status`.',
    });
  });
}

/** The first tasks and all that is reached from them: along these edges, and to what is needed but lost. */
function reach(
  first: Iterable<number>,
  along: readonly Adjacency[],
  lost?: { readonly dependencies: Adjacency; readonly isLost: (task: number) => boolean },
): Set<number> {
  const reached = new Set(first);
  const open = [...reached];
  const add = (task: number): void => {
    if (reached.has(task)) return;
    reached.add(task);
    open.push(task);
  };
  for (let task = open.pop(); task !== undefined; task = open.pop()) {
    for (const edges of along) neighbours(edges, task).forEach(add);
    if (lost !== undefined) neighbours(lost.dependencies, task).filter(lost.isLost).forEach(add);
  }
  return reached;
}
