import type { Scheduler } from '../dag/scheduler.js';
import { HOLD } from '../dag/task-table.js';
import { itemHoldOf } from '../dag/task-traits.js';
import { courseOf, numbersOf, type Course } from './draws.js';
import type { Plan } from './plan.js';

/** What is drawn for the tasks of a run. */
export interface Chances {
  readonly seed: number;
  /** The run's place among the files. */
  readonly position: number;
  /** The probability that an attempt fails, 0 to 1. */
  readonly failures: number;
}

/** What a plan says of a run's tasks, by their indices there: items, and what undoes tasks, have none in the plan. */
export class PlannedTasks {
  readonly #plan: Plan;
  readonly #scheduler: Scheduler;
  readonly #chances: Chances;
  /** Of what undoes tasks, by index: the task. */
  readonly #undoes = new Map<number, number>();

  constructor(plan: Plan, scheduler: Scheduler, chances: Chances) {
    this.#plan = plan;
    this.#scheduler = scheduler;
    this.#chances = chances;
  }

  /** These are undone by tasks of their own, which come next. */
  undo(tasks: readonly number[]): void {
    const first = this.#scheduler.graph.size;
    tasks.forEach((task, position) => this.#undoes.set(first + position, task));
  }

  nameOf(task: number): string {
    const undone = this.#undoes.get(task);
    if (undone !== undefined) return `${this.nameOf(undone)}~undo`;
    const item = this.itemOf(task);
    if (item !== undefined) return `${this.nameOf(this.#scheduler.tasks.parent[task]!)}[${item}]`;
    return this.#plan.dag.tasks[task]!.name;
  }

  /** The task that it is an item of, or undoes; undefined where it stands for itself. */
  ownerOf(task: number): number | undefined {
    const owner = this.#undoes.get(task) ?? this.#scheduler.tasks.parent[task]!;
    return owner === -1 ? undefined : owner;
  }

  /** Its place among the items; undefined where it is none. */
  itemOf(task: number): number | undefined {
    const parent = this.#scheduler.tasks.parent[task]!;
    if (parent === -1) return undefined;
    const { tasks } = this.#scheduler.itemsOf(parent)!;
    return task - tasks[0]!;
  }

  /** What the task goes through at its start of this number. */
  courseOf(task: number, start: number): Course {
    const { dag, durations, items } = this.#plan;
    const { parent, hold } = this.#scheduler.tasks;
    const { seed, position, failures } = this.#chances;
    const own = this.#undoes.get(task) ?? (parent[task] === -1 ? task : parent[task]!);
    const source = own < durations.length ? own : parent[own]!;
    const item = this.itemOf(task);
    const duration = item === undefined ? durations[source]! : (items.get(source)?.[item] ?? durations[source]!);
    const draw = numbersOf(seed, position, task, start);
    const takesSlot = hold[task] !== HOLD.nothing;
    return courseOf(dag, dag.tasks[source]!, duration, takesSlot ? failures : 0, draw);
  }

  /** Milliseconds that the task is thought to take. What undoes tasks is not thought of. */
  estimateOf(task: number): number {
    if (this.#undoes.has(task)) return 0;
    const parent = this.#scheduler.tasks.parent[task]!;
    const source = parent === -1 ? task : parent;
    return this.#plan.dag.tasks[source]!.estimate ?? this.#plan.durations[source]!;
  }
}

/** Milliseconds of slots that all tasks of the plan are thought to take, items included. */
export function plannedWork({ dag, durations, items }: Plan): number {
  return dag.tasks.reduce((sum, task, index) => {
    if (itemHoldOf(task) === 'nothing') return sum;
    return sum + (task.estimate ?? durations[index]!) * (items.get(index)?.length ?? 1);
  }, 0);
}
