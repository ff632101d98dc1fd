import { preempts } from '../../dag/policy.js';
import type { LintedDag, Warning } from './linted-dag.js';

/** Tasks that nothing stops though they let it, and a policy that would stop tasks where none lets it. */
export function* preemption({ dag }: LintedDag): Iterable<Warning> {
  const policies = (dag.policy ?? '').split(',');
  const first = dag.tasks.findIndex(({ preemptible }) => preemptible === true);
  if (policies.includes('srtf') && first < 0) {
    yield {
      code: 'SRTF_STOPS_NOTHING',
      path: ['policy'],
      message: 'The policy `srtf` may stop no task of this dag, so it is `sjf` by another name.',
      hint: 'Add `preemptible: true` to tasks that may be stopped for shorter ones, or write `sjf`.',
    };
  }
  if (first < 0 || preempts(dag.policy ?? '')) return;
  const why = policies.includes('srtf')
    ? '`srtf` is not the first policy of the dag'
    : 'the policy of the dag is not `srtf`';
  yield {
    code: 'PREEMPTIBLE_UNUSED',
    task: first,
    path: ['preemptible'],
    message: `Nothing stops \`${dag.tasks[first]!.name}\` for a shorter task: ${why}.`,
    hint: policies.includes('srtf') ? 'Put `srtf` first in `policy`.' : 'Add `policy: srtf`, or remove `preemptible`.',
  };
}

/** Keys for a placement that the dag does not have. */
export function* unusedAffinity({ dag }: LintedDag): Iterable<Warning> {
  if (dag.placement === 'consistent-hash') return;
  const task = dag.tasks.findIndex(({ affinity }) => affinity !== undefined);
  if (task < 0) return;
  yield {
    code: 'AFFINITY_UNUSED',
    task,
    path: ['affinity'],
    message: `The \`affinity\` of \`${dag.tasks[task]!.name}\` does nothing: only the placement \`consistent-hash\` looks at it.`,
    hint: 'Add `placement: consistent-hash` to the dag, or remove it.',
  };
}
