import type { Json } from '../dag/json.js';
import type { Placement, Room } from '../dag/placement.js';
import { placeEach } from './place-each.js';

/** The groups in turn, by their names; one without room for the task is passed over. */
export class RoundRobin implements Placement {
  readonly name = 'round-robin';
  /** The group that was given a task last. Its name: others may come and go. */
  #latest = '';

  place(tasks: readonly number[], room: Room): number[] {
    return placeEach(tasks, room, (_task, fitting) => {
      const group = fitting.find((one) => room.groups[one]!.name > this.#latest) ?? fitting[0]!;
      this.#latest = room.groups[group]!.name;
      return group;
    });
  }

  memory(): Json | undefined {
    return this.#latest === '' ? undefined : this.#latest;
  }

  recall(memory: Json): void {
    this.#latest = memory as string;
  }
}
