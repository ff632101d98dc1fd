import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../dag/json.js';
import { checkSchema } from './check-schema.js';
import { violations } from './violations.js';

const ROWS: JsonObject = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'https://example.com/rows',
  type: 'object',
  properties: {
    rows: { type: 'number', minimum: 1 },
    kind: { enum: ['a', 'b', 3] },
    files: { type: 'array', items: { $ref: '#/$defs/file' }, uniqueItems: true },
    'odd name/%': { type: ['string', 'null'] },
  },
  required: ['rows'],
  additionalProperties: false,
  $defs: { file: { type: 'object', properties: { name: { type: 'string', pattern: '^[a-z]+\\.csv$' } } } },
};

describe('violations', () => {
  it('finds nothing wrong with a value that fits', () => {
    expect(violations(ROWS, { rows: 3, kind: 'a', files: [{ name: 'x.csv' }], 'odd name/%': null })).toEqual([]);
    expect(violations(true, { a: 1 })).toEqual([]);
  });

  it('names the place and what is wanted there, each thing that is wrong', () => {
    const value = { rows: 'many', kind: 'c', files: [{ name: 'x.csv' }, { name: 'y.txt' }], 'odd name/%': 1, more: 1 };
    expect(violations(ROWS, value, 10)).toEqual([
      'rows must be a number',
      'kind must be "a", "b" or 3',
      'files[1].name must match the pattern "^[a-z]+\\\\.csv$"',
      '["odd name/%"] must be text or null',
      'more must not be there',
    ]);
    expect(violations(ROWS, value, 2)).toHaveLength(2);
    expect(violations(ROWS, { kind: 'a' })).toEqual(['rows is missing']);
    expect(violations(ROWS, 7)).toEqual(['it must be an object']);
  });

  it.each<[JsonObject, Json, string]>([
    [{ minimum: 3 }, 2, 'it must be at least 3'],
    [{ exclusiveMaximum: 3 }, 3, 'it must be below 3'],
    [{ multipleOf: 0.1 }, 0.25, 'it must be a multiple of 0.1'],
    [{ minLength: 2 }, 'a', 'it must have at least 2 characters'],
    [{ const: { a: 1 } }, { a: 2 }, 'it must be {"a":1}'],
    [{ uniqueItems: true }, [1, { a: 1 }, { a: 1 }], 'it must not have an item twice'],
    [{ format: 'date' }, '2026-02-30', 'it must have the format "date"'],
    [{ type: 'integer' }, 1.5, 'it must be a whole number'],
    [{ anyOf: [{ type: 'string' }, { type: 'null' }] }, 1, 'it fits none of the schemas in its `anyOf`'],
    [{ not: { type: 'string' } }, 'x', 'it fits what its `not` rules out'],
    [{ contains: { type: 'string' } }, [1], 'it has no item of the kind that it must contain'],
    [{ propertyNames: { maxLength: 2 } }, { long: 1 }, 'it has a field with a name that may not be'],
    [{ dependentRequired: { a: ['say "so"'] } }, { a: 1 }, '["say \\"so\\""] is missing'],
    [{ properties: { a: false } }, { a: 1 }, 'a must not be there'],
  ])('says of %j and %j: %s', (schema, value, sentence) => {
    expect(checkSchema(schema)).toEqual([]);
    expect(violations(schema, value)).toEqual([sentence]);
  });

  it('follows a schema into itself', () => {
    const tree = { type: 'object', properties: { of: { type: 'array', items: { $ref: '#' } }, n: { type: 'number' } } };
    expect(checkSchema(tree)).toEqual([]);
    expect(violations(tree, { of: [{ of: [{ n: 1 }] }] })).toEqual([]);
    expect(violations(tree, { of: [{ of: [{ n: 'x' }] }] })).toEqual(['of[0].of[0].n must be a number']);
  });

  it('does not take what every object has for a member', () => {
    expect(violations({ properties: { constructor: { type: 'string' } } }, {})).toEqual([]);
    expect(violations({ required: ['toString'] }, {})).toEqual(['toString is missing']);
  });

  it('does not try a pattern on a text that is too long for it, nor compare too many items', () => {
    expect(violations({ pattern: '^a*a*b$' }, 'a'.repeat(20_000))[0]).toMatch(/^it must have at most \d+ characters$/);
    expect(
      violations(
        { uniqueItems: true },
        Array.from({ length: 5_000 }, (_, i) => i),
      ),
    ).toEqual(['it must have at most 1000 items']);
  });

  it('gives up on a schema that leads to itself too often, or is none', () => {
    const twice = { anyOf: [{ items: { $ref: '#' } }, { items: { $ref: '#' } }], minItems: 1 };
    let value: Json = [];
    for (let depth = 0; depth < 100; depth++) value = [value];
    expect(violations(twice, value)).toEqual(['it could not be checked: its schema leads to itself too often']);
    expect(violations({ $ref: '#' }, 1)[0]).toContain('could not be checked');
    let deep: Json = 1;
    for (let depth = 0; depth < 5_000; depth++) deep = [deep];
    expect(violations({}, deep)[0]).toContain('too deep');
  });

  it('checks a large value that is wrong everywhere in a moment', () => {
    const value = Array.from({ length: 50_000 }, () => ({ a: 'x' }));
    expect(violations({ items: { properties: { a: { type: 'number' } } } }, value)).toEqual(['[0].a must be a number']);
  });

  it('never throws, and says the same twice', () => {
    fc.assert(
      fc.property(fc.oneof(anySchema, fc.jsonValue()), fc.jsonValue({ maxDepth: 5 }), (schema, value) => {
        expect(Array.isArray(checkSchema(schema))).toBe(true);
        const said = violations(schema as JsonObject, value as Json);
        expect(violations(schema as JsonObject, value as Json)).toEqual(said);
      }),
      { numRuns: 300 },
    );
  });

  it('agrees with another implementation', () => {
    fc.assert(
      fc.property(anySchema, values, (schema, value) => {
        // The other one takes the name '' for none where it looks whether a required one is missing.
        fc.pre(checkSchema(schema).length === 0 && !requiresNameless(schema));
        const other = new Ajv2020({ strict: false, logger: false, validateFormats: false }).compile(schema);
        const verdict = verdictOf(() => other(value));
        fc.pre(verdict !== undefined);
        expect(violations(schema, value as Json).length === 0).toBe(verdict);
      }),
      { numRuns: 300 },
    );
  });
});

