/** A clock, and timers that go by it. */
export interface Clock {
  /** In whole milliseconds since 1970. */
  now(): number;
  /**
   * Calls back after `delay` milliseconds, however long that is.
   * @returns a function that drops the timer; calling it late changes nothing.
   */
  startTimer(delay: number, fire: () => void): () => void;
}

/** The longest delay that a Node timer takes; a longer one fires at once. */
const LONGEST_DELAY = 2 ** 31 - 1;

/**
 * Calls back after `delay` milliseconds, however long that is.
 * @returns a function that drops the timer; calling it late changes nothing.
 */
export function startTimer(delay: number, fire: () => void): () => void {
  let left = delay;
  let timer: NodeJS.Timeout;
  const arm = (): void => {
    const part = Math.min(left, LONGEST_DELAY);
    left -= part;
    timer = setTimeout(left > 0 ? arm : fire, part);
  };
  arm();
  return () => clearTimeout(timer);
}

/** The system's clock, and Node's timers. */
export const SYSTEM_CLOCK: Clock = { now: () => Date.now(), startTimer };
