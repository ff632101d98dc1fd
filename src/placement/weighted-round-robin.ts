import type { Json } from '../dag/json.js';
import type { Placement, PlacementGroup, Room } from '../dag/placement.js';
import { lowest, placeEach } from './place-each.js';

/**
 * The groups in turn, each as often as its weight says, and well mixed: nginx's smooth weighted round-robin. With each
 * task, every group that may run it gains its weight; of those that have room, the one that has most is given the task, and
 * loses what all of them gained. Among equals it is the first. So of 5, 1 and 1 come a a b a c a a. One without room only
 * gains back what it lost: it does not save up.
 */
export class WeightedRoundRobin implements Placement {
  readonly name = 'weighted-round-robin';
  /** What each group has, by name. Whole numbers, 0 in sum: no rounding adds up. */
  #gained = new Map<string, number>();

  place(tasks: readonly number[], room: Room): number[] {
    const { groups } = room;
    const weights = groups.map(weightOf);
    // One that was away begins anew.
    const gained = groups.map(({ name }) => this.#gained.get(name) ?? 0);
    const placed = placeEach(tasks, room, (task, fitting) => {
      let total = 0;
      for (let group = 0; group < groups.length; group++) {
        if (!room.allows(task, group)) continue;
        const most = fitting.includes(group) ? Infinity : Math.max(0, -gained[group]!);
        const gain = Math.min(weights[group]!, most);
        gained[group]! += gain;
        total += gain;
      }
      const group = lowest(fitting, (one) => -gained[one]!);
      gained[group]! -= total;
      return group;
    });
    this.#gained = new Map(groups.map(({ name }, group) => [name, gained[group]!]));
    return placed;
  }

  memory(): Json | undefined {
    const gained = [...this.#gained].filter(([, gain]) => gain !== 0);
    return gained.length === 0 ? undefined : Object.fromEntries(gained);
  }

  recall(memory: Json): void {
    this.#gained = new Map(Object.entries(memory as Readonly<Record<string, number>>));
  }
}

/** Slots times speed: what it gets done in a time. In thousandths, so that it is a whole number. */
function weightOf({ slots, speed }: PlacementGroup): number {
  return Math.max(1, Math.round(slots * speed * 1_000));
}
