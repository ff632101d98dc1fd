import type { Json } from '../dag/json.js';
import type { Placement, PlacementFacts, Room } from '../dag/placement.js';
import { hasRoom } from './place-each.js';

/** A task that waits for a group that is full, and when it would end there. */
type Wait = readonly [task: number, group: string, end: number];

interface Memory {
  readonly at: number;
  readonly waits: readonly Wait[];
}

/**
 * The group in which the task is thought to end first: by when a slot gets free there, what must be moved there once it has
 * that, and how fast the group is. Where that is one that is full, the task waits for it, and those after it reckon with
 * that. Among equals it goes where there is room, then where more is free, then to the first.
 *
 * The choice of processors of HEFT (Topcuoglu, Hariri and Wu 2002), made when tasks are ready; the order of the tasks is the
 * policy's, with `critical-path` the one of the paper. The whole of it, before a run: `heft-schedule.ts`.
 */
export class Heft implements Placement {
  readonly name = 'heft';
  readonly #facts: PlacementFacts;
  /** When it was asked last. */
  #at = -Infinity;
  /** Those that wait since then, in their order: what is ready may be asked for in parts. */
  #waits: Wait[] = [];

  constructor(facts: PlacementFacts) {
    this.#facts = facts;
  }

  place(tasks: readonly number[], room: Room): number[] {
    const now = this.#facts.now();
    const ends = room.groups.map(({ name, slots }) => endsOf(this.#facts.endsIn(name), slots, now));
    this.#waits = this.#waitsBefore(tasks, now);
    this.#at = now;
    const positions = new Map(room.groups.map(({ name }, group) => [name, group]));
    for (const [, name, end] of this.#waits) {
      const next = ends[positions.get(name) ?? -1] ?? [];
      if (next.length > 0) takeNext(next, end);
    }
    return tasks.map((task) => (hasRoom(room) ? this.#placeOne(task, room, now, ends) : -1));
  }

  memory(): Json | undefined {
    if (this.#waits.length === 0) return undefined;
    const memory: Memory = { at: this.#at, waits: this.#waits };
    return memory as unknown as Json;
  }

  recall(memory: Json): void {
    const { at, waits } = memory as unknown as Memory;
    this.#at = at;
    this.#waits = [...waits];
  }

  /** Of those that wait since this very moment, the ones before the tasks: who comes again begins anew, with all behind. */
  #waitsBefore(tasks: readonly number[], now: number): Wait[] {
    if (this.#at !== now || this.#waits.length === 0) return [];
    const again = new Set(tasks);
    const first = this.#waits.findIndex(([task]) => again.has(task));
    return first === -1 ? this.#waits : this.#waits.slice(0, first);
  }

  /** @param ends By group, when the slots get free that are not, the next one first; what is decided is put into it. */
  #placeOne(task: number, room: Room, now: number, ends: readonly number[][]): number {
    const estimate = this.#facts.estimateOf(task);
    let best = -1;
    let bestEnd = Infinity;
    let bestFree = 0;
    for (let group = 0; group < room.groups.length; group++) {
      if (!room.allows(task, group)) continue;
      const fits = room.fits(task, group);
      const start = fits ? now : ends[group]![0];
      if (start === undefined) continue;
      const { name, speed } = room.groups[group]!;
      const end = start + this.#facts.transferTo(task, name) + estimate / speed;
      const free = fits ? room.free(group) : 0;
      if (best !== -1 && (end > bestEnd || (end === bestEnd && free <= bestFree))) continue;
      best = group;
      bestEnd = end;
      bestFree = free;
    }
    if (best === -1) return -1;
    if (bestFree === 0) {
      takeNext(ends[best]!, bestEnd);
      this.#waits.push([task, room.groups[best]!.name, bestEnd]);
      return -1;
    }
    insert(ends[best]!, bestEnd);
    room.take(task, best);
    return best;
  }
}

/**
 * When slots get free, the next one first. Of a task that should have ended, it is thought that it takes as long again as it
 * is late: else one that hangs would be waited for for ever.
 */
function endsOf(thought: readonly number[], slots: number, now: number): number[] {
  const ends = thought.map((end) => (end < now ? 2 * now - end : end)).sort((a, b) => a - b);
  // Of more tasks than slots, the first ones to end leave none free.
  return ends.slice(Math.max(0, ends.length - slots));
}

/** The slot that gets free next is taken until then. */
function takeNext(ends: number[], end: number): void {
  ends.shift();
  insert(ends, end);
}

/** Puts a number into its place among sorted ones. */
function insert(sorted: number[], number: number): void {
  let at = sorted.length;
  while (at > 0 && sorted[at - 1]! > number) at--;
  sorted.splice(at, 0, number);
}
