import { describe, expect, it } from 'vitest';
import type { Json } from '../dag/json.js';
import { checkSchema } from './check-schema.js';
import { boundOf } from './pattern.js';

describe('checkSchema', () => {
  it.each<[Json, RegExp]>([
    ['object', /is an object, true or false/],
    [{ type: 'text' }, /`type` must be one of null, boolean/],
    [{ properties: { a: 3 } }, /`properties\.a` must be a schema/],
    [{ required: 'a' }, /`required` must be a list of texts/],
    [{ minLength: -1 }, /`minLength` must be a whole number/],
    [{ multipleOf: 0 }, /`multipleOf` must be over 0/],
    [{ items: { anyOf: [] } }, /`items\.anyOf` must be a list of schemas/],
    [{ $ref: 'https://example.com/schema' }, /`\$ref` leads nowhere/],
    [{ items: { $ref: '#/$defs/none' } }, /`items\.\$ref` leads nowhere/],
    [{ $ref: '#' }, /leads back to itself/],
    [{ $defs: { a: { anyOf: [{ $ref: '#/$defs/b' }] }, b: { $ref: '#/$defs/a' } } }, /leads back to itself/],
    [{ items: { $id: 'x' } }, /`items\.\$id` is known at the top only/],
    [{ $dynamicRef: '#a' }, /use `\$ref`/],
    [{ pattern: '(' }, /is no regular expression/],
    [{ pattern: '^(a+)+$' }, /inside a repetition/],
    [{ patternProperties: { '(a|b)*': {} } }, /inside a repetition/],
    [{ enum: ['x'.repeat(70_000)] }, /characters/],
  ])('refuses %j', (schema, problem) => {
    expect(checkSchema(schema).join(' ')).toMatch(problem);
  });

  it('refuses what is too deep', () => {
    let schema: Json = {};
    for (let depth = 0; depth < 100; depth++) schema = { items: schema };
    expect(checkSchema(schema)).toHaveLength(1);
    for (let depth = 0; depth < 10_000; depth++) schema = { items: schema };
    expect(checkSchema(schema)).toHaveLength(1);
  });

  it('refuses a schema that sends a value through others again and again', () => {
    const $defs: Record<string, Json> = { a0: { type: 'string' } };
    for (let i = 1; i < 20; i++)
      $defs[`a${i}`] = { allOf: [{ $ref: `#/$defs/a${i - 1}` }, { $ref: `#/$defs/a${i - 1}` }] };
    expect(checkSchema({ $defs, $ref: '#/$defs/a19' })).toHaveLength(1);
  });

  it('takes notes, and keywords of draft 7', () => {
    const schema = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      title: 'x',
      'x-order': 3,
      definitions: { a: { type: 'string' } },
      properties: { $ref: { type: 'string' }, a: { $ref: '#/definitions/a', examples: [{ $ref: 1 }] } },
      dependencies: { a: ['b'], b: { required: ['c'] } },
      items: [{ type: 'string' }],
    };
    expect(checkSchema(schema)).toEqual([]);
  });
});

describe('boundOf', () => {
  it.each([
    '^[a-z]+(?:-[a-z]+)?$',
    '^\\d{4}-\\d{2}-\\d{2}$',
    '^s3://[^/]+/.+$',
    '^(?:red|green|blue)$',
    '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
    '^(?<year>\\d+)-v\\(\\d+\\)[(+*]$',
  ])('takes %s', (pattern) => {
    expect(boundOf(pattern)).toHaveProperty('longestText');
  });

  it.each([
    '(a*)*',
    '(a|a)+',
    '((a?)b?){3}',
    '(?:a{1,5}){5}',
    '(a)\\1',
    '(?=a)b',
    '(?<!a)b',
    '.*.*.*.*.*.*x',
    'a?'.repeat(30),
    '(a|a)'.repeat(20) + '^',
    'a{0,9}'.repeat(20),
    'x'.repeat(201),
  ])('refuses %s', (pattern) => {
    expect(boundOf(pattern)).toHaveProperty('problem');
  });

  it('lets the worst pattern that it takes try no text for long', () => {
    for (const pattern of ['a*a*a*a*b', '^a*a*a*a*a*b', '.*a.*a.*b']) {
      const bound = boundOf(pattern);
      if (!('longestText' in bound)) continue;
      const began = performance.now();
      expect(new RegExp(pattern, 'u').test('a'.repeat(bound.longestText))).toBe(false);
      expect(performance.now() - began).toBeLessThan(10_000);
    }
  });
});
