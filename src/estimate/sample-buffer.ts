import { KEPT_SAMPLES, type TaskSamples } from './samples.js';

/** Samples that are kept, of all dags together, until they are taken; further ones are let go. */
const MOST_SAMPLES = 5_000;
/** Tasks of one dag likewise: what one message may tell of. */
const MOST_TASKS = 1_000;

interface Collected {
  readonly times: number[];
  readonly sizes: (number | null)[];
  count: number;
}

/** Collects how long tasks took, in bounded room, to hand it on in one go. */
export class SampleBuffer {
  readonly #dags = new Map<string, Map<string, Collected>>();
  #samples = 0;

  get isEmpty(): boolean {
    return this.#samples === 0;
  }

  /**
   * A task took so long; of each task the latest are kept.
   * @param milliseconds Rounded to whole ones.
   */
  add(dag: string, task: string, milliseconds: number, size?: number): void {
    const collected = this.#collectedOf(dag, task);
    if (collected === undefined) return;
    collected.times.push(Math.round(milliseconds));
    collected.sizes.push(size ?? null);
    collected.count += 1;
    this.#samples += 1;
    if (collected.times.length <= KEPT_SAMPLES) return;
    collected.times.shift();
    collected.sizes.shift();
    this.#samples -= 1;
  }

  /** All that was collected, by dag. It is empty then. */
  take(): Map<string, TaskSamples[]> {
    const taken = new Map<string, TaskSamples[]>();
    for (const [dag, tasks] of this.#dags) {
      const samples = [...tasks].map(([task, { times, sizes, count }]): TaskSamples => {
        return { task, times, ...(sizes.every((size) => size === null) ? {} : { sizes }), count };
      });
      taken.set(dag, samples);
    }
    this.#dags.clear();
    this.#samples = 0;
    return taken;
  }

  /** Undefined where there is no room for one more. */
  #collectedOf(dag: string, task: string): Collected | undefined {
    let tasks = this.#dags.get(dag);
    const known = tasks?.get(task);
    if (known !== undefined && known.times.length === KEPT_SAMPLES) return known;
    if (this.#samples >= MOST_SAMPLES) return undefined;
    if (known !== undefined) return known;
    if ((tasks?.size ?? 0) >= MOST_TASKS) return undefined;
    const collected: Collected = { times: [], sizes: [], count: 0 };
    if (tasks === undefined) {
      tasks = new Map();
      this.#dags.set(dag, tasks);
    }
    tasks.set(task, collected);
    return collected;
  }
}

/** Whose duration it is: an item's is that of the task that fans out; what undoes a task is one of its own. */
export function learnedName(task: string): string {
  return task.replace(/\[\d+\]/, '');
}
