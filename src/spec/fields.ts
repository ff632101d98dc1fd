import { z } from 'zod';
import type { Json, JsonObject } from '../dag/json.js';
import { hasExpression, parseTemplate } from '../expression/template.js';
import { checkSchema } from '../json-schema/check-schema.js';
import { DURATION_PATTERN, MAXIMUM_DURATION, parseDuration } from '../dag/duration.js';
import { LIMITS } from './limits.js';
import { pack, quote } from './problem.js';

/** A field that holds a duration: text in a file, milliseconds in the canonical dag. Both give milliseconds. */
export type DurationField = z.ZodType<number, string> | z.ZodType<number, number>;

/** `90s`, `10m`, `1h30m` -> milliseconds. */
export const fileDuration: z.ZodType<number, string> = z
  .string({
    error: ({ input }) =>
      typeof input === 'number'
        ? pack('DURATION_INVALID', `has no unit: \`${input}\` may be anything.`, `Write ${input}s for seconds.`)
        : undefined,
  })
  .regex(DURATION_PATTERN, {
    error: ({ input }) =>
      pack('DURATION_INVALID', `is no duration: ${quote(input)}.`, 'Write one like 500ms, 90s, 10m, 2h, 1d or 1h30m.'),
  })
  .transform((text, context) => {
    const milliseconds = parseDuration(text);
    if (milliseconds !== undefined && milliseconds <= MAXIMUM_DURATION && (milliseconds > 0 || /^0+m?s$/.test(text))) {
      return milliseconds;
    }
    context.addIssue(pack('DURATION_INVALID', `is out of range: ${quote(text)}.`, 'Write one of 1ms to 365d.'));
    return z.NEVER;
  });

/** Milliseconds, as the canonical dag has them. */
export const canonicalDuration: z.ZodType<number, number> = z.number().min(0).max(MAXIMUM_DURATION);

/** The duration of a file, or of the canonical dag. */
export function durationField(canonical: boolean): DurationField {
  return canonical ? canonicalDuration : fileDuration;
}

/** What `make` gives for a file and for the canonical dag, each made once: a JSON Schema names it by its id. */
export function perForm<Schema extends z.ZodType>(
  id: string,
  make: (canonical: boolean) => Schema,
): (canonical: boolean) => Schema {
  const made: { file?: Schema; canonical?: Schema } = {};
  return (canonical) => (canonical ? (made.canonical ??= make(true)) : (made.file ??= make(false).meta({ id })));
}

/** The same duration, but 0 is refused: a limit of 0 would stop everything. */
export function positive(duration: DurationField): z.ZodType<number, string | number> {
  return (duration as z.ZodType<number, string | number>).refine((milliseconds) => milliseconds > 0, {
    error: pack('DURATION_INVALID', 'must be longer than 0.', 'Write a duration like 90s, or leave the field out.'),
  });
}

const NAME = /^[A-Za-z][A-Za-z0-9_-]*$/;

/** The name of a dag, a task or a param. */
export const name = z
  .string()
  .max(LIMITS.name, { error: pack('NAME_INVALID', `is longer than ${LIMITS.name} characters.`, 'Shorten the name.') })
  .regex(NAME, {
    error: ({ input }) =>
      pack(
        'NAME_INVALID',
        `is not a name that is allowed: ${quote(input)}.`,
        'Begin with a letter; go on with letters, digits, `_` and `-`.',
      ),
  });

/** Text for people. */
export const description = z
  .string()
  .max(LIMITS.description, { error: pack('TOO_LARGE', `is longer than ${LIMITS.description} characters.`) });

/** A command for a shell. */
export const script = z
  .string()
  .min(1, { error: pack('VALUE_INVALID', 'is an empty script.') })
  .refine((text) => Buffer.byteLength(text) <= LIMITS.script, {
    error: pack(
      'TOO_LARGE',
      `is a script of over ${LIMITS.script / 1024} KiB.`,
      'Put the script into a file beside the dag and call that file.',
    ),
  })
  .refine((text) => !text.includes('\0'), { error: pack('VALUE_INVALID', 'holds a NUL character.') });

