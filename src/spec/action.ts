import { z } from 'zod';
import type { Compensation, HandlerName, Poll } from '../dag/dag.js';
import type { JsonObject } from '../dag/json.js';
import {
  condition,
  durationField,
  env,
  perForm,
  positive,
  script,
  strict,
  within,
  type DurationField,
} from './fields.js';
import { LIMITS } from './limits.js';
import { retryField } from './retry-field.js';
import { timeoutField } from './timeout-field.js';
import { activityWith, functionWith, httpWith, shellWith } from './with.js';

/** A `with` that is not too large. */
export function withOf<Schema extends z.ZodType>(schema: Schema): Schema {
  return schema.refine(...within(LIMITS.with, 'the data'));
}

/** `uses` and `with` of each handler. */
export function handlerFields(duration: DurationField, canonical: boolean) {
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

interface Action {
  readonly uses: HandlerName;
  readonly with: JsonObject;
}

/** A handler and its settings, beside other fields; in a file, `run:` is short for a shell. */
function action<Shape extends z.ZodRawShape, More>(
  duration: DurationField,
  canonical: boolean,
  more: Shape,
): z.ZodType<Action & More, unknown> {
  const { shell, function: inTypeScript, http, activity } = handlerFields(duration, canonical);
  const known = ['run', 'uses', 'with', ...Object.keys(more)];
  const handlers = [
    strict({ ...shell, ...more }, known),
    strict({ ...inTypeScript, ...more }, known),
    strict({ ...http, ...more }, known),
    strict({ ...activity, ...more }, known),
  ] as const;
  if (canonical) return z.discriminatedUnion('uses', [...handlers]) as unknown as z.ZodType<Action & More, unknown>;
  const short = strict(
    { run: script.describe('A shell script; short for `uses: shell`.'), uses: z.undefined().exactOptional(), ...more },
    known,
  );
  return z.discriminatedUnion('uses', [short, ...handlers]).transform((given) => {
    if (!('run' in given)) return given as unknown as Action & More;
    const { run, ...rest } = given as { readonly run: string };
    return { ...rest, uses: 'shell', with: { run } } as unknown as Action & More;
  });
}

/** What undoes a task; in a file, a text is a script. */
export const compensateField = perForm('compensate', (canonical): z.ZodType<Compensation, unknown> => {
  const long = action(durationField(canonical), canonical, {
    env: env.exactOptional().describe('Environment variables of the undoing.'),
    retry: retryField(canonical).exactOptional().describe('How often, and how far apart, it is tried again.'),
    timeout: timeoutField(canonical).exactOptional().describe('Time limits of the undoing.'),
  }) as z.ZodType<Compensation, unknown>;
  if (canonical) return long;
  return z.union([script.transform((run): Compensation => ({ uses: 'shell', with: { run } })), long]);
});

function pollFields(duration: DurationField) {
  return {
    until: condition.describe(
      'A CEL expression over `output`: what the handler gave. Where it is true, the task is done.',
    ),
    interval: positive(duration).describe('The wait between the first two times, like 30s.'),
    backoffCoefficient: z
      .number()
      .min(1)
      .max(1_000)
      .exactOptional()
      .describe('Each wait is the one before times this. Default: 1.'),
    maximumInterval: positive(duration).exactOptional().describe('No wait is longer. Default: 10 times `interval`.'),
    timeout: positive(duration)
      .exactOptional()
      .describe("From the task's start; after it the task fails with POLL_TIMEOUT. Default: no limit."),
  };
}

/** `poll` of the canonical dag. */
export function canonicalPoll(duration: DurationField): z.ZodType<Poll, unknown> {
  return strict(pollFields(duration)) as z.ZodType<Poll, unknown>;
}

/** The settings of `uses: poll` in a file: a handler, and how it is asked again. */
export function pollWith(duration: DurationField): z.ZodType<Action & Poll, unknown> {
  return action(duration, false, pollFields(duration));
}

/** The handler of a poll, and the rest. */
export function splitPoll({ uses, with: settings, ...poll }: Action & Poll): Action & { readonly poll: Poll } {
  return { uses, with: settings, poll };
}
