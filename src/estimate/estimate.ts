/** How long a task is thought to take, by how long it took before. */
export interface LearnedEstimate {
  /** Milliseconds. */
  readonly time: number;
  /** Milliseconds for each unit of the size of its input. Left out where no run told a size. */
  readonly perSize?: number;
}

/** What is known of the tasks of some dags, by the names of both. */
export type LearnedEstimates = Readonly<Record<string, Readonly<Record<string, LearnedEstimate>>>>;

/** Milliseconds that a task is thought to take with an input of this size; a size of 0, or none, says nothing. */
export function estimatedTime({ time, perSize }: LearnedEstimate, size?: number): number {
  return perSize === undefined || size === undefined || !(size > 0) ? time : perSize * size;
}
