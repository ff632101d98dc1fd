import type { PlacementGroup, Room } from '../../src/dag/placement.js';

/** A group, and what runs in it. */
export interface PlainGroup extends Partial<PlacementGroup> {
  readonly name: string;
  /** Slots that are taken from the start. Default 0. */
  readonly taken?: number;
  /** Default: no limit. */
  readonly memory?: number;
}

/** What a task asks of a group. */
export interface PlainDemand {
  /** Default 0. */
  readonly memory?: number;
  /** Names of the groups that may run it. Default: all. */
  readonly groups?: readonly string[];
}

/** Worker groups with slots and memory, which refuses what does not fit. */
export class PlainRoom implements Room {
  readonly groups: readonly PlacementGroup[];
  /** What was placed, in order. */
  readonly given: (readonly [task: number, group: string])[] = [];
  readonly #taken: number[];
  readonly #sizes: readonly number[];
  readonly #used: number[];
  readonly #demandOf: (task: number) => PlainDemand;

  /** The groups are put in the order of their names. A group has 1 slot of speed 1 where it does not say. */
  constructor(groups: readonly PlainGroup[], demandOf: (task: number) => PlainDemand = () => ({})) {
    const sorted = groups.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    this.groups = sorted.map(({ name, slots = 1, speed = 1, cost = 0 }) => ({ name, slots, speed, cost }));
    this.#taken = sorted.map(({ taken = 0 }) => taken);
    this.#sizes = sorted.map(({ memory = Infinity }) => memory);
    this.#used = sorted.map(() => 0);
    this.#demandOf = demandOf;
  }

  free(group: number): number {
    return this.groups[group]!.slots - this.#taken[group]!;
  }

  fits(task: number, group: number): boolean {
    const { memory = 0 } = this.#demandOf(task);
    return this.allows(task, group) && this.free(group) > 0 && this.#used[group]! + memory <= this.#sizes[group]!;
  }

  allows(task: number, group: number): boolean {
    const { memory = 0, groups } = this.#demandOf(task);
    return memory <= this.#sizes[group]! && (groups?.includes(this.groups[group]!.name) ?? true);
  }

  /** @throws Error where the task does not fit. */
  take(task: number, group: number): void {
    const name = this.groups[group]?.name ?? '';
    if (!this.fits(task, group)) throw new Error(`The task ${task} does not fit into ${name}.`);
    this.#taken[group]!++;
    this.#used[group]! += this.#demandOf(task).memory ?? 0;
    this.given.push([task, name]);
  }

  /** The task has ended. */
  giveBack(task: number, group: number): void {
    this.#taken[group]!--;
    this.#used[group]! -= this.#demandOf(task).memory ?? 0;
  }

  /** Whether none of what was placed runs, nor anything else. */
  get isIdle(): boolean {
    return this.#taken.every((taken) => taken === 0);
  }
}
