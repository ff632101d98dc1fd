import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DagwrightError } from '../../dag/errors.js';
import { formatOf, parsePlan } from './format.js';
import { PLAN_FORMATS } from './plan-format.js';
import { parsePsplib } from './psplib.js';
import { parseStg } from './stg.js';
import { parseWfFormat } from './wfformat.js';

const STG = `  3
  0 0 0
  1 5 1 0
  2 3 1 0
  3 2 2 1 2
  4 0 1 3
# Edge : 3
`;

interface Trace {
  schemaVersion?: unknown;
  workflow?: { specification?: { tasks: unknown }; execution?: { tasks: unknown }; tasks?: unknown };
}

function trace(): Trace {
  return {
    schemaVersion: '1.5',
    workflow: {
      specification: {
        tasks: [
          { name: 'a', id: 'a1', parents: [], children: ['b1', 'c1'] },
          { name: 'b', id: 'b1', parents: ['a1'], children: [] },
          { name: 'c', id: 'c1', parents: [], children: [] },
        ],
      },
      execution: {
        tasks: [
          { id: 'c1', runtimeInSeconds: 0.25 },
          { id: 'a1', runtimeInSeconds: 1.5 },
          { id: 'b1', runtimeInSeconds: 2 },
        ],
      },
    },
  };
}

const PSPLIB = `file with basedata : x
****
PRECEDENCE RELATIONS:
jobnr.    #modes  #successors   successors
   1        1          2           2   3
   2        1          1           3
   3        1          0
****
REQUESTS/DURATIONS:
jobnr. mode duration  R 1  R 2
------------------------------
  1      1     0       0    0
  2      1     4       1    2
  3      1     6       3    0
****
RESOURCEAVAILABILITIES:
  R 1  R 2
    3    2
****
`;

function refusal(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof DagwrightError && error.code === 'PLAN_INVALID' && error.hint !== undefined) {
      return error.message;
    }
    throw error;
  }
  return 'taken';
}

function needsOf(plan: { dag: { tasks: readonly { needs: readonly { task: string }[] }[] } }): string[][] {
  return plan.dag.tasks.map(({ needs }) => needs.map(({ task }) => task));
}

describe('parseStg', () => {
  it('reads tasks, their times and what they need', () => {
    const plan = parseStg('a.stg', STG);
    expect(plan.durations).toEqual([0, 5_000, 3_000, 2_000, 0]);
    expect(needsOf(plan)).toEqual([[], ['t0'], ['t0'], ['t1', 't2'], ['t3']]);
  });

  it.each([
    ['', 'a.stg:1: The file has nothing in it.'],
    ['1 2\n', 'a.stg:1: The first line is not one number.'],
    ['x\n', 'a.stg:1: "x" stands where the number of tasks should: a whole number from 0 to 99998.'],
    ['1\n0 0 0\n1 1 1 0\n', 'a.stg:1: The first line says 1 tasks, with entry and exit 3; 2 follow.'],
    [STG.replace('  2 3', '  7 3'), 'a.stg:4: Task 7 stands where task 2 should.'],
    [
      STG.replace('2 3 1', '2 -3 1'),
      'a.stg:4: "-3" stands where the task\'s time should: a whole number from 0 to 1000000000.',
    ],
    [STG.replace('2 1 2', '3 1 2'), 'a.stg:5: The line says 3 predecessors; 2 follow.'],
    [STG.replace('2 1 2', '2 1 9'), 'a.stg:5: "9" stands where a predecessor should: a whole number from 0 to 4.'],
    [STG.replace('2 1 2', '2 1 3'), 'a.stg:5: Task 3 needs itself.'],
    [STG.replace('1 5 1 0', '1 5 1 3'), 'a.stg:3: Tasks need each other in a circle: t1 needs t3 needs t1.'],
    [STG.replace('1 5 1 0', '1'), "a.stg:3: The line ends where the task's time should stand."],
  ])('refuses %j with its line', (text, message) => {
    expect(refusal(() => parseStg('a.stg', text))).toBe(message);
  });
});

