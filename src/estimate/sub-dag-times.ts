import type { DagWith } from '../dag/control.js';
import { DEFAULT_CONCURRENCY, isHandled, type Dag } from '../dag/dag.js';
import { graphOf } from '../dag/graph.js';
import { itemHoldOf } from '../dag/task-traits.js';
import type { LearnedEstimate, LearnedEstimates } from './estimate.js';
import { median } from './quantile.js';
import { remainingTime } from './remaining.js';

type Times = Record<string, Record<string, LearnedEstimate>>;

/**
 * The estimates, with those of the tasks that are runs of their own and declare none, here and within them: such a task takes
 * as long as its dag, by what the tasks of that declare and by what was learned of them. Where nothing is known of any of
 * those, nothing is of it.
 */
export function withSubDags(dag: Dag, estimates: LearnedEstimates): LearnedEstimates {
  const times: Times = Object.fromEntries(Object.entries(estimates).map(([name, tasks]) => [name, { ...tasks }]));
  addSubDags(dag, times, new Map());
  return times;
}

/** @param known By dag: a dag may be many tasks. */
function addSubDags(dag: Dag, times: Times, known: Map<Dag, number | undefined>): void {
  for (const { name, uses, estimate, with: settings } of dag.tasks) {
    if (uses !== 'dag') continue;
    const subDag = (settings as unknown as DagWith).dag;
    if (!known.has(subDag)) {
      addSubDags(subDag, times, known);
      known.set(subDag, dagTime(subDag, times[subDag.name] ?? {}));
    }
    const time = known.get(subDag);
    if (estimate === undefined && time !== undefined) (times[dag.name] ??= {})[name] = { time };
  }
}

/** Milliseconds that a run of the dag takes on its slots. A fan-out counts as one item. */
function dagTime(dag: Dag, learned: Readonly<Record<string, LearnedEstimate>>): number | undefined {
  const known = dag.tasks.map(({ name, estimate }) => estimate ?? learned[name]?.time);
  const certain = known.filter((time) => time !== undefined);
  if (certain.length === 0) return undefined;
  const usual = median(certain);
  const stages: number[][] = [[], []];
  for (const [task, { finally: isLast }] of dag.tasks.entries()) stages[isLast === true ? 1 : 0]!.push(task);
  const work = {
    graph: graphOf(dag),
    slots: dag.concurrency ?? DEFAULT_CONCURRENCY,
    remainingOf: (task: number) => known[task] ?? (isWaitOnly(dag, task) ? 0 : usual),
    isUnderWay: () => false,
    takesSlot: (task: number) => itemHoldOf(dag.tasks[task]!) !== 'nothing',
    parentOf: () => -1,
    holds: () => [],
    limits: [],
  };
  return Math.round(stages.reduce((time, open) => time + remainingTime({ ...work, open }), 0));
}

function isWaitOnly(dag: Dag, task: number): boolean {
  const definition = dag.tasks[task]!;
  return !isHandled(definition) && definition.uses !== 'dag';
}
