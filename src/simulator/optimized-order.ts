import type { Dag } from '../dag/dag.js';
import { graphOf, topologicalOrder, type Graph } from '../dag/graph.js';
import { numbersOf } from './draws.js';
import { isUnsized, slotsOf } from '../dag/pools.js';
import { ListSchedule, type PoolUse } from './list-schedule.js';
import { isControl, type Plan } from './plan.js';

/** How long is searched. */
export interface SearchLimits {
  /** Orders that are tried. Default 50,000. */
  readonly evaluations?: number;
  /** Asked between two orders: whether the time is over. Default: it never is. */
  readonly isOver?: () => boolean;
  /** What the search draws from: the same seed and the same evaluations give the same order. Default 1. */
  readonly seed?: number;
}

/** The best order that was found. */
export interface FoundOrder {
  /** Every task of the dag, by index: the one that goes first, first. */
  readonly order: readonly number[];
  /** Milliseconds that the tasks take in this order, every fan-out as one task. */
  readonly makespan: number;
  /** Orders that were tried. */
  readonly evaluations: number;
  /** Whether the makespan is the lower bound, so that none can be shorter. */
  readonly isOptimal: boolean;
}

const DEFAULT_EVALUATIONS = 50_000;
/** So many tries without a step forward, and the search goes on from another order. */
const PATIENCE = 100;
/** Turns forwards and backwards of an order that was drawn, at most. */
const MOST_TURNS = 3;

/**
 * Searches for an order of the tasks in which a run ends soonest on so many slots. It begins with the critical path,
 * schedules forwards and backwards in turn, and then moves single tasks: a move is kept where the tasks that start too
 * late for a shorter run become fewer, or less late. Where that leads no further, it goes on from a changed copy of the best
 * order, or from the critical path with some chance in it. Schedules forwards and backwards in turn: Li and Willis, "An
 * iterative scheduling technique for resource-constrained project scheduling" (EJOR 56, 1992).
 */
export function optimizedOrder(plan: Plan, workers: number, limits: SearchLimits = {}): FoundOrder {
  const { evaluations = DEFAULT_EVALUATIONS, isOver = () => false, seed = 1 } = limits;
  const search = new Search(plan, Math.min(workers, plan.dag.concurrency ?? workers), numbersOf(seed, 0));
  search.begin();
  while (!search.isOptimal && search.evaluations < evaluations && !isOver()) search.step();
  const { best, makespan, isOptimal } = search;
  return { order: [...best], makespan, evaluations: search.evaluations, isOptimal };
}

class Search {
  evaluations = 0;
  makespan = Infinity;
  best: Int32Array;
  readonly #forwards: ListSchedule;
  readonly #backwards: ListSchedule;
  readonly #durations: Float64Array;
  readonly #ranks: Float64Array;
  readonly #bound: number;
  /** The least by which two makespans can differ. */
  readonly #unit: number;
  readonly #draw: () => number;
  /** The order that is being changed, and the place of each task in it. */
  readonly #order: Int32Array;
  readonly #place: Int32Array;
  #lateness = Infinity;
  /** The makespan of the latest schedule. */
  #latest = Infinity;
  #idle = 0;

