import type { Placement, PlacementFacts, Room } from '../dag/placement.js';
import { fractionOf, hashOf, mixed } from './hash.js';
import { placeEach } from './place-each.js';

/**
 * Tasks of one key go to one group, the owner of the key, be it idle or not: what they left there (files, a warm cache, a
 * loaded model) is worth a wait. While the owner is full they wait, though others have room. Of the groups that may not
 * run the task none owns it: the next one does.
 *
 * Highest random weight (rendezvous hashing; Thaler and Ravishankar 1998), weighted by slots with the logarithmic method
 * (Schindelhauer and Schomaker 2005): each group draws a number by key and name, and the lowest -ln(number) / slots owns
 * the key. So a group owns its share of the slots, one that comes takes over that share and moves nothing else, and what
 * one leaves goes to all others. Nothing is remembered, and no ring is built.
 */
export class ConsistentHash implements Placement {
  readonly name = 'consistent-hash';
  readonly #facts: PlacementFacts;

  constructor(facts: PlacementFacts) {
    this.#facts = facts;
  }

  place(tasks: readonly number[], room: Room): number[] {
    const names = room.groups.map(({ name }) => hashOf(name));
    return placeEach(tasks, room, (task, fitting) => {
      const key = hashOf(this.#facts.affinityOf(task));
      let owner = -1;
      let least = Infinity;
      for (let group = 0; group < names.length; group++) {
        const distance = exponentialOf(fractionOf(mixed(key, names[group]!))) / room.groups[group]!.slots;
        if (distance >= least || !mayOwn(task, group, room)) continue;
        owner = group;
        least = distance;
      }
      return fitting.includes(owner) ? owner : -1;
    });
  }

  memory(): undefined {
    return undefined;
  }

  recall(): void {}
}

/** A group that is idle and has no room all the same never will. */
function mayOwn(task: number, group: number, room: Room): boolean {
  const { slots } = room.groups[group]!;
  return room.allows(task, group) && slots > 0 && (room.free(group) < slots || room.fits(task, group));
}

const LN_2 = 0.6931471805599453;
/** So many that the next one would not change the sum. */
const TERMS = 17;

/**
 * -ln of a number above 0 and up to 1. By basic arithmetic, which is the same to the last bit wherever it runs; `Math.log`
 * need not be, and a run may go on elsewhere.
 */
function exponentialOf(fraction: number): number {
  let halvings = 0;
  let rest = fraction;
  for (; rest < 0.5; rest *= 2) halvings++;
  // ln(rest) = 2 artanh(ratio), with the ratio at most 1/3 from 0.
  const ratio = (1 - rest) / (1 + rest);
  let sum = 0;
  for (let term = TERMS; term >= 0; term--) sum = sum * ratio * ratio + 1 / (2 * term + 1);
  return halvings * LN_2 + 2 * ratio * sum;
}
