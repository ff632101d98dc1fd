import type { Dag } from '../dag/dag.js';
import { compile } from '../expression/compile.js';
import type { References } from '../expression/scope.js';
import { valueAt, type Finding } from './issues.js';
import { didYouMean } from './near-name.js';
import type { Path } from './source.js';

/** What a condition may look at. */
const ROOTS = ['params', 'tasks', 'run', 'env'] as const;

/**
 * The value of a dag with the needs that its conditions imply: who looks at how a task ended waits for that end. Tasks
 * that are not there are left to {@link checkConditions}.
 */
export function inferNeeds(value: unknown, options: { readonly mayNeedOthers?: boolean } = {}): unknown {
  const tasks = valueAt(value, ['tasks']);
  if (typeof value !== 'object' || typeof tasks !== 'object' || tasks === null) return value;
  const others = options.mayNeedOthers ?? false;
  if (Array.isArray(tasks)) {
    const names = new Set(tasks.map((task: unknown) => String(valueAt(task, ['name']))));
    const isThere = (name: string): boolean => others || names.has(name);
    return { ...value, tasks: tasks.map((task: unknown) => withNeeds(task, isThere, (name) => ({ task: name }))) };
  }
  const isThere = (name: string): boolean => others || Object.hasOwn(tasks, name);
  const inferred = Object.entries(tasks).map(([name, task]) => [name, withNeeds(task, isThere, (needed) => needed)]);
  return { ...value, tasks: Object.fromEntries(inferred) as unknown };
}

function withNeeds(task: unknown, isThere: (name: string) => boolean, write: (name: string) => unknown): unknown {
  const when = valueAt(task, ['when']);
  if (typeof when !== 'string') return task;
  const needs = valueAt(task, ['needs']);
  const given: unknown[] = needs === undefined || needs === null ? [] : Array.isArray(needs) ? needs : [needs];
  const have = new Set(given.map((need) => (typeof need === 'string' ? need : valueAt(need, ['task']))));
  const named = [...new Set(referencesOf(when)?.tasks.map(({ name }) => name))];
  const missing = named.filter((name) => isThere(name) && !have.has(name));
  return missing.length === 0 ? task : { ...(task as object), needs: [...given, ...missing.map(write)] };
}

function referencesOf(source: string): References | undefined {
  const compiled = compile(source, {});
  return 'expression' in compiled ? compiled.expression.references : undefined;
}

/**
 * What is wrong with the conditions of a dag whose fields are right. `pathOf` gives a task's path. Of a fragment of a dag,
 * other tasks, params and variables are not known, and not checked.
 */
export function checkConditions(
  dag: Pick<Dag, 'tasks' | 'params' | 'defaults'>,
  pathOf: (index: number) => Path,
  options: { readonly isFragment?: boolean } = {},
): Finding[] {
  if (dag.tasks.every((task) => task.when === undefined)) return [];
  const known = {
    tasks: new Set(dag.tasks.map((task) => task.name)),
    params: dag.params,
    env: new Set(Object.keys(dag.defaults?.env ?? {})),
  };
  const scope = { roots: ROOTS, result: 'bool', didYouMean, ...(options.isFragment ? {} : known) } as const;
  return dag.tasks.flatMap(({ when }, index): Finding[] => {
    if (when === undefined) return [];
    const path = [...pathOf(index), 'when'];
    const template = when.indexOf('${{');
    if (template >= 0) {
      const message = '`when` is an expression by itself.';
      const hint = 'Write it without `${{ }}`.';
      return [{ path, within: template, problem: { code: 'EXPRESSION_SYNTAX', severity: 'error', message, hint } }];
    }
    const compiled = compile(when, scope);
    if ('expression' in compiled) return [];
    return compiled.problems.map(({ code, message, hint, from }) => ({
      path,
      within: from,
      problem: { code, severity: 'error', message, ...(hint === undefined ? {} : { hint }) },
    }));
  });
}
