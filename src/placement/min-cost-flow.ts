import type { Placement, PlacementFacts, PlacementGroup, Room } from '../dag/placement.js';
import { lowest, placeEach } from './place-each.js';
import { cheapestTransport, MOST_COST } from './transport.js';

/**
 * Of all ways to place the tasks in the free slots, the one that costs least in sum. Those that the policy lets go first
 * are placed; the choice is only where. A task costs the time of its transfer and its work in the group, and each hour of
 * that counts as 1 + the group's cost hours: so 1 for an hour of a slot weighs as much as an hour.
 *
 * By slots that is the optimum. Where cores or memory are scarce, too, it would be hard to find: who finds the group full
 * then, goes to the cheapest that has room.
 */
export class MinCostFlow implements Placement {
  readonly name = 'min-cost-flow';
  readonly #facts: PlacementFacts;

  constructor(facts: PlacementFacts) {
    this.#facts = facts;
  }

  place(tasks: readonly number[], room: Room): number[] {
    const { groups } = room;
    const free = groups.map((_, group) => Math.max(0, room.free(group)));
    const best = cheapestTransport(tasks.length, free, (index, group) => {
      const task = tasks[index]!;
      return room.fits(task, group) ? this.#costOf(task, groups[group]!) : Infinity;
    });
    return placeEach(tasks, room, (task, fitting, index) => {
      const group = best[index]!;
      return fitting.includes(group) ? group : lowest(fitting, (one) => this.#costOf(task, groups[one]!));
    });
  }

  memory(): undefined {
    return undefined;
  }

  recall(): void {}

  /** In microseconds, for speeds tell apart even tasks of a millisecond; whole, so that sums are exact. */
  #costOf(task: number, { name, speed, cost }: PlacementGroup): number {
    const time = this.#facts.transferTo(task, name) + this.#facts.estimateOf(task) / speed;
    return Math.min(MOST_COST, Math.round(time * (1 + cost) * 1_000));
  }
}
