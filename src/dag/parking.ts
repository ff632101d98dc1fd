import type { Line } from './line.js';

/** What keeps a task: a pool of the run by its name, or what begins with `:`. That it lacks a lease: */
export const LEASES = ':leases';
const GROUPS = ':groups';

/** What keeps a task for which no worker group has room. */
export function groupsFor(kind: number): string {
  return `${GROUPS} ${kind}`;
}

/** Whether it comes from outside of the run: it is no pool. */
export function isOutside(place: string): boolean {
  return place.startsWith(':');
}

/** Ready tasks that something keeps from starting, in lines of their own: by what keeps them, each in the order of the policy. */
export class Parking {
  readonly #createLine: () => Line;
  readonly #lines = new Map<string, Line>();
  readonly #placeOf = new Map<number, string>();

  constructor(createLine: () => Line) {
    this.#createLine = createLine;
  }

  /** How many are parked. */
  get size(): number {
    return this.#placeOf.size;
  }

  /** What keeps the task. */
  placeOf(task: number): string | undefined {
    return this.#placeOf.get(task);
  }

  /** The pool that keeps the task. */
  poolOf(task: number): string | undefined {
    const place = this.#placeOf.get(task);
    return place === undefined || isOutside(place) ? undefined : place;
  }

  awaitsLease(task: number): boolean {
    return this.#placeOf.get(task) === LEASES;
  }

  awaitsGroup(task: number): boolean {
    return this.#placeOf.get(task)?.startsWith(GROUPS) === true;
  }

  tasks(): Iterable<number> {
    return this.#placeOf.keys();
  }

  /** Those that no pool of the run keeps, with what does. */
  keptOutside(): [task: number, place: string][] {
    return [...this.#placeOf].filter(([, place]) => isOutside(place));
  }

  /** What keeps somebody. */
  places(): string[] {
    return [...this.#lines].filter(([, { size }]) => size > 0).map(([place]) => place);
  }

  /** Those of them that are about worker groups. */
  groupPlaces(): string[] {
    return this.places().filter((place) => place.startsWith(GROUPS));
  }

  countAt(place: string): number {
    return this.#lines.get(place)?.size ?? 0;
  }

  add(task: number, place: string): void {
    let line = this.#lines.get(place);
    if (line === undefined) {
      line = this.#createLine();
      this.#lines.set(place, line);
    }
    line.add(task);
    this.#placeOf.set(task, place);
  }

  /** Takes the one that goes next of those that it keeps. */
  next(place: string): number | undefined {
    const task = this.#lines.get(place)?.next();
    if (task !== undefined) this.#placeOf.delete(task);
    return task;
  }

  /** Those that go first of the ones that it keeps. */
  firstAt(place: string, most: number): number[] {
    return this.#lines.get(place)?.first(most) ?? [];
  }

  /** Whether nobody whom the place keeps goes before the task. */
  isFirst(task: number, place: string): boolean {
    return this.firstAt(place, 1)[0] === task;
  }

  /** @returns whether it was parked. */
  remove(task: number): boolean {
    const place = this.#placeOf.get(task);
    if (place === undefined) return false;
    this.#lines.get(place)?.remove(task);
    this.#placeOf.delete(task);
    return true;
  }

  clear(): void {
    this.#lines.clear();
    this.#placeOf.clear();
  }
}
