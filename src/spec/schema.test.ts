import { describe, expect, it } from 'vitest';
import { parseDag, validateDag } from './parse.js';

describe('policy and tags', () => {
  it.each([
    ['policy: fcsf', '2:9 VALUE_INVALID', 'Did you mean `fcfs`?'],
    ['policy: lifo', '2:9 VALUE_INVALID', 'Write `fcfs` or `priority`.'],
    ['policy: critical-path', '2:9 NOT_SUPPORTED_YET', 'Write `fcfs` or `priority`.'],
    ['policy: [prioritty]', '2:10 VALUE_INVALID', 'Did you mean `priority`?'],
    ['policy: [edf]', '2:10 NOT_SUPPORTED_YET', 'Write `fcfs` or `priority`.'],
    ['policy: [priority, fcfs]', '2:9 NOT_SUPPORTED_YET', 'Keep one.'],
    ['policy: []', '2:9 VALUE_INVALID', undefined],
    ['policy: { name: fcfs }', '2:9 TYPE_WRONG', undefined],
    ['policy:', '2:1 TYPE_WRONG', undefined],
    ['polcy: fcfs', '2:1 FIELD_UNKNOWN', 'Did you mean `policy`?'],
    ['tags: nightly', '2:7 TYPE_WRONG', undefined],
    ['tags: [2026]', '2:8 TYPE_WRONG', undefined],
    ['tags: [a, ""]', '2:11 VALUE_INVALID', undefined],
    [`tags: [${'a'.repeat(101)}]`, '2:8 VALUE_INVALID', undefined],
    [`tags: [${Array.from({ length: 21 }, (_, index) => `t${index}`).join(', ')}]`, '2:7 VALUE_INVALID', undefined],
    ['tags: [a, b, a]', '2:14 VALUE_INVALID', 'Remove it.'],
    [
      'tags: ["${{ params.a }}"]',
      '2:8 EXPRESSION_PLACE',
      'Write the value itself. See docs/expressions.md for where expressions stand.',
    ],
  ])('of the whole dag, %s is one problem', (field, problem, hint) => {
    const { diagnostics } = parseDag(`name: d\n${field}\ntasks: { t: { run: ls } }\n`);
    expect(diagnostics.map(({ line, column, code }) => `${line}:${column} ${code}`)).toEqual([problem]);
    expect(diagnostics[0]?.hint).toBe(hint);
  });

  it('takes the name of a policy, and a list of it alone', () => {
    const policyOf = (field: string): unknown => parseDag(`name: d\n${field}\ntasks: { t: { run: ls } }\n`).dag?.policy;
    expect(policyOf('policy: priority')).toBe('priority');
    expect(policyOf('policy: [priority]')).toBe('priority');
    expect(policyOf('')).toBeUndefined();
    expect(parseDag('name: d\ntasks: { t: { run: ls, policy: fcfs } }').diagnostics.map(({ code }) => code)).toEqual([
      'FIELD_UNKNOWN',
    ]);
  });

  it('names what is wrong with policy and tags of a canonical dag', () => {
    const dag = { name: 'd', params: {}, tasks: [{ name: 't', uses: 'shell', with: { run: 'x' }, needs: [] }] };
    const codes = (fields: object): string[] => validateDag({ ...dag, ...fields }).map(({ code }) => code);
    expect(codes({ policy: 'priority', tags: ['a', 'b'] })).toEqual([]);
    expect(codes({ policy: ['priority'] })).toEqual(['VALUE_INVALID']);
    expect(codes({ policy: 'sjf', tags: ['a', 'a'] })).toEqual(['NOT_SUPPORTED_YET', 'VALUE_INVALID']);
  });
});
