import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byteLength, type Json } from '../dag/json.js';
import type { ExpressionValues } from './evaluate.js';
import { ExpressionError } from './expression-error.js';
import { EXPRESSION_LIMITS } from './limits.js';
import { SECRET_PLACE, evaluateButSecrets, evaluateValue, recompileValue } from './value-template.js';

const VALUES: ExpressionValues = {
  params: { date: '2026-11-01', n: 3 },
  item: { path: 'a.csv', sizes: [1, 2] },
  index: 7,
  secrets: { TOKEN: 'never' },
};

function valueOf(value: Json): Json {
  return evaluateValue(recompileValue(value), VALUES);
}

describe('a value with expressions', () => {
  it.each<[Json, Json]>([
    ['${{ item }}', { path: 'a.csv', sizes: [1, 2] }],
    [
      ['a', '${{ index }}', null],
      ['a', 7, null],
    ],
    [
      { a: { b: ['${{ params.n + 1 }}'] }, c: 1 },
      { a: { b: [4] }, c: 1 },
    ],
    [{ url: 'https://x/${{ item.path }}?n=${{ params.n }}' }, { url: 'https://x/a.csv?n=3' }],
    [{ '${{ index }}': '${{ index }}' }, { '${{ index }}': 7 }],
    [[], []],
    [{ a: [[], {}] }, { a: [[], {}] }],
  ])('%j gives %j', (value, expected) => {
    expect(valueOf(value)).toEqual(expected);
  });

  it('keeps the order of its keys, and parts without an expression as they are', () => {
    const plain = { deep: [1, { x: null }] };
    const value = valueOf({ z: plain, b: '${{ index }}', a: [plain] }) as { z: Json; a: Json[] };
    expect(Object.keys(value)).toEqual(['z', 'b', 'a']);
    expect(value.z).toBe(plain);
    expect(value.a[0]).toBe(plain);
  });

  it('is not changed by its evaluation', () => {
    const value = Object.freeze({ a: Object.freeze(['${{ index }}']) });
    const compiled = recompileValue(value);
    expect(evaluateValue(compiled, VALUES)).toEqual({ a: [7] });
    expect(evaluateValue(compiled, { index: 8 })).toEqual({ a: [8] });
    expect(value).toEqual({ a: ['${{ index }}'] });
  });

  it('has the references of all its texts', () => {
    const { references } = recompileValue({ a: '${{ tasks.x.output }}', b: ['${{ tasks.y.status }} ${{ params.n }}'] });
    expect(references.tasks.map(({ name, field }) => `${name}.${field}`)).toEqual(['x.output', 'y.status']);
    expect(references).toMatchObject({ params: ['n'], roots: ['params', 'tasks'] });
  });

  it('fails with the expression that has no value', () => {
    expect(() => valueOf({ a: ['${{ item.nope }}'] })).toThrow(/has no `nope`/);
    expect(() => recompileValue(['${{ 1 + }}'])).toThrow(ExpressionError);
  });

  it('without expressions is given back as it is', () => {
    const plain = fc.jsonValue({ maxDepth: 4 }).filter((value) => !JSON.stringify(value).includes('${{'));
    fc.assert(
      fc.property(plain, (given) => {
        const value = given as Json;
        expect(evaluateValue(recompileValue(value), {})).toBe(value);
        expect(evaluateButSecrets(recompileValue(value), {})).toEqual({ value, secrets: [] });
      }),
    );
  });

  it('keeps its shape: each text with an expression gives its value, all else stays', () => {
    const { tree } = fc.letrec<{ tree: Json }>((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.constantFrom<Json>('plain', 1, null, true, '${{ index }}', 'at ${{ index }}', '${{ secrets.TOKEN }}'),
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(fc.constantFrom('a', 'b', 'c', 'constructor'), tie('tree'), {
          maxKeys: 3,
          noNullPrototype: true,
        }),
      ),
    }));
    const expected = (value: Json): Json => {
      if (value === '${{ index }}') return 7;
      if (value === 'at ${{ index }}') return 'at 7';
      if (value === '${{ secrets.TOKEN }}') return SECRET_PLACE;
      if (Array.isArray(value)) return value.map(expected);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, expected(item)]));
    };
    fc.assert(
      fc.property(tree, (value) => {
        const evaluated = evaluateButSecrets(recompileValue(value), VALUES, { path: ['with'] });
        expect(evaluated.value).toEqual(expected(value));
        expect(JSON.stringify(evaluated)).not.toContain('never');
        for (const { path, parts } of evaluated.secrets) {
          expect(path[0]).toBe('with');
          expect(parts).toEqual([{ secret: 'secrets.TOKEN' }]);
          const found = path.slice(1).reduce((at, key) => (at as Record<string, Json>)[key] ?? null, value);
          expect(found).toBe('${{ secrets.TOKEN }}');
        }
      }),
    );
  });
});

