import { describe, expect, it } from 'vitest';
import { didYouMean } from '../spec/near-name.js';
import { compile } from './compile.js';
import type { ExpressionProblem, ExpressionProblemCode } from './problem.js';
import type { References, Scope } from './scope.js';

const SCOPE: Scope = {
  tasks: new Set(['load', 'load-all', 'charge']),
  params: {
    date: { type: 'string' },
    count: { type: 'integer' },
    rate: { type: 'number' },
    dry: { type: 'boolean' },
    any: { type: 'json' },
  },
  env: new Set(['REGION']),
  secrets: new Set(['TOKEN']),
  didYouMean,
};

function problemsOf(source: string, scope: Scope = SCOPE): readonly ExpressionProblem[] {
  const compiled = compile(source, scope);
  return 'problems' in compiled ? compiled.problems : [];
}

function referencesOf(source: string, scope: Scope = SCOPE): References {
  const compiled = compile(source, scope);
  if ('problems' in compiled) throw new Error(compiled.problems.map((problem) => problem.message).join(' '));
  return compiled.expression.references;
}

describe('compile', () => {
  it.each<[source: string, code: ExpressionProblemCode, place: string, message: RegExp, hint?: RegExp]>([
    ['', 'EXPRESSION_SYNTAX', '', /is empty/],
    ['1 +', 'EXPRESSION_SYNTAX', '', /ends too early/],
    ['1 = 2', 'EXPRESSION_SYNTAX', '=', /not expected/, /`==`/],
    ['params.dry and params.dry', 'EXPRESSION_SYNTAX', 'and', /not expected/, /`&&`/],
    ['${{ params.dry }}', 'EXPRESSION_SYNTAX', '$', /not expected/, /Leave out the `\$\{\{ \}\}`/],
    ['"abc', 'EXPRESSION_SYNTAX', '"abc', /not closed/],
    ['for', 'EXPRESSION_SYNTAX', 'for', /reserved/],
    ['9223372036854775808', 'EXPRESSION_SYNTAX', '9223372036854775808', /64 bits/],
    ['[1].map(1, 2)', 'EXPRESSION_SYNTAX', '1', /name of its variable/],
    ['has(params)', 'EXPRESSION_SYNTAX', 'has(params)', /one field/],
    ['param.date', 'EXPRESSION_NAME', 'param', /no `param`/, /`params`/],
    ['succeeded', 'EXPRESSION_NAME', 'succeeded', /no `succeeded`/, /quoted: 'succeeded'/],
    ['params.dat', 'EXPRESSION_PARAM', 'params.dat', /no param `dat`/, /`date`/],
    ['params["dat"]', 'EXPRESSION_PARAM', 'params["dat"]', /no param `dat`/, /`date`/],
    ['has(params.dat)', 'EXPRESSION_PARAM', 'has(params.dat)', /no param `dat`/],
    ['env.REGIN', 'EXPRESSION_NAME', 'env.REGIN', /no variable/, /`REGION`/],
    ['secrets.TOKN', 'EXPRESSION_NAME', 'secrets.TOKN', /no secret/, /`TOKEN`/],
    ['secrets[params.date]', 'EXPRESSION_NAME', 'secrets[params.date]', /in plain/],
    ['run.ide', 'EXPRESSION_FIELD', 'run.ide', /no `ide`/, /`id`/],
    ['tasks.laod.output', 'EXPRESSION_TASK', 'tasks.laod', /no task `laod`/, /`load`/],
    ['tasks["laod"].output', 'EXPRESSION_TASK', 'tasks["laod"]', /no task `laod`/, /`load`/],
    ['tasks[params.date].output', 'EXPRESSION_TASK', 'tasks[params.date]', /in plain/],
    ['tasks.load-all.output', 'EXPRESSION_TASK', 'tasks.load-all', /subtraction/, /`tasks\["load-all"\]`/],
    ['[1].map(i, tasks.load-all.output)', 'EXPRESSION_TASK', 'tasks.load-all', /subtraction/],
    ['tasks.load', 'EXPRESSION_FIELD', 'tasks.load', /not a value/, /\.output/],
    ['tasks.load.outptu', 'EXPRESSION_FIELD', 'tasks.load.outptu', /no `outptu`/, /`output`/],
    ['tasks.load[params.date]', 'EXPRESSION_FIELD', 'tasks.load[params.date]', /in plain/],
    ['tasks', 'EXPRESSION_FIELD', 'tasks', /as a whole/],
    ['size(tasks)', 'EXPRESSION_FIELD', 'tasks', /as a whole/],
    ['tasks.map(t, t)', 'EXPRESSION_FIELD', 'tasks', /as a whole/],
    ["tasks.load.status == 'done'", 'EXPRESSION_VALUE', "'done'", /never `done`|ever `done`/, /`succeeded`/],
    ["'faild' != tasks.load.status", 'EXPRESSION_VALUE', "'faild'", /ever `faild`/, /`failed`/],
    [
      'params.date + params.count',
      'EXPRESSION_TYPE',
      'params.date + params.count',
      /text and a whole number/,
      /string/,
    ],
    ['params.count == "3"', 'EXPRESSION_TYPE', 'params.count == "3"', /never equal/],
    ['params.count < "3"', 'EXPRESSION_TYPE', 'params.count < "3"', /does not take/],
    ['!params.count', 'EXPRESSION_TYPE', 'params.count', /true or false/],
    ['-params.date', 'EXPRESSION_TYPE', 'params.date', /takes/],
    ['params.count ? 1 : 2', 'EXPRESSION_TYPE', 'params.count', /true or false/],
    ['params.dry && params.date', 'EXPRESSION_TYPE', 'params.date', /true or false/],
    ['params.date.year', 'EXPRESSION_TYPE', 'params.date', /takes an object/],
    ['params.count[0]', 'EXPRESSION_TYPE', 'params.count', /a list or an object/],
    ['[1]["a"]', 'EXPRESSION_TYPE', '"a"', /number/],
    ['1 in params.date', 'EXPRESSION_TYPE', '1 in params.date', /does not take/],
    ['params.date.map(x, x)', 'EXPRESSION_TYPE', 'params.date', /a list or an object/],
    ['[1].filter(x, 1)', 'EXPRESSION_TYPE', '1', /true or false/],
    ['{1.5: 1}', 'EXPRESSION_TYPE', '1.5', /key/],
    ['size(params.count)', 'EXPRESSION_TYPE', 'size(params.count)', /does not take/, /size\(string\)/],
    ['params.date.startsWith(1)', 'EXPRESSION_TYPE', 'params.date.startsWith(1)', /does not take/],
    ['params.date.orValue(1)', 'EXPRESSION_TYPE', 'params.date', /optional/],
    ['timestamp(1)', 'EXPRESSION_TYPE', 'timestamp(1)', /does not take/],
    ['upper(params.date)', 'EXPRESSION_FUNCTION', 'upper(params.date)', /no function `upper`/],
    ['params.date.startWith("a")', 'EXPRESSION_FUNCTION', 'params.date.startWith("a")', /no function/, /`startsWith`/],
    ['lowerAscii(params.date)', 'EXPRESSION_FUNCTION', 'lowerAscii(params.date)', /no function/, /x\.lowerAscii/],
    ['params.date.matches("^a+$")', 'EXPRESSION_FUNCTION', 'params.date.matches("^a+$")', /no `matches`/, /contains/],
    ['now()', 'EXPRESSION_FUNCTION', 'now()', /no `now`/],
    ['always()', 'EXPRESSION_FUNCTION', 'always()', /no `always`/, /triggerRule/],
    ['cel.bind(x, 1, x)', 'EXPRESSION_FUNCTION', 'cel.bind(x, 1, x)', /no `bind`/],
    ['b"abc"', 'EXPRESSION_FUNCTION', 'b"abc"', /no bytes/],
    ['timestamp(params.date).getHours("Europe/Berlin")', 'EXPRESSION_VALUE', '"Europe/Berlin"', /no time zone/],
    ['[1].map(a, [1].map(b, [1].map(c, c)))', 'EXPRESSION_TOO_LARGE', '[1].map(c, c)', /2 deep/],
  ])('refuses %j', (source, code, place, message, hint) => {
    const [problem, ...others] = problemsOf(source).filter(
      (candidate) => candidate.code !== 'EXPRESSION_NAME' || code === 'EXPRESSION_NAME',
    );
    expect(problem).toMatchObject({ code, message: expect.stringMatching(message) as string });
    if (hint !== undefined) expect(problem?.hint).toMatch(hint);
    expect(others).toEqual([]);
    if (place === 'b"abc"' || source.includes('has(params.')) return;
    expect(source.slice(problem?.from, problem?.to)).toBe(place);
  });

  it('tells all problems at once, in the order of their places', () => {
    const source = 'params.dat == tasks.laod.output && nope(1) + foo == 1';
    expect(problemsOf(source).map(({ code, from }) => [code, from])).toEqual([
      ['EXPRESSION_PARAM', 0],
      ['EXPRESSION_TASK', 14],
      ['EXPRESSION_FUNCTION', 35],
      ['EXPRESSION_NAME', 45],
    ]);
  });

  it('holds to the roots and the result of the place', () => {
    const place: Scope = { ...SCOPE, roots: ['params', 'tasks'], result: 'bool' };
    expect(problemsOf("tasks.load.status == 'failed'", place)).toEqual([]);
    expect(problemsOf('tasks.load.output', place)).toEqual([]);
    expect(problemsOf('params.count', place)).toMatchObject([{ code: 'EXPRESSION_TYPE', from: 0, to: 12 }]);
    expect(problemsOf('item == 1', place)).toMatchObject([
      { code: 'EXPRESSION_NAME', hint: expect.stringMatching(/forEach/) as string },
    ]);
    expect(problemsOf('secrets.TOKEN == "a"', place)).toMatchObject([{ code: 'EXPRESSION_NAME' }]);
  });

  it('checks no names of a scope that tells none', () => {
    expect(problemsOf('tasks.a.output == params.b && env.C == secrets.D', {})).toEqual([]);
  });

  it('refuses what is too long, too deep, or has too many parts', () => {
    const large = (source: string): boolean => problemsOf(source).some(({ code }) => code === 'EXPRESSION_TOO_LARGE');
    expect(large(`'${'a'.repeat(4_094)}'`)).toBe(false);
    expect(large(`'${'a'.repeat(4_095)}'`)).toBe(true);
    expect(large(`${'('.repeat(30)}1${')'.repeat(30)}`)).toBe(false);
    expect(large(`${'('.repeat(100)}1${')'.repeat(100)}`)).toBe(true);
    expect(large('!'.repeat(60) + 'true')).toBe(false);
    expect(large('!'.repeat(4_000) + 'true')).toBe(true);
    expect(large('-'.repeat(4_000) + '1')).toBe(true);
    expect(large(Array(60).fill('1').join('+'))).toBe(false);
    expect(large(Array(100).fill('1').join('+'))).toBe(true);
    expect(large(`[${Array(900).fill('1').join(',')}]`)).toBe(false);
    expect(large(`[${Array(1_100).fill('1').join(',')}]`)).toBe(true);
    expect(large('a' + '.a'.repeat(100))).toBe(true);
    expect(large('a' + '[0]'.repeat(100))).toBe(true);
  });

  it('finds what an expression takes from outside', () => {
    const source =
      'has(tasks.load.output.x) ? tasks["load-all"].status : tasks.?charge.?error.?code.orValue(params.date + env.REGION)';
    expect(referencesOf(source)).toEqual({
      tasks: [
        { name: 'load', field: 'output', from: 4, to: 21 },
        { name: 'load-all', field: 'status', from: 27, to: 51 },
        { name: 'charge', field: 'error', from: 54, to: 74 },
      ],
      params: ['date'],
      env: ['REGION'],
      secrets: [],
      roots: ['params', 'tasks', 'env'],
    });
    expect(referencesOf('has(tasks.load.output) || has(tasks["charge"]["error"].x)').tasks).toMatchObject([
      { name: 'load', field: 'output' },
      { name: 'charge', field: 'error' },
    ]);
    expect(referencesOf('params').params).toEqual([]);
    expect(referencesOf('secrets.TOKEN + secrets["TOKEN"]').secrets).toEqual(['TOKEN']);
  });

  it('takes the variable of a macro for no root, inside the macro only', () => {
    expect(referencesOf('[1].map(item, item + 1)').roots).toEqual([]);
    expect(referencesOf('[1].map(tasks, tasks)').tasks).toEqual([]);
    expect(referencesOf('[1].map(x, [2].exists(params, params == x)) == [true]').roots).toEqual([]);
    expect(referencesOf('[item].map(item, item)').roots).toEqual(['item']);
    expect(problemsOf('[1].map(x, x) == [x]')).toMatchObject([{ code: 'EXPRESSION_NAME', from: 18 }]);
  });

  it.each([
    ['params.count + 1', 'int'],
    ['params.count * params.rate', 'number'],
    ['params.count / 2.0', 'double'],
    ['params.date + "x"', 'string'],
    ['tasks.load.output', 'dyn'],
    ['tasks.load.attempts > 1', 'bool'],
    ['[1, "a"]', 'list'],
    ['params.dry ? 1 : "a"', 'dyn'],
    ['params.dry ? 1 : 2', 'int'],
    ['timestamp("2026-11-01T00:00:00Z") - duration("1h")', 'timestamp'],
    ['timestamp("2026-11-01T00:00:00Z") - timestamp("2026-11-01T00:00:00Z")', 'duration'],
    ['params.?date', 'optional'],
  ])('knows the type of %j', (source, type) => {
    const compiled = compile(source, SCOPE);
    expect('expression' in compiled && compiled.expression.type).toBe(type);
  });
});
