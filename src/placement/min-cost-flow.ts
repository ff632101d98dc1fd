import type { Placement, PlacementFacts, PlacementGroup, Room } from '../dag/placement.js';
import { hasRoom, lowest } from './place-each.js';
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
    return tasks.map((task, index) => {
      let group = best[index]!;
      if (group === -1 || !room.fits(task, group)) group = hasRoom(room) ? this.#cheapest(task, room) : -1;
      if (group !== -1) room.take(task, group);
      return group;
    });
  }

  memory(): undefined {
    return undefined;
  }

  recall(): void {}

  #cheapest(task: number, room: Room): number {
    const fitting = room.groups.map((_, group) => group).filter((group) => room.fits(task, group));
    return lowest(fitting, (group) => this.#costOf(task, room.groups[group]!));
  }

  /** In microseconds, for speeds tell apart even tasks of a millisecond; whole, so that sums are exact. */
  #costOf(task: number, { name, speed, cost }: PlacementGroup): number {
    const time = this.#facts.transferTo(task, name) + this.#facts.estimateOf(task) / speed;
    return Math.min(MOST_COST, Math.round(time * (1 + cost) * 1_000));
  }
}
