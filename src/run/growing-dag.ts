import type { Dag, Task } from '../dag/dag.js';
import type { Json } from '../dag/json.js';
import { makeTasks, withMadeTasks, withoutMadeTasks, type MadeTasks } from './made-tasks.js';

/** What a run added to its dag by itself, as plain JSON. */
export interface GrowthSnapshot {
  /** Tasks that the run made itself, in their order. */
  readonly made?: readonly MadeTasks[];
  /** What tasks that have not ended fan out over. */
  readonly items?: readonly (readonly [task: number, items: readonly Json[]])[];
}

/** The dag of a run, to which operators, and the run itself, add tasks. A task keeps its position. */
export class GrowingDag {
  readonly #index: Map<string, number>;
  readonly #made: MadeTasks[];
  readonly #items: Map<number, readonly Json[]>;
  readonly #asksItems: (task: Task) => boolean;
  #dag: Dag;

  /** @param asksItems Whether the condition of a task that fans out is asked of each item. */
  constructor(dag: Dag, asksItems: (task: Task) => boolean, { made = [], items = [] }: GrowthSnapshot = {}) {
    this.#asksItems = asksItems;
    this.#made = [...made];
    this.#items = new Map(items);
    this.#dag = withMadeTasks(dag, made, asksItems);
    this.#index = new Map(this.#dag.tasks.map((task, index) => [task.name, index]));
  }

  /** @param isOpen Whether the task has not ended: what the others fanned out over is of no use any more. */
  snapshot(isOpen: (task: number) => boolean): GrowthSnapshot {
    const items = [...this.#items].filter(([task]) => isOpen(task));
    return {
      ...(this.#made.length === 0 ? {} : { made: [...this.#made] }),
      ...(items.length === 0 ? {} : { items }),
    };
  }

  /** With all tasks. */
  get whole(): Dag {
    return this.#dag;
  }

  /** Without the tasks that the run made itself. */
  get definition(): Dag {
    return withoutMadeTasks(this.#dag);
  }

  indexOf(name: string): number | undefined {
    return this.#index.get(name);
  }

  nameOf(task: number): string {
    return this.#dag.tasks[task]?.name ?? '';
  }

  /** The names of all tasks. */
  names(): Iterable<string> {
    return this.#index.keys();
  }

  /** An operator has added tasks. */
  grow(dag: Dag): void {
    for (let task = this.#dag.tasks.length; task < dag.tasks.length; task++) {
      this.#index.set(dag.tasks[task]!.name, task);
    }
    this.#dag = dag;
  }

  /** The run makes tasks itself, behind those there are. */
  make(made: Omit<MadeTasks, 'at'>): void {
    const find = (name: string): Task => this.#dag.tasks[this.#index.get(name) ?? -1]!;
    const whole = { ...made, at: this.#dag.tasks.length };
    this.#made.push(whole);
    this.grow({ ...this.#dag, tasks: [...this.#dag.tasks, ...makeTasks(whole, find, this.#asksItems)] });
  }

  /** What a task fans out over. */
  itemsOf(task: number): readonly Json[] | undefined {
    return this.#items.get(task);
  }

  setItems(task: number, items: readonly Json[]): void {
    this.#items.set(task, items);
  }

  /** In a fan-out: the item that this task is for; of what undoes one, that one's. */
  itemOf(task: number): Json | undefined {
    const { made } = this.#dag.tasks[task] ?? {};
    return made?.item === undefined ? undefined : this.#items.get(this.#index.get(made.of) ?? -1)?.[made.item];
  }
}
