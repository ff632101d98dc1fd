import { z } from 'zod';
import type { Task } from '../dag/dag.js';
import { canonicalPoll, handlerFields, pollWith, splitPoll, withOf } from './action.js';
import { artifactsField } from './artifacts-field.js';
import { cacheField } from './cache-field.js';
import {
  approvalWith,
  branchFields,
  canonicalDagWith,
  eventWith,
  fileDagWith,
  instant,
  switchWith,
  waitDuration,
  waitWith,
} from './control-with.js';
import { checkFanOut, fanOutFields } from './fan-out-fields.js';
import { refusalOf } from './field-refusals.js';
import { condition, durationField, fileDuration, name, perForm, script, strict, type DurationField } from './fields.js';
import { pack } from './problem.js';
import { isMapping } from './raw-task.js';
import { handledFields, placedFields, sharedFields, workFields } from './task-fields.js';

function controlUses(duration: DurationField, canonical: boolean) {
  const uses = <const Name extends string>(control: Name, what: string) => z.literal(control).describe(what);
  const inner = (canonical ? canonicalDagWith : fileDagWith) as typeof fileDagWith;
  return {
    dag: {
      uses: uses('dag', 'A dag as one task: a run of its own, whose outputs are the output of the task.'),
      with: inner.describe('Which dag, and its params.'),
    },
    wait: {
      uses: uses('wait', 'A wait for some time, or until a time; `wait:` and `until:` are short for it.'),
      with: waitWith(duration).describe('How long, or until when.'),
    },
    event: {
      uses: uses('event', 'A wait for an event that is sent to the run. The output is its payload.'),
      with: withOf(eventWith(duration)).describe('Which event.'),
    },
    approval: {
      uses: uses('approval', 'A wait for a person. The output is `{ decision, by, at, form }`.'),
      with: withOf(approvalWith(duration)).prefault({}).describe('What is asked, and whom. Default: nothing, anybody.'),
    },
    switch: {
      uses: uses('switch', 'A choice of a branch; `switch:` is short for it. The output is the name of the case.'),
      with: withOf(switchWith(canonical)).describe('On what, and the tasks of each branch.'),
    },
  };
}

/** One member for each `uses`, in the form of a file or the canonical one. */
function members(canonical: boolean) {
  const duration = durationField(canonical);
  const common = { ...(canonical ? canonicalOnly : {}), ...sharedFields(canonical) };
  const shared = { ...common, ...fanOutFields(canonical) };
  const handled = {
    ...shared,
    ...handledFields(canonical),
    ...(canonical ? { poll: canonicalPoll(duration).exactOptional() } : {}),
  };
  const cache = {
    cache: cacheField(canonical)
      .exactOptional()
      .describe('An earlier output of the same task with the same inputs is taken instead: true, or { key, maxAge }.'),
  };
  const artifacts = {
    artifacts: artifactsField(canonical)
      .exactOptional()
      .describe('Files that the task leaves for others, and takes from others.'),
  };
  const placed = placedFields(canonical);
  const handlers = handlerFields(duration, canonical);
  const control = controlUses(duration, canonical);
  const fields = canonical ? undefined : TASK_FIELDS;
  const member = <Shape extends z.ZodRawShape>(kind: string, shape: Shape) =>
    strict(shape, fields ?? Object.keys(shape), kind);
  return {
    handled,
    placed,
    cache,
    artifacts,
    all: [
      member('shell', { ...handlers.shell, ...handled, ...placed, ...cache, ...artifacts }),
      member('function', { ...handlers.function, ...handled, ...placed, ...cache, ...artifacts }),
      member('http', { ...handlers.http, ...handled, ...placed, ...cache }),
      member('activity', { ...handlers.activity, ...handled }),
      member('dag', { ...control.dag, ...shared, ...workFields(canonical) }),
      member('wait', { ...control.wait, ...shared }),
      member('event', { ...control.event, ...shared }),
      member('approval', { ...control.approval, ...shared }),
      member('switch', { ...control.switch, ...common }),
    ] as const,
  };
}

const canonicalOnly = {
  name: name.describe('Unique in its dag.'),
  finally: z.literal(true).exactOptional(),
};

const TASK_FIELDS = [
  ...['run', 'wait', 'until', 'switch', 'cases', 'default', 'uses', 'with'],
  ...[
    'description',
    'needs',
    'triggerRule',
    'when',
    'continueOnError',
    'cancelRemaining',
    'priority',
    'estimate',
    'deadline',
    'group',
  ],
  ...['preemptible', 'size', 'requires', 'affinity'],
  ...[
    'pool',
    'forEach',
    'maxParallel',
    'tolerate',
    'env',
    'retry',
    'timeout',
    'output',
    'compensate',
    'cache',
    'artifacts',
  ],
  'finally',
];

/** A task that has no `uses` says one of these. */
export const SHORT_TASKS = ['run', 'wait', 'until', 'switch'] as const;

const WAITS = [
  ...['pool', 'env', 'retry', 'timeout', 'output', 'compensate', 'cache', 'artifacts'],
  ...['preemptible', 'size', 'requires', 'affinity'],
];
const SWITCHES = [...WAITS, 'forEach', 'maxParallel', 'tolerate'];

