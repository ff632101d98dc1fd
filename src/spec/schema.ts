import { z } from 'zod';
import { MAXIMUM_CONCURRENCY, type Dag, type Param, type Task } from '../dag/dag.js';
import { PLACEMENT_NAMES } from '../dag/placement.js';
import { description, durationField, env, json, name, named, positive, strict } from './fields.js';
import { checkParam } from './param-type.js';
import { poolsField } from './pool-field.js';
import { canonicalPolicy, filePolicy } from './policy-field.js';
import { pack } from './problem.js';
import { retryField } from './retry-field.js';
import { canonicalTask, checkFinally, fileTask } from './task-schema.js';
import { timeoutField } from './timeout-field.js';

const PARAM_TYPES = ['string', 'number', 'integer', 'boolean', 'json'] as const;

function checkedParam<Input>(schema: z.ZodType<Param, Input>): z.ZodType<Param, Input> {
  return schema.superRefine((param, context) => {
    for (const [place, problem] of checkParam(param)) {
      context.addIssue({ code: 'custom', message: pack('PARAM_DEFAULT', problem), path: place });
    }
  });
}

const longParam = checkedParam(
  strict({
    type: z.enum(PARAM_TYPES).describe('What the value is.'),
    default: json.exactOptional().describe('The value where the run gives none. Without it, the param is required.'),
    description: description.exactOptional().describe('What the param is for. Shown to people.'),
    enum: z.array(json).min(1).exactOptional().describe('The values allowed.'),
  }),
);

/** `date: "2026-11-01"` is short for a string with that default; likewise numbers and booleans. */
const fileParam = z.union([
  z.string().transform((value): Param => ({ type: 'string', default: value })),
  z.number().transform((value): Param => ({ type: 'number', default: value })),
  z.boolean().transform((value): Param => ({ type: 'boolean', default: value })),
  longParam,
]);

const tags = z
  .array(z.string().min(1).max(100))
  .max(20)
  .superRefine((given, context) => {
    const seen = new Set<string>();
    for (const [index, tag] of given.entries()) {
      const message = pack('VALUE_INVALID', 'is there twice.', 'Remove it.');
      if (seen.has(tag)) context.addIssue({ code: 'custom', message, path: [index] });
      seen.add(tag);
    }
  })
  .meta({ uniqueItems: true });

/** What file and canonical form share of a dag. */
function dagFields(canonical: boolean) {
  const duration = durationField(canonical);
  return {
    name: name.describe('The name of the dag: a letter, then letters, digits, `_` and `-`.'),
    description: description.exactOptional().describe('What the dag is for. Shown to people.'),
    concurrency: z
      .int()
      .min(1)
      .max(MAXIMUM_CONCURRENCY)
      .exactOptional()
      .describe('Tasks of one run in flight at once. Default: 500.'),
    policy: ((canonical ? canonicalPolicy : filePolicy) as typeof filePolicy)
      .exactOptional()
      .describe(
        'Which ready task goes first when slots are scarce: a policy, or several, each for what those before it leave ' +
          'open. Default: fcfs.',
      ),
    aging: positive(duration)
      .exactOptional()
      .describe("A wait that raises a task's priority by 1, under `priority`. Default: waiting does not count."),
    quantum: z
      .int()
      .min(1)
      .max(1_000_000)
      .exactOptional()
      .describe('Tasks that one group is given in a row, under `round-robin`. Default: 1.'),
    groups: named(name, z.int().min(1).max(1_000))
      .exactOptional()
      .describe('The weights of groups, by name, under `fair`: one of weight 2 gets twice the slots. Default: 1 each.'),
    pools: poolsField(canonical)
      .exactOptional()
      .describe(
        'Named slots that tasks hold while they run, by name: a number, a rate like 20/m, or { slots, rate, scope }. A pool ' +
          'of 1 lets one go at a time.',
      ),
    placement: z
      .enum(PLACEMENT_NAMES)
      .exactOptional()
      .describe(
        'Which worker group gets a task. Default: least-loaded for tasks with `requires`; all others go to the workers without a group.',
      ),
    maxRuns: z
      .int()
      .min(1)
      .max(1_000_000)
      .exactOptional()
      .describe('Runs of this dag that go on at once; further ones wait. Default: no limit.'),
    failFast: z.boolean().exactOptional().describe('After the first failure no task starts any more. Default: false.'),
    timeout: positive(duration).exactOptional().describe('The time of a whole run, like 2h. Default: no limit.'),
    tags: tags.exactOptional().describe('Words to find runs by: at most 20, each of at most 100 characters.'),
    outputs: named(name, json)
      .exactOptional()
      .describe('What the run gives, by name: any JSON, whose texts may hold `${{ }}`.'),
    compensateOn: z
      .array(z.enum(['failed', 'cancelled', 'timed_out']))
      .min(1)
      .exactOptional()
      .describe('After which ends of a run `compensate` undoes what its tasks did. Default: all three.'),
  };
}

