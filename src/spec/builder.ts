import type { CompensatedEnd, Param } from '../dag/dag.js';
import type { Json } from '../dag/json.js';
import type { PlacementName } from '../dag/placement.js';
import type { PolicyName } from '../dag/policy.js';
import type { Duration, RetryOptions, TimeoutOptions } from './attempt-options.js';
import { BuiltTasks } from './built-task.js';
import type { DagDefinition } from './dag-definition.js';
import { DagInvalidError } from './dag-invalid.js';
import type { Diagnostic } from './diagnostic.js';
import { checkDagFile } from './parse.js';
import type { TaskDefinition } from './task-definition.js';

export type { DagDefinition } from './dag-definition.js';

/** So many slots in a time, like `20/m` or `5/10s`. */
type RateText = `${number}/${string}`;

/** What a dag may say. */
export interface DagOptions {
  /**
   * The tasks, in the order that breaks ties. Tasks that these need, and those in the branches of a `switch`, are added by
   * themselves.
   */
  readonly tasks: readonly TaskDefinition[];
  /** Tasks that start when all others have ended, whatever became of the run. */
  readonly finally?: readonly TaskDefinition[];
  readonly description?: string;
  /** Values that a run is started with: a default value, or `{ type, default, enum, description }`. */
  readonly params?: Readonly<Record<string, string | number | boolean | Param>>;
  /** What the run gives, by name; texts may hold `${{ }}`. */
  readonly outputs?: Readonly<Record<string, Json>>;
  /** After which ends `compensate` undoes what tasks did. Default: all three. */
  readonly compensateOn?: readonly CompensatedEnd[];
  /** Tasks of one run in flight at once. Default 500. */
  readonly concurrency?: number;
  /**
   * Which ready task goes first when slots are scarce; of several each is for what those before it leave open. Default
   * `fcfs`: the one that became ready first.
   */
  readonly policy?: PolicyName | readonly PolicyName[];
  /** A wait that raises a task's priority by 1, under `priority`. Default: waiting does not count. */
  readonly aging?: Duration;
  /** Tasks that one group is given in a row, under `round-robin`. Default 1. */
  readonly quantum?: number;
  /** The weights of groups, by name, under `fair`: whole numbers from 1 to 1,000. Default 1 each. */
  readonly groups?: Readonly<Record<string, number>>;
  /** Named slots that tasks hold while they run, by name: how many, a rate like `20/m`, or all there is to say. */
  readonly pools?: Readonly<
    Record<
      string,
      | number
      | RateText
      | {
          /** Held at once. Default: no limit but the rate; of a global pool, as that was made. */
          readonly slots?: number;
          /** Taken in a time. Default: no limit. */
          readonly rate?: RateText;
          /** `global`: all runs that name it share it. Default `run`. */
          readonly scope?: 'run' | 'global';
        }
    >
  >;
  /** Which worker group gets a task. Default: `least-loaded` for tasks with `requires`, none for all others. */
  readonly placement?: PlacementName;
  /** Runs of this dag that go on at once; further ones wait. Default: no limit. */
  readonly maxRuns?: number;
  /** Words to find runs by: at most 20, each of at most 100 characters. */
  readonly tags?: readonly string[];
  /** After the first failure no task starts any more. Default false. */
  readonly failFast?: boolean;
  /** The time of a whole run. Default: no limit. */
  readonly timeout?: Duration;
  /** What a task takes where it does not say itself. */
  readonly defaults?: {
    readonly retry?: RetryOptions;
    readonly timeout?: TimeoutOptions;
    readonly env?: Readonly<Record<string, string>>;
  };
}

/**
 * Builds a dag of tasks. It is checked by the rules of dag files.
 * @throws DagInvalidError (`DAG_INVALID`) where it breaks one; `diagnostics` lists all problems.
 */
export function dag(name: string, options: DagOptions): DagDefinition {
  const built = new BuiltTasks(name);
  const last = withNeeded(options.finally ?? []);
  const tasks = built.add([...withNeeded(options.tasks)].filter((definition) => !last.has(definition)));
  const after = options.finally === undefined ? {} : { finally: built.add(last) };
  const duplicates = built.problems.map((message): Diagnostic => {
    return { code: 'TASK_DUPLICATE', severity: 'error', message, line: 1, column: 1, hint: 'Rename one of them.' };
  });
  const given = Object.entries({ ...options, name, tasks, ...after }).filter(([, value]) => value !== undefined);
  const checked = checkDagFile(Object.fromEntries(given));
  if (checked.dag === undefined || duplicates.length > 0) {
    throw new DagInvalidError([...duplicates, ...checked.diagnostics]);
  }
  return { dag: checked.dag, functions: [...built.functions.values()] };
}

/**
 * The tasks and all that they need, each once, needed ones that were not listed before the first that needs them; tasks of
 * branches last.
 */
function withNeeded(tasks: readonly TaskDefinition[]): Set<TaskDefinition> {
  const listed = new Set(tasks);
  const all = new Set<TaskDefinition>();
  const open = new Set<TaskDefinition>();
  const roots = [...tasks];
  // With a stack of its own: a chain may be longer than the engine's stack.
  for (const root of roots) {
    const stack = [root];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const missing = open.has(top)
        ? []
        : neededBy(top).filter((needed) => !all.has(needed) && !listed.has(needed) && !open.has(needed));
      open.add(top);
      if (missing.length > 0) stack.push(...missing.reverse());
      else {
        stack.pop();
        if (!all.has(top)) roots.push(...branchesOf(top));
        all.add(top);
      }
    }
  }
  return all;
}

function neededBy({ options }: TaskDefinition): TaskDefinition[] {
  const needs = (options.needs ?? []).map((needed) => ('task' in needed ? needed.task : needed));
  const loads = Object.values(options.artifacts?.load ?? {});
  return [...needs, ...loads.flatMap((from) => (typeof from === 'string' ? [] : [from.task]))];
}

function branchesOf({ options }: TaskDefinition): TaskDefinition[] {
  return [...Object.values(options.cases ?? {}), options.default ?? []]
    .flatMap((branch) => branch as TaskDefinition | string | readonly (TaskDefinition | string)[])
    .filter((one): one is TaskDefinition => typeof one === 'object');
}