/** Any JSON value. That it is JSON was seen to before. */
export const json = z.custom<Json>();

/** A CEL expression, without `${{ }}`. */
export const condition = z.string().min(1).max(4_096);

/** Text that is one `${{ }}`, so that it gives a value of any type. */
export const expression = z.string().refine(isOneExpression, {
  error: pack('VALUE_INVALID', 'is not one `${{ }}`.', 'Write nothing before or after the `${{ }}`.'),
  // Else a union takes it for the member that was meant.
  abort: true,
});

/** Whether a text is one `${{ }}` and nothing else. One that is not closed counts: it has a diagnostic of its own. */
function isOneExpression(text: string): boolean {
  if (!hasExpression(text)) return false;
  const template = parseTemplate(text);
  return 'problem' in template || (template.parts.length === 1 && !('text' in template.parts[0]!));
}

/** A JSON Schema that an output, a payload or a form must pass. */
export const valueSchema = z
  .custom<JsonObject>((value) => typeof value === 'object' && value !== null && !Array.isArray(value), {
    error: pack('TYPE_WRONG', 'must be a JSON Schema: a mapping.', 'Write one like `{ type: object }`.'),
    abort: true,
  })
  .superRefine((schema, context) => {
    for (const problem of checkSchema(schema)) {
      context.addIssue(pack('VALUE_INVALID', `is no JSON Schema. ${problem}`));
    }
  })
  .meta({ type: 'object' });

/** One or several of something; gives a list. */
export function listOf<Output, Input>(one: z.ZodType<Output, Input>): z.ZodType<Output[], Input | Input[]> {
  return z.union([one.transform((value) => [value]), z.array(one).min(1)]);
}

/** Whether a value is small enough as JSON. */
export function within(bytes: number, what: string): [(value: unknown) => boolean, { error: string }] {
  const error = pack('TOO_LARGE', `is over ${bytes / 1024} KiB as JSON.`, `Put ${what} into a file and pass its path.`);
  return [(value) => Buffer.byteLength(JSON.stringify(value) ?? '') <= bytes, { error }];
}

/**
 * A mapping whose keys are names. Zod's own check of keys would hide what is wrong with the value of a bad one.
 */
export function named<Value extends z.ZodType>(key: z.ZodString, value: Value): z.ZodRecord<z.ZodString, Value> {
  const { $schema: _, ...propertyNames } = z.toJSONSchema(key, { target: 'draft-7' });
  return z
    .record(z.string(), value)
    .superRefine(
      (mapping, context) => {
        for (const candidate of Object.keys(mapping)) {
          const message = key.safeParse(candidate).error?.issues[0]?.message;
          if (message !== undefined)
            context.addIssue({ code: 'custom', message, path: [candidate], params: { key: true } });
        }
      },
      { when: ({ value: mapping }) => typeof mapping === 'object' && mapping !== null && !Array.isArray(mapping) },
    )
    .meta({ propertyNames });
}

/** Environment variables. Numbers and booleans are taken as the text that they are written as. */
export const env = named(
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, {
    error: ({ input }) =>
      pack(
        'NAME_INVALID',
        `is not the name of an environment variable: ${quote(input)}.`,
        'Begin with a letter or `_`; go on with letters, digits and `_`.',
      ),
  }),
  z
    .union([z.string(), z.number(), z.boolean()], {
      error: ({ input }) => pack('TYPE_WRONG', `must be text, not ${quote(input)}.`, 'Put the value in quotes.'),
    })
    .transform(String)
    .refine((text) => !text.includes('\0'), { error: pack('VALUE_INVALID', 'holds a NUL character.') }),
).refine(...within(LIMITS.env, 'the values'));

/**
 * An object whose unknown fields are reported with the names of the known ones, so that the near one can be named.
 * @param kind Which kind of task it is, for the reason why a known field is refused.
 */
export function strict<Shape extends z.ZodRawShape>(
  shape: Shape,
  known: readonly string[] = Object.keys(shape),
  kind = '',
): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, {
    error: ({ code }) => (code === 'unrecognized_keys' ? pack('FIELD_UNKNOWN', known.join(' '), kind) : undefined),
  });
}
