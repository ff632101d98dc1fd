import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { FUNCTIONS, METHODS } from './functions.js';
import { EXPRESSION_LIMITS } from './limits.js';
import { EXPRESSION_PROBLEMS } from './problem.js';
import { ROOTS, RUN_FIELDS, TASK_FIELDS } from './scope.js';
import { MACROS } from './syntax.js';

const page = readFileSync(new URL('../../docs/expressions.md', import.meta.url), 'utf8');

it('lists every problem, and no other', () => {
  const listed = [...page.matchAll(/^\| `(EXPRESSION_\w+)` *\| (.*?) *\|$/gm)].map(([, code, meaning]) => [
    code,
    meaning,
  ]);
  expect(Object.fromEntries(listed)).toEqual(EXPRESSION_PROBLEMS);
});

it('names every root, field, function, method and macro', () => {
  for (const root of ROOTS) expect(page).toMatch(new RegExp(`\\| [^|]*\`${root}[.\`]`));
  for (const field of TASK_FIELDS) expect(page).toContain(`\`tasks.NAME.${field}\``);
  for (const field of RUN_FIELDS) expect(page).toContain(`\`run.${field}\``);
  for (const name of FUNCTIONS.keys()) expect(page).toMatch(new RegExp(`\`${name}[(\`]`));
  for (const name of [...METHODS.keys(), ...MACROS]) expect(page).toMatch(new RegExp(`\`\\.?${name}[(\`]`));
});

it('tells the limits', () => {
  const { source, nodes, depth, macros, perText, steps, text, result, ...rest } = EXPRESSION_LIMITS;
  const { texts, value, items, valueSteps } = rest;
  const told = [...page.matchAll(/^\| [^|`]+\| ([\d,]+) *\|$/gm)].map(([, number]) =>
    Number(number?.replaceAll(',', '')),
  );
  expect(told).toEqual([source, nodes, depth, macros, perText, steps, text, result, texts, value, items, valueSteps]);
});
