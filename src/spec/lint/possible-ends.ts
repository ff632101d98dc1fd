import type { Dag, Task } from '../../dag/dag.js';
import { isHandled } from '../../dag/dag.js';
import { neighbours, type Graph } from '../../dag/graph.js';
import type { TriggerRule } from '../../dag/trigger-rule.js';
import { hasExpression } from '../../expression/template.js';

/** How a task may end, as trigger rules see it. */
export const END = {
  succeeded: 1,
  failed: 2,
  /** Failed, with `continueOnError`. */
  forgiven: 4,
  skipped: 8,
  upstreamFailed: 16,
} as const;

const SUCCESS = END.succeeded | END.forgiven;
const FAILURE = END.failed | END.forgiven | END.upstreamFailed;
const UNFORGIVEN = END.failed | END.upstreamFailed;
const ALL = SUCCESS | FAILURE | END.skipped;

/** What may come of a rule where tasks end in one of these ways each. Ends that hang together count as if they did not. */
export function outcomesOf(
  rule: TriggerRule,
  needs: readonly number[],
): { start: boolean; skipped: boolean; upstreamFailed: boolean } {
  if (needs.length === 0) return { start: true, skipped: false, upstreamFailed: false };
  const any = (ends: number): boolean => needs.some((need) => (need & ends) !== 0);
  const every = (ends: number): boolean => needs.every((need) => (need & ends) !== 0);
  const notSkipped = ALL & ~END.skipped;
  switch (rule) {
    case 'all_success':
      return { start: every(SUCCESS), skipped: any(END.skipped), upstreamFailed: any(UNFORGIVEN) };
    case 'all_failed':
      return { start: every(FAILURE), skipped: any(END.succeeded | END.skipped), upstreamFailed: false };
    case 'all_done':
    case 'always':
      return { start: true, skipped: false, upstreamFailed: false };
    case 'all_done_min_one_success':
      return { start: every(notSkipped) && any(SUCCESS), skipped: any(END.skipped), upstreamFailed: every(UNFORGIVEN) };
    case 'all_skipped':
      return { start: every(END.skipped), skipped: any(notSkipped), upstreamFailed: false };
    case 'one_failed':
      return { start: any(FAILURE), skipped: every(END.succeeded | END.skipped), upstreamFailed: false };
    case 'one_success':
      return { start: any(SUCCESS), skipped: every(END.skipped), upstreamFailed: every(UNFORGIVEN | END.skipped) };
    case 'one_done':
      return {
        start: any(SUCCESS | END.failed),
        skipped: every(END.skipped | END.upstreamFailed),
        upstreamFailed: false,
      };
    case 'none_failed':
      return { start: every(SUCCESS | END.skipped), skipped: false, upstreamFailed: any(UNFORGIVEN) };
    case 'none_failed_min_one_success': {
      const start = every(SUCCESS | END.skipped) && any(SUCCESS);
      return { start, skipped: every(END.skipped), upstreamFailed: any(UNFORGIVEN) };
    }
    case 'none_skipped':
      return { start: every(notSkipped), skipped: any(END.skipped), upstreamFailed: false };
  }
}

/** How each task may end by itself, whatever operators do: bits of {@link END}. */
export function possibleEndsOf(dag: Dag, graph: Graph, order: Int32Array): Uint8Array {
  const ends = new Uint8Array(dag.tasks.length);
  for (const index of order) {
    const task = dag.tasks[index]!;
    const needs = [...neighbours(graph.dependencies, index)].map((needed) => ends[needed]!);
    const { start, skipped, upstreamFailed } = outcomesOf(task.triggerRule ?? 'all_success', needs);
    // What can never start has a warning of its own; those behind it need none.
    ends[index] = start
      ? ownEnds(dag, task) | (skipped ? END.skipped : 0) | (upstreamFailed ? END.upstreamFailed : 0)
      : ALL;
  }
  return ends;
}

/** How a task may end once it may start. */
function ownEnds(dag: Dag, task: Task): number {
  const failed = task.continueOnError === true ? END.forgiven : END.failed;
  let ends: number = END.succeeded;
  if (mayFail(task)) ends |= failed;
  // The condition may have no value.
  if (task.when !== undefined) ends |= END.skipped | failed;
  const rules = isHandled(task) ? (task.retry?.rules ?? dag.defaults?.retry?.rules ?? []) : [];
  if (rules.some((rule) => rule.then === 'skip')) ends |= END.skipped;
  return ends;
}

/** Whether a task may fail that was not stopped: one that waits for a set time does not. */
function mayFail(task: Task): boolean {
  if (task.forEach !== undefined) return true;
  if (task.uses === 'wait')
    return Object.values(task.with).some((value) => typeof value === 'string' && hasExpression(value));
  if (task.uses === 'event') return task.with['timeout'] !== undefined || task.with['filter'] !== undefined;
  return true;
}
