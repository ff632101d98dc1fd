import { z } from 'zod';
import { MAXIMUM_CONCURRENCY, type Dag, type Param, type Task } from '../dag/dag.js';
import type { JsonObject } from '../dag/json.js';
import { TRIGGER_RULES } from '../dag/trigger-rule.js';
import {
  canonicalDuration,
  description,
  env,
  fileDuration,
  json,
  name,
  named,
  positive,
  script,
  strict,
  within,
  type DurationField,
} from './fields.js';
import { LIMITS } from './limits.js';
import { checkParam } from './param-type.js';
import { filePolicy, policyName } from './policy-field.js';
import { pack } from './problem.js';
import { activityWith, functionWith, httpWith, shellWith } from './with.js';

const PARAM_TYPES = ['string', 'number', 'integer', 'boolean', 'json'] as const;

const TASK_FIELDS = [
  'description',
  'needs',
  'run',
  'uses',
  'with',
  'env',
  'retry',
  'timeout',
  'triggerRule',
  'when',
  'continueOnError',
  'priority',
  'estimate',
];

function retryField(duration: DurationField) {
  return strict({
    maximumAttempts: z
      .int()
      .min(1)
      .max(10_000)
      .exactOptional()
      .describe('Attempts in all, the first included. Default: 1, no retry.'),
    initialInterval: positive(duration)
      .exactOptional()
      .describe('The wait before the second attempt, like 1s. Default: 1s.'),
    backoffCoefficient: z
      .number()
      .min(1)
      .max(1_000)
      .exactOptional()
      .describe('Each wait is the one before times this. Default: 2.'),
    maximumInterval: positive(duration).exactOptional().describe('No wait is longer, like 1m. Default: 1m.'),
  });
}

function timeoutFields(duration: DurationField) {
  return strict({
    startToClose: positive(duration).exactOptional().describe('The time of one attempt, like 10m. Default: 1h.'),
    scheduleToClose: positive(duration)
      .exactOptional()
      .describe('The time of all attempts together, waiting included. Default: no limit.'),
    scheduleToStart: positive(duration)
      .exactOptional()
      .describe('How long an attempt may wait for a worker. Default: no limit.'),
    heartbeat: positive(duration)
      .exactOptional()
      .describe('A worker silent for so long counts as dead, and the task moves on. Default: 10s.'),
  });
}

/** `timeout: 10m` is short for `timeout: { startToClose: 10m }`. */
function fileTimeout() {
  const short = positive(fileDuration).transform((startToClose) => ({ startToClose }));
  return z.union([short, timeoutFields(fileDuration)]);
}

const dependency = strict({
  task: z.string().describe('The task that must succeed first.'),
  weight: z
    .number()
    .min(0)
    .max(31_536_000)
    .exactOptional()
    .describe('Seconds of transfer between the two tasks. Default: 0.'),
});

const fileDependency = z.union([z.string().transform((task) => ({ task })), dependency]);

const fileNeeds = z.union([
  z.string().transform((task) => [{ task }]),
  z.array(fileDependency),
  dependency.transform((one) => [one]),
]);

/** What file and canonical form share of a task, whatever its handler. */
function taskFields(duration: DurationField) {
  return {
    description: description.exactOptional().describe('What the task is for. Shown to people.'),
    env: env.exactOptional().describe('Environment variables of the task, over those of `defaults`.'),
    retry: retryField(duration).exactOptional().describe('How often, and how far apart, a failed task is tried again.'),
    triggerRule: z
      .enum(TRIGGER_RULES)
      .exactOptional()
      .describe('Which ends of the tasks that it needs let it start. Default: all_success.'),
    when: z
      .string()
      .min(1)
      .max(4_096)
      .exactOptional()
      .describe('A CEL expression: where it is false when the task could start, the task is skipped. Default: true.'),
    continueOnError: z
      .boolean()
      .exactOptional()
      .describe('The run goes on, and does not fail, though this task failed. Default: false.'),
    priority: z
      .int()
      .min(-1_000_000_000)
      .max(1_000_000_000)
      .exactOptional()
      .describe('Higher goes first, for policies that look at it. Default: 0.'),
    estimate: (duration as z.ZodType<number, string | number>)
      .exactOptional()
      .describe('How long the task is thought to take, like 5m.'),
  };
}

function withOf<Shape extends z.ZodRawShape>(schema: z.ZodObject<Shape, z.core.$strict>) {
  return schema.refine(...within(LIMITS.with, 'the data'));
}

/** One member per handler, told apart by `uses`. */
function handlerFields(duration: DurationField, canonical: boolean) {
  const uses = <const Name extends string>(handler: Name, what: string) => z.literal(handler).describe(what);
  return {
    shell: {
      uses: uses('shell', 'A shell script; `run:` is short for it.'),
      with: withOf(shellWith).describe('The script and how it runs.'),
    },
    function: {
      uses: uses('function', 'A TypeScript function that is registered with the worker.'),
      with: withOf(functionWith).describe('The function and its input.'),
    },
    http: {
      uses: uses('http', 'An HTTP request.'),
      with: withOf(httpWith(duration, canonical)).describe('The request.'),
    },
    activity: {
      uses: uses('activity', 'Any Temporal activity, in any language, on any task queue.'),
      with: withOf(activityWith).describe('The activity and its arguments.'),
    },
  };
}

