import type { Dag, Param } from '../dag/dag.js';
import type { Json, JsonObject } from '../dag/json.js';
import { isOfType } from '../dag/param.js';

/** The params that a run within a run is started with: those given, and the defaults of the rest; or what is wrong. */
export function subRunParams(
  dag: Dag,
  given: JsonObject,
): { readonly params: JsonObject } | { readonly problem: string } {
  const params: Record<string, Json> = {};
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(dag.params, name)) return { problem: `${dag.name} has no param \`${name}\`.` };
  }
  for (const [name, param] of Object.entries(dag.params)) {
    const value = Object.hasOwn(given, name) ? given[name] : param.default;
    if (value === undefined) return { problem: `${dag.name} needs the param \`${name}\`.` };
    if (!isOfType(param.type, value) || !isAllowed(param, value)) {
      const shown = JSON.stringify(value).slice(0, 100);
      return { problem: `The param \`${name}\` of ${dag.name} does not take ${shown}.` };
    }
    params[name] = value;
  }
  return { params };
}

function isAllowed({ enum: allowed }: Param, value: Json): boolean {
  return allowed === undefined || allowed.some((one) => JSON.stringify(one) === JSON.stringify(value));
}
