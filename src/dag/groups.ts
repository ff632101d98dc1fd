import type { PlacementGroup, Room } from './placement.js';
import type { TaskTraits } from './task-traits.js';
import type { Requirements, WorkerGroup } from './worker-group.js';

/** What a task needs to be placed by. */
type PlacedTraits = Pick<TaskTraits, 'requires' | 'affinity' | 'elsewhere'>;

/** A group, and what tasks of the run take of it. */
interface Group extends PlacementGroup {
  readonly labels: ReadonlySet<string>;
  readonly cpu: number;
  readonly memory: number;
  readonly standby: boolean;
  taken: number;
  takenCpu: number;
  takenMemory: number;
}

/** A run's worker groups as a snapshot keeps them. */
export interface GroupsSnapshot {
  readonly live: readonly WorkerGroup[];
  /** Where tasks run, and where those that ended ran. */
  readonly placed: readonly (readonly [task: number, group: string])[];
}

/** The worker groups that live, what the tasks of a run take of them, and what each task asks of its group. */
export class Groups implements Room {
  #live: readonly WorkerGroup[] = [];
  groups: readonly Group[] = [];
  readonly #traits = new Map<number, PlacedTraits>();
  /** Tasks that run, with their group. */
  readonly #groupOf = new Map<number, string>();
  /** The group in which a task ran last: what it made is there. */
  readonly #madeIn = new Map<number, string>();
  /** Groups that did not start the task in time. */
  readonly #avoided = new Map<number, string>();
  /** Tasks that ask for the same have the same number. */
  readonly #kinds = new Map<string, number>();
  readonly #kindOf = new Map<number, number>();

