import type { Dag } from '../../dag/dag.js';
import { valueAt, type Finding } from '../issues.js';
import type { Path } from '../source.js';
import { branchJoins } from './branch-join.js';
import { deadRules } from './dead-rule.js';
import { deadConditions } from './dead-when.js';
import { LintedDag, type LintRule } from './linted-dag.js';
import { missingOutputs } from './missing-output.js';
import { plainSecrets } from './plain-secret.js';
import { unbounded } from './unbounded.js';
import { unquotedScripts } from './unquoted-script.js';
import { preemption, unusedAffinity } from './unused-scheduling.js';

/** All that is warned of: see docs/lint.md. */
export const LINT_RULES: readonly LintRule[] = [
  deadConditions,
  deadRules,
  branchJoins,
  missingOutputs,
  unbounded,
  plainSecrets,
  unquotedScripts,
  preemption,
  unusedAffinity,
];

/**
 * What may be a mistake in a dag in which nothing is wrong.
 * @param given What the dag was made of, in a file's form or the canonical one.
 * @param pathOf A task's path in it.
 */
export function lintDag(dag: Dag, given: unknown, pathOf: (index: number) => Path): Finding[] {
  const linted = new LintedDag(dag);
  return LINT_RULES.flatMap((rule) =>
    [...rule(linted)].map(({ code, task, path, within, message, hint }): Finding => {
      const base = task === undefined ? [] : pathOf(task);
      return {
        path: [...base, ...written(valueAt(given, base), path)],
        ...(within === undefined ? {} : { within }),
        problem: { code, severity: 'warning', message, hint },
      };
    }),
  );
}

/** Where the file has what stands at this path in the canonical form. */
function written(given: unknown, path: Path): Path {
  if (valueAt(given, path) !== undefined) return path;
  const short = path.filter((part) => part !== 'with');
  if (valueAt(given, short) !== undefined) return short;
  if (path[0] === 'poll') return ['with', ...path.slice(1)];
  const whole = path.slice(0, 1);
  return path[0] === 'compensate' && typeof valueAt(given, whole) === 'string' ? whole : path;
}