describe('the bounds of a value', () => {
  const files: Json = Array.from({ length: 10_000 }, (_, i) => ({
    path: `s3://bucket/folder/file-${i}.csv`,
    n: i,
    pad: 'x'.repeat(50),
  }));

  it('let 10,000 items of 100 bytes through a fan-out', () => {
    expect(byteLength(files)).toBeGreaterThan(1_000_000);
    const list = recompileValue('${{ tasks.list.output.files }}');
    const values = { tasks: { list: { output: { files } } } };
    expect(evaluateValue(list, values, EXPRESSION_LIMITS.items)).toEqual(files);
    const paths = recompileValue('${{ tasks.list.output.files.filter(f, f.n > 0).map(f, f.path) }}');
    expect(evaluateValue(paths, values, EXPRESSION_LIMITS.items)).toHaveLength(9_999);
  });

  it('hold for all results together', () => {
    const text = { item: 'x'.repeat(400) };
    expect(() => evaluateValue(recompileValue(['${{ item }}', '${{ item }}']), text, 1_000)).not.toThrow();
    expect(() => evaluateValue(recompileValue(['${{ item }}', '${{ item }}']), text, 600)).toThrow(/over \d+ bytes/);
    const large = { item: 'x'.repeat(900 * 1024) };
    expect(() => evaluateValue(recompileValue('${{ item }}'), large)).not.toThrow();
    expect(() => evaluateValue(recompileValue(['${{ item }}', '${{ item }}']), large)).toThrow(/The result is over/);
    expect(() => evaluateButSecrets(recompileValue(['${{ item }}', '${{ item }}']), large)).toThrow(ExpressionError);
  });

  it('hold for the work of all expressions together', () => {
    const busy = '${{ item.map(x, x).size() }}';
    const item = Array.from({ length: 50_000 }, () => 0);
    expect(valueOf2([busy, busy], item)).toEqual([50_000, 50_000]);
    expect(() =>
      valueOf2(
        Array.from({ length: 100 }, () => busy),
        item,
      ),
    ).toThrow(/too much work together/);
  });

  it('refuse over 1,000 texts', () => {
    const texts = (count: number): Json => Array.from({ length: count }, () => '${{ index }}');
    expect(valueOf(texts(1_000))).toHaveLength(1_000);
    expect(() => valueOf(texts(1_001))).toThrow(/1,000 texts/);
  });

  function valueOf2(value: Json, item: Json): Json {
    return evaluateValue(recompileValue(value), { item });
  }
});

describe('texts with secrets', () => {
  it('keep their secrets apart from text, with all else evaluated', () => {
    const value = {
      url: 'https://x/${{ params.date }}',
      headers: { Authorization: 'Bearer ${{ secrets.TOKEN }}-${{ index }}-${{ params.n }}' },
      list: ['a', '${{ secrets.A + secrets.B }}'],
    };
    expect(evaluateButSecrets(recompileValue(value), VALUES, { path: ['with'] })).toEqual({
      value: {
        url: 'https://x/2026-11-01',
        headers: { Authorization: SECRET_PLACE },
        list: ['a', SECRET_PLACE],
      },
      secrets: [
        {
          path: ['with', 'headers', 'Authorization'],
          parts: [{ text: 'Bearer ' }, { secret: 'secrets.TOKEN' }, { text: '-7-3' }],
        },
        { path: ['with', 'list', 1], parts: [{ secret: 'secrets.A + secrets.B' }] },
      ],
    });
  });

  it('take no secret from an output that holds the text of one', () => {
    const { secrets } = evaluateButSecrets(recompileValue('${{ item }} ${{ secrets.A }}'), {
      item: '${{ secrets.TOKEN }}',
    });
    expect(secrets[0]?.parts).toEqual([{ text: '${{ secrets.TOKEN }} ' }, { secret: 'secrets.A' }]);
  });

  it.each(['${{ secrets.A + params.date }}', '${{ params.n > 1 ? secrets.A : "" }}', 'x ${{ [secrets.A, item] }}'])(
    'are refused where one expression takes more: %s',
    (text) => {
      expect(() => evaluateButSecrets(recompileValue(text), VALUES)).toThrow(/can take nothing else/);
    },
  );

  it('have no value by themselves, whatever is known', () => {
    expect(() => evaluateValue(recompileValue('${{ secrets.A }}'), { secrets: {} })).toThrow(/takes a secret/);
  });
});

describe('reading values', () => {
  it('gives back one without an expression as it is, with nothing to evaluate', () => {
    const value = { run: './convert.sh', shell: 'bash', env: { A: ['b', 1, null] } };
    const read = recompileValue(value);
    expect(read.value).toBe(value);
    expect(read).not.toHaveProperty('compiled');
    expect(evaluateValue(read, {})).toBe(value);
  });
});
