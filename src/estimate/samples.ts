/** How long a task took in some of its successes, oldest first. */
export interface TaskSamples {
  readonly task: string;
  /** Milliseconds. */
  readonly times: readonly number[];
  /** The size of the input of each; null where it had none. Left out where none had. */
  readonly sizes?: readonly (number | null)[];
  /** How many successes there were: at least as many as `times`. */
  readonly count: number;
}

/** The latest so many successes of a task count. */
export const KEPT_SAMPLES = 50;

/** Characters of a task's name; the limit of dag files is far below. */
const LONGEST_NAME = 500;
/** Tasks that one message tells of. */
const MOST_TASKS_AT_ONCE = 1_000;

/** The samples in what anybody may have sent: what makes no sense is left out, and so is what is too much. */
export function samplesIn(message: unknown): TaskSamples[] {
  if (!Array.isArray(message)) return [];
  return message.slice(0, MOST_TASKS_AT_ONCE).flatMap((one) => readSamples(one) ?? []);
}

function readSamples(value: unknown): TaskSamples | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { task, times, sizes, count } = value as Partial<Record<keyof TaskSamples, unknown>>;
  if (typeof task !== 'string' || task === '' || task.length > LONGEST_NAME) return undefined;
  if (!Array.isArray(times) || !times.every(isAmount) || times.length === 0) return undefined;
  const hasSizes = Array.isArray(sizes) && sizes.length === times.length && sizes.every(isSize);
  return {
    task,
    times: times.slice(-KEPT_SAMPLES),
    ...(hasSizes ? { sizes: sizes.slice(-KEPT_SAMPLES) } : {}),
    count: isAmount(count) ? Math.max(Math.floor(count), times.length) : times.length,
  };
}

/** Whether it can be a length of time, a size or a count. */
export function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

function isSize(value: unknown): value is number | null {
  return value === null || isAmount(value);
}
