/** What a task asks of the worker group that runs it. */
export interface Requirements {
  /** All of these. */
  readonly labels?: readonly string[];
  /** Cores that it takes. */
  readonly cpu?: number;
  /** Bytes that it takes. */
  readonly memory?: number;
}

/** The live workers on one task queue, added up. */
export interface WorkerGroup {
  readonly name: string;
  /** Tasks that run in it at once. */
  readonly slots: number;
  /** How fast it is: a task takes its estimate divided by this. Above 0; 1 is usual. */
  readonly speed: number;
  readonly labels: readonly string[];
  /** Cores. Default: no limit. */
  readonly cpu?: number;
  /** Bytes. Default: no limit. */
  readonly memory?: number;
  /** What a slot costs for an hour, in any unit. Default 0. */
  readonly cost?: number;
  /** It gets tasks only while no other group that could run them lives. Default false. */
  readonly standby?: true;
}

/** What a group's name looks like: `gpu`, `eu-1`. */
export const GROUP_PATTERN = /^[A-Za-z0-9][\w.-]{0,63}$/;

/** The task queue of a group, beside the one of the workers without a group. */
export function taskQueueOf(base: string, group: string): string {
  return `${base}/${group}`;
}
