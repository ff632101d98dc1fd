import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../dag/json.js';
import { loadTestFile } from './load-tests.js';
import { testDag } from './test-dag.js';

const folder = mkdtempSync(join(tmpdir(), 'dagwright-test-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const GOOD: JsonObject = {
  dag: {
    name: 'demo',
    params: { n: { type: 'integer', default: 3 } },
    outputs: { total: '${{ tasks.convert.output }}' },
    tasks: {
      extract: { run: 'x', retry: { maximumAttempts: 2 } },
      convert: { forEach: '${{ tasks.extract.output }}', run: 'x', tolerate: 1, compensate: { run: 'undo' } },
      sign: { needs: ['convert'], uses: 'approval', with: { approvers: ['ann'], timeout: '1h' } },
      paid: { uses: 'event', with: { event: 'paid', filter: 'event.n > params.n', timeout: '2d' } },
      load: { needs: ['sign'], uses: 'dag', with: { dag: { name: 'inner', tasks: { copy: { run: 'x' } } } } },
    },
    finally: { sweep: { run: 'x' } },
  },
  tests: [
    {
      name: 'one',
      now: '2026-12-01T08:00:00Z',
      params: { n: 4 },
      tasks: {
        extract: [
          { fail: { code: 'X', message: 'once', details: { a: 1 }, retryable: true } },
          { output: [1, 2], takes: '1h' },
        ],
        'convert[1]': { fail: 'no' },
        'load/copy': { output: 1 },
      },
      events: [{ paid: { n: 9 } }],
      approvals: { sign: { approve: true, by: 'ann', form: {} } },
      cancelAt: 'load/copy',
      expect: {
        run: 'cancelled',
        tasks: { extract: 'succeeded', 'convert~undo': 'succeeded' },
        outputs: { total: [null, null] },
        output: { extract: [1, 2] },
        attempts: { extract: 2 },
        errors: { 'convert[1]': 'TASK_FAILED' },
        order: ['extract', 'load'],
        inputs: { convert: { env: {}, item: 1, index: 0 } },
      },
    },
  ],
};

/** Every way into the value. */
function pathsOf(value: Json): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [[]];
  return [[], ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner as Json).map((path) => [key, ...path]))];
}

function replaced(value: Json, [key, ...rest]: readonly (string | number)[], by: Json): Json {
  if (key === undefined) return by;
  const copy = (Array.isArray(value) ? [...(value as Json[])] : { ...(value as JsonObject) }) as Record<
    string | number,
    Json
  >;
  copy[key] = replaced(copy[key] ?? null, rest, by);
  return copy as Json;
}

/** Values that stand somewhere in a good file fit more often than any. */
const parts = pathsOf(GOOD).map((path) => path.reduce<Json>((value, key) => (value as JsonObject)[key]!, GOOD));
const other = fc.oneof(
  fc.constantFrom(...parts, 'extract', 'load', 'load/copy', 'convert[0]', 'sign', '${{ x }}', '', {}, []),
  fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>,
);

describe('a file of tests', () => {
  it('never breaks anything, whatever stands in it', async () => {
    const file = join(folder, 'some.test.json');
    const change = fc.tuple(fc.constantFrom(...pathsOf(GOOD).filter((path) => path.length > 0)), other);
    let ran = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 2 }), async (changes) => {
        let given: Json = GOOD;
        for (const [path, by] of changes) {
          try {
            given = replaced(given, path, by);
          } catch {
            // An earlier change took the place away.
          }
        }
        writeFileSync(file, JSON.stringify(given));
        const { loaded, diagnostics } = await loadTestFile(file);
        for (const { line, column } of diagnostics) expect(Math.min(line, column)).toBeGreaterThan(0);
        if (loaded === undefined) {
          expect(diagnostics.some(({ severity }) => severity === 'error')).toBe(true);
          return;
        }
        for (const test of loaded.tests) {
          const [first, second] = [await testDag(loaded.dag, test), await testDag(loaded.dag, test)];
          expect(second).toEqual(first);
          ran += 1;
        }
      }),
      { numRuns: 300 },
    );
    expect(ran).toBeGreaterThan(20);
  }, 120_000);
});
