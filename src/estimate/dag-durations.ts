import { KEPT_SAMPLES, type TaskSamples } from './samples.js';
import type { TaskStats } from './stats.js';
import { TaskDurations, type KeptDurations } from './task-durations.js';

/** Tasks of a dag that are remembered. Above, the one whose latest success is longest ago is forgotten. */
const MOST_TASKS = 2_000;
/** Samples of a dag: with more than 400 tasks each keeps fewer, and at least 10. */
const MOST_SAMPLES = 20_000;

/** How long the tasks of a dag took, in bounded room. Pure: the same samples in the same order give the same. */
export class DagDurations {
  /** The one whose latest success is longest ago first. */
  readonly #tasks = new Map<string, TaskDurations>();
  #samples = 0;

  /** @param kept What `snapshot` gave; what makes no sense in it is left out. */
  static restore(kept: unknown): DagDurations {
    const durations = new DagDurations();
    if (!Array.isArray(kept)) return durations;
    for (const one of kept) {
      const task = TaskDurations.restore(one);
      if (task === undefined || task.size === 0) continue;
      durations.#tasks.set(task.task, task);
    }
    durations.#bound();
    return durations;
  }

  /** How many tasks it remembers. */
  get size(): number {
    return this.#tasks.size;
  }

  /** How many successes it remembers, of all tasks. */
  get samples(): number {
    return this.#samples;
  }

  add(samples: readonly TaskSamples[]): void {
    for (const one of samples) {
      const task = this.#tasks.get(one.task) ?? new TaskDurations(one.task);
      this.#tasks.delete(one.task);
      this.#tasks.set(one.task, task);
      task.add(one);
    }
    this.#bound();
  }

  snapshot(): KeptDurations[] {
    return [...this.#tasks.values()].map((task) => task.snapshot());
  }

  /** By the names of the tasks. */
  stats(): TaskStats[] {
    const stats = [...this.#tasks.values()].flatMap((task) => task.stats() ?? []);
    return stats.sort((a, b) => (a.task < b.task ? -1 : 1));
  }

  #bound(): void {
    for (const task of this.#tasks.keys()) {
      if (this.#tasks.size <= MOST_TASKS) break;
      this.#tasks.delete(task);
    }
    const most = Math.min(KEPT_SAMPLES, Math.floor(MOST_SAMPLES / Math.max(1, this.#tasks.size)));
    this.#samples = 0;
    for (const task of this.#tasks.values()) {
      task.keep(most);
      this.#samples += task.size;
    }
  }
}
