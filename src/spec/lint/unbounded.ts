import { retryOf, timeoutsOf, type RetryPolicy } from '../../dag/dag.js';
import type { LintedDag, Warning } from './linted-dag.js';

/** From so many attempts on a retry counts as endless. */
const MANY = 1_000;

/** Retries and polls that go on for ever. A limit of the whole run bounds them. */
export function* unbounded({ dag }: LintedDag): Iterable<Warning> {
  if (dag.timeout !== undefined) return;
  const { defaults } = dag;
  const hint = 'Add `timeout: { scheduleToClose: 1h }`: how long all attempts may take together.';
  const isShared = isMany(defaults?.retry) && defaults?.timeout?.scheduleToClose === undefined;
  if (isShared) {
    const message = `By default tasks are tried ${words(defaults?.retry)} times, and nothing bounds how long that takes.`;
    yield { code: 'RETRY_UNBOUNDED', path: ['defaults', 'retry', 'maximumAttempts'], message, hint };
  }
  for (const [index, task] of dag.tasks.entries()) {
    if (task.poll !== undefined && task.poll.timeout === undefined) {
      yield {
        code: 'POLL_UNBOUNDED',
        task: index,
        path: ['poll', 'until'],
        message: `\`${task.name}\` asks for ever where its condition never holds.`,
        hint: 'Add `timeout:` to the poll, or to the whole dag.',
      };
    }
    if (task.retry === undefined || timeoutsOf(dag, task).scheduleToClose !== undefined) continue;
    const rule = task.retry.rules?.findIndex(isMany) ?? -1;
    if (!isMany(task.retry) && rule < 0) continue;
    const own = isMany(task.retry) ? retryOf(dag, task) : task.retry.rules?.[rule];
    const path = isMany(task.retry) ? ['retry', 'maximumAttempts'] : ['retry', 'rules', rule, 'maximumAttempts'];
    const message = `\`${task.name}\` is tried ${words(own)} times, and nothing bounds how long that takes.`;
    yield { code: 'RETRY_UNBOUNDED', task: index, path, message, hint };
  }
}

function isMany(retry: Partial<RetryPolicy> | undefined): boolean {
  return (retry?.maximumAttempts ?? 1) >= MANY;
}

function words(retry: Partial<RetryPolicy> | undefined): string {
  return (retry?.maximumAttempts ?? 1).toLocaleString('en');
}