  describe(task: number, { requires, affinity, elsewhere }: PlacedTraits): void {
    if (requires === undefined && affinity === undefined && elsewhere === undefined) return;
    this.#traits.set(task, {
      ...(requires === undefined ? {} : { requires }),
      ...(affinity === undefined ? {} : { affinity }),
      ...(elsewhere === undefined ? {} : { elsewhere }),
    });
    if (requires === undefined) return;
    const { labels = [], cpu = 0, memory = 0 } = requires;
    const key = JSON.stringify([labels.toSorted(), cpu, memory]);
    let kind = this.#kinds.get(key);
    if (kind === undefined) this.#kinds.set(key, (kind = this.#kinds.size + 1));
    this.#kindOf.set(task, kind);
  }

  traitsOf(task: number): PlacedTraits {
    return this.#traits.get(task) ?? {};
  }

  setAffinity(task: number, affinity: string): void {
    this.#traits.set(task, { ...this.#traits.get(task), affinity });
  }

  /** Tasks of one kind ask for the same of their group. */
  kindOf(task: number): number {
    return this.#kindOf.get(task) ?? 0;
  }

  isPlaced(task: number): boolean {
    return this.#traits.get(task)?.elsewhere !== true;
  }

  affinityOf(task: number): string {
    return this.#traits.get(task)?.affinity ?? String(task);
  }

  /** These live now. @returns the running tasks whose group is gone. */
  change(live: readonly WorkerGroup[]): number[] {
    this.#live = live.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    this.groups = this.#live.map(groupOf);
    const positions = new Map(this.groups.map(({ name }, position) => [name, position]));
    const lost: number[] = [];
    for (const [task, name] of this.#groupOf) {
      const position = positions.get(name);
      if (position === undefined) lost.push(task);
      else this.#count(task, this.groups[position]!, 1);
    }
    return lost;
  }

  free(group: number): number {
    const { slots, taken } = this.groups[group]!;
    return Math.max(0, slots - taken);
  }

  /** Slots that are free in all groups together. */
  get freeSlots(): number {
    return this.groups.reduce((sum, _, group) => sum + this.free(group), 0);
  }

  fits(task: number, group: number): boolean {
    const { cpu, memory, takenCpu, takenMemory } = this.groups[group]!;
    if (this.free(group) === 0 || !this.allows(task, group)) return false;
    const needed = this.#requirementsOf(task);
    return takenCpu + (needed.cpu ?? 0) <= cpu && takenMemory + (needed.memory ?? 0) <= memory;
  }

  allows(task: number, group: number): boolean {
    if (!this.#suits(task, group)) return false;
    const { name, standby } = this.groups[group]!;
    const isAvoided = this.#avoided.get(task) === name;
    if (!standby && !isAvoided) return true;
    // Better ones come first.
    return !this.groups.some((other, position) => {
      // One whose workers are leaving lives still, and takes nothing.
      const isOpen = other.slots > 0 && this.#avoided.get(task) !== other.name;
      const isBetter = isOpen && (isAvoided || !other.standby);
      return position !== group && isBetter && this.#suits(task, position);
    });
  }

  /** Whether a live group could ever run it. */
  hasGroupFor(task: number): boolean {
    return this.groups.some((_, group) => this.#suits(task, group));
  }

  take(task: number, group: number): void {
    const { name } = this.groups[group]!;
    this.#groupOf.set(task, name);
    this.#madeIn.set(task, name);
    this.#avoided.delete(task);
    this.#count(task, this.groups[group]!, 1);
  }

  /** The task does not run any more. */
  giveBack(task: number): void {
    const name = this.#groupOf.get(task);
    if (name === undefined) return;
    this.#groupOf.delete(task);
    const group = this.groups.find((one) => one.name === name);
    if (group !== undefined) this.#count(task, group, -1);
  }

  /** The group in which the task runs. */
  groupOf(task: number): string | undefined {
    return this.#groupOf.get(task);
  }

  /** The group in which the task ran last. */
  madeIn(task: number): string | undefined {
    return this.#madeIn.get(task);
  }

  /** How fast the group is that the task runs in. */
  speedOf(task: number): number {
    const name = this.#groupOf.get(task);
    return name === undefined ? 1 : (this.groups.find((group) => group.name === name)?.speed ?? 1);
  }

  /** The tasks that run in groups. */
  placed(): number[] {
    return [...this.#groupOf.keys()];
  }

  tasksIn(group: string): number[] {
    return [...this.#groupOf].filter(([, name]) => name === group).map(([task]) => task);
  }

  /** The task shall run in another group than it was given, where there is one. */
  avoid(task: number): void {
    const name = this.#madeIn.get(task);
    if (name !== undefined) this.#avoided.set(task, name);
  }

  snapshot(): GroupsSnapshot | undefined {
    if (this.#live.length === 0 && this.#madeIn.size === 0) return undefined;
    return { live: this.#live, placed: [...this.#madeIn] };
  }

  /** @param running the tasks that run. */
  restore({ live, placed }: GroupsSnapshot, running: (task: number) => boolean): void {
    for (const [task, group] of placed) {
      this.#madeIn.set(task, group);
      if (running(task)) this.#groupOf.set(task, group);
    }
    this.change(live);
  }

  /** Whether the group in which one task runs could run the other. */
  couldSwap(running: number, waiting: number): boolean {
    const group = this.groups.findIndex(({ name }) => name === this.#groupOf.get(running));
    return group !== -1 && this.#suits(waiting, group);
  }

  #suits(task: number, group: number): boolean {
    const { labels = [], cpu = 0, memory = 0 } = this.#requirementsOf(task);
    const one = this.groups[group]!;
    return cpu <= one.cpu && memory <= one.memory && labels.every((label) => one.labels.has(label));
  }

  #requirementsOf(task: number): Requirements {
    return this.#traits.get(task)?.requires ?? NOTHING;
  }

  #count(task: number, group: Group, sign: 1 | -1): void {
    const { cpu = 0, memory = 0 } = this.#requirementsOf(task);
    group.taken += sign;
    group.takenCpu += sign * cpu;
    group.takenMemory += sign * memory;
  }
}

const NOTHING: Requirements = {};

function groupOf({
  name,
  slots,
  speed,
  cost = 0,
  labels,
  cpu = Infinity,
  memory = Infinity,
  standby,
}: WorkerGroup): Group {
  const taken = { taken: 0, takenCpu: 0, takenMemory: 0 };
  return { name, slots, speed, cost, labels: new Set(labels), cpu, memory, standby: standby === true, ...taken };
}