describe('parseWfFormat', () => {
  it('reads tasks, links given from either end, and times', () => {
    const plan = parseWfFormat('a.json', JSON.stringify(trace()));
    expect(plan.durations).toEqual([1_500, 2_000, 250]);
    expect(needsOf(plan)).toEqual([[], ['a1'], ['a1']]);
  });

  it('reads 1.4, which has all in one list and links by name', () => {
    const tasks = [
      { name: 'a', id: '1', runtimeInSeconds: 1, children: ['b'] },
      { name: 'b', id: '2', runtimeInSeconds: 2, parents: ['a'] },
    ];
    const plan = parseWfFormat('a.json', JSON.stringify({ schemaVersion: '1.4', workflow: { tasks } }));
    expect(plan.durations).toEqual([1_000, 2_000]);
    expect(needsOf(plan)).toEqual([[], ['1']]);
  });

  const SPECIFIED = 'workflow.specification.tasks';
  const EXECUTED = 'workflow.execution.tasks';
  it.each<[string, (given: Trace) => unknown, string]>([
    [
      'an old version',
      (t) => (t.schemaVersion = '1.3'),
      'schemaVersion: The version is "1.3"; 1.4, 1.5, 1.6 can be read.',
    ],
    ['no workflow', (t) => delete t.workflow, 'workflow: It is missing; it should be an object.'],
    ['no tasks', (t) => (t.workflow!.specification!.tasks = []), `${SPECIFIED}: There are no tasks.`],
    [
      'tasks of another kind',
      (t) => (t.workflow!.specification!.tasks = 3),
      `${SPECIFIED}: It is 3; it should be a list.`,
    ],
    [
      'a task of another kind',
      (t) => (t.workflow!.specification!.tasks = [null]),
      `${SPECIFIED}[0]: It is null; it should be an object.`,
    ],
    [
      'a parent that is not there',
      (t) => (t.workflow!.specification!.tasks = [{ id: 'a1', parents: ['x'] }]),
      `${SPECIFIED}[0].parents[0]: There is no task "x".`,
    ],
    [
      'an id twice',
      (t) => (t.workflow!.specification!.tasks = [{ id: 'a1' }, { id: 'a1' }]),
      `${SPECIFIED}[1].id: Two tasks have the id "a1".`,
    ],
    [
      'a circle',
      (t) =>
        (t.workflow!.specification!.tasks = [
          { id: 'a1', parents: ['b1'] },
          { id: 'b1', parents: ['a1'] },
        ]),
      `${SPECIFIED}[0]: Tasks need each other in a circle: a1 needs b1 needs a1.`,
    ],
    [
      'a task that needs itself',
      (t) => (t.workflow!.specification!.tasks = [{ id: 'a1', children: ['a1'] }]),
      `${SPECIFIED}[0].children[0]: The task "a1" needs itself.`,
    ],
    [
      'an id that a terminal would obey',
      (t) => (t.workflow!.specification!.tasks = [{ id: 'a\u001b[2J' }]),
      `${SPECIFIED}[0].id: "a?[2J" has characters that cannot be shown.`,
    ],
    [
      'a task that did not run',
      (t) => (t.workflow!.execution!.tasks = [{ id: 'a1', runtimeInSeconds: 1 }]),
      `${SPECIFIED}[1].id: Nothing says how long "b1" ran.`,
    ],
    [
      'a time below 0',
      (t) => (t.workflow!.execution!.tasks = [{ id: 'a1', runtimeInSeconds: -1 }]),
      `${EXECUTED}[0].runtimeInSeconds: The time is -1.`,
    ],
    [
      'no time',
      (t) => (t.workflow!.execution!.tasks = [{ id: 'a1' }]),
      `${EXECUTED}[0].runtimeInSeconds: The time is missing.`,
    ],
  ])('refuses %s with the path of the value', (_, spoil, message) => {
    const given = trace();
    spoil(given);
    expect(refusal(() => parseWfFormat('a.json', JSON.stringify(given)))).toBe(`a.json:${message}`);
  });

  it('refuses lists in lists in lists in words', () => {
    const text = JSON.stringify(trace()).replace('"1.5"', '['.repeat(100_000) + ']'.repeat(100_000));
    expect(refusal(() => parseWfFormat('a.json', text))).toBe(
      'a.json:schemaVersion: It is a list; it should be a text.',
    );
  });

  it('refuses what is no JSON with the line', () => {
    const text = JSON.stringify(trace(), null, 1).replace('"schemaVersion": "1.5",', '"schemaVersion": oops,');
    expect(refusal(() => parseWfFormat('a.json', text))).toMatch(/^a\.json:\d+: It is not JSON: /);
  });
});

