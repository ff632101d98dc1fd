import type { Json } from './json.js';

/** The name of every placement there is. */
export const PLACEMENT_NAMES = [
  'random',
  'round-robin',
  'weighted-round-robin',
  'least-loaded',
  'consistent-hash',
  'min-cost-flow',
  'heft',
] as const;

/** The name of a placement, as a dag says it. */
export type PlacementName = (typeof PLACEMENT_NAMES)[number];

/** The placement of tasks with `requires` where the dag names none. */
export const DEFAULT_PLACEMENT: PlacementName = 'least-loaded';

/** A worker group as a placement sees it. */
export interface PlacementGroup {
  readonly name: string;
  readonly slots: number;
  /** A task takes its estimate divided by this. */
  readonly speed: number;
  /** What a slot costs for an hour. */
  readonly cost: number;
}

/** What a placement may ask. A group is its position in `Room.groups`. */
export interface PlacementFacts {
  /** What random numbers are drawn from: the same for the whole run. */
  readonly seed: number;
  /** Milliseconds: now. */
  now(): number;
  /** Milliseconds that the task is thought to take at speed 1. */
  estimateOf(task: number): number;
  /** Milliseconds that the run takes at least from the start of this task on. */
  rankOf(task: number): number;
  /** Milliseconds until all that the task needs is moved to the group from those where it was made. */
  transferTo(task: number, group: string): number;
  /** Milliseconds: when the tasks that run in the group are thought to end, in no order. In the past where they are late. */
  endsIn(group: string): readonly number[];
  /** Tasks of one key belong together. */
  affinityOf(task: number): string;
}

/** The worker groups that live, and what is free in them. */
export interface Room {
  /** By name, in its order. */
  readonly groups: readonly PlacementGroup[];
  /** Slots of the group that are free. */
  free(group: number): number;
  /** Whether the task may run in the group, and there is room for it now. */
  fits(task: number, group: number): boolean;
  /** Whether the task may run in the group at all, be there room or not. */
  allows(task: number, group: number): boolean;
  /** The task goes to the group: what it takes is not free any more. */
  take(task: number, group: number): void;
}

/** Which worker group gets a task. Every placement is deterministic: the same tasks, groups and memory give the same. */
export interface Placement {
  readonly name: PlacementName;
  /**
   * Places ready tasks, given in the order of the policy: says of each its group, or -1 where it waits (for room, or for a
   * group that is better for it than those that have room). Takes the room of those that it places.
   */
  place(tasks: readonly number[], room: Room): number[];
  /** What its choices hang on beside the facts; undefined where that is nothing. */
  memory(): Json | undefined;
  /** Goes on from what a placement of the same name remembered. */
  recall(memory: Json): void;
}

/** Makes the placement of this name. */
export type CreatePlacement = (name: PlacementName, facts: PlacementFacts) => Placement;

/** Whether there is a placement of this name. */
export function isPlacementName(text: string): text is PlacementName {
  return (PLACEMENT_NAMES as readonly string[]).includes(text);
}
