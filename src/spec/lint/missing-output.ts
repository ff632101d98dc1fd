import type { Task } from '../../dag/dag.js';
import { compile } from '../../expression/compile.js';
import { compileTemplate } from '../../expression/compile-template.js';
import type { References } from '../../expression/scope.js';
import { placesOfTask, type Place } from '../places.js';
import { rawTasksOf } from '../raw-task.js';
import type { LintedDag, Warning } from './linted-dag.js';

/** Tasks that one looks at to know whether another has succeeded; with more, it counts as if it had. */
const MOST_STEPS = 1_000;

/** Outputs that are used though their task may have none when the one that uses it starts. */
export function* missingOutputs(linted: LintedDag): Iterable<Warning> {
  // In most dags every task starts only where all before it have succeeded.
  if (linted.dag.tasks.every(isPlain)) return;
  for (const [index, raw] of rawTasksOf(linted.dag).entries()) {
    const places = placesOfTask(raw);
    if (places.length === 0) continue;
    const guarded = new Set<string>();
    const read = places.flatMap((place) => {
      const references = referencesOf(place);
      if (references === undefined) return [];
      // A condition that asks how the task ended stands before all else of it.
      if (place.path.length === 3 && place.path[2] === 'when') {
        for (const { name, field } of references.tasks) if (field !== 'output') guarded.add(name);
        if (isCareful(place.text)) for (const { name } of references.tasks) guarded.add(name);
      }
      return [{ place, references }];
    });
    for (const { place, references } of read) {
      if (isCareful(place.text)) continue;
      const asked = new Set(references.tasks.filter(({ field }) => field !== 'output').map(({ name }) => name));
      for (const { name, field, from } of references.tasks) {
        const used = linted.indexOf(name);
        if (field !== 'output' || used === undefined || used === index || asked.has(name) || guarded.has(name))
          continue;
        if (linted.task(used).uses === 'switch' || hasSucceeded(linted, index, used)) continue;
        guarded.add(name);
        yield {
          code: 'OUTPUT_MAYBE_MISSING',
          task: index,
          path: place.path.slice(2),
          within: from,
          message: `\`${name}\` may have no output: it need not have succeeded when \`${raw.name}\` starts.`,
          hint: `Replace it where it is missing, like \`tasks["${name}"].?output.orValue(null)\`, or ask \`tasks["${name}"].status\` first.`,
        };
      }
    }
  }
}

function isPlain({ triggerRule = 'all_success', continueOnError, finally: last }: Task): boolean {
  return triggerRule === 'all_success' && continueOnError !== true && last !== true;
}

function referencesOf({ form, text }: Place): References | undefined {
  if (form === 'template') {
    const compiled = compileTemplate(text, {});
    return 'template' in compiled ? compiled.template.references : undefined;
  }
  const compiled = compile(text, {});
  return 'expression' in compiled ? compiled.expression.references : undefined;
}

/** Whether a text looks at what may be missing. */
function isCareful(text: string): boolean {
  return /\bhas\s*\(|\.\s*\?|\[\s*\?|\borValue\b/.test(text);
}

/** Whether a task has always succeeded when another starts. */
function hasSucceeded(linted: LintedDag, task: number, used: number): boolean {
  const open = [task];
  const seen = new Set(open);
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    // Only this rule says that all have succeeded, and so of those before them.
    const rule = linted.task(at).triggerRule ?? 'all_success';
    const needs = linted.needs(at);
    if (rule !== 'all_success' && !(needs.length === 1 && ONE.includes(rule))) continue;
    for (const needed of needs) {
      if (needed === used) {
        if (linted.task(used).continueOnError !== true) return true;
        continue;
      }
      if (seen.has(needed)) continue;
      seen.add(needed);
      if (seen.size > MOST_STEPS) return true;
      open.push(needed);
    }
  }
  return false;
}

/** Rules that take no other end of the one task that is needed. */
const ONE: readonly string[] = ['one_success', 'none_failed_min_one_success', 'all_done_min_one_success'];
