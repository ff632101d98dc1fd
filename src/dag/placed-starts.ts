import type { Instruction } from './instruction.js';
import type { CreatePlacement, Placement, PlacementName } from './placement.js';
import { WalkPlacementFacts } from './placement-facts.js';
import type { StartedTasks } from './started-tasks.js';
import { HOLD } from './task-table.js';
import type { Walk } from './walk.js';

/** How tasks are placed. */
export interface PlacedOptions {
  readonly placement: PlacementName;
  readonly createPlacement: CreatePlacement;
  readonly seed: number;
}

/** Starts ready tasks in worker groups, as long as those have room. */
export class PlacedStarts {
  readonly placement: Placement;
  readonly #facts: WalkPlacementFacts;
  readonly #walk: Walk;
  readonly #started: StartedTasks;

  constructor(walk: Walk, started: StartedTasks, { placement, createPlacement, seed }: PlacedOptions) {
    this.#walk = walk;
    this.#started = started;
    this.#facts = new WalkPlacementFacts(walk, seed);
    this.placement = createPlacement(placement, this.#facts);
    walk.ready.placementWaits = placement === 'heft' || placement === 'consistent-hash';
    walk.ready.placementLooksAhead = placement === 'heft';
  }

  /** @param freeSlots how many more tasks may run now. */
  start(freeSlots: () => number, at: number, instructions: Instruction[]): void {
    const { ready } = this.#walk;
    this.#facts.at = at;
    // Kinds of tasks for which no group has room: those behind need not be tried.
    const blocked = new Set<number>();
    while (freeSlots() > 0) {
      const batch = this.#batch(freeSlots, blocked, at, instructions);
      if (batch.length === 0) return;
      const placed = this.placement.place(batch, ready.groups);
      // One that is put back lets others out of the line of a pool, which must see what the rest of the batch holds.
      placed.forEach((group, position) => {
        const task = batch[position]!;
        if (group === -1) return;
        this.#started.startIn(task, ready.groups.groups[group]!.name, at, instructions);
      });
      batch.forEach((task, position) => {
        if (placed[position] !== -1) return;
        const { groups } = ready.groups;
        if (!groups.some((_, group) => ready.groups.fits(task, group))) blocked.add(ready.groups.kindOf(task));
        ready.unreserve(task);
        ready.parkForGroup(task);
      });
    }
  }

  /** The next tasks for which there may be room, as many as may start. What no group runs starts at once. */
  #batch(freeSlots: () => number, blocked: ReadonlySet<number>, at: number, instructions: Instruction[]): number[] {
    const { ready, tasks } = this.#walk;
    const batch: number[] = [];
    const room = ready.groups.freeSlots;
    while (batch.length < freeSlots()) {
      if (batch.length > 0 && batch.length >= room) break;
      const task = ready.next();
      if (task === undefined) break;
      if (tasks.hold[task] === HOLD.run || !ready.groups.isPlaced(task)) this.#started.start(task, at, instructions);
      else if (room === 0 || blocked.has(ready.groups.kindOf(task))) ready.parkForGroup(task);
      else {
        ready.reserve(task);
        batch.push(task);
      }
    }
    return batch;
  }
}
