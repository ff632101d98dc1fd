import { retryOf, timeoutsOf, type Dag, type Task } from '../dag/dag.js';
import { DagwrightError } from '../dag/errors.js';
import { graphOf, type AddedEdge } from '../dag/graph.js';
import type { Json } from '../dag/json.js';
import { slotsOf, type PoolDemand } from '../dag/pools.js';
import { placedTraitsOf } from '../dag/scheduler-options.js';
import { recompile } from '../expression/compile.js';
import type { Act } from './act.js';
import type { Decision, DecisionFacts } from './decided.js';
import { grownDag } from './grown-dag.js';
import { amount, ENDING, listOf, refuse } from './refusals.js';

/** The most tasks that a run may have, those it began with included. */
const MAXIMUM_TASKS = 100_000;

/** As in dag files. */
const MAXIMUM_ATTEMPTS = 10_000;
const MAXIMUM_BACKOFF = 1_000;
const MAXIMUM_TIME = 31_536_000_000;
/** @throws DagwrightError ACT_REFUSED where the task would run without what it needs. */
export function checkKept(run: DecisionFacts, name: string, needed: number): void {
  if (!run.record.hasLostOutput(needed)) return;
  const hint = `\`dagwright rerun ${run.runId}\`, once the run has ended, makes it again.`;
  const lost = run.dag.tasks[needed]!.name;
  throw refuse.state(`${name} needs the output of ${lost}, which was too large to be kept.`, hint);
}

/** What new tasks, and new needs, do to the run. */
export function decideAdded(run: DecisionFacts, act: Extract<Act, { type: 'addTasks' }>, at: number): Decision {
  const { dag, scheduler } = run;
  if (scheduler.state === 'cancelling') throw refuse.state('The run is being cancelled.');
  if (scheduler.stage !== 'main')
    throw refuse.state(`The run's own tasks have ended: ${ENDING[scheduler.stage]} goes on.`);
  const asked = grownDag({ ...dag, tasks: [] }, act).tasks;
  if (asked.every((task) => isThere(run, task))) return { message: 'The run has these tasks already.' };
  const first = dag.tasks.length;
  const indexes = new Map<string, number>();
  act.tasks.forEach((task, i) => {
    if (run.indexOf(task.name) !== undefined)
      throw refuse.state(`The run has a task ${task.name} already.`, 'Rename it.');
    indexes.set(task.name, first + i);
  });
  if (first + act.tasks.length > MAXIMUM_TASKS) throw refuse.state(`A run has at most ${MAXIMUM_TASKS} tasks.`);
  const indexOf = (name: string): number => {
    const index = indexes.get(name) ?? run.indexOf(name);
    if (index === undefined)
      throw refuse.unknownTask(
        name,
        dag.tasks.map((task) => task.name),
      );
    return index;
  };
  const edges: AddedEdge[] = [];
  for (const task of act.tasks) {
    for (const need of task.needs) {
      const { weight = 0 } = need;
      const edge = [indexOf(need.task), indexOf(task.name)] as const;
      edges.push(weight === 0 ? edge : [...edge, weight * 1_000]);
    }
  }
  for (const [dependent, names] of Object.entries(act.needs ?? {})) {
    const to = indexOf(dependent);
    const state = to < first ? scheduler.stateOf(to) : 'pending';
    if (state !== 'pending' && state !== 'ready') {
      throw refuse.state(`${dependent} can get no further dependency: it is ${state}.`);
    }
    for (const name of names) edges.push([indexOf(name), to]);
  }
  for (const [from, to] of edges)
    if (from < first) checkKept(run, (dag.tasks[to] ?? act.tasks[to - first])!.name, from);
  for (const task of act.tasks) {
    checkLimits(dag, task);
    for (const name of conditionOf(task)) indexOf(name);
    for (const pool of task.pool ?? []) checkPool(run, task, pool);
  }
  checkSound(grownDag(dag, act));
  return {
    event: {
      type: 'tasks.added',
      at,
      tasks: act.tasks.map((task) => placedTraitsOf(task, run.dag.placement === undefined)),
      edges,
    },
    message: `Added ${amount(act.tasks.length, 'task')}: ${listOf(act.tasks.map((task) => task.name))}.`,
  };
}

function isThere(run: DecisionFacts, task: Task): boolean {
  const index = run.indexOf(task.name);
  return index !== undefined && JSON.stringify(run.dag.tasks[index] as unknown as Json) === JSON.stringify(task);
}

/** @throws DagwrightError DAG_INVALID where the run has no such pool, or too small a one. */
function checkPool({ dag }: DecisionFacts, { name }: Task, pool: PoolDemand): void {
  const pools = dag.pools ?? {};
  const size = Object.hasOwn(pools, pool.name) ? slotsOf(pools[pool.name] ?? 0) : 0;
  if (pool.slots <= size) return;
  const has = size === 0 ? 'the run has no such pool' : `it has ${size}`;
  throw new DagwrightError('DAG_INVALID', `${name} needs ${pool.slots} slots of the pool ${pool.name}: ${has}.`);
}

/**
 * The tasks that a task's condition looks at.
 * @throws DagwrightError DAG_INVALID where it cannot be read.
 */
function conditionOf({ name, when }: Task): string[] {
  if (when === undefined) return [];
  try {
    return recompile(when).references.tasks.map((task) => task.name);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DagwrightError('DAG_INVALID', `The \`when\` of ${name} cannot be read: ${why}`, { cause });
  }
}

/** What the server would refuse again and again, so that the run would stand still: with the dag's own defaults, too. */
function checkLimits(dag: Dag, task: Task): void {
  const retry = retryOf(dag, task);
  const isSound =
    Number.isInteger(retry.maximumAttempts) &&
    isWithin(retry.maximumAttempts, 1, MAXIMUM_ATTEMPTS) &&
    isWithin(retry.backoffCoefficient, 1, MAXIMUM_BACKOFF) &&
    isWithin(retry.initialInterval, 1, MAXIMUM_TIME) &&
    isWithin(retry.maximumInterval, retry.initialInterval, MAXIMUM_TIME);
  if (!isSound) {
    const rule =
      `maximumAttempts is a whole number from 1 to ${MAXIMUM_ATTEMPTS}, backoffCoefficient from 1 to ${MAXIMUM_BACKOFF}, ` +
      'and maximumInterval is at least initialInterval';
    throw new DagwrightError('DAG_INVALID', `The retry policy of ${task.name} makes no sense: ${rule}.`);
  }
  const isOff = (limit: number): boolean => !Number.isInteger(limit) || !isWithin(limit, 1, MAXIMUM_TIME);
  const limits = Object.entries<number>({ ...timeoutsOf(dag, task) }).filter(([, limit]) => isOff(limit));
  if (limits.length > 0) {
    const names = limits.map(([name]) => name).join(', ');
    throw new DagwrightError('DAG_INVALID', `Of ${task.name}, ${names} must be whole milliseconds from 1 to a year.`);
  }
}

function isWithin(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}

/** @throws DagwrightError DAG_INVALID for a cycle, and two new tasks of one name. */
function checkSound(dag: Dag): void {
  try {
    graphOf(dag);
  } catch (cause) {
    throw new DagwrightError('DAG_INVALID', cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
