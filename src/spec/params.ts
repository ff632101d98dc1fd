import type { Dag, Param } from '../dag/dag.js';
import { DagwrightError } from '../dag/errors.js';
import type { Json, JsonObject } from '../dag/json.js';
import { isOfType } from '../dag/param.js';
import { didYouMean } from './near-name.js';
import { isAllowed } from './param-type.js';
import { quote } from './problem.js';

const TYPE_WORDS = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  json: 'a JSON value',
} as const;

/**
 * The params a run is started with: those given, and the defaults of the rest.
 * @throws DagwrightError PARAM_INVALID that names every param that is unknown, missing, or not of its type.
 */
export function resolveParams(dag: Dag, given: Readonly<Record<string, unknown>>): { readonly params: JsonObject } {
  const problems: string[] = [];
  const params = new Map<string, Json>();
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(dag.params, name)) problems.push(unknownParam(dag, name));
  }
  for (const [name, param] of Object.entries(dag.params)) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value === undefined) {
      if (param.default === undefined) problems.push(`\`${name}\` is missing: give it ${wanted(param)}.`);
      else params.set(name, param.default);
    } else if (!isOfType(param.type, value) || !isAllowed(param, value)) {
      problems.push(`\`${name}\` must be ${wanted(param)}, not ${quote(value)}.`);
    } else params.set(name, value as Json);
  }
  refuse(dag, problems);
  return { params: Object.fromEntries(params) };
}

/**
 * The values of `name=value` texts from a command line, each read by its param's type. Whether all are there is for
 * {@link resolveParams} to say. The last of a name counts.
 * @throws DagwrightError PARAM_INVALID that names every text that cannot be read.
 */
export function parseParamFlags(dag: Dag, flags: readonly string[]): Record<string, Json> {
  const problems: string[] = [];
  const values = new Map<string, Json>();
  for (const flag of flags) {
    const equals = flag.indexOf('=');
    const name = equals < 0 ? flag : flag.slice(0, equals);
    const param = Object.hasOwn(dag.params, name) ? dag.params[name] : undefined;
    if (equals <= 0) problems.push(`${quote(flag)} is not \`name=value\`.`);
    else if (param === undefined) problems.push(unknownParam(dag, name));
    else {
      const text = flag.slice(equals + 1);
      const value = readText(param, text);
      if (value === undefined) problems.push(`\`${name}\` must be ${wanted(param)}, not ${quote(text)}.`);
      else values.set(name, value);
    }
  }
  refuse(dag, problems);
  return Object.fromEntries(values);
}

/** What is wrong with a param that a task hands to a sub-dag. Without `param`, it is the whole that lacks one. */
export interface ParamProblem {
  readonly param?: string;
  /** Goes on after its place. */
  readonly text: string;
  readonly hint: string;
}

/** What is wrong with the params of a sub-dag, as they are written: of those with `${{ }}` only the names are checked. */
export function paramProblems(dag: Dag, given: unknown): ParamProblem[] {
  const params = typeof given === 'object' && given !== null && !Array.isArray(given) ? given : {};
  const names = Object.keys(dag.params).map((name) => `\`${name}\``);
  const known = names.length === 0 ? 'It takes no params.' : `Its params: ${names.join(', ')}.`;
  const problems = Object.entries(params).flatMap(([name, value]: [string, unknown]): ParamProblem[] => {
    const param = Object.hasOwn(dag.params, name) ? dag.params[name] : undefined;
    if (param === undefined) {
      const hint = didYouMean(name, Object.keys(dag.params)) ?? known;
      return [{ param: name, text: `is not a param of the dag ${quote(dag.name)}.`, hint }];
    }
    const isKnown = !(JSON.stringify(value) ?? '').includes('${{');
    if (!isKnown || (isOfType(param.type, value) && isAllowed(param, value))) return [];
    return [{ param: name, text: `cannot be ${quote(value)}.`, hint: `Write ${wanted(param)}.` }];
  });
  const missing = Object.entries(dag.params).filter(
    ([name, param]) => param.default === undefined && !Object.hasOwn(params, name),
  );
  return [
    ...problems,
    ...missing.map(([name, param]) => ({
      text: `lacks the param \`${name}\` of the dag ${quote(dag.name)}.`,
      hint: `Add it to \`params\`: ${wanted(param)}.`,
    })),
  ];
}

function readText(param: Param, text: string): Json | undefined {
  switch (param.type) {
    case 'string':
      return text;
    case 'number':
    case 'integer': {
      const value = text.trim() === '' ? Number.NaN : Number(text);
      return isOfType(param.type, value) ? value : undefined;
    }
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : undefined;
    case 'json':
      try {
        return JSON.parse(text) as Json;
      } catch {
        return undefined;
      }
  }
}

function wanted(param: Param): string {
  if (param.enum === undefined) return TYPE_WORDS[param.type];
  return `one of ${param.enum.map((value) => `\`${JSON.stringify(value)}\``).join(', ')}`;
}

function unknownParam(dag: Dag, name: string): string {
  const near = didYouMean(name, Object.keys(dag.params));
  return `${quote(name)} is not a param of ${dag.name}.${near === undefined ? '' : ` ${near}`}`;
}

function refuse(dag: Dag, problems: readonly string[]): void {
  if (problems.length === 0) return;
  const names = Object.keys(dag.params).map((name) => `\`${name}\``);
  throw new DagwrightError('PARAM_INVALID', problems.join(' '), {
    hint: names.length === 0 ? 'This dag takes no params.' : `Its params: ${names.join(', ')}.`,
  });
}
