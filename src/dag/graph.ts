import type { Dag } from './dag.js';

/** For each task a list of tasks, all in one array: those of task `t` are `targets[offsets[t]]` up to `targets[offsets[t + 1]]`. */
export interface Adjacency {
  readonly offsets: Int32Array;
  readonly targets: Int32Array;
}

/** The edges of a dag, both ways. A task is its index in the order of declaration. */
export interface Graph {
  /** How many tasks there are. */
  readonly size: number;
  /** Who waits for the task, in the order of declaration. */
  readonly dependents: Adjacency;
  /** What the task waits for, in the order in which its edges were given. */
  readonly dependencies: Adjacency;
  /** How many tasks each task waits for. */
  readonly inDegree: Int32Array;
  /** Milliseconds of transfer, one for each of `dependencies.targets`. Left out where all are 0. */
  readonly transfers?: Float64Array;
}

/** An edge between tasks that are there: task `to` needs task `from`; milliseconds of transfer, where not 0. */
export type AddedEdge = readonly [from: number, to: number, transfer?: number];

/**
 * The graph of a dag that was checked before.
 * @throws Error where a task needs one that is not there, two have one name, or there is a cycle: no reader of dag
 * files lets these through.
 */
export function graphOf(dag: Dag): Graph {
  const indexes = new Map<string, number>();
  dag.tasks.forEach((task, index) => {
    if (indexes.has(task.name)) throw new Error(`Two tasks are called ${task.name}.`);
    indexes.set(task.name, index);
  });
  const from: number[] = [];
  const to: number[] = [];
  const transfers: number[] = [];
  dag.tasks.forEach((task, index) => {
    for (const dependency of task.needs) {
      const needed = indexes.get(dependency.task);
      if (needed === undefined) throw new Error(`Task ${task.name} needs ${dependency.task}, which does not exist.`);
      from.push(needed);
      to.push(index);
      transfers.push((dependency.weight ?? 0) * 1_000);
    }
  });
  const graph = buildGraph(dag.tasks.length, from, to, transfers);
  const cycle = findCycles(graph)[0];
  if (cycle !== undefined) {
    const path = [...cycle, ...cycle.slice(0, 1)].map((task) => dag.tasks[task]?.name);
    throw new Error(`The dag has a cycle: ${path.join(' needs ')}.`);
  }
  return graph;
}

/**
 * The graph of a list of edges: task `to[i]` needs task `from[i]`. An edge given twice counts once. Cycles and tasks
 * that need themselves are kept, for {@link findCycles} to tell.
 * @param transfers Milliseconds of each edge. Default: all are 0.
 * @throws RangeError where the lists differ in length or name a task that is not there.
 */
export function buildGraph(
  size: number,
  from: ArrayLike<number>,
  to: ArrayLike<number>,
  transfers: ArrayLike<number> = [],
): Graph {
  if (from.length !== to.length) throw new RangeError('The two ends of the edges differ in length.');
  const edges = from.length;
  const given = new Int32Array(size + 1);
  for (let edge = 0; edge < edges; edge++) {
    checkTask(from[edge]!, size);
    checkTask(to[edge]!, size);
    given[to[edge]! + 1]!++;
  }
  for (let task = 0; task < size; task++) given[task + 1]! += given[task]!;
  const sorted = new Int32Array(edges);
  const isWeighted = Array.from(transfers).some((transfer) => transfer > 0);
  const weights = new Float64Array(isWeighted ? edges : 0);
  const cursor = given.slice(0, size);
  for (let edge = 0; edge < edges; edge++) {
    const place = cursor[to[edge]!]!++;
    sorted[place] = from[edge]!;
    if (isWeighted) weights[place] = transfers[edge] ?? 0;
  }

  // Copied down in place, without the edges seen before.
  const inDegree = new Int32Array(size);
  const offsets = new Int32Array(size + 1);
  const outOffsets = new Int32Array(size + 1);
  const lastDependent = new Int32Array(size).fill(-1);
  let kept = 0;
  for (let task = 0; task < size; task++) {
    for (let edge = given[task]!; edge < given[task + 1]!; edge++) {
      const needed = sorted[edge]!;
      if (lastDependent[needed] === task) continue;
      lastDependent[needed] = task;
      outOffsets[needed + 1]!++;
      if (isWeighted) weights[kept] = weights[edge]!;
      sorted[kept++] = needed;
    }
    offsets[task + 1] = kept;
    inDegree[task] = kept - offsets[task]!;
  }

  for (let task = 0; task < size; task++) outOffsets[task + 1]! += outOffsets[task]!;
  const outTargets = new Int32Array(kept);
  const outCursor = outOffsets.slice(0, size);
  for (let task = 0; task < size; task++) {
    for (let edge = offsets[task]!; edge < offsets[task + 1]!; edge++) outTargets[outCursor[sorted[edge]!]!++] = task;
  }
  return {
    size,
    dependents: { offsets: outOffsets, targets: outTargets },
    dependencies: { offsets, targets: kept === edges ? sorted : sorted.slice(0, kept) },
    inDegree,
    ...(isWeighted ? { transfers: weights.slice(0, kept) } : {}),
  };
}

/**
 * The graph with so many tasks behind those it has, and further edges: task `to` needs task `from`, with so many
 * milliseconds of transfer (default 0).
 * @throws RangeError where an edge names a task that is not there.
 */
