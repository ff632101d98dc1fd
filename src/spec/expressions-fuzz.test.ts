import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { byteLength, type Json } from '../dag/json.js';
import { compile, evaluate, recompile } from '../expression/compile.js';
import type { ExpressionValues } from '../expression/evaluate.js';
import { ExpressionError } from '../expression/expression-error.js';
import { EXPRESSION_LIMITS } from '../expression/limits.js';
import { evaluateButSecrets, evaluateValue, recompileValue } from '../expression/value-template.js';
import { DIAGNOSTIC_CODES } from './diagnostic.js';
import { checkDag, parseDag } from './parse.js';
import { placesOfTask } from './places.js';
import { rawTasksOf } from './raw-task.js';

const NAMES = ['a', 'b', 'c-d', 'e', 'f'];
const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;

const leaf = fc.constantFrom(
  ...NAMES.flatMap((name) => ['output', 'status', 'error', 'attempts'].map((field) => `tasks["${name}"].${field}`)),
  ...['tasks.a.output.rows', 'tasks.c-d.output', 'tasks.nope.output', 'params.p', 'params.n', 'params.q', 'run.id'],
  ...['item', 'item.x', 'index', 'env.E', 'env.X', 'secrets.S', 'error.code', 'output', 'event.id', 'nope', '1', '"x"'],
  ...['[1, 2]', '{"a": 1}', 'true', '', '(', '${{', '}}', 'a b'],
);
const source = fc.oneof(
  { weight: 4, arbitrary: leaf },
  fc.tuple(leaf, fc.constantFrom('+', '==', '&&', 'in', '-', '?.', ' ? 1 : '), leaf).map((parts) => parts.join(' ')),
  leaf.map((of) => `${of}.map(x, x)`),
  leaf.map((of) => `string(${of})`),
  leaf.map((of) => `has(${of})`),
);
const template = fc
  .array(
    fc.oneof(
      source.map((one) => `\${{ ${one} }}`),
      fc.constantFrom('text ', '${{', '\n', 'ä', '"'),
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map((parts) => parts.join(''));
const settings = fc.oneof(
  template,
  fc.array(template, { maxLength: 2 }),
  fc.dictionary(fc.constantFrom('x', 'y', '${{ 1 }}'), template, { maxKeys: 2, noNullPrototype: true }),
  json,
);
const own = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 3 });
const seldom = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 7, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
const env = fc.dictionary(fc.constantFrom('A', 'TOKEN', 'E'), template, { maxKeys: 2, noNullPrototype: true });

const action = fc.oneof(
  fc.record({ run: fc.constantFrom('echo $A', 'echo ${{ params.p }}'), env }, { requiredKeys: ['run'] }),
  fc.record({ uses: fc.constant('function'), with: fc.record({ name: fc.constant('f'), input: settings }) }),
  fc.record({
    uses: fc.constant('http'),
    with: fc.record({ url: template.map((text) => `https://x/${text}`), body: settings }),
  }),
  fc.record({
    uses: fc.constant('activity'),
    with: fc.record({ type: fc.constant('T'), args: fc.array(settings, { maxLength: 2 }) }),
  }),
  fc.record({ wait: template }),
  fc.record({ switch: source, cases: fc.constantFrom({ x: 'e' }, { x: 'e', y: ['f'] }) }),
  fc.record({ uses: fc.constant('event'), with: fc.record({ event: fc.constant('e'), filter: source }) }),
  fc.record({ uses: fc.constant('approval'), with: fc.record({ message: template }) }),
);
const task = fc
  .tuple(
    action,
    fc.record({
      when: own(source),
      forEach: own(fc.oneof(template, fc.constant([1, 2]), fc.record({ matrix: fc.record({ a: template }) }))),
      needs: own(fc.constantFrom('a', ['b'], ['a', 'c-d'])),
      size: seldom(fc.oneof(source, template)),
      affinity: seldom(template),
      triggerRule: own(fc.constantFrom('all_done', 'one_failed', 'none_failed')),
      output: own(
        fc.constant({ type: 'object', additionalProperties: false, properties: { rows: { type: 'integer' } } }),
      ),
    }),
  )
  .map(([does, says]) => ({ ...does, ...says }));
