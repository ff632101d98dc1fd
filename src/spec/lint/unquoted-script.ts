import { compileTemplate } from '../../expression/compile-template.js';
import { hasExpression } from '../../expression/template.js';
import type { Dag } from '../../dag/dag.js';
import type { LintedDag, Warning } from './linted-dag.js';
import { unquotedVariables } from './unquoted-variables.js';

/** Scripts that use a variable which an expression fills without quotes around it. */
export function* unquotedScripts({ dag }: LintedDag): Iterable<Warning> {
  const shared = Object.entries(dag.defaults?.env ?? {});
  for (const [index, task] of dag.tasks.entries()) {
    const actions = [
      { at: [] as string[], ...task },
      ...(task.compensate === undefined ? [] : [{ at: ['compensate'], ...task.compensate }]),
    ];
    for (const { at, uses, env, with: settings } of actions) {
      const { run } = settings;
      if (uses !== 'shell' || typeof run !== 'string' || !run.includes('$')) continue;
      const texts = new Map([...shared, ...Object.entries(env ?? {})].filter(([, text]) => hasExpression(text)));
      // What the task sets itself, in plain, counts over the default.
      for (const [name, text] of Object.entries(env ?? {})) if (!hasExpression(text)) texts.delete(name);
      if (texts.size === 0) continue;
      for (const { name, from } of unquotedVariables(run, texts)) {
        if (!mayHoldSpaces(dag, texts.get(name) ?? '')) continue;
        yield {
          code: 'SCRIPT_UNQUOTED',
          task: index,
          path: [...at, 'with', 'run'],
          within: from,
          message: `\`$${name}\` comes from an expression and stands without quotes: spaces and \`*\` in it would change the command.`,
          hint: `Write \`"$${name}"\`.`,
        };
      }
    }
  }
}

/** Whether a text is filled by expressions with what may be any text. */
function mayHoldSpaces({ params }: Dag, text: string): boolean {
  const compiled = compileTemplate(text, { params });
  if ('problems' in compiled) return false;
  return compiled.template.parts.some(
    (part) => typeof part !== 'string' && !['int', 'uint', 'double', 'number', 'bool'].includes(part.type),
  );
}
