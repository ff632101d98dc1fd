import type { DagWith } from '../dag/control.js';
import type { Dag, Task } from '../dag/dag.js';
import type { Json, JsonObject } from '../dag/json.js';
import type { ArtifactRef } from '../dag/artifact.js';
import { taskCallOf, type CalledArtifacts, type TaskCall } from '../dag/task-call.js';
import type { TaskError } from '../dag/task-error.js';
import type { MeasuredTask } from '../estimate/measured-task.js';
import type { Expectations } from './expectations.js';
import { subRunParams } from './sub-run-params.js';
import { handedArtifact, handedOutputs, type InputsRun } from './task-inputs.js';
import type { UnderWay } from './under-way.js';

/**
 * What a host does where a task starts: the call of a handler, an activity of other workers, a run of its own, or
 * nothing: the task ends with this error.
 */
export type StartedTask =
  | { readonly call: TaskCall }
  | {
      readonly foreign: {
        readonly type: string;
        readonly taskQueue?: string;
        readonly args: readonly Json[];
        readonly measured: MeasuredTask;
      };
    }
  | { readonly subRun: { readonly runId: string; readonly dag: Dag; readonly params: JsonObject } }
  | { readonly error: TaskError };

/** What a task is started with, of what its run knows. */
export interface StartingRun extends InputsRun {
  readonly runId: string;
  readonly params: JsonObject;
  /** No task takes an earlier output. */
  readonly noCache: boolean;
  readonly underWay: UnderWay;
  readonly expectations: Expectations;
  itemOf(task: number): Json | undefined;
}

/** What the task is handed when it starts; its expressions are evaluated now. */
export function startedTask(run: StartingRun, task: number, attemptsBefore: number): StartedTask {
  const { dag, expressions } = run;
  const definition = dag.tasks[task];
  if (definition === undefined) throw new Error(`The run has no task ${task}.`);
  if (definition.uses === 'dag') return startedSubRun(run, task, definition);
  const handed = expressions.handed(task, definition);
  if ('error' in handed) return handed;
  const { with: settings, env } = handed.value;
  if (definition.uses === 'activity') {
    const { type, taskQueue, args = [] } = settings.value as { type: string; taskQueue?: string; args?: Json[] };
    const measured = { dag: dag.name, task: definition.name, ...sizeOf(run, task) };
    return { foreign: { type, args, measured, ...(taskQueue === undefined ? {} : { taskQueue }) } };
  }
  const cache = cacheOf(run, task, definition);
  if (cache !== undefined && 'error' in cache) return cache;
  const artifacts = artifactsOf(run, task, definition);
  if (artifacts !== undefined && 'error' in artifacts) return artifacts;
  const item = run.itemOf(task);
  const index = definition.made?.item;
  const timeLeft = run.underWay.timeLeftOf(task);
  const checkpoint = run.underWay.checkpointOf(task);
  const retries = run.underWay.retriesOf(task);
  const call = taskCallOf(dag, definition, {
    runId: run.runId,
    params: run.params,
    needs: handedOutputs(run, task),
    attemptsBefore,
    with: settings.value as JsonObject,
    env: textsOf(env.value as JsonObject),
    secrets: [...settings.secrets, ...env.secrets],
    ...(item === undefined ? {} : { item }),
    ...(index === undefined ? {} : { index }),
    ...(timeLeft === undefined ? {} : { timeLeft }),
    ...(cache === undefined ? {} : { cache }),
    ...(artifacts === undefined ? {} : { artifacts }),
    ...(checkpoint === undefined ? {} : { checkpoint }),
    ...(retries === undefined ? {} : { retriedByRun: true, failedBefore: retries.failedBefore }),
    ...sizeOf(run, task),
  });
  return { call };
}

function sizeOf({ expectations }: StartingRun, task: number): { readonly size?: number } {
  const size = expectations.sizeOf(task);
  return size === undefined ? {} : { size };
}

function startedSubRun(run: StartingRun, task: number, definition: Task): StartedTask {
  const { dag, params = {} } = definition.with as unknown as DagWith;
  const evaluated = run.expressions.handedOn(task, params as JsonObject, '`params`');
  if ('error' in evaluated) return evaluated;
  const given = subRunParams(dag, evaluated.value as JsonObject);
  if ('problem' in given) return { error: { code: 'PARAM_INVALID', message: given.problem } };
  return { subRun: { runId: subRunIdOf(run.runId, definition), dag, params: given.params } };
}

/** The id of the run that a task is; the same for every start of the task. */
export function subRunIdOf(runId: string, { name, made }: Task): string {
  return made?.item === undefined ? `${runId}/${name}` : `${runId}/${made.of}/${made.item}`;
}

/** A variable is text, whatever its expression gives. */
function textsOf(env: JsonObject): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => [name, typeof value === 'string' ? value : textOf(value)]),
  );
}

function textOf(value: Json): string {
  return value === null ? '' : JSON.stringify(value);
}

function cacheOf(
  { expressions, noCache }: StartingRun,
  task: number,
  { cache }: Task,
): NonNullable<TaskCall['cache']> | { readonly error: TaskError } | undefined {
  if (cache === undefined || noCache) return undefined;
  const age = cache.maxAge === undefined ? {} : { maxAge: cache.maxAge };
  if (cache.key === undefined) return { key: null, ...age };
  const key = expressions.value(task, cache.key, 'The `key` of `cache`');
  return 'error' in key ? key : { key: key.value, ...age };
}

function artifactsOf(
  run: StartingRun,
  task: number,
  { artifacts }: Task,
): CalledArtifacts | { readonly error: TaskError } | undefined {
  if (artifacts === undefined) return undefined;
  const load: Record<string, ArtifactRef> = {};
  for (const [path, { task: maker, artifact }] of Object.entries(artifacts.load ?? {})) {
    const ref = handedArtifact(run, maker, artifact);
    if (ref === undefined) {
      const message = `${maker} left no artifact ${artifact}, which ${path} shall be.`;
      return { error: { code: 'ARTIFACT_MISSING', message } };
    }
    load[path] = ref;
  }
  const loaded = artifacts.load === undefined ? {} : { load };
  if (artifacts.save === undefined) return loaded;
  const save = run.expressions.value(task, artifacts.save as JsonObject, 'A path of `artifacts`');
  return 'error' in save ? save : { save: textsOf(save.value as JsonObject), ...loaded };
}
