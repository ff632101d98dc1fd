import { isDeepStrictEqual } from 'node:util';
import type { Param } from '../dag/dag.js';
import { isOfType } from '../dag/param.js';
import { quote } from './problem.js';

/** Whether a value is among those allowed. */
export function isAllowed(param: Param, value: unknown): boolean {
  return param.enum === undefined || param.enum.some((allowed) => isDeepStrictEqual(allowed, value));
}

/** The problems of a param's definition: the place in it, and what is wrong there. */
export function checkParam(param: Param): [place: (string | number)[], problem: string][] {
  const problems: [(string | number)[], string][] = [];
  for (const [index, allowed] of (param.enum ?? []).entries()) {
    if (!isOfType(param.type, allowed))
      problems.push([['enum', index], `is not of type ${param.type}: ${quote(allowed)}.`]);
  }
  if (param.default === undefined) return problems;
  if (!isOfType(param.type, param.default)) {
    problems.push([['default'], `is not of type ${param.type}: ${quote(param.default)}.`]);
  } else if (!isAllowed(param, param.default)) {
    problems.push([['default'], `is not among the values of \`enum\`: ${quote(param.default)}.`]);
  }
  return problems;
}