  constructor(plan: Plan, workers: number, draw: () => number) {
    const graph = graphOf(plan.dag);
    const takesSlot = Uint8Array.from(plan.dag.tasks, (task) => Number(!isControl(task)));
    this.#durations = Float64Array.from(plan.durations, (duration) => Math.round(duration));
    const pools = poolsOf(plan.dag, takesSlot);
    this.#forwards = new ListSchedule(graph, this.#durations, takesSlot, workers, pools);
    this.#backwards = new ListSchedule(reversed(graph), this.#durations, takesSlot, workers, pools);
    this.#ranks = ranksOf(graph, this.#durations);
    const work = this.#durations.reduce((sum, duration, task) => sum + duration * takesSlot[task]!, 0);
    this.#bound = Math.max(
      this.#ranks.reduce((a, b) => Math.max(a, b), 0),
      Math.ceil(work / workers),
      ...workOfPools(pools, this.#durations),
    );
    this.#unit = Math.max(1, this.#durations.reduce(divisorOf, 0));
    this.#bound = Math.ceil(this.#bound / this.#unit) * this.#unit;
    this.#draw = draw;
    const { offsets } = graph.dependents;
    const dependents = (task: number): number => offsets[task + 1]! - offsets[task]!;
    const ranks = this.#ranks;
    this.#order = Int32Array.from(Array.from({ length: graph.size }, (_, task) => task)).sort(
      (a, b) => ranks[b]! - ranks[a]! || dependents(b) - dependents(a) || a - b,
    );
    this.best = this.#order.slice();
    this.#place = new Int32Array(graph.size);
    this.#number();
  }

  get isOptimal(): boolean {
    return this.makespan <= this.#bound;
  }

  begin(): void {
    this.#lateness = this.#try();
    this.#swing();
  }

  /** Moves one task, and takes the move back where it is worse. */
  step(): void {
    const size = this.#order.length;
    if (this.#idle++ > PATIENCE || size < 2) this.#restart();
    const from = this.#pick(size);
    const reach = 1 + Math.floor(this.#draw() ** 2 * Math.min(size - 1, 40));
    const to = Math.max(0, Math.min(size - 1, this.#draw() < 0.7 ? from - reach : from + reach));
    if (from === to) {
      this.evaluations++;
      return;
    }
    const target = this.makespan;
    this.#move(from, to);
    const lateness = this.#try();
    if (this.makespan < target) {
      this.#swing();
      return;
    }
    if (lateness < this.#lateness) this.#idle = 0;
    if (lateness <= this.#lateness) this.#lateness = lateness;
    else this.#move(to, from);
  }

  /** More often than not a task that starts too late. */
  #pick(size: number): number {
    const { starts } = this.#forwards;
    const target = this.makespan - this.#unit;
    for (let tries = 0; tries < 8; tries++) {
      const place = Math.floor(this.#draw() * size);
      const task = this.#order[place]!;
      if (starts[task]! + this.#ranks[task]! > target) return place;
    }
    return Math.floor(this.#draw() * size);
  }

  #move(from: number, to: number): void {
    const order = this.#order;
    const task = order[from]!;
    if (from < to) order.copyWithin(from, from + 1, to + 1);
    else order.copyWithin(to + 1, to, from);
    order[to] = task;
    for (let place = Math.min(from, to); place <= Math.max(from, to); place++) this.#place[order[place]!] = place;
  }

  /** The lateness of the order as it stands: 0 where it is shorter than the best, which it then is. */
  #try(): number {
    this.evaluations++;
    const makespan = this.#forwards.run(this.#place);
    this.#latest = makespan;
    if (makespan < this.makespan) {
      this.makespan = makespan;
      this.best = this.#order.slice();
      this.#idle = 0;
    }
    const target = this.makespan - this.#unit;
    const { starts } = this.#forwards;
    let lateness = 0;
    for (let task = 0; task < starts.length; task++) {
      const late = starts[task]! + this.#ranks[task]! - target;
      if (late > 0) lateness += late;
    }
    return lateness;
  }

  /** From the latest schedule backwards and forwards again, until that makes it no shorter. */
  #swing(): void {
    for (;;) {
      const before = this.makespan;
      this.#turn();
      if (this.makespan >= before || this.isOptimal) break;
    }
    this.#order.set(this.best);
    this.#number();
    this.#lateness = this.#try();
    this.#idle = 0;
  }

  #restart(): void {
    if (this.#draw() < 0.5) this.#drawOrder();
    else this.#changeBest();
    this.#idle = 0;
  }

  /** The critical path, with some chance in it. */
  #drawOrder(): void {
    const keys = Float64Array.from(this.#ranks, (rank) => rank * (1 + this.#draw()));
    this.#order.sort((a, b) => keys[b]! - keys[a]!);
    this.#number();
    this.#lateness = this.#try();
    for (let turn = 0; turn < MOST_TURNS; turn++) {
      const before = this.#latest;
      this.#turn();
      if (this.#latest >= before) return;
    }
  }

  #changeBest(): void {
    this.#order.set(this.best);
    this.#number();
    const size = this.#order.length;
    const changes = 2 + Math.floor(this.#draw() * Math.max(2, size / 8));
    for (let change = 0; change < changes; change++) {
      const from = Math.floor(this.#draw() * size);
      const to = Math.max(0, Math.min(size - 1, from + Math.round((this.#draw() - 0.5) * Math.min(size, 40))));
      this.#move(from, to);
    }
    this.#lateness = this.#try();
    if (this.#draw() < 0.5) this.#turn();
  }

  /** From the latest schedule backwards, and forwards again. */
  #turn(): void {
    this.#sortBy(this.#forwards.ends, -1);
    this.evaluations++;
    this.#backwards.run(this.#place);
    this.#sortBy(this.#backwards.ends, -1);
    this.#lateness = this.#try();
  }

  #sortBy(times: Float64Array, sign: 1 | -1): void {
    const place = this.#place.slice();
    this.#order.sort((a, b) => sign * (times[a]! - times[b]!) || place[a]! - place[b]!);
    this.#number();
  }

  #number(): void {
    this.#order.forEach((task, place) => {
      this.#place[task] = place;
    });
  }
}

/** Undefined where no task needs a pool that has only so many slots. */
function poolsOf({ pools = {}, tasks }: Dag, takesSlot: Uint8Array): PoolUse | undefined {
  const most = (name: string): number =>
    Math.max(1, ...tasks.flatMap(({ pool = [] }) => pool.filter((one) => one.name === name).map(({ slots }) => slots)));
  const sized = Object.entries(pools).map(
    ([name, size]) => [name, isUnsized(size) ? most(name) : slotsOf(size)] as const,
  );
  const finite = sized.filter(([, slots]) => slots < Infinity);
  const numbers = new Map(finite.map(([name], pool) => [name, pool]));
  const demands = tasks.map(({ pool: own = [] }, task) => {
    const known = own.filter(({ name }) => numbers.has(name));
    if (known.length === 0 || takesSlot[task] === 0) return undefined;
    const demand = finite.map(() => 0);
    for (const { name, slots } of known) demand[numbers.get(name)!]! += slots;
    return demand;
  });
  if (demands.every((demand) => demand === undefined)) return undefined;
  return { sizes: finite.map(([, slots]) => slots), demands };
}

/** Of each pool how long its slots are held, spread evenly. */
function workOfPools(pools: PoolUse | undefined, durations: Float64Array): number[] {
  if (pools === undefined) return [];
  const { sizes, demands } = pools;
  return sizes.map((size, pool) =>
    Math.ceil(demands.reduce((sum, demand, task) => sum + (demand?.[pool] ?? 0) * durations[task]!, 0) / size),
  );
}

/** What is left to do from each task on, one after the other. */
function ranksOf(graph: Graph, durations: Float64Array): Float64Array {
  const { offsets, targets } = graph.dependents;
  const ranks = new Float64Array(graph.size);
  for (const task of topologicalOrder(graph).toReversed()) {
    let rest = 0;
    for (let edge = offsets[task]!; edge < offsets[task + 1]!; edge++) rest = Math.max(rest, ranks[targets[edge]!]!);
    ranks[task] = rest + durations[task]!;
  }
  return ranks;
}

function reversed(graph: Graph): Graph {
  const { offsets } = graph.dependents;
  const inDegree = Int32Array.from({ length: graph.size }, (_, task) => offsets[task + 1]! - offsets[task]!);
  return { size: graph.size, dependents: graph.dependencies, dependencies: graph.dependents, inDegree };
}

function divisorOf(a: number, b: number): number {
  let [greater, less] = [a, b];
  while (less > 0) [greater, less] = [less, greater % less];
  return greater;
}
