import type { Dag } from '../dag/dag.js';

const sealed = new WeakSet<object>();

/** Freezes a dag that has passed every check, so that nobody need check it again. */
export function sealDag(dag: Dag): Dag {
  freeze(dag);
  sealed.add(dag);
  return dag;
}

/** Whether it is a dag that has passed every check, and has not changed since. */
export function isSealed(dag: Dag): boolean {
  return sealed.has(dag);
}

function freeze(value: object): void {
  if (Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const part of Object.values(value) as unknown[]) if (typeof part === 'object' && part !== null) freeze(part);
}
