import { describe, expect, it } from 'vitest';
import type { Dag } from '../dag/dag.js';
import { parseDag } from './parse.js';
import { isSealed } from './sealed-dag.js';

describe('a dag that has passed every check', () => {
  const { dag } = parseDag('name: d\ntasks: { a: { run: "true", env: { A: b } } }');

  it('is sealed, and cannot be changed behind the back of the check', () => {
    expect(isSealed(dag!)).toBe(true);
    const { env } = dag!.tasks[0]! as { env: Record<string, string> };
    expect(() => (env['A'] = 'c')).toThrow(TypeError);
    expect(() => (dag!.tasks as Dag['tasks'][number][]).push(dag!.tasks[0]!)).toThrow(TypeError);
  });

  it('is checked again once a program has made another of it', () => {
    expect(isSealed({ ...dag! })).toBe(false);
  });
});