const dag = fc.record({
  name: fc.constant('d'),
  params: fc.constant({ p: 'x', n: { type: 'integer', default: 1 } }),
  defaults: fc.record({
    env: fc.oneof({ weight: 6, arbitrary: fc.constant({ E: 'e' }) }, { weight: 1, arbitrary: env }),
  }),
  outputs: own(fc.dictionary(fc.constantFrom('o', 'u'), settings, { maxKeys: 2, noNullPrototype: true })),
  tasks: fc.record(
    Object.fromEntries(
      NAMES.map((name) => [
        name,
        fc.oneof({ weight: 6, arbitrary: fc.constant({ run: 'x' }) }, { weight: 1, arbitrary: task }),
      ]),
    ),
  ),
});

const facts = fc.record({
  output: json,
  status: fc.constantFrom('succeeded', 'failed'),
  error: json,
  attempts: fc.nat(3),
});
const values: fc.Arbitrary<ExpressionValues> = fc.record({
  params: fc.constant({ p: 'x', n: 1 }),
  tasks: fc.record(Object.fromEntries(NAMES.map((name) => [name, facts]))),
  run: fc.constant({ id: 'r', dag: 'd' }),
  item: json,
  index: fc.nat(9),
  env: fc.constant({ E: 'e' }),
  output: json,
  event: json,
  error: fc.constant({ code: 'X', message: 'm' }),
}) as fc.Arbitrary<ExpressionValues>;

/** The value, or undefined where it has none; whatever else is thrown is a bug. */
function attempt(run: () => Json): Json | undefined {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return undefined;
  }
}

describe('a dag of random expressions', () => {
  it('is refused at places that are there, or all that it holds can be evaluated within bounds', () => {
    let sound = 0;
    fc.assert(
      fc.property(dag, values, (given, known) => {
        const text = stringify(given);
        const { dag: read, diagnostics } = parseDag(text);
        const lines = text.split('\n');
        for (const { code, line, column, message } of diagnostics) {
          expect(DIAGNOSTIC_CODES).toHaveProperty(code);
          expect(column).toBeLessThanOrEqual((lines[line - 1]?.length ?? -1) + 1);
          expect(message).not.toMatch(/undefined|\[object/);
        }
        if (read === undefined) {
          expect(diagnostics.some(({ severity }) => severity === 'error')).toBe(true);
          return;
        }
        sound += 1;
        const plain: unknown = JSON.parse(JSON.stringify(read));
        expect(checkDag(plain).dag).toEqual(plain);
        for (const one of read.tasks) {
          const compiled = recompileValue(one.with);
          const filled = attempt(() => evaluateButSecrets(compiled, known).value);
          if (filled !== undefined) expect(byteLength(filled)).toBeLessThan(2 * EXPRESSION_LIMITS.value);
          if (compiled.references.secrets.length === 0) {
            expect(attempt(() => evaluateValue(compiled, known))).toEqual(filled);
          }
          attempt(() => evaluateButSecrets(recompileValue({ ...read.defaults?.env, ...one.env }), known).value);
        }
        for (const place of rawTasksOf(read).flatMap((one) => placesOfTask(one))) {
          if (place.form === 'bare') attempt(() => evaluate(recompile(place.text), known));
        }
        attempt(() => evaluateValue(recompileValue({ ...read.outputs }), known));
      }),
      { numRuns: 400 },
    );
    expect(sound).toBeGreaterThan(20);
  });

  it('of which one task holds one expression is refused, or can be evaluated', () => {
    let sound = 0;
    fc.assert(
      fc.property(task, values, (given, known) => {
        const others = Object.fromEntries(NAMES.map((name) => [name, { run: 'x' }]));
        const text = stringify({
          name: 'd',
          params: { p: 'x', n: { type: 'integer', default: 1 } },
          defaults: { env: { E: 'e' } },
          tasks: { ...others, z: given },
        });
        const { dag: read, diagnostics } = parseDag(text);
        if (read === undefined) {
          expect(diagnostics.some(({ severity }) => severity === 'error')).toBe(true);
          return;
        }
        sound += 1;
        const z = read.tasks.find(({ name }) => name === 'z')!;
        attempt(() => evaluateButSecrets(recompileValue({ with: z.with, env: { ...z.env } }), known).value);
        const named = rawTasksOf(read)
          .filter(({ name }) => name === 'z')
          .flatMap((one) => placesOfTask(one))
          .flatMap(({ form, text: of }) => {
            const compiled = form === 'bare' ? compile(of, {}) : undefined;
            return compiled !== undefined && 'expression' in compiled ? compiled.expression.references.tasks : [];
          });
        const needs = z.needs.map((need) => need.task);
        for (const { name } of named) expect(needs).toContain(name);
      }),
      { numRuns: 400 },
    );
    expect(sound).toBeGreaterThan(10);
  });
});
