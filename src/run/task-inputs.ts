import type { ArtifactRef } from '../dag/artifact.js';
import type { Dag } from '../dag/dag.js';
import type { Json, JsonObject } from '../dag/json.js';
import { itemName } from './made-tasks.js';
import type { RunExpressions } from './run-expressions.js';
import type { RunRecord } from './run-record.js';

/** Of a run: what its tasks left, and which of it a task is handed. */
export interface InputsRun {
  readonly dag: Dag;
  readonly expressions: RunExpressions;
  readonly record: RunRecord;
  indexOf(name: string): number | undefined;
}

/**
 * The outputs of the tasks that this one needs, by name; of one that undoes another, those that that one had, and its
 * own.
 */
export function handedOutputs(run: InputsRun, task: number): JsonObject {
  const { dag, record } = run;
  const { made } = dag.tasks[task]!;
  if (made === undefined) return record.needsOf(task);
  const origin = run.indexOf(made.of) ?? -1;
  if (made.undoes !== true) return itemNeeds(run, origin);
  const name = made.item === undefined ? made.of : itemName(made.of, made.item);
  const output = record.outputOf(run.indexOf(name) ?? -1);
  return { ...record.needsOf(origin), ...(output === undefined ? {} : { [made.of]: output }) };
}

/** What the task fans out over is handed to each item as the item alone: whole, it would be copied as often. */
function itemNeeds({ dag, expressions, record }: InputsRun, origin: number): JsonObject {
  const needs = record.needsOf(origin);
  for (const name of expressions.tasksIn(dag.tasks[origin]?.forEach as Json)) delete needs[name];
  return needs;
}

/** A file that a task left. */
export function handedArtifact(run: InputsRun, task: string, artifact: string): ArtifactRef | undefined {
  const artifacts = run.record.artifactsOf(run.indexOf(task) ?? -1);
  return artifacts !== undefined && Object.hasOwn(artifacts, artifact) ? artifacts[artifact] : undefined;
}