/** A task of a dag file, without its name. */
function fileTask() {
  const shared = {
    ...taskFields(fileDuration),
    needs: fileNeeds
      .exactOptional()
      .describe('The tasks that must succeed first: a name, or a list of names or { task, weight }.'),
    timeout: fileTimeout().exactOptional().describe('Time limits: a duration for one attempt, or each limit by name.'),
  };
  const handlers = handlerFields(fileDuration, false);
  const runTask = strict(
    {
      run: script.describe('A shell script; short for `uses: shell`.'),
      uses: z.undefined().exactOptional(),
      ...shared,
    },
    TASK_FIELDS,
  );
  return z
    .discriminatedUnion('uses', [
      runTask,
      strict({ ...handlers.shell, ...shared }, TASK_FIELDS),
      strict({ ...handlers.function, ...shared }, TASK_FIELDS),
      strict({ ...handlers.http, ...shared }, TASK_FIELDS),
      strict({ ...handlers.activity, ...shared }, TASK_FIELDS),
    ])
    .transform((task) => {
      if (!('run' in task)) return { ...task, with: task.with as JsonObject, needs: task.needs ?? [] };
      const { run, ...rest } = task;
      return { ...rest, uses: 'shell' as const, with: { run }, needs: task.needs ?? [] };
    });
}

/** A task of the canonical dag. */
function canonicalTask() {
  const shared = {
    name: name.describe('Unique in its dag.'),
    ...taskFields(canonicalDuration),
    needs: z.array(dependency),
    timeout: timeoutFields(canonicalDuration).exactOptional(),
  };
  const handlers = handlerFields(canonicalDuration, true);
  return z.discriminatedUnion('uses', [
    strict({ ...handlers.shell, ...shared }),
    strict({ ...handlers.function, ...shared }),
    strict({ ...handlers.http, ...shared }),
    strict({ ...handlers.activity, ...shared }),
  ]);
}

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
function dagFields(duration: DurationField, policy: typeof policyName | typeof filePolicy) {
  return {
    name: name.describe('The name of the dag: a letter, then letters, digits, `_` and `-`.'),
    description: description.exactOptional().describe('What the dag is for. Shown to people.'),
    concurrency: z
      .int()
      .min(1)
      .max(MAXIMUM_CONCURRENCY)
      .exactOptional()
      .describe('Tasks of one run in flight at once. Default: 500.'),
    policy: (policy as typeof filePolicy)
      .exactOptional()
      .describe('The policy: which ready task goes first when slots are scarce. Default: fcfs.'),
    failFast: z.boolean().exactOptional().describe('After the first failure no task starts any more. Default: false.'),
    timeout: positive(duration).exactOptional().describe('The time of a whole run, like 2h. Default: no limit.'),
    tags: tags.exactOptional().describe('Words to find runs by: at most 20, each of at most 100 characters.'),
  };
}

function fileSchema() {
  const defaults = strict({
    retry: retryField(fileDuration).exactOptional().describe('Retries of every task.'),
    timeout: fileTimeout().exactOptional().describe('Time limits of every task.'),
    env: env.exactOptional().describe('Environment variables of every task.'),
  });
  return strict({
    ...dagFields(fileDuration, filePolicy),
    params: named(name, fileParam)
      .exactOptional()
      .describe('Values that a run is started with: a default value, or { type, default, enum, description }.'),
    defaults: defaults.exactOptional().describe('What a task takes where it does not say itself.'),
    tasks: fileTasks(),
  }).transform(({ params, ...rest }): Dag => ({ ...rest, params: params ?? {} }));
}

/** The tasks of a dag file. */
function fileTasks() {
  return named(name, fileTask())
    .meta({ description: 'The tasks, by name.', minProperties: 1 })
    .transform((tasks): Task[] => Object.entries(tasks).map(([taskName, task]) => ({ name: taskName, ...task })));
}

const addedNeeds = named(name, z.union([z.string().transform((task) => [task]), z.array(z.string())]));

function addedTasksFileSchema() {
  return strict({ tasks: fileTasks(), needs: addedNeeds.exactOptional() });
}

function addedTasksSchema() {
  return strict({ tasks: z.array(canonicalTask()), needs: named(name, z.array(z.string())).exactOptional() });
}

function canonicalSchema() {
  const defaults = strict({
    retry: retryField(canonicalDuration).exactOptional(),
    timeout: timeoutFields(canonicalDuration).exactOptional(),
    env: env.exactOptional(),
  });
  return strict({
    ...dagFields(canonicalDuration, policyName),
    params: named(name, longParam),
    defaults: defaults.exactOptional(),
    directory: z.string().exactOptional(),
    tasks: z.array(canonicalTask()),
  });
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
