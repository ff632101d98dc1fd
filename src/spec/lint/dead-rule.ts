import type { LintedDag, Warning } from './linted-dag.js';
import { outcomesOf } from './possible-ends.js';

const WHY: Readonly<Record<string, string>> = {
  all_failed: 'a task that it needs can never fail',
  one_failed: 'no task that it needs can fail',
  all_skipped: 'a task that it needs can never be skipped',
};

/** Trigger rules that can never let their task start. */
export function* deadRules(linted: LintedDag): Iterable<Warning> {
  for (const [index, task] of linted.dag.tasks.entries()) {
    const { triggerRule } = task;
    if (triggerRule === undefined) continue;
    const needs = [...linted.needs(index)].map((needed) => linted.ends[needed]!);
    if (outcomesOf(triggerRule, needs).start) continue;
    yield {
      code: 'TRIGGER_RULE_DEAD',
      task: index,
      path: ['triggerRule'],
      message: `\`${task.name}\` can never start: ${WHY[triggerRule] ?? `its rule, \`${triggerRule}\`, can never hold`}.`,
      hint: 'Choose another rule, or remove the task.',
    };
  }
}
