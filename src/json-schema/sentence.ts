import type { OutputUnit } from '@cfworker/json-schema';
import type { Json } from '../dag/json.js';
import { keysOf } from './keywords.js';

const LONGEST_RULE = 200;
const LONGEST_PATH = 200;

const NOUNS: Readonly<Record<string, string>> = {
  null: 'null',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
  number: 'a number',
  integer: 'a whole number',
  string: 'text',
};

/** What the keyword wants, after the name of the value. */
const WANTS: Readonly<Record<string, (rule: string) => string>> = {
  const: (rule) => `must be ${rule}`,
  minimum: (rule) => `must be at least ${rule}`,
  maximum: (rule) => `must be at most ${rule}`,
  exclusiveMinimum: (rule) => `must be over ${rule}`,
  exclusiveMaximum: (rule) => `must be below ${rule}`,
  multipleOf: (rule) => `must be a multiple of ${rule}`,
  minLength: (rule) => `must have at least ${rule} characters`,
  maxLength: (rule) => `must have at most ${rule} characters`,
  minItems: (rule) => `must have at least ${rule} items`,
  maxItems: (rule) => `must have at most ${rule} items`,
  minProperties: (rule) => `must have at least ${rule} fields`,
  maxProperties: (rule) => `must have at most ${rule} fields`,
  pattern: (rule) => `must match the pattern ${rule}`,
  format: (rule) => `must have the format ${rule}`,
  uniqueItems: () => 'must not have an item twice',
  anyOf: () => 'fits none of the schemas in its `anyOf`',
  oneOf: () => 'must fit exactly one of the schemas in its `oneOf`',
  not: () => 'fits what its `not` rules out',
  contains: () => 'has no item of the kind that it must contain',
  minContains: () => 'has too few items of the kind that it must contain',
  maxContains: () => 'has too many items of the kind that it may contain',
  propertyNames: () => 'has a field with a name that may not be',
  false: () => 'must not be there',
};

/** An error of the library in plain words. `rule`: what the schema says at its place. */
export function sentenceOf(error: OutputUnit, rule: Json | undefined): string {
  const path = pathOf(error.instanceLocation);
  switch (error.keyword) {
    case 'type':
      return `${path} must be ${kinds(rule)}`;
    case 'enum':
      return `${path} must be ${oneOf(rule)}`;
    case 'required':
    case 'dependentRequired': {
      // The name is in the sentence only, which ends with it.
      const name = /"([^]*)"[^"]*$/.exec(error.error.replace(/^[^]* does not have (?:required property )?/, ''))?.[1];
      return `${pathOf(error.instanceLocation, name ?? '')} is missing`;
    }
    default: {
      const wants = WANTS[error.keyword];
      return `${path} ${wants === undefined ? `breaks its \`${error.keyword}\`` : wants(shown(rule))}`;
    }
  }
}

/** The place of a value as people write it: `rows[2].price`; `it` for the whole. */
export function pathOf(location: string, name?: string): string {
  const keys = [...(keysOf(location) ?? []), ...(name === undefined ? [] : [name])];
  const path = keys
    .map((key, index) => {
      if (/^\d+$/.test(key)) return `[${key}]`;
      if (!/^[\p{L}_$][\p{L}\d_$-]*$/u.test(key)) return `[${JSON.stringify(key)}]`;
      return index === 0 ? key : `.${key}`;
    })
    .join('');
  if (path === '') return 'it';
  return path.length > LONGEST_PATH ? `${path.slice(0, LONGEST_PATH)}...` : path;
}

function kinds(rule: Json | undefined): string {
  const names = (Array.isArray(rule) ? rule : [rule]) as readonly string[];
  return listed(names.map((name) => NOUNS[name] ?? String(name)));
}

function oneOf(rule: Json | undefined): string {
  if (!Array.isArray(rule)) return 'one of what its `enum` lists';
  return listed(rule.slice(0, 10).map((one: Json) => shown(one))) + (rule.length > 10 ? ', ...' : '');
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

function shown(rule: Json | undefined): string {
  const text = JSON.stringify(rule ?? null);
  return text.length > LONGEST_RULE ? `${text.slice(0, LONGEST_RULE)}...` : text;
}
