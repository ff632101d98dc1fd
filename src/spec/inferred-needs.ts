import { buildGraph, findCycles, neighbours, topologicalOrder, type Graph } from '../dag/graph.js';

/** A task, by its index, that names another. */
export interface Naming {
  readonly task: number;
  readonly named: number;
}

/** What namings come to. */
export interface Inference<N extends Naming> {
  /** Those that make their task need the named one: it is not upstream yet. One for each two tasks. */
  readonly added: readonly N[];
  /** Those of which the named task itself waits for the one that names it. */
  readonly after: readonly N[];
}

/**
 * Which namings make a task need another. One that is upstream already, be it through others, gets no edge, so that trigger
 * rules keep their meaning. Linear in most dags; `from` and `to` are the edges that are written: `to[i]` needs `from[i]`.
 */
export function inferNeeds<N extends Naming>(
  size: number,
  from: readonly number[],
  to: readonly number[],
  namings: readonly N[],
): Inference<N> {
  const written = buildGraph(size, from, to);
  const seen = new Set<string>();
  const fresh = namings.filter(({ task, named }) => {
    const key = `${task} ${named}`;
    if (seen.has(key) || neighbours(written.dependencies, task).includes(named)) return false;
    seen.add(key);
    return true;
  });
  if (fresh.length === 0 || findCycles(written).length > 0) return { added: [], after: [] };
  const { kept, after, graph } = withoutCycles(written, from, to, fresh);
  const through = new Reach(graph).ask(
    kept.flatMap((naming, query) =>
      [...neighbours(written.dependencies, naming.task)].map((task) => ({ task, target: naming.named, query })),
    ),
  );
  return { added: kept.filter((_, query) => !through.has(query)), after };
}

const MOST_KNOTS = 20;

function withoutCycles<N extends Naming>(
  written: Graph,
  from: readonly number[],
  to: readonly number[],
  namings: readonly N[],
): { kept: readonly N[]; after: N[]; graph: Graph } {
  const graphWith = (kept: readonly N[]): Graph =>
    buildGraph(written.size, [...from, ...kept.map(({ named }) => named)], [...to, ...kept.map(({ task }) => task)]);
  let kept = namings;
  let graph = graphWith(kept);
  const after: N[] = [];
  if (topologicalOrder(graph).length === graph.size) return { kept, after, graph };
  // Those against the written order are to blame; only without any, those that contradict each other.
  const wrong = new Reach(written).ask(kept.map(({ task, named }, query) => ({ task: named, target: task, query })));
  after.push(...kept.filter((_, query) => wrong.has(query)));
  kept = kept.filter((_, query) => !wrong.has(query));
  graph = graphWith(kept);
  for (let round = 0; round < MOST_KNOTS; round++) {
    const cycles = findCycles(graph);
    if (cycles.length === 0) return { kept, after, graph };
    const steps = new Set(
      cycles.flatMap((cycle) => cycle.map((task, i) => `${task} ${cycle[(i + 1) % cycle.length]}`)),
    );
    const isBlamed = ({ task, named }: N): boolean => steps.has(`${task} ${named}`);
    after.push(...kept.filter(isBlamed));
    kept = kept.filter((naming) => !isBlamed(naming));
    graph = graphWith(kept);
  }
  return { kept: [], after, graph: written };
}

interface Query {
  readonly task: number;
  readonly target: number;
  readonly query: number;
}

/** Which tasks wait for which, through however many others. */
class Reach {
  readonly #graph: Graph;
  readonly #order: Int32Array;
  readonly #position: Int32Array;

  /** The graph has no cycle. */
  constructor(graph: Graph) {
    this.#graph = graph;
    this.#order = topologicalOrder(graph);
    this.#position = new Int32Array(graph.size);
    for (const [position, task] of this.#order.entries()) this.#position[task] = position;
  }

  /** The queries of which the task waits for the target. 32 targets go at once, over the part of the order they need. */
  ask(queries: readonly Query[]): Set<number> {
    const position = this.#position;
    const sorted = queries
      .filter(({ task, target }) => position[target]! < position[task]!)
      .sort((a, b) => position[a.target]! - position[b.target]!);
    const yes = new Set<number>();
    const masks = new Int32Array(this.#graph.size);
    for (let start = 0; start < sorted.length;) {
      const bits = new Map<number, number>();
      let end = start;
      let last = 0;
      for (; end < sorted.length; end++) {
        const { task, target } = sorted[end]!;
        if (!bits.has(target)) {
          if (bits.size === 32) break;
          bits.set(target, 1 << bits.size);
        }
        last = Math.max(last, position[task]!);
      }
      const first = position[sorted[start]!.target]!;
      for (let at = first; at <= last; at++) {
        const task = this.#order[at]!;
        let mask = 0;
        for (const needed of neighbours(this.#graph.dependencies, task)) {
          if (position[needed]! >= first) mask |= masks[needed]! | (bits.get(needed) ?? 0);
        }
        masks[task] = mask;
      }
      for (const { task, target, query } of sorted.slice(start, end)) {
        if ((masks[task]! & bits.get(target)!) !== 0) yes.add(query);
      }
      start = end;
    }
    return yes;
  }
}
