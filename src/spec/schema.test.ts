import { describe, expect, it } from 'vitest';
import { POLICY_NAMES } from '../dag/policy.js';
import { parseDag, validateDag } from './parse.js';

const NAMES = POLICY_NAMES.map((name) => `\`${name}\``);
const FILE_NAMES = [...NAMES, '`optimized`'];

it.each(['uses', 'triggerRule'])('%s may be a mapping that cannot even be made a text', (field) => {
  const { diagnostics } = parseDag(`name: d\ntasks: { a: { ${field}: { toString: x }, run: ls } }\n`);
  expect(diagnostics.map(({ line, column }) => `${line}:${column}`)[0]).toMatch(/^2:/);
});

describe('policy and tags', () => {
  it.each([
    ['policy: fcsf', '2:9 VALUE_INVALID', 'Did you mean `fcfs`?'],
    ['policy: lifo', '2:9 VALUE_INVALID', `Write ${FILE_NAMES.join(' or ')}.`],
    ['policy: [optimized, sjf]', '2:10 VALUE_INVALID', `Write ${NAMES.join(' or ')}.`],
    ['policy: [prioritty]', '2:10 VALUE_INVALID', 'Did you mean `priority`?'],
    ['policy: [sjf, srft]', '2:15 VALUE_INVALID', 'Did you mean `srtf`?'],
    ['placement: least-loadd', '2:12 VALUE_INVALID', 'Did you mean `least-loaded`?'],
    ['placement: [heft]', '2:12 VALUE_INVALID', 'Did you mean `heft`?'],
    ['maxRuns: 0', '2:10 VALUE_INVALID', undefined],
    ['maxRuns: 1.5', '2:10 TYPE_WRONG', undefined],
    ['pools: { a: 20/min }', '2:13 VALUE_INVALID', 'Write one like 10/s, 20/m, 100/h or 5/10s.'],
    ['pools: { a: 20/400d }', '2:13 VALUE_INVALID', 'Write one like 10/s, 20/m, 100/h or 5/10s.'],
    ['pools: { a: 0 }', '2:13 VALUE_INVALID', undefined],
    ['pools: { a: {} }', '2:13 FIELD_MISSING', 'Add `slots:` or `rate:`, or `scope: global` for one made elsewhere.'],
    [
      'pools: { a: { scope: run } }',
      '2:13 FIELD_MISSING',
      'Add `slots:` or `rate:`, or `scope: global` for one made elsewhere.',
    ],
    ['pools: { a: { slots: 1, scope: globl } }', '2:32 VALUE_INVALID', 'Did you mean `global`?'],
    ['pools: { a: { slots: 1, rat: 1/s } }', '2:25 FIELD_UNKNOWN', 'Did you mean `rate`?'],
    ['policy: "priority, sjf"', '2:9 VALUE_INVALID', 'Write a list: `[priority, sjf]`.'],
    ['policy: [fcfs, sjf]', '2:9 VALUE_INVALID', undefined],
    ['policy: [sjf, priority, sjf]', '2:9 VALUE_INVALID', undefined],
    ['policy: [fair, round-robin]', '2:9 VALUE_INVALID', undefined],
    ['aging: 0s', '2:8 DURATION_INVALID', 'Write a duration like 90s, or leave the field out.'],
    ['quantum: 0', '2:10 VALUE_INVALID', undefined],
    ['groups: { a: 0 }', '2:14 VALUE_INVALID', undefined],
    ['groups: { a: 1.5 }', '2:14 TYPE_WRONG', undefined],
    ['groups: { "a b": 1 }', '2:11 NAME_INVALID', 'Begin with a letter; go on with letters, digits, `_` and `-`.'],
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

  it('takes the name of a policy, and a list of several', () => {
    const policyOf = (field: string): unknown => parseDag(`name: d\n${field}\ntasks: { t: { run: ls } }\n`).dag?.policy;
    expect(policyOf('policy: priority')).toBe('priority');
    expect(policyOf('policy: [priority]')).toBe('priority');
    expect(policyOf('policy: [priority, fair, sjf]')).toBe('priority,fair,sjf');
    expect(policyOf('')).toBeUndefined();
    expect(parseDag('name: d\ntasks: { t: { run: ls, policy: fcfs } }').diagnostics.map(({ code }) => code)).toEqual([
      'FIELD_UNKNOWN',
    ]);
  });

  it('names what is wrong with policy and tags of a canonical dag', () => {
    const dag = { name: 'd', params: {}, tasks: [{ name: 't', uses: 'shell', with: { run: 'x' }, needs: [] }] };
    const codes = (fields: object): string[] => validateDag({ ...dag, ...fields }).map(({ code }) => code);
    expect(codes({ policy: 'priority', tags: ['a', 'b'] })).toEqual([]);
    expect(codes({ policy: 'priority,sjf', aging: 60_000, quantum: 2, groups: { a: 3 } })).toEqual([]);
    expect(codes({ policy: ['priority'] })).toEqual(['TYPE_WRONG']);
    expect(codes({ policy: 'priority, sjf' })).toEqual(['VALUE_INVALID']);
    expect(codes({ policy: 'lifo', tags: ['a', 'a'] })).toEqual(['VALUE_INVALID', 'VALUE_INVALID']);
  });

  it('takes what policies go by, of the dag and of each task', () => {
    const { dag, diagnostics } = parseDag(
      'name: d\naging: 10m\nquantum: 3\ngroups: { gold: 2 }\n' +
        'tasks: { a: { run: ls, deadline: 1h, group: gold }, b: { wait: 1s, group: iron } }\n',
    );
    expect(diagnostics).toEqual([]);
    expect(dag).toMatchObject({ aging: 600_000, quantum: 3, groups: { gold: 2 } });
    expect(dag?.tasks).toMatchObject([{ deadline: 3_600_000, group: 'gold' }, { group: 'iron' }]);
  });
});
