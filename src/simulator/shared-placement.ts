import type { Placement, PlacementGroup, Room } from '../dag/placement.js';
import type { Slots } from './slots.js';

/** What a simulation lets a placement do. */
export interface PlacementLimits {
  readonly slots: Slots;
  /** How many more tasks of the run may start now. */
  mayPlace(): number;
  /** The task was placed: the slot is its own. */
  placed(task: number, slot: number): void;
}

/** A placement of one run where others share the worker groups, and which places only while its run is granted slots. */
export class SharedPlacement implements Placement {
  readonly name: Placement['name'];
  readonly #placement: Placement;
  readonly #limits: PlacementLimits;

  constructor(placement: Placement, limits: PlacementLimits) {
    this.name = placement.name;
    this.#placement = placement;
    this.#limits = limits;
  }

  place(tasks: readonly number[], room: Room): number[] {
    const placed: number[] = [];
    const shared = new SharedRoom(room, this.#limits);
    while (placed.length < tasks.length) {
      const most = this.#limits.mayPlace();
      const next = tasks.slice(placed.length, placed.length + Math.max(1, most));
      placed.push(...(most > 0 ? this.#placement.place(next, shared) : next.map(() => -1)));
    }
    return placed;
  }

  memory(): ReturnType<Placement['memory']> {
    return this.#placement.memory();
  }

  recall(memory: Parameters<Placement['recall']>[0]): void {
    this.#placement.recall(memory);
  }
}

/** What is free for one run: of what its scheduler knows to be free, other runs may have taken some. */
class SharedRoom implements Room {
  readonly #room: Room;
  readonly #limits: PlacementLimits;

  constructor(room: Room, limits: PlacementLimits) {
    this.#room = room;
    this.#limits = limits;
  }

  get groups(): readonly PlacementGroup[] {
    return this.#room.groups;
  }

  free(group: number): number {
    return Math.min(this.#room.free(group), this.#limits.slots.freeIn(this.groups[group]!.name));
  }

  fits(task: number, group: number): boolean {
    return this.free(group) > 0 && this.#room.fits(task, group);
  }

  allows(task: number, group: number): boolean {
    return this.#room.allows(task, group);
  }

  take(task: number, group: number): void {
    this.#room.take(task, group);
    this.#limits.placed(task, this.#limits.slots.take(this.groups[group]!.name));
  }
}
