import { z } from 'zod';
import type { Dag } from '../dag/dag.js';
import type { PoolDemand, PoolSettings, PoolSize, Rate } from '../dag/pools.js';
import { MAXIMUM_RATE, parseRate, RATE_PATTERN } from '../dag/rate.js';
import { MAXIMUM_DURATION } from '../dag/duration.js';
import { name, named, perForm, strict } from './fields.js';
import { finding, type Finding } from './issues.js';
import { didYouMean } from './near-name.js';
import { pack, quote } from './problem.js';
import type { Path } from './source.js';

const slots = z.int().min(1).max(1_000_000);

const RATE_HINT = 'Write one like 10/s, 20/m, 100/h or 5/10s.';

const fileRate: z.ZodType<Rate, string> = z
  .string()
  .regex(RATE_PATTERN, {
    error: ({ input }) => pack('VALUE_INVALID', `is no rate: ${quote(input)}.`, RATE_HINT),
    abort: true,
  })
  .transform((text, context) => {
    const rate = parseRate(text);
    if (rate !== undefined) return rate;
    context.addIssue(pack('VALUE_INVALID', `is out of range: ${quote(text)}.`, RATE_HINT));
    return z.NEVER;
  });

const canonicalRate = strict({
  count: z.int().min(1).max(MAXIMUM_RATE),
  per: z.int().min(1).max(MAXIMUM_DURATION),
}) as z.ZodType<Rate, unknown>;

function settings(canonical: boolean) {
  const long = strict({
    slots: slots
      .exactOptional()
      .describe('Slots that are held at once. Default: no limit but the rate; of a global pool, as that was made.'),
    rate: (canonical ? (canonicalRate as typeof fileRate) : fileRate)
      .exactOptional()
      .describe('Slots that may be taken in a time, like 20/m or 5/10s. Default: no limit.'),
    scope: z
      .enum(['run', 'global'])
      .exactOptional()
      .describe('Whether each run has a pool of its own, or all that name it share one. Default: run.'),
  });
  return long.refine((given) => given.slots !== undefined || given.rate !== undefined || given.scope === 'global', {
    error: pack('FIELD_MISSING', 'has no size.', 'Add `slots:` or `rate:`, or `scope: global` for one made elsewhere.'),
    when: ({ issues }) => issues.length === 0,
  });
}

/** In a file, a number is short for `{ slots }`, and a rate for `{ rate }`. */
const poolSize = perForm('poolSize', (canonical): z.ZodType<PoolSize, unknown> => {
  const long = settings(canonical);
  if (canonical) return z.union([slots, long]) as z.ZodType<PoolSize, unknown>;
  return z.union([slots, fileRate.transform((rate): PoolSettings => ({ rate })), long.transform(sizeOf)]);
});

function sizeOf({ scope, ...limits }: PoolSettings): PoolSize {
  if (scope === 'global') return { ...limits, scope };
  return limits.rate === undefined ? (limits.slots ?? {}) : limits;
}

/** The pools of a dag. */
export function poolsField(canonical: boolean) {
  return named(name, poolSize(canonical));
}

const demand = strict({
  name: name.describe('The pool.'),
  slots: slots.exactOptional().describe('The slots that the task holds. Default: 1.'),
});

const fileDemand = z.union([
  z.string().transform((pool): PoolDemand => ({ name: pool, slots: 1 })),
  demand.transform(({ name: pool, slots: held = 1 }): PoolDemand => ({ name: pool, slots: held })),
]);

/** What a task holds: a name, `{ name, slots }`, or a list of those. */
export const poolField = perForm('pool', (canonical): z.ZodType<readonly PoolDemand[], unknown> =>
  canonical
    ? z.array(strict({ name, slots })).min(1)
    : z.union([fileDemand.transform((one) => [one]), z.array(fileDemand).min(1)]),
);

/** Pools that tasks name and the dag does not have, has too few slots of, or that a task names twice. */
export function checkPools(dag: Pick<Dag, 'pools' | 'tasks'>, pathOf: (index: number) => Path): Finding[] {
  const pools = dag.pools ?? {};
  return dag.tasks.flatMap(({ pool = [] }, index) =>
    pool.flatMap(({ name: needed, slots: held }, at): Finding[] => {
      const path = [...pathOf(index), 'pool'];
      const size = Object.hasOwn(pools, needed) ? pools[needed] : undefined;
      if (size === undefined) {
        const hint = didYouMean(needed, Object.keys(pools)) ?? `Declare it: \`pools: { ${needed}: 1 }\`.`;
        return [finding(path, 'POOL_UNKNOWN', `names a pool that the dag does not have: ${quote(needed)}.`, hint)];
      }
      const { slots: there = Infinity, rate } = typeof size === 'number' ? { slots: size } : size;
      if (held > there) {
        const text = `needs ${held} slots of ${needed}, which has ${there}: the task could never start.`;
        return [finding(path, 'POOL_TOO_SMALL', text, `Give the pool ${held} slots, or the task fewer.`)];
      }
      if (rate !== undefined && held > rate.count) {
        const text = `needs ${held} slots of ${needed}, whose rate lets ${rate.count} through at a time: the task could never start.`;
        return [finding(path, 'POOL_TOO_SMALL', text, 'Raise the rate of the pool, or give the task fewer slots.')];
      }
      const isTwice = pool.findIndex((other) => other.name === needed) !== at;
      return isTwice ? [finding(path, 'VALUE_INVALID', `names the pool ${needed} twice.`, 'Add the slots up.')] : [];
    }),
  );
}