/** Undefined where the other one's own code is broken: of some schemas it names what it has not declared. */
function verdictOf(validate: () => boolean): boolean | undefined {
  try {
    return validate();
  } catch (cause) {
    if (cause instanceof ReferenceError) return undefined;
    throw cause;
  }
}

function requiresNameless(schema: Json): boolean {
  if (typeof schema !== 'object' || schema === null) return false;
  const { required } = schema as { required?: Json };
  const isNameless = Array.isArray(required) && required.includes('');
  return isNameless || Object.values(schema).some((part: Json) => requiresNameless(part));
}

const values: fc.Arbitrary<unknown> = fc.jsonValue({ maxDepth: 3, stringUnit: fc.constantFrom('a', 'b', 'c') });
const count = fc.nat(3);
const anySchema = schemaUpTo(3);

function schemaUpTo(levels: number): fc.Arbitrary<JsonObject> {
  const plain = {
    type: fc.oneof(
      fc.constantFrom('null', 'boolean', 'object', 'array', 'number', 'integer', 'string'),
      fc.constant(['string', 'null']),
    ),
    enum: fc.array(fc.constantFrom<Json>('a', 1, null, [], {}), { minLength: 1, maxLength: 3 }),
    minimum: fc.integer({ min: -5, max: 5 }),
    maxLength: count,
    minItems: count,
    uniqueItems: fc.boolean(),
    required: fc.uniqueArray(fc.constantFrom('a', 'b', ''), { maxLength: 2 }),
    pattern: fc.constantFrom('^a', 'b+', '^[ab]?c$'),
  };
  const some = (fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<JsonObject> =>
    fc
      .subarray(Object.keys(fields), { maxLength: 3 })
      .chain((names) => fc.record(Object.fromEntries(names.map((name) => [name, fields[name]!])))) as never;
  if (levels === 0) return some(plain);
  const inner = schemaUpTo(levels - 1);
  const inners = fc.array(inner, { minLength: 1, maxLength: 2 });
  return some({
    ...plain,
    properties: fc.dictionary(fc.constantFrom('a', 'b', '', 'c'), inner, { maxKeys: 2 }),
    additionalProperties: fc.oneof(fc.boolean(), inner),
    items: inner,
    anyOf: inners,
    allOf: inners,
    oneOf: inners,
    not: inner,
    if: inner,
    then: inner,
  });
}
