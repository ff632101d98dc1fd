import type { Poll } from '../dag/dag.js';
import type { Json } from '../dag/json.js';
import type { TaskError } from '../dag/task-error.js';
import type { RunExpressions } from './run-expressions.js';

/** How a poll stands: since when it is asked (milliseconds), and how often it was. */
export interface PollState {
  readonly since: number;
  readonly times: number;
}

/** What comes of a handler that was asked: its task is done, it is asked again at a time, or it fails. */
export type Polled = { readonly done: true } | { readonly until: number } | { readonly error: TaskError };

/** Tasks whose handler is asked until a condition holds. */
export class Polls {
  readonly #states: Map<number, PollState>;

  constructor(snapshot: readonly (readonly [task: number, state: PollState])[] = []) {
    this.#states = new Map(snapshot);
  }

  snapshot(): [task: number, state: PollState][] {
    return [...this.#states];
  }

  /** The task has ended, or begins anew. */
  forget(task: number): void {
    this.#states.delete(task);
  }

  /** When the poll is over, in milliseconds. */
  endOf(task: number, { timeout = Infinity }: Poll, startedAt: number): number {
    return (this.#states.get(task)?.since ?? startedAt) + timeout;
  }

  /** The handler gave this. */
  polled(
    expressions: RunExpressions,
    task: number,
    poll: Poll,
    given: { readonly output: Json | undefined; readonly startedAt: number; readonly at: number },
  ): Polled {
    const { at, startedAt } = given;
    const evaluated = expressions.bare(task, poll.until, '`until`', { output: given.output ?? null });
    if ('error' in evaluated) return evaluated;
    if (evaluated.value === true) return { done: true };
    if (evaluated.value !== false) {
      const message = `\`until\` must give true or false; it gave ${JSON.stringify(evaluated.value).slice(0, 100)}.`;
      return { error: { code: 'EXPRESSION_FAILED', message } };
    }
    const { since, times } = this.#states.get(task) ?? { since: startedAt, times: 0 };
    const end = this.endOf(task, poll, startedAt);
    if (at >= end) {
      const message = `After ${times + 1} times, within ${(poll.timeout ?? 0) / 1_000} s, \`until\` was still false.`;
      return { error: { code: 'POLL_TIMEOUT', message } };
    }
    this.#states.set(task, { since, times: times + 1 });
    return { until: Math.min(at + waitAfter(poll, times), end) };
  }
}

/** Whole milliseconds; `times`: how often it had been asked before. */
function waitAfter({ interval, backoffCoefficient = 1, maximumInterval = 10 * interval }: Poll, times: number): number {
  return Math.max(1, Math.round(Math.min(interval * backoffCoefficient ** times, maximumInterval)));
}
