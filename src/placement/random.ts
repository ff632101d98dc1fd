import type { Placement, PlacementFacts, Room } from '../dag/placement.js';
import { fractionOf, mixed } from './hash.js';
import { placeEach } from './place-each.js';

/**
 * Any group that has room, each as likely as the others. Seed and task decide alone, whatever was drawn before: there is
 * nothing to remember.
 */
export class Random implements Placement {
  readonly name = 'random';
  readonly #seed: number;

  constructor({ seed }: PlacementFacts) {
    this.#seed = seed;
  }

  place(tasks: readonly number[], room: Room): number[] {
    return placeEach(tasks, room, (task, fitting) => {
      const drawn = fractionOf(mixed(this.#seed, task));
      return fitting[Math.floor(drawn * fitting.length)]!;
    });
  }

  memory(): undefined {
    return undefined;
  }

  recall(): void {}
}