function fileSchema(): z.ZodType<Dag, unknown> {
  const defaults = strict({
    retry: retryField(false).exactOptional().describe('Retries of every task.'),
    timeout: timeoutField(false).exactOptional().describe('Time limits of every task.'),
    env: env.exactOptional().describe('Environment variables of every task.'),
  });
  return strict({
    ...dagFields(false),
    params: named(name, fileParam)
      .exactOptional()
      .describe('Values that a run is started with: a default value, or { type, default, enum, description }.'),
    defaults: defaults.exactOptional().describe('What a task takes where it does not say itself.'),
    tasks: named(name, fileTask(false))
      .meta({ description: 'The tasks, by name.', minProperties: 1 })
      .transform(listed),
    finally: named(name, finallyTask())
      .exactOptional()
      .describe('Tasks that start when all others have ended, whatever became of the run. By name, as in `tasks`.'),
  }).transform(({ params, tasks, finally: last, ...rest }): Dag => {
    const after = listed(last ?? {}).map((task) => ({ ...task, finally: true as const }));
    return { ...rest, params: params ?? {}, tasks: [...tasks, ...after] };
  });
}

function finallyTask() {
  return fileTask(false).superRefine((task, context) => checkFinally(task, true, context));
}

function listed(tasks: Readonly<Record<string, Omit<Task, 'name'>>>): Task[] {
  return Object.entries(tasks).map(([taskName, task]) => ({ name: taskName, ...task }));
}

const addedNeeds = named(name, z.union([z.string().transform((task) => [task]), z.array(z.string())]));

function addedTasksFileSchema() {
  return strict({
    tasks: named(name, fileTask(false)).transform(listed),
    finally: json.exactOptional(),
    needs: addedNeeds.exactOptional(),
  });
}

function addedTasksSchema() {
  return strict({ tasks: z.array(canonicalTask()), needs: named(name, z.array(z.string())).exactOptional() });
}

function canonicalSchema(): z.ZodType<Dag, unknown> {
  const defaults = strict({
    retry: retryField(true).exactOptional(),
    timeout: timeoutField(true).exactOptional(),
    env: env.exactOptional(),
  });
  return strict({
    ...dagFields(true),
    params: named(name, longParam),
    defaults: defaults.exactOptional(),
    directory: z.string().exactOptional(),
    tasks: z.array(canonicalTask()),
  }) as unknown as z.ZodType<Dag, unknown>;
}

let file: ReturnType<typeof fileSchema> | undefined;
let canonical: ReturnType<typeof canonicalSchema> | undefined;
let addedFile: ReturnType<typeof addedTasksFileSchema> | undefined;
let added: ReturnType<typeof addedTasksSchema> | undefined;

/** The schema of a dag file: the only description of its fields. Gives the canonical dag. */
export function dagFileSchema(): ReturnType<typeof fileSchema> {
  return (file ??= fileSchema());
}

/** The schema of the canonical dag, made of the same fields: durations in milliseconds, tasks as a list. */
export function dagSchema(): ReturnType<typeof canonicalSchema> {
  return (canonical ??= canonicalSchema());
}

/** The schema of tasks that are to be added to a running dag: of a file, or canonical. */
export function addedSchema(form: 'file' | 'canonical') {
  return form === 'file' ? (addedFile ??= addedTasksFileSchema()) : (added ??= addedTasksSchema());
}
