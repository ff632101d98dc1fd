import type { z } from 'zod';
import type { Dag, Task } from '../dag/dag.js';
import { checkArtifacts, needArtifacts } from './artifact-sources.js';
import { applySwitches } from './branches.js';
import { checkSource, type Checked } from './check.js';
import { hasErrors } from './diagnostic.js';
import { readExpressions } from './expressions.js';
import { checkFinallyTasks, joinFinally } from './finally-tasks.js';
import { findingsOf, valueAt } from './issues.js';
import { lintDag } from './lint/lint.js';
import { checkPools } from './pool-field.js';
import { checkGraph, checkLimits, checkSize } from './rules.js';
import { dagFileSchema, dagSchema } from './schema.js';
import type { Finding } from './issues.js';
import type { Path } from './source.js';
import { readSubDags, type DagChecks, type Surroundings } from './sub-dags.js';

/** Checks what a dag file holds, and gives the canonical dag. */
export function checkFile(given: unknown, at: Surroundings): Checked<Dag> {
  const switches = applySwitches(given);
  const { value, findings, ...rest } = check(switches.value, at, (known) => dagFileSchema().safeParse(known));
  const pathOf = ({ name, finally: last }: Task): Path => [last === true ? 'finally' : 'tasks', name];
  const limits = value === undefined ? [] : numbersOf(value, (index) => pathOf(value.tasks[index]!));
  const all = [...switches.findings, ...findings.map(switches.place), ...limits];
  if (value !== undefined && !hasErrors(all.map(({ problem }) => problem))) {
    all.push(...lintDag(value, given, (index) => pathOf(value.tasks[index]!)).map(switches.place));
  }
  return { ...rest, ...(value === undefined ? {} : { value }), findings: all };
}

function numbersOf(dag: Dag, pathOf: (index: number) => Path): Finding[] {
  return [...checkLimits(dag, pathOf), ...checkPools(dag, pathOf)];
}

/** Checks a canonical dag. */
export function checkCanonical(given: unknown, at: Surroundings): Checked<Dag> {
  const { value, findings, ...rest } = check(given, at, (known) => dagSchema().safeParse(known));
  // The conditions of branches are there already: only the names are checked.
  const branches = applySwitches(given).findings;
  const limits = value === undefined ? [] : numbersOf(value, (index) => ['tasks', index]);
  const all = [...branches, ...findings, ...limits];
  if (value !== undefined && !hasErrors(all.map(({ problem }) => problem))) {
    all.push(...lintDag(value, given, (index) => ['tasks', index]));
  }
  return { ...rest, ...(value === undefined ? {} : { value }), findings: all };
}

export const DAG_CHECKS: DagChecks = {
  file: checkFile,
  canonical: checkCanonical,
  source: (source, at) => checkSource(source, (given) => checkFile(given, at)),
};

type Parsed = ReturnType<z.ZodType<Dag>['safeParse']>;

function check(given: unknown, at: Surroundings, parse: (value: unknown) => Parsed): Checked<Dag> {
  const joined = joinFinally(given);
  const absurd = checkSize(joined.value);
  if (absurd.length > 0) return { findings: absurd };
  const subDags = readSubDags(needArtifacts(given), at, DAG_CHECKS);
  const { diagnostics } = subDags;
  const inferred = readExpressions(subDags.value);
  const value = subDags.restore(inferred.value);
  const result = parse(value);
  const graph = joinFinally({ tasks: valueAt(value, ['tasks']), finally: valueAt(value, ['finally']) });
  const findings = [
    ...subDags.findings,
    ...checkGraph(graph.value).map(graph.place),
    ...checkFinallyTasks(given),
    ...checkArtifacts(given),
    ...inferred.findings,
  ];
  if (!result.success) return { findings: [...findingsOf(result.error.issues, value), ...findings], diagnostics };
  const dag = result.data;
  const tasks = subDags.inline(dag.tasks);
  return { ...(tasks === undefined ? {} : { value: { ...dag, tasks } }), findings, diagnostics };
}
