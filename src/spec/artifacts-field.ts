import { z } from 'zod';
import type { Artifacts } from '../dag/dag.js';
import { name, named, perForm, strict } from './fields.js';
import { pack, quote } from './problem.js';

const HINT = 'Write one like out/video.mp4, without `..`.';

/** A file in the folder that the task runs in. */
const path = z
  .string()
  .min(1, { error: pack('VALUE_INVALID', 'is empty.', HINT) })
  .max(1_000, { error: pack('TOO_LARGE', 'is longer than 1,000 characters.') })
  .regex(/^(?![/\\]|[A-Za-z]:)(?!.*(?:^|[/\\])\.\.(?:[/\\]|$))[^\0\r\n]*[^\0\r\n/\\]$/, {
    error: ({ input }) => pack('VALUE_INVALID', `is not a path inside the task's folder: ${quote(input)}.`, HINT),
  });

const reference = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_-]*\.[A-Za-z][A-Za-z0-9_-]*$/, {
    error: ({ input }) => {
      const hint = 'Write the task and the name under which it saves the file, like render.video.';
      return pack('VALUE_INVALID', `names no artifact: ${quote(input)}.`, hint);
    },
  })
  .transform((text) => {
    const [task = '', artifact = ''] = text.split('.');
    return { task, artifact };
  });

const canonicalReference = strict({ task: name, artifact: name }) as unknown as typeof reference;

/** Files that a task leaves for others, and takes from others. */
export const artifactsField = perForm(
  'artifacts',
  (canonical): z.ZodType<Artifacts, unknown> =>
    strict({
      save: named(name, path)
        .exactOptional()
        .describe(
          'The files that the task leaves, by the name under which others take them: { video: out/video.mp4 }. A path may hold ${{ }}.',
        ),
      load: named(path, canonical ? canonicalReference : reference)
        .exactOptional()
        .describe(
          'By the path where each is put, the files that it takes: { in/video.mp4: render.video }. Adds to `needs`.',
        ),
    }) as z.ZodType<Artifacts, unknown>,
);
