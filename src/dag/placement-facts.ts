import { neighbours } from './graph.js';
import type { PlacementFacts } from './placement.js';
import type { Walk } from './walk.js';

/** What placements may know of a walk. */
export class WalkPlacementFacts implements PlacementFacts {
  readonly seed: number;
  at = 0;
  readonly #walk: Walk;

  constructor(walk: Walk, seed: number) {
    this.#walk = walk;
    this.seed = seed;
  }

  now(): number {
    return this.at;
  }

  estimateOf(task: number): number {
    return this.#walk.ready.facts.remainingOf(task);
  }

  rankOf(task: number): number {
    return this.#walk.ready.facts.rankOf(task);
  }

  /** What moves to a task moves at the same time, so the longest counts. */
  transferTo(task: number, group: string): number {
    const { graph, ready, tasks } = this.#walk;
    const { transfers, dependencies } = graph;
    if (transfers === undefined) return 0;
    const parent = tasks.parent[task]!;
    const one = parent === -1 ? task : parent;
    let longest = 0;
    neighbours(dependencies, one).forEach((needed, position) => {
      const madeIn = ready.groups.madeIn(needed);
      const transfer = transfers[dependencies.offsets[one]! + position] ?? 0;
      if (madeIn !== undefined && madeIn !== group && transfer > longest) longest = transfer;
    });
    return longest;
  }

  endsIn(group: string): number[] {
    const { ready } = this.#walk;
    return ready.groups.tasksIn(group).map((task) => ready.ends.of(task));
  }

  affinityOf(task: number): string {
    return this.#walk.ready.groups.affinityOf(task);
  }
}
