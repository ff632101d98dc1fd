import type { Task } from '../dag/dag.js';
import type { TaskError } from '../dag/task-error.js';
import type { RunExpressions } from './run-expressions.js';

/** What a condition says of its task. */
export type Condition =
  { readonly verdict: 'start' | 'skipped' } | { readonly verdict: 'failed'; readonly error: TaskError };

/** Whether the task may start, by its own condition. Never throws: what cannot be evaluated fails the task. */
export function conditionOf(expressions: RunExpressions, task: number, definition: Task): Condition {
  const { when } = definition;
  if (when === undefined || asksItems(expressions, definition)) return { verdict: 'start' };
  const evaluated = expressions.bare(task, when, '`when`');
  if ('error' in evaluated) return { verdict: 'failed', error: evaluated.error };
  const { value } = evaluated;
  if (typeof value === 'boolean') return { verdict: value ? 'start' : 'skipped' };
  const message = `\`when\` must give true or false; it gave ${JSON.stringify(value).slice(0, 100)}.`;
  return { verdict: 'failed', error: { code: 'EXPRESSION_FAILED', message } };
}

/** Whether the condition of a task that fans out is asked of each item: it names the item. */
export function asksItems(expressions: RunExpressions, { when, forEach, made }: Task): boolean {
  if (when === undefined || forEach === undefined || made !== undefined) return false;
  try {
    const { roots } = expressions.read(when).references;
    return roots.includes('item') || roots.includes('index');
  } catch {
    // What is wrong with it is said where it is evaluated.
    return false;
  }
}
