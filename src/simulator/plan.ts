import { isHandled, type Dag, type ForEach, type Task } from '../dag/dag.js';
import { parseDuration } from '../dag/duration.js';
import { topologicalOrder, graphOf, neighbours } from '../dag/graph.js';

/** A dag, and how long each of its tasks takes: what a simulation runs. Times are in milliseconds. */
export interface Plan {
  /** The file it comes from. */
  readonly name: string;
  /** Each task that takes a slot has an estimate: the one that was given, else its duration. Policies order by it. */
  readonly dag: Dag;
  /** One attempt of each task, on a slot of speed 1; of a fan-out, one of each of its items. */
  readonly durations: readonly number[];
  /** Of tasks that fan out, by index: how long each item takes. */
  readonly items: ReadonlyMap<number, readonly number[]>;
  /** Of each task the share of its attempts that failed, where the plan is a run that ended: for its figures. */
  readonly failures?: readonly number[];
}

/** How the tasks of a run went. */
export interface Observed {
  /** Milliseconds, by name; items of fan-outs are called `convert[3]`. */
  readonly durations: ReadonlyMap<string, number>;
  /** By name: the share of the attempts that failed. */
  readonly failures?: ReadonlyMap<string, number>;
}

/** What a task takes where no task of its dag says how long it takes, in milliseconds. */
export const UNKNOWN_DURATION = 1_000;

/**
 * The plan of a dag that was checked before. A task takes what was observed, else its estimate, else the median of what
 * is known of the others.
 */
export function planOf(name: string, dag: Dag, observed?: Observed): Plan {
  const known = dag.tasks.flatMap((task) => {
    const duration = isControl(task) ? undefined : (observed?.durations.get(task.name) ?? task.estimate);
    return duration === undefined ? [] : [duration];
  });
  const usual = known.length === 0 ? UNKNOWN_DURATION : medianOf(known);
  const items = new Map<number, readonly number[]>();
  const durations = dag.tasks.map((task, index) => {
    const own = ownDuration(task, observed, usual);
    if (task.forEach !== undefined) {
      const seen = itemsObserved(task.name, observed);
      items.set(index, seen ?? Array.from({ length: countOf(task.forEach) }, () => task.estimate ?? usual));
      return task.estimate ?? (seen === undefined || seen.length === 0 ? usual : medianOf(seen));
    }
    return own;
  });
  const tasks = dag.tasks.map((task, index) =>
    task.estimate !== undefined || isControl(task) ? task : { ...task, estimate: durations[index]! },
  );
  const failures = observed?.failures;
  return {
    name,
    dag: { ...dag, tasks },
    durations,
    items,
    ...(failures === undefined ? {} : { failures: dag.tasks.map((task) => failures.get(task.name) ?? 0) }),
  };
}

/** Whether nothing says how long the tasks of this dag take. */
export function knowsNoDuration(dag: Dag): boolean {
  return dag.tasks.every((task) => task.estimate === undefined);
}

function ownDuration(task: Task, observed: Observed | undefined, usual: number): number {
  const seen = observed?.durations.get(task.name);
  if (seen !== undefined) return seen;
  if (isControl(task)) return task.estimate ?? waitOf(task);
  if (task.estimate === undefined && task.uses === 'dag') return subDagLength(task) ?? usual;
  return task.estimate ?? usual;
}

/** Whether the run does the task itself, and it takes no slot: a task that is a run of its own takes one. */
export function isControl(task: Task): boolean {
  return !isHandled(task) && task.uses !== 'dag';
}

/** What a wait takes. An event, an approval and a wait until a time of day take none: nobody knows when they come. */
function waitOf(task: Task): number {
  if (task.uses !== 'wait') return 0;
  const length = task.with['for'];
  return typeof length === 'number' ? length : typeof length === 'string' ? (parseDuration(length) ?? 0) : 0;
}

/** A run of its own goes by its own concurrency: it takes as long as its longest path. */
function subDagLength(task: Task): number | undefined {
  const dag = task.with['dag'] as unknown as Dag | undefined;
  if (dag === undefined || !Array.isArray(dag.tasks)) return undefined;
  const { durations } = planOf(task.name, dag);
  const graph = graphOf(dag);
  const ends = new Float64Array(graph.size);
  for (const index of topologicalOrder(graph)) {
    let begin = 0;
    for (const needed of neighbours(graph.dependencies, index)) begin = Math.max(begin, ends[needed]!);
    ends[index] = begin + durations[index]!;
  }
  return ends.reduce((a, b) => Math.max(a, b), 0);
}

function itemsObserved(name: string, observed: Observed | undefined): readonly number[] | undefined {
  if (observed === undefined) return undefined;
  const items: number[] = [];
  for (let duration; (duration = observed.durations.get(`${name}[${items.length}]`)) !== undefined;) {
    items.push(duration);
  }
  return items.length === 0 ? undefined : items;
}

/** How many items there are, where the file itself says so; else one. */
function countOf(forEach: ForEach): number {
  if (typeof forEach === 'string') return 1;
  if (Array.isArray(forEach)) return forEach.length;
  if ('matrix' in forEach) {
    return Object.values(forEach.matrix).reduce<number>(
      (count, list) => count * (Array.isArray(list) ? list.length : 1),
      1,
    );
  }
  if (!('range' in forEach)) return 1;
  const { from = 0, to, step = 1 } = forEach.range;
  if (typeof from !== 'number' || typeof to !== 'number' || typeof step !== 'number' || step === 0) return 1;
  return Math.max(0, Math.floor((to - from) / step) + 1);
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : Math.round((sorted[middle - 1]! + sorted[middle]!) / 2);
}
