import { z } from 'zod';
import type { JsonObject } from '../dag/json.js';
import { dagFileSchema } from './schema.js';
import { SHORT_TASKS } from './task-schema.js';

/** The JSON Schema (draft 7, which editors know best) of a dag file, made from the schema that checks dag files. */
export function dagJsonSchema(): JsonObject {
  const schema = z.toJSONSchema(dagFileSchema(), {
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema, zodSchema }) => {
      const properties = jsonSchema.properties;
      const uses = (zodSchema as z.ZodObject).shape?.['uses'] as z.ZodType | undefined;
      // What has no `uses` has that field only so that zod can tell it apart.
      if (properties === undefined || !(uses instanceof z.ZodExactOptional)) return;
      delete properties['uses'];
      if ('wait' in properties) jsonSchema.oneOf = SHORT_TASKS.map((field) => ({ required: [field] }));
    },
  });
  const { $schema, ...rest } = schema;
  return {
    $schema,
    title: 'Dagwright dag',
    description: 'Tasks, and what each needs before it starts. Fields that begin with `x-` are your own.',
    patternProperties: { '^(x-|\\$schema$)': {} },
    ...rest,
  } as unknown as JsonObject;
}
