import { z } from 'zod';
import type { Task } from '../dag/dag.js';
import { durationField, perForm, positive, strict, type DurationField } from './fields.js';

const longCache = (duration: DurationField) =>
  strict({
    key: z
      .string()
      .min(1)
      .max(4_096)
      .exactOptional()
      .describe(
        'What the output hangs on. May hold `${{ }}`. Default: the definition of the task and all that goes into it.',
      ),
    maxAge: positive(duration).exactOptional().describe('How old an output may be. Default: any age.'),
  });

/** When an earlier output is taken; `cache: true` is short for `cache: {}`. */
export const cacheField = perForm('cache', (canonical): z.ZodType<NonNullable<Task['cache']>, unknown> => {
  const long = longCache(durationField(canonical));
  return canonical ? long : z.union([z.literal(true).transform((): z.output<typeof long> => ({})), long]);
});