function checkShort(task: Readonly<Record<string, unknown>>, context: z.RefinementCtx): void {
  const refuse = (field: string, text: string, hint: string): void => {
    const message = pack('FIELD_CONFLICT', text, hint);
    context.addIssue({ code: 'custom', message, path: [field], params: { key: true } });
  };
  const [what, ...others] = SHORT_TASKS.filter((field) => task[field] !== undefined);
  if (what === undefined) {
    const hint = 'Add `run:` with a script, or `uses:` with a handler.';
    context.addIssue({ code: 'custom', message: pack('FIELD_MISSING', 'does nothing.', hint), params: { key: true } });
    return;
  }
  for (const other of others) refuse(other, `excludes \`${what}\`.`, 'Keep one of them: each says what the task does.');
  if (what === 'switch') {
    if (task['cases'] === undefined) {
      context.addIssue(pack('FIELD_MISSING', 'has a `switch`, but no `cases`.', 'Add `cases:`, like `small: fast`.'));
    }
  } else {
    for (const field of ['cases', 'default'] as const) {
      if (task[field] === undefined) continue;
      const { text, hint } = refusalOf('', field);
      refuse(field, text, hint);
    }
  }
  if (what === 'run') return;
  const kind = what === 'switch' ? 'switch' : 'wait';
  for (const field of kind === 'switch' ? SWITCHES : WAITS) {
    if (task[field] === undefined) continue;
    const { text, hint } = refusalOf(kind, field);
    refuse(field, text, hint);
  }
}

type FileTask = Omit<Task, 'name'>;

/** A task of a dag file, without its name. Gives the canonical one, but a sub-dag as it is written. */
export const fileTask = perForm('task', (): z.ZodType<FileTask, unknown> => {
  const { all, handled, placed, cache, artifacts } = members(false);
  const { cases, default: otherwise } = branchFields(false);
  const short = strict(
    {
      run: script.exactOptional().describe('A shell script; short for `uses: shell`.'),
      wait: waitDuration(fileDuration)
        .exactOptional()
        .describe('A wait, like 10m, or a `${{ }}` that gives that, or seconds; short for `uses: wait`.'),
      until: instant
        .exactOptional()
        .describe('A wait until a time, like "2026-12-01T08:00:00Z", or a `${{ }}`; short for `uses: wait`.'),
      switch: condition
        .exactOptional()
        .describe('A choice: a CEL expression whose value names one of `cases`; short for `uses: switch`.'),
      cases: cases.exactOptional(),
      default: otherwise,
      uses: z.undefined().exactOptional(),
      ...handled,
      ...placed,
      ...cache,
      ...artifacts,
    },
    TASK_FIELDS,
  ).superRefine(checkShort, { when: ({ value }) => isMapping(value) });
  const poll = strict(
    {
      uses: z.literal('poll').describe('A handler that is asked again until a condition holds.'),
      with: withOf(pollWith(fileDuration)).describe('The handler, the condition, and how often.'),
      ...handled,
      ...placed,
    },
    TASK_FIELDS,
    'poll',
  );
  return z
    .discriminatedUnion('uses', [short, ...all.slice(0, 4), poll, ...all.slice(4)] as never)
    .superRefine((task, context) => checkFanOut(task as Partial<Task>, context))
    .transform((task) => canonicalOf(task as Readonly<Record<string, unknown>>)) as z.ZodType<FileTask, unknown>;
});

function canonicalOf({
  run,
  wait,
  until,
  switch: on,
  cases,
  default: otherwise,
  ...rest
}: Record<string, unknown>): FileTask {
  if (rest['preemptible'] === false) delete rest['preemptible'];
  const task = { ...rest, needs: rest['needs'] ?? [] } as FileTask;
  if (run !== undefined) return { ...task, uses: 'shell', with: { run: run as string } };
  if (wait !== undefined) return { ...task, uses: 'wait', with: { for: wait as string } };
  if (until !== undefined) return { ...task, uses: 'wait', with: { until: until as string } };
  if (on !== undefined) {
    const branches = { cases, ...(otherwise === undefined ? {} : { default: otherwise }) };
    return { ...task, uses: 'switch', with: { on: on as string, ...(branches as object) } };
  }
  return (task.uses as string) === 'poll' ? { ...task, ...splitPoll(task.with as never) } : task;
}

/** A task of the canonical dag, whose inner dag is checked apart. */
export function canonicalTask(): z.ZodType<Task, unknown> {
  return z.discriminatedUnion('uses', members(true).all as never).superRefine((given, context) => {
    const task = given as Partial<Task>;
    checkFanOut(task, context);
    checkFinally(task, task.finally === true, context);
  }) as unknown as z.ZodType<Task, unknown>;
}

/** What a task may not say that starts when all else has ended. */
export function checkFinally(task: Partial<Task>, isFinally: boolean, context: z.RefinementCtx): void {
  if (!isFinally || task.compensate === undefined) return;
  const hint = 'Remove it: what it undoes is done already when such tasks start.';
  const message = pack('FIELD_CONFLICT', 'makes no sense in `finally`.', hint);
  context.addIssue({ code: 'custom', message, path: ['compensate'], params: { key: true } });
}
