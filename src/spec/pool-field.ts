import { z } from 'zod';
import type { Dag } from '../dag/dag.js';
import { slotsOf, type PoolDemand } from '../dag/pools.js';
import { name, named, perForm, strict } from './fields.js';
import { finding, type Finding } from './issues.js';
import { didYouMean } from './near-name.js';
import { quote } from './problem.js';
import type { Path } from './source.js';

const slots = z.int().min(1).max(1_000_000);

/** The pools of a dag. */
export const poolsField = named(name, slots);

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
      const size = Object.hasOwn(pools, needed) ? slotsOf(pools[needed] ?? 0) : undefined;
      if (size === undefined) {
        const hint = didYouMean(needed, Object.keys(pools)) ?? `Declare it: \`pools: { ${needed}: 1 }\`.`;
        return [finding(path, 'POOL_UNKNOWN', `names a pool that the dag does not have: ${quote(needed)}.`, hint)];
      }
      if (held > size) {
        const text = `needs ${held} slots of ${needed}, which has ${size}: the task could never start.`;
        return [finding(path, 'POOL_TOO_SMALL', text, `Give the pool ${held} slots, or the task fewer.`)];
      }
      const isTwice = pool.findIndex((other) => other.name === needed) !== at;
      return isTwice ? [finding(path, 'VALUE_INVALID', `names the pool ${needed} twice.`, 'Add the slots up.')] : [];
    }),
  );
}
