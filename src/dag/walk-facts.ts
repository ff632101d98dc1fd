import type { Graph } from './graph.js';
import { DEFAULT_QUANTUM, type PolicyFacts } from './policy.js';
import type { PolicySettings } from './policy-settings.js';
import { upwardRanks } from './rank.js';
import type { TaskTable } from './task-table.js';
import type { TaskTraits } from './task-traits.js';

/** Milliseconds that a task is thought to take where no task says. */
const UNKNOWN_ESTIMATE = 1;

/** What facts are about, as it stands. */
export interface Walked {
  readonly graph: Graph;
  readonly tasks: TaskTable;
}

/** What was learned of tasks, in milliseconds. */
export interface FactsSnapshot {
  readonly kept: readonly (readonly [task: number, done: number])[];
  readonly learned: readonly (readonly [task: number, estimate: number])[];
}

/** What policies may know of the tasks of a walk. */
export class WalkFacts implements PolicyFacts {
  readonly aging: number | undefined;
  readonly quantum: number;
  readonly #walk: Walked;
  readonly #weights: ReadonlyMap<string, number>;
  /** By task; NaN where it says none. */
  readonly #estimates: number[] = [];
  readonly #deadlines: (number | undefined)[] = [];
  /** Milliseconds of its work that are done, where it was stopped to go on later. */
  readonly #kept = new Map<number, number>();
  readonly #preemptible = new Set<number>();
  /** Those that were learned when the task could start. */
  readonly #learned = new Map<number, number>();
  readonly #groups: number[] = [];
  readonly #groupNumbers = new Map<string, number>();
  readonly #groupNames: string[] = [];
  #median: number | undefined;
  #ranks: Float64Array | undefined;

  constructor(walk: Walked, { aging, quantum, groups }: PolicySettings) {
    this.#walk = walk;
    this.aging = aging;
    this.quantum = quantum ?? DEFAULT_QUANTUM;
    this.#weights = new Map(Object.entries(groups ?? {}));
  }

  /** Tasks are described in the order of declaration. */
  describe(task: number, { estimate, deadline, group = '', preemptible }: TaskTraits): void {
    let number = this.#groupNumbers.get(group);
    if (number === undefined) {
      number = this.#groupNames.push(group) - 1;
      this.#groupNumbers.set(group, number);
    }
    this.#groups[task] = number;
    this.#estimates[task] = estimate ?? NaN;
    this.#deadlines[task] = deadline;
    if (preemptible === true) this.#preemptible.add(task);
  }

  /** What an item of the task, or its like, is to be described with. */
  traitsLike(task: number): Pick<TaskTraits, 'estimate' | 'deadline' | 'group' | 'preemptible'> {
    const estimate = this.#estimates[task] ?? NaN;
    const deadline = this.#deadlines[task];
    const group = this.#groupNames[this.#groups[task] ?? 0] ?? '';
    return {
      ...(Number.isNaN(estimate) ? {} : { estimate }),
      ...(deadline === undefined ? {} : { deadline }),
      ...(group === '' ? {} : { group }),
      ...(this.#preemptible.has(task) ? { preemptible: true } : {}),
    };
  }

  /** The graph, or an estimate, is another one: what was worked out from them is void. */
  changed(): void {
    this.#median = undefined;
    this.#ranks = undefined;
  }

  /** Another estimate of one task, in milliseconds. Ranks are worked out anew when they are next asked for. */
  setEstimate(task: number, estimate: number): void {
    if (this.#estimates[task] === estimate) return;
    this.#estimates[task] = estimate;
    this.#learned.set(task, estimate);
    // Of an item, nobody's rank hangs on it.
    if (this.#walk.tasks.parent[task] === -1) this.#ranks = undefined;
  }

  /** So many milliseconds of the task's work are done, where it starts again. */
  keep(task: number, done: number): void {
    if (done > 0) this.#kept.set(task, done);
    else this.#kept.delete(task);
  }

  /** Whether the task may be stopped for a shorter one. */
  isPreemptible(task: number): boolean {
    return this.#preemptible.has(task);
  }

  /** Whether any may. */
  get hasPreemptible(): boolean {
    return this.#preemptible.size > 0;
  }

  /** What was learned of tasks while they waited or ran; undefined where that is nothing. */
  snapshot(): FactsSnapshot | undefined {
    if (this.#kept.size === 0 && this.#learned.size === 0) return undefined;
    return { kept: [...this.#kept], learned: [...this.#learned] };
  }

  restore({ kept, learned }: FactsSnapshot): void {
    for (const [task, done] of kept) this.#kept.set(task, done);
    for (const [task, estimate] of learned) this.setEstimate(task, estimate);
  }

  priorityOf(task: number): number {
    return this.#walk.tasks.priority[task]!;
  }

  readyAt(task: number): number {
    return this.#walk.tasks.readyAt[task]!;
  }

  estimateOf(task: number): number {
    const estimate = this.#estimates[task] ?? NaN;
    return Number.isNaN(estimate) ? (this.#median ??= this.#medianEstimate()) : estimate;
  }

  remainingOf(task: number): number {
    return Math.max(0, this.estimateOf(task) - (this.#kept.get(task) ?? 0));
  }

  deadlineOf(task: number): number | undefined {
    return this.#deadlines[task];
  }

  /** After an item comes what comes after its fan-out. */
  rankOf(task: number): number {
    this.#ranks ??= upwardRanks(this.#walk.graph, (one) => this.estimateOf(one));
    return this.#ranks[this.#answering(task)]!;
  }

  dependentsOf(task: number): number {
    const { offsets } = this.#walk.graph.dependents;
    const one = this.#answering(task);
    return offsets[one + 1]! - offsets[one]!;
  }

  groupOf(task: number): number {
    return this.#groups[task] ?? 0;
  }

  weightOf(group: number): number {
    return this.#weights.get(this.#groupNames[group] ?? '') ?? 1;
  }

  #answering(task: number): number {
    const parent = this.#walk.tasks.parent[task]!;
    return parent === -1 ? task : parent;
  }

  /** The lower one of two in the middle. Items do not count: a fan-out would weigh as much as it has of them. */
  #medianEstimate(): number {
    const { parent } = this.#walk.tasks;
    const known = this.#estimates.filter((estimate, task) => parent[task] === -1 && !Number.isNaN(estimate));
    known.sort((a, b) => a - b);
    return known[(known.length - 1) >> 1] ?? UNKNOWN_ESTIMATE;
  }
}
