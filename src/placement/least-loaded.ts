import type { Placement, Room } from '../dag/placement.js';
import { lowest, placeEach } from './place-each.js';

/**
 * The group of which the least share would be taken with the task in it: tasks by slots, by speed. So an empty group that
 * is fast or large goes before an empty one that is not; among equals the first. Weighted least connections, counted with
 * the task that comes, as Linux' IPVS does for its shortest expected delay.
 */
export class LeastLoaded implements Placement {
  readonly name = 'least-loaded';

  place(tasks: readonly number[], room: Room): number[] {
    const shareWith = (group: number): number => {
      const { slots, speed } = room.groups[group]!;
      return (slots - room.free(group) + 1) / (slots * speed);
    };
    return placeEach(tasks, room, (_task, fitting) => lowest(fitting, shareWith));
  }

  memory(): undefined {
    return undefined;
  }

  recall(): void {}
}
