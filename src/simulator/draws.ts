import { mostAttempts, nextAttempt } from '../dag/retry.js';
import { retryOf, type Dag, type Task } from '../dag/dag.js';

/** What one start of a task takes, all its attempts and the waits between them included. */
export interface Course {
  /** Milliseconds of work on a slot of speed 1. */
  readonly work: number;
  /** Milliseconds of waits between attempts; the slot is held. */
  readonly waits: number;
  readonly attempts: number;
  readonly fails: boolean;
}

/**
 * Numbers from 0 to 1 that the seed and the key decide alone: they do not depend on the order in which they are drawn, so
 * that every policy meets the same failures.
 */
export function numbersOf(seed: number, ...key: readonly number[]): () => number {
  let state = mix(seed | 0);
  for (const part of key) state = mix(state ^ (part + 0x9e3779b9));
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    return (mix(state) >>> 0) / 4_294_967_296;
  };
}

function mix(value: number): number {
  let mixed = value;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/**
 * How a task goes of which each attempt fails with this probability, at any moment of its time alike. One that takes no
 * time does not fail.
 * @param failures 0 to 1.
 * @param duration Milliseconds of an attempt that succeeds.
 */
export function courseOf(dag: Dag, task: Task, duration: number, failures: number, draw: () => number): Course {
  if (failures === 0 || duration === 0) return { work: duration, waits: 0, attempts: 1, fails: false };
  const policy = { ...retryOf(dag, task), maximumAttempts: mostAttempts(dag, task) };
  let work = 0;
  let waits = 0;
  for (let attempt = 1; ; attempt++) {
    if (draw() >= failures) return { work: work + duration, waits, attempts: attempt, fails: false };
    work += Math.round(duration * draw());
    const next = nextAttempt(policy, attempt, { retryable: true });
    if (!next.retry) return { work, waits, attempts: attempt, fails: true };
    waits += Math.round(next.delay);
  }
}

/** The speeds of so many slots, the fastest first: drawn evenly from the range. */
export function speedsOf(slots: number, range: readonly [least: number, most: number], seed: number): number[] {
  const draw = numbersOf(seed, -1);
  const [least, most] = range;
  if (least === most) return Array.from({ length: slots }, () => least);
  return Array.from({ length: slots }, () => least + (most - least) * draw()).sort((a, b) => b - a);
}