export function growGraph(graph: Graph, added: number, edges: readonly AddedEdge[]): Graph {
  const from: number[] = [];
  const to: number[] = [];
  const transfers: number[] = [];
  for (let task = 0; task < graph.size; task++) {
    for (const needed of neighbours(graph.dependencies, task)) {
      transfers.push(graph.transfers?.[from.length] ?? 0);
      from.push(needed);
      to.push(task);
    }
  }
  for (const [needed, task, transfer = 0] of edges) {
    from.push(needed);
    to.push(task);
    transfers.push(transfer);
  }
  return buildGraph(graph.size + added, from, to, transfers);
}

function checkTask(task: number, size: number): void {
  if (!(Number.isInteger(task) && task >= 0 && task < size)) {
    throw new RangeError(`An edge names task ${task}; the dag has ${size} tasks.`);
  }
}

/** The list of one task. */
export function neighbours(adjacency: Adjacency, task: number): Int32Array {
  return adjacency.targets.subarray(adjacency.offsets[task], adjacency.offsets[task + 1]);
}

/**
 * Every task after all that it needs; among those that could come next, the one that could come first, in the order of
 * declaration. Tasks on a cycle, or behind one, are left out.
 */
export function topologicalOrder(graph: Graph): Int32Array {
  const { offsets, targets } = graph.dependents;
  const missing = graph.inDegree.slice();
  const order = new Int32Array(graph.size);
  let found = 0;
  for (let task = 0; task < graph.size; task++) if (missing[task] === 0) order[found++] = task;
  for (let done = 0; done < found; done++) {
    const task = order[done]!;
    for (let edge = offsets[task]!; edge < offsets[task + 1]!; edge++) {
      const dependent = targets[edge]!;
      if (--missing[dependent]! === 0) order[found++] = dependent;
    }
  }
  return order.subarray(0, found);
}

/** The length of the longest path to each task: 0 for a task that needs none. Tasks on or behind a cycle have 0. */
export function levels(graph: Graph): Int32Array {
  const { offsets, targets } = graph.dependents;
  const level = new Int32Array(graph.size);
  const order = topologicalOrder(graph);
  const ordered = new Uint8Array(graph.size);
  for (const task of order) ordered[task] = 1;
  for (const task of order) {
    for (let edge = offsets[task]!; edge < offsets[task + 1]!; edge++) {
      const dependent = targets[edge]!;
      if (ordered[dependent] === 1) level[dependent] = Math.max(level[dependent]!, level[task]! + 1);
    }
  }
  return level;
}

/**
 * One whole cycle for each knot of tasks that need each other: each task of it needs the next, and the last needs the
 * first. It begins with the knot's first declared task and is the shortest through that. Empty where there is no cycle.
 */
export function findCycles(graph: Graph): number[][] {
  const order = topologicalOrder(graph);
  if (order.length === graph.size) return [];
  return stronglyConnected(graph)
    .map((knot) => shortestCycle(graph, knot))
    .filter((cycle) => cycle.length > 0)
    .sort((a, b) => a[0]! - b[0]!);
}

/** Tarjan's algorithm with its own stack, so that a long chain does not overflow the engine's. */
function stronglyConnected(graph: Graph): number[][] {
  const { offsets, targets } = graph.dependencies;
  const found = new Int32Array(graph.size).fill(-1);
  const low = new Int32Array(graph.size);
  const open = new Uint8Array(graph.size);
  const edge = offsets.slice(0, graph.size);
  const path: number[] = [];
  const stack: number[] = [];
  const components: number[][] = [];
  let clock = 0;
  const enter = (task: number): void => {
    found[task] = low[task] = clock++;
    open[task] = 1;
    path.push(task);
    stack.push(task);
  };
  for (let root = 0; root < graph.size; root++) {
    if (found[root] !== -1) continue;
    enter(root);
    for (let task = path.at(-1); task !== undefined; task = path.at(-1)) {
      if (edge[task]! < offsets[task + 1]!) {
        const needed = targets[edge[task]!++]!;
        if (found[needed] === -1) enter(needed);
        else if (open[needed] === 1) low[task] = Math.min(low[task]!, found[needed]!);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) low[parent] = Math.min(low[parent]!, low[task]!);
      if (low[task] !== found[task]) continue;
      const component: number[] = [];
      for (let member = stack.pop(); member !== undefined; member = stack.pop()) {
        open[member] = 0;
        component.push(member);
        if (member === task) break;
      }
      components.push(component);
    }
  }
  return components;
}

/** Breadth first from the component's first task back to it. Empty where it is one task that does not need itself. */
function shortestCycle(graph: Graph, component: readonly number[]): number[] {
  const start = component.reduce((a, b) => Math.min(a, b));
  const inside = component.length === 1 ? undefined : new Set(component);
  const cameFrom = new Map<number, number>();
  const queue = [start];
  for (let head = 0; head < queue.length; head++) {
    const task = queue[head]!;
    for (const needed of neighbours(graph.dependencies, task)) {
      if (needed === start) {
        const cycle = [task];
        for (let at = cameFrom.get(task); at !== undefined; at = cameFrom.get(at)) cycle.push(at);
        return cycle.reverse();
      }
      if (inside?.has(needed) !== true || cameFrom.has(needed)) continue;
      cameFrom.set(needed, task);
      queue.push(needed);
    }
  }
  return [];
}
