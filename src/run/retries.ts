import type { Json } from '../dag/json.js';
import type { EndedTask } from './ended-task.js';

/** What is kept of tasks that start again, as plain JSON. */
export interface RetriesSnapshot {
  readonly checkpoints: readonly (readonly [task: number, checkpoint: Json])[];
  readonly failed: readonly (readonly [task: number, attempts: number])[];
}

/** What tasks that start again go on from: their checkpoints, and how often they have failed so far. */
export class Retries {
  readonly #checkpoints: Map<number, Json>;
  /** Attempts that failed, of tasks that the run itself tries again. */
  readonly #failed: Map<number, number>;

  constructor(snapshot: Partial<RetriesSnapshot> = {}) {
    this.#checkpoints = new Map(snapshot.checkpoints);
    this.#failed = new Map(snapshot.failed);
  }

  /** Undefined where there is nothing. */
  snapshot(): RetriesSnapshot | undefined {
    if (this.#checkpoints.size === 0 && this.#failed.size === 0) return undefined;
    return { checkpoints: [...this.#checkpoints], failed: [...this.#failed] };
  }

  /** A start of the task has ended. */
  ended({ task, checkpoint, retryAfter, attempts }: EndedTask): void {
    if (checkpoint !== undefined) this.#checkpoints.set(task, checkpoint);
    if (retryAfter !== undefined) this.#failed.set(task, (this.#failed.get(task) ?? 0) + attempts);
  }

  /** The task has come to its end, or begins anew. */
  forget(task: number): void {
    this.#checkpoints.delete(task);
    this.#failed.delete(task);
  }

  /** Those that the run itself tries again. */
  tasks(): number[] {
    return [...this.#failed.keys()];
  }

  /** What an earlier start of the task left. */
  checkpointOf(task: number): Json | undefined {
    return this.#checkpoints.get(task);
  }

  /** Attempts that failed, and which the run made up for by another start. */
  failedBefore(task: number): number {
    return this.#failed.get(task) ?? 0;
  }
}
