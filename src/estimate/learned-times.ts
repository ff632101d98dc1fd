import type { DagWith } from '../dag/control.js';
import { DEFAULT_CONCURRENCY, isHandled, type Dag, type Task } from '../dag/dag.js';
import { graphOf } from '../dag/graph.js';
import { itemHoldOf } from '../dag/task-traits.js';
import type { LearnedEstimates } from './estimate.js';
import { median } from './quantile.js';
import { remainingTime } from './remaining.js';
import { learnedName } from './sample-buffer.js';

/**
 * Milliseconds that each task of a dag is thought to take by what was learned, by its name; undefined where nothing was.
 * A task that is a run of its own takes as long as the dag of that, by what its tasks declare and by what was learned of
 * them: worked out when it is first asked for.
 */
export function learnedTimes(dag: Dag, estimates: LearnedEstimates = {}): (task: string) => number | undefined {
  const own = new Map(Object.entries(estimates[dag.name] ?? {}));
  const subDags = new Map(dag.tasks.flatMap((task) => (task.uses === 'dag' ? [[task.name, task] as const] : [])));
  const times = new Map<string, number | undefined>();
  return (task) => {
    const name = learnedName(task);
    const known = own.get(name)?.time;
    const subDag = subDags.get(name);
    if (known !== undefined || subDag === undefined) return known;
    if (!times.has(name)) times.set(name, dagTime((subDag.with as unknown as DagWith).dag, estimates));
    return times.get(name);
  };
}

/**
 * Milliseconds that a run of the dag is thought to take: see {@link remainingTime}. A fan-out counts as one item.
 * Undefined where nothing is known of any task of it.
 */
function dagTime(dag: Dag, estimates: LearnedEstimates): number | undefined {
  const learned = learnedTimes(dag, estimates);
  const known = dag.tasks.map((task) => task.estimate ?? learned(task.name));
  const certain = known.filter((time) => time !== undefined);
  if (certain.length === 0) return undefined;
  const usual = median(certain);
  const timeOf = (task: number): number => known[task] ?? (isWork(dag.tasks[task]!) ? usual : 0);
  const graph = graphOf(dag);
  const stages: number[][] = [[], []];
  for (const [task, { finally: isLast }] of dag.tasks.entries()) stages[isLast === true ? 1 : 0]!.push(task);
  const work = {
    graph,
    slots: dag.concurrency ?? DEFAULT_CONCURRENCY,
    remainingOf: timeOf,
    isUnderWay: () => false,
    takesSlot: (task: number) => itemHoldOf(dag.tasks[task]!) !== 'nothing',
    parentOf: () => -1,
    holds: () => [],
    limits: [],
  };
  return Math.round(stages.reduce((time, open) => time + remainingTime({ ...work, open }), 0));
}

function isWork(task: Task): boolean {
  return isHandled(task) || task.uses === 'dag';
}