describe('parsePsplib', () => {
  it('reads jobs, what they take and what there is', () => {
    const plan = parsePsplib('a.sm', PSPLIB);
    expect(plan.durations).toEqual([0, 4_000, 6_000]);
    expect(needsOf(plan)).toEqual([[], ['j1'], ['j1', 'j2']]);
    expect(plan.dag.pools).toEqual({ R1: 3, R2: 2 });
    expect(plan.dag.tasks.map(({ pool }) => pool)).toEqual([
      undefined,
      [
        { name: 'R1', slots: 1 },
        { name: 'R2', slots: 2 },
      ],
      [{ name: 'R1', slots: 3 }],
    ]);
  });

  it.each([
    ['', 'a.sm:1: There is no block "PRECEDENCE RELATIONS:".'],
    [PSPLIB.replace('REQUESTS', 'REQUEST'), 'a.sm:19: There is no block "REQUESTS/DURATIONS:".'],
    [PSPLIB.replace('   2        1          1 ', '   2        2          1 '), 'a.sm:6: The job has 2 modes.'],
    [
      PSPLIB.replace('           2   3', '           2   9'),
      'a.sm:5: "9" stands where a successor should: a whole number from 1 to 3.',
    ],
    [PSPLIB.replace('           2   3', '           1   3'), 'a.sm:5: Job 1 is its own successor.'],
    [
      PSPLIB.replace('4       1    2', '4       1    7'),
      'a.sm:13: "7" stands where the amount of R2 should: a whole number from 0 to 2.',
    ],
    [PSPLIB.replace('4       1    2', '4       1'), 'a.sm:13: There are 2 resources; the line has amounts of 1.'],
    [PSPLIB.replace('  3      1     6       3    0\n', ''), 'a.sm:13: There are 3 jobs, and durations of 2.'],
    [
      PSPLIB.replace('   3        1          0', '   3        1          1   2'),
      'a.sm:6: Tasks need each other in a circle: j2 needs j3 needs j2.',
    ],
  ])('refuses %j with its line', (text, message) => {
    expect(refusal(() => parsePsplib('a.sm', text))).toBe(message);
  });
});

describe('the formats', () => {
  it('are told by the name, and of JSON by what is in it', () => {
    expect(formatOf('x/A.STG', '')).toBe('stg');
    expect(formatOf('a.sm', '')).toBe('psplib');
    expect(formatOf('a.json.gz', JSON.stringify(trace()))).toBe('wfformat');
    expect(formatOf('a.json', '{ "name": "demo", "tasks": {} }')).toBe('dag');
    expect(formatOf('a.yaml', 'name: demo')).toBe('dag');
  });

  it('take what they are or refuse it in words, whatever becomes of a file', () => {
    const whole = { stg: STG, wfformat: JSON.stringify(trace()), psplib: PSPLIB };
    const change = fc.record({
      at: fc.nat(1_000),
      length: fc.nat(20),
      text: fc.oneof(
        fc.string({ unit: 'binary', maxLength: 5 }),
        fc.constantFrom('-1', '1e9', '\n', 'null', '{}', '__proto__'),
      ),
    });
    const format = fc.constantFrom(...PLAN_FORMATS.filter((name) => name !== 'dag'));
    fc.assert(
      fc.property(format, fc.array(change, { maxLength: 4 }), (name, changes) => {
        let text = whole[name];
        for (const { at, length, text: piece } of changes) {
          const from = at % (text.length + 1);
          text = text.slice(0, from) + piece + text.slice(from + length);
        }
        const message = refusal(() => (name === 'psplib' ? parsePsplib('f', text) : parsePlan(name, 'f', text)));
        expect(message === 'taken' || /^f:\S+: .+[.:]/.test(message)).toBe(true);
        expect(message).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
      }),
      { numRuns: 2_000 },
    );
  });
});
