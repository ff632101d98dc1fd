import { z } from 'zod';
import type { Json } from '../dag/json.js';
import { hasExpression } from '../expression/template.js';
import { json, named, positive, script, strict, type DurationField } from './fields.js';
import { pack } from './problem.js';
import { canonicalStatuses, fileStatus } from './status-field.js';

/** The settings of a `shell` task. */
export interface ShellWith {
  /** The script. */
  readonly run: string;
  /** What runs it. Default `sh`. */
  readonly shell?: 'sh' | 'bash';
  /** The folder it runs in, relative to the dag's. Default: the dag's folder. */
  readonly cwd?: string;
}

/** The settings of a `function` task. */
export interface FunctionWith {
  /** The function's name, as it is registered with the worker. */
  readonly name: string;
  /** What the function gets. Default: nothing (`undefined`). */
  readonly input?: Json;
}

/** The settings of an `http` task. */
export interface HttpWith {
  readonly url: string;
  /** In capitals. Default `GET`. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text goes as it is; anything else as JSON. */
  readonly body?: Json;
  /** A status in one of these ranges (both ends included) is a success. Default: 200 to 299. */
  readonly expectStatus?: readonly (readonly [from: number, to: number])[];
  /** Milliseconds for one request, its body included. Default: the attempt's limit. */
  readonly timeout?: number;
  /** The most bytes of an answer's body. The handler knows its default. */
  readonly maxBodyBytes?: number;
}

/** The settings of an `activity` task. */
export interface ActivityWith {
  /** The activity's type, as its worker registers it. */
  readonly type: string;
  /** Default: the run's own task queue. */
  readonly taskQueue?: string;
  /** Default: none. */
  readonly args?: readonly Json[];
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

const text = z.string().min(1, { error: pack('VALUE_INVALID', 'is empty.') });

export const shellWith = strict({
  run: script.describe('The script that the task runs.'),
  shell: z.enum(['sh', 'bash']).exactOptional().describe('What runs the script. Default: sh.'),
  cwd: text
    .exactOptional()
    .describe("The folder that the script runs in, relative to the dag's. Default: the dag's folder."),
});

export const functionWith = strict({
  name: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_.-]*$/, {
      error: pack('NAME_INVALID', 'is not the name of a function.', 'Letters, digits, `_`, `-` and `.` are allowed.'),
    })
    .max(250, { error: pack('NAME_INVALID', 'is longer than 250 characters.') })
    .describe('The function, as the worker registers it.'),
  input: json.exactOptional().describe('What the function gets: any JSON value.'),
});

const fileStatuses = z.array(fileStatus).min(1);

/** The schema of an `http` task's settings; file and canonical form differ in durations and status ranges. */
export function httpWith(duration: DurationField, canonical: boolean) {
  return strict({
    url: z
      .string()
      .refine((url) => hasExpression(url) || (/^https?:\/\//i.test(url) && URL.canParse(url)), {
        error: pack('VALUE_INVALID', 'is not a URL.', 'Write a whole URL that begins with http:// or https://.'),
      })
      .describe('The URL, http or https.'),
    method: z.enum(METHODS).exactOptional().describe('The method, in capitals. Default: GET.'),
    headers: named(
      z
        .string()
        .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, { error: pack('NAME_INVALID', 'is not the name of a header.') }),
      z.string().regex(/^[^\0\r\n]*$/, { error: pack('VALUE_INVALID', 'holds a line break.') }),
    )
      .exactOptional()
      .describe('Headers of the request.'),
    body: json.exactOptional().describe('The body: text goes as it is, anything else as JSON.'),
    expectStatus: (canonical ? (canonicalStatuses as unknown as typeof fileStatuses) : fileStatuses)
      .exactOptional()
      .describe('The statuses that count as success, like [200, "300-399"]. Default: 200-299.'),
    timeout: positive(duration)
      .exactOptional()
      .describe("Time for one request, like 30s. Default: the attempt's limit."),
    maxBodyBytes: z
      .int()
      .min(0)
      .max(1024 ** 3)
      .exactOptional()
      .describe("The most bytes of the answer's body."),
  });
}

export const activityWith = strict({
  type: text.max(1_000).describe("The activity's type, as its worker registers it."),
  taskQueue: text.max(1_000).exactOptional().describe("The task queue of that worker. Default: the run's own."),
  args: z.array(json).exactOptional().describe("The activity's arguments: a list of any JSON values."),
});
