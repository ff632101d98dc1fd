import type { Room } from '../dag/placement.js';

/**
 * Places task after task.
 * @param choose The group of a task, of those that have room for it, at least one; or -1 where it waits.
 */
export function placeEach(
  tasks: readonly number[],
  room: Room,
  choose: (task: number, fitting: readonly number[]) => number,
): number[] {
  const placed = tasks.map(() => -1);
  let open = room.groups.map((_, group) => group).filter((group) => room.free(group) > 0);
  for (let index = 0; index < tasks.length && open.length > 0; index++) {
    const task = tasks[index]!;
    const fitting = open.filter((group) => room.fits(task, group));
    const group = fitting.length === 0 ? -1 : choose(task, fitting);
    if (group === -1) continue;
    placed[index] = group;
    room.take(task, group);
    if (room.free(group) <= 0) open = open.filter((one) => one !== group);
  }
  return placed;
}

/** Whether any slot is free. */
export function hasRoom(room: Room): boolean {
  return room.groups.some((_, group) => room.free(group) > 0);
}

/** Of the groups, the one of which the number is lowest; among equals the first. */
export function lowest(groups: readonly number[], numberOf: (group: number) => number): number {
  let best = -1;
  let least = Infinity;
  for (const group of groups) {
    const number = numberOf(group);
    if (best !== -1 && number >= least) continue;
    best = group;
    least = number;
  }
  return best;
}
