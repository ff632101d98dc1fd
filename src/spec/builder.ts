import type { Dag, Param } from '../dag/dag.js';
import type { PolicyName } from '../dag/policy.js';
import type { TaskContext } from '../activities/handler.js';
import { DagInvalidError } from './dag-invalid.js';
import type { Diagnostic } from './diagnostic.js';
import type { FunctionDefinition } from './function-definition.js';
import { checkDagFile } from './parse.js';
import type {
  Action,
  CommonOptions,
  Duration,
  RetryOptions,
  TaskDefinition,
  TimeoutOptions,
} from './task-definition.js';

/** A dag, and the functions that its worker must have. */
export interface DagDefinition {
  readonly dag: Dag;
  /** Those that its tasks use; one written in place is called `<dag>.<task>`. */
  readonly functions: readonly FunctionDefinition[];
}

/** What a dag may say. */
export interface DagOptions {
  /** The tasks, in the order that breaks ties. Tasks that these need are added by themselves. */
  readonly tasks: readonly TaskDefinition[];
  readonly description?: string;
  /** Values that a run is started with: a default value, or `{ type, default, enum, description }`. */
  readonly params?: Readonly<Record<string, string | number | boolean | Param>>;
  /** Tasks of one run in flight at once. Default 500. */
  readonly concurrency?: number;
  /** Which ready task goes first when slots are scarce. Default `fcfs`: the one that became ready first. */
  readonly policy?: PolicyName;
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
  const problems: string[] = [];
  const tasks = withNeeded(options.tasks);
  const byName = new Map<string, TaskDefinition>();
  const functions = new Map<string, FunctionDefinition>();
  const entries: [string, unknown][] = [];
  for (const definition of tasks) {
    if (byName.has(definition.name)) problems.push(`Two tasks are called \`${definition.name}\`.`);
    byName.set(definition.name, definition);
    const used = functionOf(name, definition);
    if (used !== undefined) {
      const known = functions.get(used.name);
      if (known !== undefined && known !== used) problems.push(`Two functions are called \`${used.name}\`.`);
      functions.set(used.name, used);
    }
    entries.push([definition.name, fileTask(definition.options, used)]);
  }
  const duplicates = problems.map((message): Diagnostic => {
    return { code: 'TASK_DUPLICATE', severity: 'error', message, line: 1, column: 1, hint: 'Rename one of them.' };
  });
  const checked = checkDagFile(defined({ ...options, name, tasks: Object.fromEntries(entries) }));
  if (checked.dag === undefined || duplicates.length > 0) {
    throw new DagInvalidError([...duplicates, ...checked.diagnostics]);
  }
  return { dag: checked.dag, functions: [...functions.values()] };
}

/** The tasks and all that they need, each once, needed ones that were not listed before the first that needs them. */
function withNeeded(tasks: readonly TaskDefinition[]): Set<TaskDefinition> {
  const listed = new Set(tasks);
  const all = new Set<TaskDefinition>();
  const open = new Set<TaskDefinition>();
  // With a stack of its own: a chain may be longer than the engine's stack.
  for (const root of tasks) {
    const stack = [root];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const missing = open.has(top)
        ? []
        : neededBy(top).filter((needed) => !all.has(needed) && !listed.has(needed) && !open.has(needed));
      open.add(top);
      if (missing.length > 0) stack.push(...missing.reverse());
      else {
        stack.pop();
        all.add(top);
      }
    }
  }
  return all;
}

function neededBy(definition: TaskDefinition): TaskDefinition[] {
  return (definition.options.needs ?? []).map((needed) => ('task' in needed ? needed.task : needed));
}

function functionOf(dagName: string, { name, options }: TaskDefinition): FunctionDefinition | undefined {
  const { run, uses } = options;
  if (typeof run !== 'function') return uses;
  const inline = run as unknown as (context: TaskContext) => unknown;
  return { name: `${dagName}.${name}`, run: (_input, context) => inline(context) };
}

/** The task as a dag file would have it. */
function fileTask(options: CommonOptions & Partial<Action>, used: FunctionDefinition | undefined): unknown {
  const { needs, run, shell, uses: _, input, http, activity, ...common } = options;
  const dependencies = needs?.map((needed) =>
    'task' in needed ? { task: needed.task.name, weight: needed.weight } : needed.name,
  );
  const shared = { ...common, needs: dependencies };
  if (used !== undefined) return defined({ ...shared, uses: 'function', with: defined({ name: used.name, input }) });
  if (shell !== undefined) return defined({ ...shared, uses: 'shell', with: shell });
  if (http !== undefined) return defined({ ...shared, uses: 'http', with: http });
  if (activity !== undefined) return defined({ ...shared, uses: 'activity', with: activity });
  return defined({ ...shared, run });
}

function defined(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
