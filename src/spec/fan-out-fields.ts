import { z } from 'zod';
import { MAXIMUM_CONCURRENCY, MAXIMUM_ITEMS, type ForEach, type Task } from '../dag/dag.js';
import { expression, json, name, named, strict } from './fields.js';
import { pack } from './problem.js';

const HINT = 'Split it, or let a sub-dag fan out again.';

function tooMany(count: number | string): string {
  const text = `has ${typeof count === 'number' ? count.toLocaleString('en') : count} items`;
  return pack('TOO_LARGE', `${text}; ${MAXIMUM_ITEMS.toLocaleString('en')} is the most.`, HINT);
}

const bound = z.union([z.int(), expression]);

const sequence = strict({
  matrix: named(name, z.union([z.array(json), expression]))
    .exactOptional()
    .describe('Every combination of these lists: an item is an object with a value of each.'),
  range: strict({
    from: bound.exactOptional().describe('The first number, or a `${{ }}`. Default: 0.'),
    to: bound.describe('The last number, or a `${{ }}`.'),
    step: z
      .int()
      .refine((step) => step !== 0, { error: pack('VALUE_INVALID', 'must not be 0.', 'Write 1, or leave it out.') })
      .exactOptional()
      .describe('From one number to the next; below 0 it counts down. Default: 1.'),
  })
    .exactOptional()
    .describe('Whole numbers, both ends included.'),
}).superRefine((given, context) => {
  if ((given.matrix === undefined) === (given.range === undefined)) {
    const text = given.matrix === undefined ? 'gives nothing to fan out over.' : 'has both `matrix` and `range`.';
    context.addIssue(pack('FIELD_CONFLICT', text, 'Write either `matrix:` or `range:`.'));
    return;
  }
  if (given.matrix !== undefined) {
    const lists = Object.values(given.matrix);
    const hint = 'Add a list, like `os: [linux, mac]`.';
    if (lists.length === 0) context.addIssue({ code: 'custom', message: pack('VALUE_INVALID', 'is empty.', hint) });
    const count = lists.reduce((product, list) => product * (typeof list === 'string' ? 1 : list.length), 1);
    if (count > MAXIMUM_ITEMS) context.addIssue({ code: 'custom', message: tooMany(count), path: ['matrix'] });
  }
  const { from = 0, to, step = 1 } = given.range ?? {};
  if (typeof from === 'number' && typeof to === 'number' && step !== 0) {
    const count = Math.max(0, Math.floor((to - from) / step) + 1);
    if (count > MAXIMUM_ITEMS) context.addIssue({ code: 'custom', message: tooMany(count), path: ['range'] });
  }
});

const list = z.array(json).superRefine((items, context) => {
  if (items.length > MAXIMUM_ITEMS) context.addIssue(tooMany(items.length));
});

const forEach = z.union([expression, list, sequence]) as unknown as z.ZodType<ForEach, ForEach>;

const SHARE = /^(?:100|\d{1,2}(?:\.\d{1,3})?)%$/;

const fileTolerate = z.union([
  z
    .int()
    .min(0)
    .transform((count) => ({ count })),
  z
    .string()
    .regex(SHARE, {
      error: pack('VALUE_INVALID', 'is neither a number nor a share.', 'Write a number like 3, or a share like "10%".'),
    })
    .transform((text) => ({ share: Number(text.slice(0, -1)) / 100 })),
]);

const canonicalTolerate = z.union([
  strict({ count: z.int().min(0) }),
  strict({ share: z.number().min(0).max(1) }),
]) as unknown as typeof fileTolerate;

/** What a task says that is done once for each item. */
export function fanOutFields(canonical: boolean) {
  return {
    forEach: forEach
      .exactOptional()
      .describe(
        'The task is done once for each item: a `${{ }}` that gives a list, a list, `{ matrix }` or `{ range }`.',
      ),
    maxParallel: z
      .int()
      .min(1)
      .max(MAXIMUM_CONCURRENCY)
      .exactOptional()
      .describe("Items in flight at once. Default: as many as the run's concurrency allows."),
    tolerate: (canonical ? canonicalTolerate : fileTolerate)
      .exactOptional()
      .describe(
        'How many items may fail, like 3 or "10%". Once more have, no other starts. Default: all are done, none may fail.',
      ),
  };
}

/** What fits only with `forEach`. */
export function checkFanOut(task: Partial<Task>, context: z.RefinementCtx): void {
  if (task.forEach !== undefined) return;
  for (const field of ['maxParallel', 'tolerate'] as const) {
    if (task[field] === undefined) continue;
    const message = pack('FIELD_CONFLICT', 'stands without `forEach`.', 'Add `forEach:`, or remove it.');
    context.addIssue({ code: 'custom', message, path: [field], params: { key: true } });
  }
}
